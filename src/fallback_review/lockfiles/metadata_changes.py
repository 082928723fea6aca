"""What changed of a lock beside what is installed: other fields of its entries, and of its header."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fallback_review.model import MetadataChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fallback_review.lockfiles.distinct_entries import DistinctEntry
    from fallback_review.model import Ecosystem, LockedPackage, Lockfile


def metadata_changes(
    name: str, ecosystem: Ecosystem, stayed: Iterable[tuple[DistinctEntry, DistinctEntry]]
) -> Iterator[MetadataChange]:
    """Give the entries of a name that stayed, and whose other fields changed."""
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
    import json  # noqa: PLC0415 - few entries are repeated

    stated = (entry.extra[key] for entry in entries if key in entry.extra)
    return Counter(json.dumps(value, sort_keys=True, default=str) for value in stated)


def header_changes(base: Lockfile, head: Lockfile) -> tuple[str, ...]:
    """Return the keys of the lock as a whole that changed; none where a side has no such keys."""
    if not (base.header and head.header):
        return ()
    keys = base.header.keys() | head.header.keys()
    return tuple(sorted(key for key in keys if base.header.get(key) != head.header.get(key)))
