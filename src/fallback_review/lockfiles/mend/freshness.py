"""The hashes of a project's contents that locks hold, made anew where nothing but the sources changed.

Without that, Poetry and Pipenv refuse a lock whose project has just been told of another index. Where more
than the sources changed since the lock was made, its hash stays: only the tool itself can lock that anew.
Sources: Poetry 2.5 (`poetry.packages.locker`), PDM 2.29 (`pdm.project.project_file`), Pipenv 2026 (`plette`).
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import tomli

from fallback_review.lockfiles.content_hashes import pdm_hash, pipenv_hashes, poetry_hash
from fallback_review.lockfiles.mend.edits import MendError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_MOST_FORMS = 4_096
"""Ways in which a project's sources may have stood when it was locked, each compared with the lock's hash."""
_STALE = "the project changed since it was locked, in more than its sources: lock it with {tool} first"
_POETRY_HASH = re.compile(r"^(content-hash[ \t]*=[ \t]*\")([0-9a-f]{64})(\")", re.MULTILINE)
_PDM_HASH = re.compile(r"^(content_hash[ \t]*=[ \t]*\"sha256:)([0-9a-f]{64})(\")", re.MULTILINE)
_PIPFILE_HASH = re.compile(
    r"(\"_meta\"[ \t]*:[ \t]*\{\s*\"hash\"[ \t]*:[ \t]*\{\s*\"sha256\"[ \t]*:[ \t]*\")([0-9a-f]{64})(\")"
)
_PIPFILE_SOURCES = re.compile(r"(?P<indent>^[ \t]*)\"sources\"[ \t]*:[ \t]*(?P<list>\[)", re.MULTILINE)


def poetry(text: str, pyproject: str | None, earlier: Collection[str] = ()) -> str:
    """Return a poetry.lock with the content hash of a project whose sources changed.

    Args:
        text: The lock.
        pyproject: The project's file; None where there is none.
        earlier: Addresses that a source may have had when the project was locked.

    Raises:
        MendError: more than its sources changed, or the project can't be read.
    """
    data = _toml(pyproject, "pyproject.toml")
    sources = data.get("tool", {}).get("poetry", {}).get("source") or []

    hashes = (poetry_hash(_with_sources(data, "poetry", kept)) for kept in _as_locked(sources, earlier))
    return _replaced(text, _POETRY_HASH, hashes, "poetry lock")


def pdm(text: str, pyproject: str | None, earlier: Collection[str] = ()) -> str:
    """Return a pdm.lock with the content hash of a project whose sources changed; all as `poetry`."""
    data = _toml(pyproject, "pyproject.toml")
    sources = data.get("tool", {}).get("pdm", {}).get("source") or []
    hashes = (pdm_hash(_with_sources(data, "pdm", kept)) for kept in _as_locked(sources, earlier))
    return _replaced(text, _PDM_HASH, hashes, "pdm lock")


def pipfile(text: str, written: str | None, earlier: Collection[str] = ()) -> str:  # noqa: ARG001 - the lock tells
    """Return a Pipfile.lock with the sources and the hash of a Pipfile whose sources changed.

    Raises:
        MendError: more than its sources changed, or the Pipfile can't be read.
    """
    data = _toml(written, "Pipfile")
    stated = _PIPFILE_HASH.search(text)
    listed = _PIPFILE_SOURCES.search(text)
    if stated is None or listed is None:
        raise MendError("its _meta is not written as Pipenv writes it")
    decoder = json.JSONDecoder()
    sources, length = decoder.raw_decode(text[listed.start("list") :])
    now = [{key: source[key] for key in sorted(source)} for source in data.get("source", [])]
    fitting = pipenv_hashes(data)
    if stated[2] in fitting and sources == now:
        return text
    earlier_ones = pipenv_hashes({**data, "source": sources})
    if stated[2] not in (*fitting, *earlier_ones):
        raise MendError(_STALE.format(tool="pipenv lock"))
    wanted = fitting[(earlier_ones if stated[2] in earlier_ones else fitting).index(stated[2])]
    indent = listed["indent"]
    step = indent[: len(indent) // 2] or "    "
    shown = json.dumps(now, indent=len(step.expandtabs(4))).replace("\n", f"\n{indent}")
    newline = "\r\n" if "\r\n" in text else "\n"
    first, last = listed.start("list"), listed.start("list") + length
    text = text[:first] + shown.replace("\n", newline) + text[last:]
    return _PIPFILE_HASH.sub(lambda found: f"{found[1]}{wanted}{found[3]}", text, count=1)


def pipfile_sources(text: str) -> list[tuple[str | None, str]]:
    """Return the name and address of each source of a Pipfile."""
    listed = _toml(text, "Pipfile").get("source", [])
    return [(each.get("name"), str(each.get("url", ""))) for each in listed if isinstance(each, dict)]


def _with_sources(data: dict[str, Any], tool: str, sources: list[Any]) -> dict[str, Any]:
    """Return a pyproject.toml as it is with these sources of a tool."""
    tools = data.get("tool", {})
    own = {key: value for key, value in tools.get(tool, {}).items() if key != "source"}
    return {**data, "tool": {**tools, tool: {**own, "source": sources} if sources else own}}


def _as_locked(sources: Any, earlier: Collection[str]) -> Iterator[list[Any]]:
    """Yield the sources as they are, and then as they may have been when the project was locked.

    Some of them may not have been there, and some may have had another address.
    """
    if not isinstance(sources, list) or not all(isinstance(each, dict) for each in sources):
        raise MendError("the project's sources are not a list of tables")
    yield sources
    forms = [[each, None, *({**each, "url": url} for url in earlier)] for each in sources]
    for chosen in itertools.islice(itertools.product(*forms), _MOST_FORMS):
        yield [each for each in chosen if each is not None]


def _replaced(text: str, stated: re.Pattern[str], hashes: Iterator[str], tool: str) -> str:
    found = stated.search(text)
    now = next(hashes)
    if found is None or found[2] == now:
        return text
    if found[2] not in hashes:
        raise MendError(_STALE.format(tool=tool))
    return stated.sub(lambda each: f"{each[1]}{now}{each[3]}", text, count=1)


def _toml(text: str | None, name: str) -> dict[str, Any]:
    if text is None:
        raise MendError(f"there is no {name} beside it")
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        raise MendError(f"{name} is not TOML") from None
