"""What one lockfile may hold at most, whatever its format: the texts of an entry, and the notices.

Everything behind this room reads versions and file names with `packaging`, which lets Python's refusal of
numbers with more than 4,300 digits through as a plain `ValueError`. No entry that is longer than any real one
gets so far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.names import MOST_TAGS, has_too_many_tags
from fallback_review.lockfiles.text import LockfileError
from fallback_review.model import Notice

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from fallback_review.model import LockedPackage, Lockfile

LONGEST_NAME = 200
LONGEST_VERSION = 200
LONGEST_TEXT = 2_000
"""Of a file's name (file systems take 255 characters) or of what Python versions an entry is for."""
MOST_NOTICES = 100
"""Notices of one file that are kept; one more says how many there were."""


def versions_too_long(specifiers: SpecifierSet) -> bool:
    """Whether a specifier names a version that is longer than any real one."""
    return any(len(one.version) > LONGEST_VERSION for one in specifiers)


def too_long(package: LockedPackage) -> str | None:
    """Return what about an entry is longer than any real one, None where nothing is."""
    if len(package.name) > LONGEST_NAME:
        return f"a name of more than {LONGEST_NAME} characters"
    if package.version is not None and len(package.version) > LONGEST_VERSION:
        return f"a version of more than {LONGEST_VERSION} characters"
    if package.requires_python is not None and len(package.requires_python) > LONGEST_TEXT:
        return f"a required Python of more than {LONGEST_TEXT:,} characters"
    for artifact in package.artifacts:
        if artifact.filename is not None and len(artifact.filename) > LONGEST_TEXT:
            return f"a file name of more than {LONGEST_TEXT:,} characters"
        if artifact.filename is not None and has_too_many_tags(artifact.filename):
            return f"a wheel for more than {MOST_TAGS:,} tags"
    return None


def bounded(lockfile: Lockfile) -> Lockfile:
    """Return the lockfile with no more notices than people can read.

    Raises:
        LockfileError: an entry holds a text that is longer than any real one; names its line.
    """
    for package in lockfile.packages:
        problem = too_long(package)
        if problem is not None:
            raise LockfileError(package.path or lockfile.path, f"an entry has {problem}", line=package.line)
    notices = _first(lockfile.path, lockfile.notices, "notices about this file")
    unnamed = _first(lockfile.path, lockfile.unnamed, "requirements without a name")
    unread = _first(lockfile.path, lockfile.unread, "lines that could not be read")
    elsewhere = _first(lockfile.path, lockfile.elsewhere, "files that were not read")
    return replace(lockfile, notices=notices, unnamed=unnamed, unread=unread, elsewhere=elsewhere)


def _first(path: str, notices: tuple[Notice, ...], what: str) -> tuple[Notice, ...]:
    more = len(notices) - MOST_NOTICES
    if more <= 0:
        return notices
    last = Notice(text=f"and {more:,} more {what}; fix the first ones to see them", path=path)
    return (*notices[:MOST_NOTICES], last)
