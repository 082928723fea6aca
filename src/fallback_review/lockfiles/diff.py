"""Two sides of one lockfile -> what changed, name by name.

Entries of one name are compared as multisets of (version, source): a forked lock holds one name at several
versions, and per-extra or per-platform locks repeat one entry. What is no change of source: an index that
only one side states (but in poetry.lock none is the default index), a trailing slash, and a git reference
whose commit stayed.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fallback_review.lockfiles.distinct_entries import comparable, distinct
from fallback_review.lockfiles.metadata_changes import header_changes, metadata_changes
from fallback_review.lockfiles.other_files import artifacts_changed, may_be_others
from fallback_review.lockfiles.registry import format_of
from fallback_review.model import Change, ChangeKind, Ecosystem, LockfileDiff, MetadataChange, SourceKind
from fallback_review.model.versions import went_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fallback_review.lockfiles.distinct_entries import DistinctEntry
    from fallback_review.model import LockedPackage, Lockfile, Source

_NEEDS_HASHES = (SourceKind.REGISTRY, SourceKind.URL)


class _Compared(Struct, frozen=True):
    """The two sides of a name that both have: what stayed, what went, what came."""

    before: list[DistinctEntry]
    after: list[DistinctEntry]
    stayed: list[tuple[DistinctEntry, DistinctEntry]]
    lost: list[DistinctEntry]
    came: list[DistinctEntry]
    vague: bool
    """Whether an index that is not stated may be any."""


def diff(base: Lockfile, head: Lockfile) -> LockfileDiff:
    """Compare two sides of one lockfile; an absent side is an empty `Lockfile`.

    Where the formats differ (a migration), sources are compared by kind only, and hosts, metadata and headers
    not at all: the formats record different things. An entry whose files are not shown to be the same ones,
    by the same hashes or the same commit, counts as one with other artifacts.

    Changes are sorted by ecosystem and name; `versions.went_down` says what is a downgrade.
    """
    migrated = base.format != head.format
    old, new = (_by_name((*side.packages, *side.nameless)) for side in (base, head))
    vague = not format_of(head).unnamed_is_default_index
    changes: list[Change] = []
    metadata: list[MetadataChange] = []
    for key in sorted(old.keys() | new.keys()):
        ecosystem, name = key
        before, after = distinct(old.get(key, ())), distinct(new.get(key, ()))
        if not (before and after):
            changes.append(_one_sided(name, ecosystem, before, after))
            continue
        compared = _compare(before, after, migrated=migrated, vague=vague)
        change = _change(name, ecosystem, compared, migrated=migrated)
        if change is not None:
            changes.append(change)
        if not migrated:
            metadata.extend(metadata_changes(name, ecosystem, compared.stayed))
    return LockfileDiff(
        path=head.path,
        format=head.format,
        base_path=base.path,
        base_format=base.format,
        changes=tuple(changes),
        metadata_only=tuple(metadata),
        header_changed=() if migrated else header_changes(base, head),
        base=base,
        head=head,
        notices=head.notices,
    )


def unchanged(base: Lockfile, head: Lockfile, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the PyPI entries that no change is about, as changes of their origin that are to be judged.

    Args:
        base: the whole lockfile at the base.
        head: the whole lockfile at the head.
        changes: what `diff` found between the two.
    """
    judged = {(change.ecosystem, change.name): change for change in changes}
    before, after = _by_name(base.packages), _by_name(head.packages)
    found = []
    for key in sorted(before.keys() & after.keys()):
        change = judged.get(key)
        old, new = (tuple(held.package for held in distinct(side[key])) for side in (before, after))
        kept = tuple(package for package in new if change is None or package not in change.gained)
        if kept and key[0] is Ecosystem.PYPI:
            local = all(package.local for package in (*old, *kept))
            kind = ChangeKind.ORIGIN_CHANGED
            found.append(Change(name=key[1], kind=kind, before=old, after=kept, gained=kept, local=local))
    return tuple(found)


def _by_name(packages: Iterable[LockedPackage]) -> dict[tuple[Ecosystem, str], list[LockedPackage]]:
    names: dict[tuple[Ecosystem, str], list[LockedPackage]] = {}
    for package in packages:
        names.setdefault((package.ecosystem, package.name), []).append(package)
    return names


def _compare(
    before: list[DistinctEntry], after: list[DistinctEntry], *, migrated: bool, vague: bool
) -> _Compared:
    """Pair the entries of both sides: the same ones first, then those whose sources do not contradict."""

    def may_stay(old: DistinctEntry, new: DistinctEntry) -> bool:
        return migrated or (vague and _one_unstated(old, new))

    stayed, lost, came = _paired(before, after, lambda held: (*_identity(held), held.fork))
    for key, agree in ((_identity, _always), (partial(_loose, migrated=migrated), may_stay)):
        if lost and came:
            more, lost, came = _paired(lost, came, key, agree)
            stayed += more
    return _Compared(before, after, stayed, lost, came, vague)


def _always(_old: DistinctEntry, _new: DistinctEntry) -> bool:
    return True


