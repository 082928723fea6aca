"""The hashes of a project's contents that locks hold, made anew where nothing but the sources changed.

Without that, Poetry and Pipenv refuse a lock whose project has just been told of another index. Where more
than the sources changed since the lock was made, its hash stays: only the tool itself can lock that anew.
Sources: Poetry 2.5 (`poetry.packages.locker`), PDM 2.29 (`pdm.project.project_file`), Pipenv 2026 (`plette`).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import tomli

from fallback_review.lockfiles.mend.edits import MendError
from fallback_review.lockfiles.names import normalise_name

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
_NO_CATEGORIES = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
)


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

    def hashed(kept: list[Any]) -> str:
        poetry = {**data.get("tool", {}).get("poetry", {}), "source": kept}
        if not kept:
            del poetry["source"]
        return poetry_hash({**data, "tool": {**data.get("tool", {}), "poetry": poetry}})

    return _replaced(
        text, _POETRY_HASH, (hashed(kept) for kept in _as_locked(sources, earlier)), "poetry lock"
    )


def poetry_hash(data: dict[str, Any]) -> str:
    """Return Poetry's content hash of a pyproject.toml."""
    project = {
        key: data.get("project", {})[key]
        for key in ("requires-python", "dependencies", "optional-dependencies")
        if data.get("project", {}).get(key) is not None
    }
    groups = data.get("dependency-groups", {})
    own = data.get("tool", {}).get("poetry", {})
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    kept = {
        key: own.get(key)
        for key in (*legacy, "group")
        if own.get(key) is not None or (key in legacy and not project and not groups)
    }
    content: dict[str, Any] = {}
    if project:
        content["project"] = project
    if groups:
        content["dependency-groups"] = groups
    content = {**content, "tool": {"poetry": kept}} if content else kept
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def pdm(text: str, pyproject: str | None, earlier: Collection[str] = ()) -> str:
    """Return a pdm.lock with the content hash of a project whose sources changed; all as `poetry`."""
    data = _toml(pyproject, "pyproject.toml")
    sources = data.get("tool", {}).get("pdm", {}).get("source") or []
    hashes = (pdm_hash(data, kept) for kept in _as_locked(sources, earlier))
    return _replaced(text, _PDM_HASH, hashes, "pdm lock")


def pdm_hash(data: dict[str, Any], sources: list[Any]) -> str:
    """Return PDM's content hash of a pyproject.toml with these sources."""
    project, settings = data.get("project", {}), data.get("tool", {}).get("pdm", {})
    groups = {
        normalise_name(group): list(listed) for group, listed in data.get("dependency-groups", {}).items()
    }
    for group, listed in settings.get("dev-dependencies", {}).items():
        groups.setdefault(normalise_name(group), []).extend(listed)
    content = {
        "sources": sources,
        "dependencies": project.get("dependencies", []),
        "dev-dependencies": groups,
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
        "resolution": settings.get("resolution", {}),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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
    wanted = pipfile_hash(data, data.get("source", []))
    if stated[2] == wanted and sources == now:
        return text
    if stated[2] not in (wanted, pipfile_hash(data, sources)):
        raise MendError(_STALE.format(tool="pipenv lock"))
    indent = listed["indent"]
    step = indent[: len(indent) // 2] or "    "
    shown = json.dumps(now, indent=len(step.expandtabs(4))).replace("\n", f"\n{indent}")
    newline = "\r\n" if "\r\n" in text else "\n"
    first, last = listed.start("list"), listed.start("list") + length
    text = text[:first] + shown.replace("\n", newline) + text[last:]
    return _PIPFILE_HASH.sub(lambda found: f"{found[1]}{wanted}{found[3]}", text, count=1)


def pipfile_hash(data: dict[str, Any], sources: list[Any]) -> str:
    """Return Pipenv's hash of a Pipfile with these sources."""
    content: dict[str, Any] = {
        "_meta": {"sources": sources, "requires": data.get("requires", {})},
        "default": data.get("packages", {}),
        "develop": data.get("dev-packages", {}),
    }
    content |= {name: table for name, table in data.items() if name not in _NO_CATEGORIES}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pipfile_sources(text: str) -> list[tuple[str | None, str]]:
    """Return the name and address of each source of a Pipfile."""
    listed = _toml(text, "Pipfile").get("source", [])
    return [(each.get("name"), str(each.get("url", ""))) for each in listed if isinstance(each, dict)]


def _as_locked(sources: Any, earlier: Collection[str]) -> Iterator[list[Any]]:
    """Yield the sources as they are, and then as they may have been when the project was locked.

    Some of them may not have been there, and some may have had another address.
    """
    if not isinstance(sources, list) or not all(isinstance(each, dict) for each in sources):
        raise MendError("the project's sources are no list of tables")
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
