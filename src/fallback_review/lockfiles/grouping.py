"""The entries of one name on one side of a lockfile, by version and source: what repeats is one.

A trailing slash of an index's address, and a git reference beside its commit, make no other source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fallback_review.lockfiles.common import host_of
from fallback_review.model import LockedPackage, Source, SourceKind
from fallback_review.model.versions import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Held:
    """One distinct (version, source) of a name on one side, with the entries that repeat it."""

    package: LockedPackage
    """The first of the entries, with the artifacts of all."""
    entries: tuple[LockedPackage, ...]

    @property
    def hosts(self) -> frozenset[str]:
        urls = (artifact.url for artifact in self.package.artifacts if artifact.url)
        return frozenset(host for host in map(host_of, urls) if host)

    @property
    def unverified(self) -> frozenset[str]:
        """The locked URLs whose bytes nothing checks: another one may bring another file."""
        return frozenset(a.url for a in self.package.artifacts if a.url and not a.hashes)


def distinct(entries: Sequence[LockedPackage]) -> list[Held]:
    """Unite repeated entries, oldest version first."""
    groups: dict[tuple[str | None, Source], list[LockedPackage]] = {}
    for entry in entries:
        groups.setdefault((entry.shown_version, comparable(entry.source)), []).append(entry)
    held = []
    for group in groups.values():
        first = group[0]
        if len(group) > 1:
            artifacts = tuple(dict.fromkeys(artifact for entry in group for artifact in entry.artifacts))
            first = replace(
                first,
                artifacts=artifacts,
                local=all(entry.local for entry in group),
                marker=_any([entry.marker or "" for entry in group]) or None,
                needed_when=_any([entry.needed_when for entry in group]),
            )
        held.append(Held(first, tuple(group)))
    return sorted(held, key=_age) if len(held) > 1 else held


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


def _age(held: Held) -> tuple[Any, ...]:
    package = held.package
    text = package.shown_version or ""
    version = parsed(text)
    source = package.source
    tail = (text, source.kind, source.location or "", source.commit or "", source.reference or "")
    return (0, *tail) if version is None else (1, version, *tail)
