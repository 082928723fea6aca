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
from msgspec import Struct

from fallback_review.lockfiles.content_hashes import pdm_hash, pipenv_hashes, poetry_hashes
from fallback_review.lockfiles.mend.edits import MendError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    Earlier = tuple[str | None, str]

_MOST_FORMS = 10_000
"""Ways in which a project's sources may have stood when it was locked, each compared with the lock's hash."""
_STALE = (
    "it was locked for another state of the project, which differs in more than the number, address and rank "
    "of its sources: run {tool} first"
)
_PIPFILE_HASH = re.compile(
    r"(\"_meta\"[ \t]*:[ \t]*\{\s*\"hash\"[ \t]*:[ \t]*\{\s*\"sha256\"[ \t]*:[ \t]*\")([0-9a-f]{64})(\")"
)
_PIPFILE_SOURCES = re.compile(r"(?P<indent>^[ \t]*)\"sources\"[ \t]*:[ \t]*(?P<list>\[)", re.MULTILINE)


class _Tool(Struct, frozen=True, kw_only=True):
    """How a tool hashes a project whose sources stand in pyproject.toml."""

    name: str
    stated: re.Pattern[str]
    hashes_of: Callable[[dict[str, Any]], Sequence[str]]
    """Every hash with which the tool takes a lock: one that is made anew is of the same kind."""
    ranks: tuple[tuple[str, Any], ...]
    """Keys of a source that say when it is asked, as they may have been; None where a key was not there."""


_POETRY = _Tool(
    name="poetry",
    stated=re.compile(r"^(content-hash[ \t]*=[ \t]*\")([0-9a-f]{64})(\")", re.MULTILINE),
    hashes_of=poetry_hashes,
    ranks=tuple(("priority", each) for each in ("primary", "supplemental", "explicit", None)),
)
_PDM = _Tool(
    name="pdm",
    stated=re.compile(r"^(content_hash[ \t]*=[ \t]*\"sha256:)([0-9a-f]{64})(\")", re.MULTILINE),
    hashes_of=lambda data: (pdm_hash(data),),
    ranks=(("include_packages", None), ("exclude_packages", None)),
)


def poetry(text: str, pyproject: str | None, earlier: Collection[Earlier] = ()) -> str:
    """Return a poetry.lock with the content hash of a project whose sources changed.

    Args:
        text: The lock.
        pyproject: The project's file; None where there is none.
        earlier: Names, where the lock tells them, and addresses that a source may have had before.

    Raises:
        MendError: more than its sources changed, or the project can't be read.
    """
    return _renewed(text, pyproject, _POETRY, earlier)


def pdm(text: str, pyproject: str | None, earlier: Collection[Earlier] = ()) -> str:
    """Return a pdm.lock with the content hash of a project whose sources changed; all as `poetry`."""
    return _renewed(text, pyproject, _PDM, earlier)


def pipfile(text: str, written: str | None, earlier: Collection[Earlier] = ()) -> str:  # noqa: ARG001 - the lock tells
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


def _renewed(text: str, pyproject: str | None, tool: _Tool, earlier: Collection[Earlier]) -> str:
    """Return a lock with the content hash of the project as it is."""
    data = _toml(pyproject, "pyproject.toml")
    sources = data.get("tool", {}).get(tool.name, {}).get("source") or []
    found = tool.stated.search(text)
    now = tool.hashes_of(_with_sources(data, tool.name, sources))
    if found is None or found[2] in now:
        return text
    for kept in _as_locked(sources, earlier, tool):
        was = tool.hashes_of(_with_sources(data, tool.name, kept))
        if found[2] in was:
            return f"{text[: found.start(2)]}{now[was.index(found[2])]}{text[found.end(2) :]}"
    raise MendError(_STALE.format(tool=f"{tool.name} lock"))


def _as_locked(sources: Any, earlier: Collection[Earlier], tool: _Tool) -> Iterator[list[dict[str, Any]]]:
    """Yield the sources as they may have been when the project was locked.

    Some of them may not have been there, some may have had another address, and some another rank.
    """
    if not isinstance(sources, list) or not all(isinstance(each, dict) for each in sources):
        raise MendError("the project's sources are not a list of tables")
    forms = [list(_forms(each, earlier, tool)) for each in sources]
    # Few of them changed, most likely.
    every = range(len(sources))
    places = [chosen for count in range(len(sources) + 1) for chosen in itertools.combinations(every, count)]
    ways = (
        dict(zip(changed, chosen, strict=True))
        for changed in places
        for chosen in itertools.product(*(forms[at] for at in changed))
    )
    for way in itertools.islice(ways, _MOST_FORMS):
        yield [each for at, source in enumerate(sources) if (each := way.get(at, source)) is not None]


def _forms(
    source: dict[str, Any], earlier: Collection[Earlier], tool: _Tool
) -> Iterator[dict[str, Any] | None]:
    """Yield what one source may have been instead; None for not there."""
    yield None
    addresses = [{"url": url} for _, url in earlier]
    addresses += [{"name": name, "url": url} for name, url in earlier if name is not None]
    for rank in ({}, *({key: value} for key, value in tool.ranks)):
        for address in ({}, *addresses):
            told = {**source, **rank, **address}
            form = {key: value for key, value in told.items() if value is not None}
            if form != source:
                yield form


def _toml(text: str | None, name: str) -> dict[str, Any]:
    if text is None:
        raise MendError(f"there is no {name} beside it")
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        raise MendError(f"{name} is not TOML") from None
