"""Two sides of one lockfile -> what changed, name by name.

Entries of one name are compared as multisets of (version, source): a forked lock holds one name at several
versions, and per-extra or per-platform locks repeat one entry. What is no change of source: an index that
only one side states (but in poetry.lock none is the default index), a trailing slash, and a git reference
whose commit stayed.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.registry import format_of
from fallback_review.lockfiles.urls import host_of
from fallback_review.model import (
    Artifact,
    Change,
    ChangeKind,
    Ecosystem,
    LockedPackage,
    Lockfile,
    LockfileDiff,
    MetadataChange,
    Source,
    SourceKind,
)
from fallback_review.model.versions import parse_version, went_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_NEEDS_HASHES = (SourceKind.REGISTRY, SourceKind.URL)


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
            metadata.extend(_metadata_changes(name, ecosystem, compared.stayed))
    return LockfileDiff(
        path=head.path,
        format=head.format,
        base_path=base.path,
        base_format=base.format,
        changes=tuple(changes),
        metadata_only=tuple(metadata),
        header_changed=() if migrated else _header_changes(base, head),
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
    """Pair entries of one key, in the order of `_age`, where an unstated index comes first.

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
    other_files = _may_be_others if migrated else _artifacts_changed
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


def _artifacts_changed(old: DistinctEntry, new: DistinctEntry) -> bool:
    """Whether an entry allows other files: by hash, by URL, or by what it asks for beside a pin."""
    if old.package.specifier != new.package.specifier:
        return True
    if old.package.artifacts == new.package.artifacts:
        return False
    if old.package.hashes != new.package.hashes or _swapped(old.package, new.package):
        return True
    if _reassigned(old.package, new.package):
        return True
    hosts = old.hosts, new.hosts
    moved = bool(hosts[0] and hosts[1]) and hosts[0] != hosts[1]
    return moved or not new.unverified <= old.unverified


def _swapped(old: LockedPackage, new: LockedPackage) -> bool:
    """Whether a hash stands beside another file than before, so that this file can't be installed."""
    before, after = (
        {(value, each.filename) for each in side.artifacts for value in each.hashes if each.filename}
        for side in (old, new)
    )
    known = {value for value, _ in before}
    return any(value in known for value, _ in after - before)


def _reassigned(old: LockedPackage, new: LockedPackage) -> bool:
    """Whether a platform that had files of its own takes another one, which the lock had for others."""
    before, after = (
        {(each.target_platform, each.url, each.hashes) for each in side.artifacts if each.target_platform}
        for side in (old, new)
    )
    known = {platform for platform, *_ in before}
    return any(platform in known for platform, *_ in after - before)


def _may_be_others(old: DistinctEntry, new: DistinctEntry) -> bool:
    """Whether two formats leave open that an entry's files are the same ones."""
    was, now = old.package, new.package
    if now.local or now.ecosystem is not Ecosystem.PYPI:
        return False
    if now.source.commit:
        return was.source.commit != now.source.commit
    places = [comparable(each.source).location for each in (was, now)]
    moved = all(places) and places[0] != places[1]
    return moved or not now.hashes or was.hashes != now.hashes


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


def _metadata_changes(
    name: str, ecosystem: Ecosystem, stayed: Iterable[tuple[DistinctEntry, DistinctEntry]]
) -> Iterable[MetadataChange]:
    for old, new in stayed:
        fields = _changed_fields(old.entries, new.entries)
        if fields:
            package = new.package
            yield MetadataChange(
                name=name,
                version=package.shown_version,
                source=package.source,
                fields=fields,
                ecosystem=ecosystem,
            )


def _changed_fields(old: Sequence[LockedPackage], new: Sequence[LockedPackage]) -> tuple[str, ...]:
    keys = {key for entry in (*old, *new) for key in entry.extra}
    return tuple(sorted(key for key in keys if not _same_values(old, new, key)))


def _same_values(old: Sequence[LockedPackage], new: Sequence[LockedPackage], key: str) -> bool:
    """Whether the entries of both sides say the same under a key; in any order where entries are repeated."""
    try:
        if len(old) == len(new) == 1:
            return bool(old[0].extra.get(key) == new[0].extra.get(key))
        return _values(old, key) == _values(new, key)
    except RecursionError:  # nested deeper than Python compares: not worth more than "it changed"
        return False


def _values(entries: Iterable[LockedPackage], key: str) -> Counter[str]:
    stated = (entry.extra[key] for entry in entries if key in entry.extra)
    return Counter(json.dumps(value, sort_keys=True, default=str) for value in stated)


def _header_changes(base: Lockfile, head: Lockfile) -> tuple[str, ...]:
    if not (base.header and head.header):
        return ()
    keys = base.header.keys() | head.header.keys()
    return tuple(sorted(key for key in keys if base.header.get(key) != head.header.get(key)))
