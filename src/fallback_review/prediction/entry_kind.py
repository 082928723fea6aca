"""What kind of entry one is, before any index is asked: whether its name may be sent anywhere at all."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fallback_review.model import Ecosystem, Owner, SourceKind
from fallback_review.prediction.install_request import indexes_for, named_index

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile
    from fallback_review.prediction.context import Context

_NOBODYS = (Owner.NOBODY, Owner.LOCAL)


class EntryKind(StrEnum):
    """What kind of entry this is."""

    INDEX = "index"
    """It is judged by the indexes that know it."""
    DIRECT = "direct"
    """It comes from an archive, a repository or a folder, past every index."""
    PRIVATE = "private"
    """The settings call its name private."""
    UNTOLD = "untold"
    """It comes from an index, or its files lie on a host, that nobody named."""
    OUT_OF_SCOPE = "out-of-scope"


def is_private(name: str, context: Context) -> bool:
    """Whether a name is one that nobody outside may learn of."""
    return any(fnmatchcase(name, pattern.lower()) for pattern in context.private)


def entry_kind(package: LockedPackage, lockfile: Lockfile, context: Context) -> EntryKind:
    """Say what kind of entry this is; the names of all but those of `INDEX` are sent nowhere."""
    if package.ecosystem is not Ecosystem.PYPI or package.source.kind is SourceKind.CHANNEL:
        return EntryKind.OUT_OF_SCOPE
    named = named_index(package, context)
    if package.local or not package.source.kind.from_index:
        return EntryKind.DIRECT
    if named is not None and named.owner is Owner.LOCAL:
        return EntryKind.DIRECT
    if is_private(package.name, context):
        return EntryKind.PRIVATE
    if named is not None and named.owner is Owner.NOBODY:
        return EntryKind.UNTOLD
    return EntryKind.UNTOLD if _from_nobody(package, lockfile, context) else EntryKind.INDEX


def strays(package: LockedPackage, context: Context) -> tuple[str, ...]:
    """Return the locked URLs on hosts that nobody named: an installer takes them whatever index is named."""
    if not package.urls_locked:
        return ()
    return tuple(each.url for each in package.artifacts if each.url and not context.addresses.home(each.url))


def _from_nobody(package: LockedPackage, lockfile: Lockfile, context: Context) -> bool:
    """Whether all that an entry without a named index can come from is an address that nobody named."""
    if package.urls_locked:
        located = [each.url for each in package.artifacts if each.url]
        return named_index(package, context) is None and len(strays(package, context)) == len(located)
    sources = [index for each in indexes_for(package, lockfile, context) for index in each.sources]
    return bool(sources) and all(index.owner in _NOBODYS for index in sources)
