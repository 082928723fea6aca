"""The hash of a project's content that a lock keeps: whether a lock still fits its project.

Each tool hashes what its resolution depends on. Sources: Poetry 2.5 (`poetry.packages.locker`), PDM 2.29
(`pdm.project.project_file`), Pipenv 2026 (`pipenv.utils.pipfile`); compared with the tools themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fallback_review.lockfiles.names import normalise_name
from fallback_review.model.endpoint import PYPI_SIMPLE_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = re.compile(r"[0-9a-f]{64}")
_POETRY_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_POETRY_PROJECT = ("requires-python", "dependencies", "optional-dependencies")
_PIPFILE_TABLES = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
)
_PIPENV_SOURCE = {"url": PYPI_SIMPLE_ENDPOINT.rstrip("/"), "verify_ssl": True, "name": "pypi"}
"""What Pipenv takes where a ``Pipfile`` names no source."""


def is_content_hash(said: object) -> bool:
    """Return whether a lock's content hash can be compared: it is a SHA-256, and not 64 times one digit.

    Locks that a program or a person wrote by hand often hold zeros there.
    """
    digest = said.removeprefix("sha256:") if isinstance(said, str) else ""
    return _SHA256.fullmatch(digest) is not None and len(set(digest)) > 1


def poetry_hashes(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the content hashes with which Poetry takes a lock: with dependency groups, and as before 2.3."""
    ungrouped = {key: value for key, value in document.items() if key != "dependency-groups"}
    return poetry_hash(document), poetry_hash(ungrouped)


def poetry_hash(document: Mapping[str, Any]) -> str:
    """Return the content hash that Poetry writes into a lock for this pyproject.toml."""
    groups = _table(document, "dependency-groups")
    tool, whole = _table(document, "tool", "poetry"), _table(document, "project")
    project = {key: whole[key] for key in _POETRY_PROJECT if key in whole}
    bare = not (project or groups)
    poetry = {
        key: tool.get(key)
        for key in (*_POETRY_LEGACY, "group")
        if key in tool or (bare and key in _POETRY_LEGACY)
    }
    relevant: dict[str, Any] = {}
    if project:
        relevant["project"] = project
    if groups:
        relevant["dependency-groups"] = groups
    return _digest({**relevant, "tool": {"poetry": poetry}} if relevant else poetry)


def pdm_hash(document: Mapping[str, Any]) -> str:
    """Return the content hash that PDM writes into a lock (lock_version 4.5)."""
    project, pdm = _table(document, "project"), _table(document, "tool", "pdm")
    groups: dict[str, list[Any]] = {}
    for table in (_table(document, "dependency-groups"), _table(pdm, "dev-dependencies")):
        for name, wanted in table.items():
            groups.setdefault(normalise_name(name), []).extend(wanted if isinstance(wanted, list) else [])
    return _digest(
        {
            "sources": pdm.get("source", []),
            "dependencies": project.get("dependencies", []),
            "dev-dependencies": groups,
            "optional-dependencies": project.get("optional-dependencies", {}),
            "requires-python": project.get("requires-python", ""),
            "resolution": pdm.get("resolution", {}),
        }
    )


def pipenv_hashes(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the hashes with which Pipenv takes a lock: with names as they are spelt, and normalised."""
    return _pipenv_hash(document, normalised=False), _pipenv_hash(document, normalised=True)


def _pipenv_hash(document: Mapping[str, Any], *, normalised: bool) -> str:
    def section(name: str) -> dict[str, Any]:
        table = _table(document, name)
        return {normalise_name(key): value for key, value in table.items()} if normalised else dict(table)

    relevant: dict[str, Any] = {
        "_meta": {
            "sources": document.get("source", [_PIPENV_SOURCE]),
            "requires": document.get("requires", {}),
        },
        "default": section("packages"),
        "develop": section("dev-packages"),
    }
    relevant |= {name: section(name) for name in document if name not in _PIPFILE_TABLES}
    return _digest(relevant, separators=(",", ":"))


def _table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    here: Any = document
    for key in keys:
        here = here.get(key) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _digest(relevant: Mapping[str, Any], separators: tuple[str, str] | None = None) -> str:
    import hashlib  # noqa: PLC0415 - few runs compare a lock with its project
    import json  # noqa: PLC0415 - as above

    text = json.dumps(relevant, sort_keys=True, separators=separators, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
