"""Reading lockfiles: text in, locked packages out. One module a format.

`decode` makes text of bytes, `recognise` says which format a file is, `parse` reads one side,
`parse_pair` reads both sides without what they share. Adding a format is one module that exports
``FORMAT`` and one name in `registry`.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from fallback_review.lockfiles.bounds import bounded
from fallback_review.lockfiles.decode import MAX_BYTES, decode
from fallback_review.lockfiles.interface import Format, LockfileError, Text, nothing_beside
from fallback_review.lockfiles.registry import FORMATS, known_names, recognise
from fallback_review.model import Lockfile

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "Format",
    "LockfileError",
    "Text",
    "decode",
    "nothing_beside",
    "parse",
    "parse_pair",
    "recognise",
]

_LFS = "version https://git-lfs.github.com/spec/"
_LONGEST_LINK = 4096
_LINK = re.compile(r"[^\s=<>!~;\[\]{}\"'#:@,]+")


def parse(text: Text) -> Lockfile:
    """Read one side of a lockfile.

    Raises:
        LockfileError: The file is no lockfile that this tool knows, or cannot be read; one line that
            names the file, the place and the reason.
    """
    return bounded(_format_of(text).parse(text))


def parse_pair(base: Text | None, head: Text | None) -> tuple[Lockfile, Lockfile]:
    """Read both sides of a lockfile, leaving out the entries of names whose text both sides share.

    An absent side (the lockfile is new, or deleted) is an empty `Lockfile` of the other side's path and
    format, and so is a base that is an empty file. Two formats (a migration) are read whole.

    Raises:
        LockfileError: As `parse`, for the side that cannot be read.
        ValueError: Both sides are absent.
    """
    if head is not None and base is not None and not base.text.strip():
        base = None
    if base is None or head is None:
        there = head or base
        if there is None:
            raise ValueError("a pair of lockfiles needs at least one side")
        read = parse(there)
        absent = Lockfile(path=read.path, format=read.format)
        return (absent, read) if base is None else (read, absent)
    formats = _format_of(base), _format_of(head)
    pair = formats[0].parse_pair
    if formats[0] is formats[1] and pair is not None:
        left, right = pair(base, head)
    else:
        left, right = formats[0].parse(base), formats[1].parse(head)
    return bounded(left), bounded(right)


def _format_of(text: Text) -> Format:
    _refuse_stand_ins(text)
    known = recognise(text.path, text.text)
    if known is None:
        raise LockfileError(text.path, f"not a lockfile that this tool knows: {known_names()}")
    return known


def _refuse_stand_ins(text: Text) -> None:
    """Refuse what stands in a lockfile's place: nothing, a symlink's text, a Git LFS pointer."""
    content = text.text
    if not content.strip():
        raise LockfileError(text.path, "the file is empty")
    if content.startswith(_LFS):
        raise LockfileError(text.path, "a Git LFS pointer, not the lockfile itself")
    if len(content) > _LONGEST_LINK or "\n" in content or not _LINK.fullmatch(content):
        return
    suffix = PurePosixPath(text.path).suffix
    requirements = suffix in ("", ".txt", ".in")
    if PurePosixPath(content).suffix == suffix or ("/" in content and not requirements):
        raise LockfileError(text.path, f"a symbolic link to {content}; name that file instead")
