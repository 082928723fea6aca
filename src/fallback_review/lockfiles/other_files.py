"""Whether an entry that stayed, by its version and source, brings other files than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.distinct_entries import comparable
from fallback_review.model import Ecosystem

if TYPE_CHECKING:
    from fallback_review.lockfiles.distinct_entries import DistinctEntry
    from fallback_review.model import LockedPackage


def artifacts_changed(old: DistinctEntry, new: DistinctEntry) -> bool:
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


def may_be_others(old: DistinctEntry, new: DistinctEntry) -> bool:
    """Whether two formats leave open that an entry's files are the same ones."""
    was, now = old.package, new.package
    if now.local or now.ecosystem is not Ecosystem.PYPI:
        return False
    if now.source.commit:
        return was.source.commit != now.source.commit
    places = [comparable(each.source).location for each in (was, now)]
    moved = all(places) and places[0] != places[1]
    return moved or not now.hashes or was.hashes != now.hashes
