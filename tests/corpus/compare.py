"""What the product says about a pair, against what the corpus expects: every difference, in words.

Rows are plain mappings, so that both a `LockfileDiff` and the JSON report's changes can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.lockfiles.urls import host_of
from fallback_review.model import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.model import Change, LockedPackage, LockfileDiff, Source

_DIRECTIONS = {"upgrade": "upgraded", "downgrade": "downgraded"}


def source_of(package: LockedPackage, lock_format: str) -> dict[str, Any]:
    """Spell a source as the corpus does.

    Where a format names no index but every file's URL (conda-lock, pixi), the corpus writes the files' host as
    the index; where it has one text for what is asked of git (requirements, Pipfile), it writes a commit.
    """
    source = package.source
    location = source.location
    commit, reference = source.commit, source.reference
    if lock_format.startswith(("conda-lock", "pixi")) and source.kind is SourceKind.REGISTRY and not location:
        location = next(iter(_file_hosts(package)), None)
    if lock_format in ("requirements.txt", "Pipfile.lock") and commit is None:
        commit, reference = reference, None
    spelled: dict[str, Any] = {"kind": source.kind.value, "value": location}
    if commit is not None:
        spelled["commit"] = commit
    if reference is not None:
        spelled["ref"] = reference
    return spelled


def row_of(change: Change, diff: LockfileDiff) -> dict[str, Any]:
    """One change as a row."""
    return {
        "name": change.name,
        "ecosystem": change.ecosystem.value,
        "kind": change.kind.value,
        "before": [package.shown_version for package in change.before],
        "after": [package.shown_version for package in change.after],
        "source_before": [source_of(package, diff.base_format or "") for package in change.before],
        "source_after": [source_of(package, diff.format) for package in change.after],
        "local": change.local,
        "source_changed": change.source_changed,
    }


def differences(diff: LockfileDiff, expected: Mapping[str, Any]) -> list[str]:
    """Every way in which a diff differs from the answer."""
    found = list(row_differences((row_of(change, diff) for change in diff.changes), expected))
    found += _sets("hashes changed", _hashes(diff), _expected_hashes(expected))
    found += _sets("hosts changed", _hosts(diff), _expected_hosts(expected))
    found += _sets("metadata only", _metadata(diff), _expected_metadata(expected))
    if list(diff.header_changed) != sorted(expected["header_changed"]):
        found.append(f"header changed: {list(diff.header_changed)}, expected {expected['header_changed']}")
    return found


def row_differences(rows: Iterable[Mapping[str, Any]], expected: Mapping[str, Any]) -> Iterator[str]:
    """Compare rows of changes; of a row only the keys that it has, beside name, kind, before and after.

    The answers know no change of a requirement without a name.
    """
    got = {
        (row.get("ecosystem", "pypi"), row["name"]): row
        for row in rows
        if row["kind"] != "artifacts-changed" and "/" not in row["name"]
    }
    wanted = {(row.get("ecosystem", "pypi"), row["name"]): row for row in expected["changes"]}
    for key in sorted(got.keys() - wanted.keys()):
        yield f"{key}: not expected: {got[key]}"
    for key in sorted(wanted.keys() - got.keys()):
        yield f"{key}: missing: {wanted[key]}"
    for key in sorted(got.keys() & wanted.keys()):
        for difference in _row_difference(got[key], wanted[key]):
            yield f"{key}: {difference}"


def _row_difference(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    kind = "changed" if row["kind"] in ("upgraded", "downgraded") else row["kind"]
    if kind != wanted["kind"]:
        yield f"kind {row['kind']}, expected {wanted['kind']}"
    direction = _DIRECTIONS.get(wanted.get("direction", ""))
    if direction is not None and row["kind"] != direction:
        yield f"{row['kind']}, expected {direction}"
    for side in ("before", "after"):
        if not _same_entries(row, wanted, side):
            yield (
                f"{side} {row[side]} {row.get(f'source_{side}')}, "
                f"expected {wanted[side]} {wanted[f'source_{side}']}"
            )
    for flag in ("local", "source_changed"):
        if flag in row and wanted["kind"] != "source-changed" and bool(row[flag]) != bool(wanted.get(flag)):
            yield f"{flag} {row[flag]}, expected {wanted.get(flag, False)}"


def _same_entries(row: Mapping[str, Any], wanted: Mapping[str, Any], side: str) -> bool:
    """Compare one side's versions in order, and its sources, which the corpus lists once each."""
    if list(row[side]) != list(wanted[side]):
        return False
    sources = f"source_{side}"
    if sources not in row:
        return True
    return sorted({str(one): 0 for one in map(_plain, row[sources])}) == sorted(
        {str(one): 0 for one in map(_plain, wanted[sources])}
    )


def _plain(source: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(source.items())


def _stayed(diff: LockfileDiff) -> Iterator[tuple[Change, LockedPackage, LockedPackage]]:
    """Each entry of the changed names that both sides have; the index may be unstated on one."""
    for change in diff.changes:
        if diff.base_format != diff.format:
            continue
        left = list(change.before)
        for new in change.after:
            same = [old for old in left if old.shown_version == new.shown_version]
            exact = [old for old in same if _same_source(old.source, new.source)]
            loose = [
                old
                for old in same
                if old.source.kind is new.source.kind is SourceKind.REGISTRY
                and None in (old.source.location, new.source.location)
            ]
            for old in (exact or loose)[:1]:
                left.remove(old)
                yield change, old, new


def _same_source(old: Source, new: Source) -> bool:
    if old.commit is not None:
        return (old.kind, old.location, old.commit) == (new.kind, new.location, new.commit)
    return old == new


def _hashes(diff: LockfileDiff) -> set[tuple[Any, ...]]:
    return {
        (
            change.ecosystem.value,
            change.name,
            new.shown_version,
            len(new.hashes - old.hashes),
            len(old.hashes - new.hashes),
        )
        for change, old, new in _stayed(diff)
        if old.hashes != new.hashes
    }


def _expected_hashes(expected: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (
            row.get("ecosystem", "pypi"),
            row["name"],
            row["version"],
            row["hashes_added"],
            row["hashes_removed"],
        )
        for row in expected["hashes_changed"]
    }


def _hosts(diff: LockfileDiff) -> set[tuple[Any, ...]]:
    found = set()
    for change, old, new in _stayed(diff):
        before, after = _file_hosts(old), _file_hosts(new)
        if before and after and before != after:
            assert (change.hosts_before, change.hosts_after) == (before, after)
            found.add((change.name, new.shown_version, before, after))
    return found


def _file_hosts(package: LockedPackage) -> tuple[str, ...]:
    return tuple(sorted({str(host_of(artifact.url)) for artifact in package.artifacts if artifact.url}))


def _expected_hosts(expected: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (row["name"], row["version"], tuple(row["hosts_before"]), tuple(row["hosts_after"]))
        for row in expected["file_hosts_changed"]
    }


def _metadata(diff: LockfileDiff) -> set[tuple[Any, ...]]:
    return {
        (change.ecosystem.value, change.name, change.version, change.fields) for change in diff.metadata_only
    }


def _expected_metadata(expected: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (row.get("ecosystem", "pypi"), row["name"], row["version"], tuple(sorted(row["fields"])))
        for row in expected["metadata_only"]
    }


def _sets(what: str, got: set[tuple[Any, ...]], wanted: set[tuple[Any, ...]]) -> list[str]:
    return [f"{what}: not expected {row}" for row in sorted(got - wanted, key=str)] + [
        f"{what}: missing {row}" for row in sorted(wanted - got, key=str)
    ]
