"""When uv installs an entry of its lock: the markers on the ways that lead to it.

uv walks from the project along the rows of ``dependencies`` and asks each row's marker; the
``resolution-markers`` of an entry play no part on the way (measured with uv 0.13), only in choosing what a
script's ``[manifest]`` asks for by name. So they alone can't take an entry out of the review.

The rows are found in the text, one a line as uv writes them: most entries are never parsed (`blocks`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import tomli
from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from fallback_review.model import LockedPackage

_ROW = re.compile(r'\{ name = "([^"\n]+)"[^\n]*\}(?=[,\]]?\n)')
_INDENTED = "\n    "
_BEFORE_ROW = re.compile(r"[ ]*|[\w\-]+ = \[")
_ENTRY = re.compile(r'\n\[\[(?:package|distribution|manifest\.dependency-metadata)\]\]\nname = "')
_NAME_KEY = re.compile(r"name(?<![\w\-]name)[\"']?[ \t]*=")
_LOCAL = re.compile(r"^source = \{ (?:editable|virtual|directory) = ", re.MULTILINE)


class _From(Enum):
    PROJECT = "the project itself, or a member of it"
    PACKAGE = "another package, which may not be installed"
    MANIFEST = "the lock's own list of what a script asks for"


class _Way(Struct, frozen=True):
    """One row that asks for a package."""

    version: str | None
    registry: str | None
    """Without credentials. None in both asks for any entry of the name."""
    marker: str
    """Empty for always."""
    start: _From

    def leads_to(self, package: LockedPackage) -> bool:
        """Whether uv can take the row for this entry: versions are compared by PEP 440, indexes by text."""
        if self.version not in (None, package.version) and parse_version(self.version) != parse_version(
            package.version
        ):
            return False
        return self.registry in (None, package.source.location)


def with_markers(text: str, packages: tuple[LockedPackage, ...]) -> tuple[LockedPackage, ...]:
    """Say when entries are installed, as far as the file tells.

    Args:
        text: the whole lock.
        packages: entries that were parsed, all of a name or none; `marker` is their ``resolution-markers``.

    Returns:
        The entries: `marker` where a name has several, `needed_when` where an entry has files for some
        platforms only (a sdist or a pure wheel fits everywhere, so that it can't matter).
    """
    entries = Counter(package.name for package in packages)
    forked = {name for name, count in entries.items() if count > 1}
    native = {package.name for package in packages if _only_native(package)}
    ways = _ways(text, forked | native) if forked or native else {}
    return tuple(
        replace(
            package,
            marker=_marker(package, ways) if package.name in forked else None,
            needed_when=_needed(package, ways) if package.name in native else None,
        )
        if package.marker or package.name in forked or package.name in native
        else package
        for package in packages
    )


def _only_native(package: LockedPackage) -> bool:
    names = [artifact.filename or "" for artifact in package.artifacts]
    return bool(names) and all(name.endswith(".whl") and not name.endswith("-any.whl") for name in names)


def _marker(package: LockedPackage, ways: dict[str, list[_Way]] | None) -> str | None:
    """Return under which markers something asks for this entry of its name; None for always, or not known."""
    if ways is None:
        return None
    mine = _to(package, ways)
    if not mine:
        return package.marker
    return _any(package.marker or "" if way.start is _From.MANIFEST else way.marker for way in mine) or None


def _needed(package: LockedPackage, ways: dict[str, list[_Way]] | None) -> str | None:
    """Return when a package is needed: what the project itself asks for without a marker, always.

    Not known is what another package asks for without a marker: it is needed when that one is.
    """
    mine = _to(package, ways or {})
    if any(not way.marker and way.start is not _From.PACKAGE for way in mine):
        return ""
    if not mine or any(not way.marker for way in mine):
        return None
    return _any(way.marker for way in mine)


def _to(package: LockedPackage, ways: dict[str, list[_Way]]) -> list[_Way]:
    return [way for way in ways.get(package.name, ()) if way.leads_to(package)]


def _any(markers: Iterable[str]) -> str:
    """Return the marker that holds where one of these does; empty for always."""
    each = sorted(set(markers))
    return " or ".join(f"({marker})" for marker in each) if all(each) else ""


def _ways(text: str, names: Collection[str]) -> dict[str, list[_Way]] | None:
    """Find every row that asks for one of these; None where a row may be spelled as uv would not."""
    if "\\" in text or '"""' in text or "'''" in text:
        return None
    rows = [row for row in _ROW.finditer(text) if _begins_a_row(text, row.start())]
    if len(_NAME_KEY.findall(text)) != len(rows) + len(_ENTRY.findall(text)):
        return None
    ways: dict[str, list[_Way]] = defaultdict(list)
    local: dict[int, bool] = {}
    for row in rows:
        name = normalise_name(row[1])
        table = text.rfind("\n[", 0, row.start())
        if name not in names or text.startswith("\n[package.metadata", table):
            continue
        start = _From.MANIFEST if text.startswith("\n[manifest", table) else _From.PACKAGE
        entry = max(text.rfind("\n[[", 0, row.start()), 0)
        if entry not in local:
            end = text.find("\n[[", row.start())
            local[entry] = _LOCAL.search(text, entry, end if end >= 0 else len(text)) is not None
        if local[entry]:
            start = _From.PROJECT
        try:
            ways[name].append(_way(row[0], start))
        except (ValueError, RecursionError):
            return None
    return ways


def _begins_a_row(text: str, at: int) -> bool:
    if text.startswith(_INDENTED, at - len(_INDENTED)):
        return True
    return _BEFORE_ROW.fullmatch(text, text.rfind("\n", 0, at) + 1, at) is not None


def _way(row: str, start: _From) -> _Way:
    version, registry, marker = _fields(row)
    return _Way(version=version, registry=registry, marker=marker, start=start)


@lru_cache(maxsize=16384)
def _fields(row: str) -> tuple[str | None, str | None, str]:
    """Return a row's version, registry and marker; many packages, and both sides, have the same one."""
    read = tomli.loads(f"row = {row}")["row"]
    source = read.get("source")
    registry = _text(source, "registry") if type(source) is dict else None
    at = strip_credentials(registry)[0] if registry else None
    return _text(read, "version"), at, _text(read, "marker") or ""


def _text(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    return value if type(value) is str else None