def _paired(
    before: list[DistinctEntry],
    after: list[DistinctEntry],
    key: Callable[[DistinctEntry], tuple[Any, ...]],
    agree: Callable[[DistinctEntry, DistinctEntry], bool] = _always,
) -> tuple[list[tuple[DistinctEntry, DistinctEntry]], list[DistinctEntry], list[DistinctEntry]]:
    """Pair entries of one key, in the order of `distinct`, where an unstated index comes first.

    Returns the pairs, and what is left of both sides.
    """
    waiting: dict[tuple[Any, ...], list[DistinctEntry]] = {}
    for held in after:
        waiting.setdefault(key(held), []).append(held)
    pairs: list[tuple[DistinctEntry, DistinctEntry]] = []
    lost: list[DistinctEntry] = []
    for held in before:
        found = waiting.get(key(held))
        if found and agree(held, found[0]):
            pairs.append((held, found.pop(0)))
        else:
            lost.append(held)
    taken = {id(new) for _, new in pairs}
    return pairs, lost, [held for held in after if id(held) not in taken]


def _identity(held: DistinctEntry) -> tuple[str | None, Source]:
    return (held.package.shown_version, comparable(held.package.source))


def _loose(held: DistinctEntry, *, migrated: bool) -> tuple[Any, ...]:
    """Return what two entries share at least when their sources do not contradict."""
    kind = held.package.source.kind
    if migrated or kind is SourceKind.REGISTRY:
        return (held.package.shown_version, kind)
    return _identity(held)


def _one_unstated(old: DistinctEntry, new: DistinctEntry) -> bool:
    return old.package.source.location is None or new.package.source.location is None


def _one_sided(
    name: str, ecosystem: Ecosystem, before: Iterable[DistinctEntry], after: Iterable[DistinctEntry]
) -> Change:
    """Return the change of a name that one side has: nothing is compared, all of the head is new."""
    came = tuple(held.package for held in after)
    went = tuple(held.package for held in before)
    return Change(
        name=name,
        kind=ChangeKind.ADDED if came else ChangeKind.REMOVED,
        before=went,
        after=came,
        gained=came,
        local=all(package.local for package in came or went),
        ecosystem=ecosystem,
    )


def _change(name: str, ecosystem: Ecosystem, compared: _Compared, *, migrated: bool) -> Change | None:
    other_files = may_be_others if migrated else artifacts_changed
    touched = [pair for pair in compared.stayed if other_files(*pair)]
    if not (compared.lost or compared.came or touched):
        return None
    before, after = compared.before, compared.after
    renewed = {id(new) for _, new in touched} | {id(new) for new in compared.came}
    rehashed = [] if migrated else touched
    hosts_before, hosts_after = _hosts(before), _hosts(after)
    moved = not migrated and hosts_before and hosts_after and hosts_before != hosts_after
    return Change(
        name=name,
        kind=_kind(compared),
        before=tuple(held.package for held in before),
        after=tuple(held.package for held in after),
        gained=tuple(held.package for held in after if id(held) in renewed),
        source_changed=_source_changed(compared, migrated=migrated),
        hashes_added=sum(len(new.package.hashes - old.package.hashes) for old, new in rehashed),
        hashes_removed=sum(len(old.package.hashes - new.package.hashes) for old, new in rehashed),
        hosts_before=hosts_before if moved else (),
        hosts_after=hosts_after if moved else (),
        became_unhashed=_became_unhashed(compared),
        local=all(held.package.local for held in (*before, *after)),
        ecosystem=ecosystem,
    )


def _hosts(held: Iterable[DistinctEntry]) -> tuple[str, ...]:
    return tuple(sorted({host for one in held for host in one.hosts}))


def _kind(compared: _Compared) -> ChangeKind:
    if not (compared.lost or compared.came):
        return ChangeKind.ARTIFACTS_CHANGED
    old = Counter(held.package.shown_version for held in compared.before)
    new = Counter(held.package.shown_version for held in compared.after)
    if old == new:
        return ChangeKind.SOURCE_CHANGED
    return ChangeKind.DOWNGRADED if went_down(old, new) else ChangeKind.UPGRADED


def _source_changed(compared: _Compared, *, migrated: bool) -> bool:
    """Whether what came has another source than what went."""
    if not (compared.lost or compared.came):
        return False
    lost = {comparable(held.package.source) for held in compared.lost or compared.before}
    came = {comparable(held.package.source) for held in compared.came or compared.after}
    if migrated:
        return {source.kind for source in lost} != {source.kind for source in came}
    if not compared.vague:
        return lost != came
    return _other_sources(lost, came) or _other_sources(came, lost)


def _other_sources(these: set[Source], those: set[Source]) -> bool:
    """Whether `these` have a source that `those` have not; an index that one side leaves unstated is none."""
    stated = all(source.location for source in those if source.kind is SourceKind.REGISTRY)
    indexed = any(source.kind is SourceKind.REGISTRY for source in those)
    return any(
        not (source.kind is SourceKind.REGISTRY and indexed and not (stated and source.location))
        for source in these - those
    )


def _became_unhashed(compared: _Compared) -> bool:
    """Whether hashes went away without others coming: the installer no longer checks what it takes."""
    had_hashes = {id(new): bool(old.package.hashes) for old, new in compared.stayed}
    any_before = any(held.package.hashes for held in compared.before)
    return any(
        had_hashes.get(id(new), any_before)
        for new in compared.after
        if not new.package.hashes and not new.package.local and new.package.source.kind in _NEEDS_HASHES
    )
