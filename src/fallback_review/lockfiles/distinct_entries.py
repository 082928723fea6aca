"""The entries of one name on one side, those that repeat each other united."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.urls import host_of
from fallback_review.model import Artifact, LockedPackage, Source, SourceKind
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Sequence


class DistinctEntry(Struct, frozen=True):
    """One distinct (version, source) of a name on one side, with the entries that repeat it."""

    package: LockedPackage
    """The first of the entries, with the artifacts of all."""
    entries: tuple[LockedPackage, ...]
    fork: str | None = None
    """The marker of one that has others beside it, of the same version and source and with other files."""

    @property
    def hosts(self) -> frozenset[str]:
        urls = (artifact.url for artifact in self.package.artifacts if artifact.url)
        return frozenset(host for host in map(host_of, urls) if host)

    @property
    def unverified(self) -> frozenset[str]:
        """The locked URLs whose bytes nothing checks: another one may bring another file."""
        return frozenset(a.url for a in self.package.artifacts if a.url and not a.hashes)


def distinct(entries: Sequence[LockedPackage]) -> list[DistinctEntry]:
    """Unite repeated entries, oldest version first; those that have files of their own stay apart."""
    if len(entries) == 1:
        return [DistinctEntry(entries[0], tuple(entries))]
    groups: dict[tuple[str | None, Source], list[LockedPackage]] = {}
    for entry in entries:
        groups.setdefault((entry.shown_version, comparable(entry.source)), []).append(entry)
    held = [each for group in groups.values() for each in _held(group)]
    return sorted(held, key=_age) if len(held) > 1 else held


def _held(group: list[LockedPackage]) -> list[DistinctEntry]:
    """Return the entries of one version and source as one, or one for each marker and its own files.

    Nothing but its marker tells when an entry is installed: where two entries differ in their files, each
    may be the one that is. A lock that is solved for each platform spreads one entry's files over several.
    """
    if len(group) == 1:
        return [DistinctEntry(group[0], (group[0],))]
    if len({_files(entry) for entry in group}) == 1:
        return [DistinctEntry(_united(group), tuple(group))]
    forks: dict[tuple[str | None, object], list[LockedPackage]] = {}
    for entry in group:
        per_platform = any(artifact.target_platform for artifact in entry.artifacts)
        forks.setdefault((entry.marker, None if per_platform else _files(entry)), []).append(entry)
    if len(forks) == 1:
        return [DistinctEntry(_united(group), tuple(group))]
    return [
        DistinctEntry(_united(each), tuple(each), fork=marker or "") for (marker, _), each in forks.items()
    ]


def _files(entry: LockedPackage) -> tuple[frozenset[Artifact], str | None]:
    """Return what an entry allows beside its version and source."""
    return frozenset(entry.artifacts), entry.specifier


def _united(group: list[LockedPackage]) -> LockedPackage:
    return replace(
        group[0],
        artifacts=tuple(dict.fromkeys(artifact for entry in group for artifact in entry.artifacts)),
        local=all(entry.local for entry in group),
        marker=_any([entry.marker or "" for entry in group]) or None,
        needed_when=_any([entry.needed_when for entry in group]),
    )


def _any(markers: Sequence[str | None]) -> str | None:
    """Return the marker of an entry that is wanted under each of these; empty is always, None not known."""
    known = [marker for marker in markers if marker is not None]
    if not all(known):
        return ""
    if len(known) < len(markers):
        return None
    each = dict.fromkeys(known)
    return " or ".join(f"({marker})" for marker in each) if len(each) > 1 else known[0]


def comparable(source: Source) -> Source:
    """Return the source without what does not make it another one."""
    if source.kind is SourceKind.REGISTRY:
        if source.location and source.location.endswith("/"):
            return replace(source, location=source.location.rstrip("/"))
    elif source.commit and source.reference:
        return replace(source, reference=None)
    return source


def _age(held: DistinctEntry) -> tuple[Any, ...]:
    package = held.package
    text = package.shown_version or ""
    version = parse_version(text)
    source = package.source
    tail = (text, source.kind, source.location or "", source.commit or "", source.reference or "")
    return (0, *tail) if version is None else (1, version, *tail)
