"""Entries that stay in a lock and are installed on a target only now: their markers let them in."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.distinct_entries import distinct
from fallback_review.model import Change, ChangeKind
from fallback_review.prediction.targets import applies_instead

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from fallback_review.model import Ecosystem, LockedPackage, Lockfile, LockfileDiff, Target

    _Named = dict[tuple[Ecosystem, str], list[LockedPackage]]


def with_newly_installed(diff: LockfileDiff, targets: Collection[Target]) -> LockfileDiff:
    """Return the changes with those of markers alone: what is installed on a target at the head, not before.

    While an entry's marker kept it from every target it was not judged, so that there it is new: its version
    stayed, the files that are installed did not.
    """
    before, after = _with_markers(diff.base), _named(diff.head)
    changes = {(change.ecosystem, change.name): change for change in diff.changes}
    let_in = set()
    for key in before.keys() & after.keys():
        change = changes.get(key) or _unchanged(key, before[key], after[key])
        entries = tuple(_let_in(change, targets))
        if entries:
            let_in.add(key)
            changes[key] = replace(change, gained=(*change.gained, *entries))
    if not let_in:
        return diff
    return replace(
        diff,
        changes=tuple(changes[key] for key in sorted(changes)),
        metadata_only=tuple(each for each in diff.metadata_only if (each.ecosystem, each.name) not in let_in),
    )


def _named(lockfile: Lockfile) -> _Named:
    named: _Named = defaultdict(list)
    for package in lockfile.packages:
        named[package.ecosystem, package.name].append(package)
    return named


def _with_markers(lockfile: Lockfile) -> _Named:
    return {key: entries for key, entries in _named(lockfile).items() if any(each.marker for each in entries)}


def _let_in(change: Change, targets: Collection[Target]) -> Iterator[LockedPackage]:
    for package in change.after:
        markers = [old.marker for old in change.before if old.shown_version == package.shown_version]
        if package in change.gained or not markers or package.marker in markers:
            continue
        if any(applies_instead(package.marker, markers, target) for target in targets):
            yield package


def _unchanged(key: tuple[Ecosystem, str], before: list[LockedPackage], after: list[LockedPackage]) -> Change:
    ecosystem, name = key
    return Change(
        name=name,
        kind=ChangeKind.ARTIFACTS_CHANGED,
        before=tuple(held.package for held in distinct(before)),
        after=tuple(held.package for held in distinct(after)),
        gained=(),
        local=all(package.local for package in (*before, *after)),
        ecosystem=ecosystem,
    )
