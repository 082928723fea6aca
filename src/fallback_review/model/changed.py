"""What a pull request changes in a lockfile."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model.locked import Ecosystem

if TYPE_CHECKING:
    from fallback_review.model.locked import LockedPackage, Lockfile, Notice, Source


class ChangeKind(StrEnum):
    """What happened to one name in one lockfile."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    SOURCE_CHANGED = "source-changed"
    ARTIFACTS_CHANGED = "artifacts-changed"
    ORIGIN_CHANGED = "origin-changed"
    """The entries stayed, and the installer's configuration makes them come from elsewhere."""


class Change(Struct, frozen=True, kw_only=True):
    """One name in one lockfile, on both sides."""

    name: str
    kind: ChangeKind
    before: tuple[LockedPackage, ...]
    """Every distinct (version, source) of the name at the base, oldest version first."""
    after: tuple[LockedPackage, ...]
    gained: tuple[LockedPackage, ...]
    """The entries of `after` that are new or whose artifacts are new: these get verdicts."""
    source_changed: bool = False
    hashes_added: int = 0
    hashes_removed: int = 0
    hosts_before: tuple[str, ...] = ()
    hosts_after: tuple[str, ...] = ()
    """File hosts on each side, filled where they differ."""
    became_unhashed: bool = False
    local: bool = False
    ecosystem: Ecosystem = Ecosystem.PYPI

    @property
    def line(self) -> int | None:
        """The line of the first new entry at the head; None when the name is gone."""
        entries = self.gained or self.after
        return entries[0].line if entries else None


class MetadataChange(Struct, frozen=True, kw_only=True):
    """An entry whose version, source and artifacts stayed, while other fields changed."""

    name: str
    version: str | None
    source: Source
    fields: tuple[str, ...]
    ecosystem: Ecosystem = Ecosystem.PYPI


class LockfileDiff(Struct, frozen=True, kw_only=True):
    """What changed between two sides of one lockfile (either side may be absent)."""

    path: str
    format: str
    base_path: str | None
    base_format: str | None
    changes: tuple[Change, ...]
    metadata_only: tuple[MetadataChange, ...] = ()
    header_changed: tuple[str, ...] = ()
    base: Lockfile
    head: Lockfile
    notices: tuple[Notice, ...] = ()
