"""Reading lockfiles: text in, locked packages out. One module a format.

`decode` makes text of bytes, `recognise` says which format a file is, `parse` reads one side,
`parse_pair` reads both sides without what they share. Adding a format is one module that exports
``FORMAT``, one line in `registry` and one in `usual_names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.format import Format
from fallback_review.lockfiles.inputs import inputs
from fallback_review.lockfiles.limits import bounded
from fallback_review.lockfiles.registry import FORMATS, PLAIN, format_of, known_names, most_likely, recognise
from fallback_review.lockfiles.text import MAX_BYTES, LockfileError, Text, decode, nothing_beside, real
from fallback_review.model import Lockfile

if TYPE_CHECKING:
    from fallback_review.lockfiles.text import Real

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "PLAIN",
    "Format",
    "LockfileError",
    "Text",
    "decode",
    "format_of",
    "inputs",
    "most_likely",
    "nothing_beside",
    "parse",
    "parse_pair",
    "recognise",
]


def parse(text: Text) -> Lockfile:
    """Read one side of a lockfile.

    Raises:
        LockfileError: The file is no lockfile that this tool knows, or cannot be read; one line that
            names the file, the place and the reason.
    """
    found = real(text)
    known = _recognised(found)
    return _finished(found.read_by(known.parse), known)


def parse_pair(base: Text | None, head: Text | None) -> tuple[Lockfile, Lockfile]:
    """Read both sides of a lockfile, leaving out the entries of names whose text both sides share.

    An absent side (the lockfile is new, or deleted) is an empty `Lockfile` of the other side's path and
    format, and so is a base that is an empty file. Two formats (a migration) are read whole. A head that was
    emptied holds no entries where its format allows that.

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
    sides = real(base), real(head)
    old = _recognised(sides[0])
    new = _recognised(sides[1], old)
    if old is new and old.parse_pair is not None and not (sides[0].target or sides[1].target):
        left, right = old.parse_pair(base, head)
    else:
        left, right = sides[0].read_by(old.parse), sides[1].read_by(new.parse)
    return _finished(left, old), _finished(right, new)


def _finished(lockfile: Lockfile, known: Format) -> Lockfile:
    return bounded(replace(lockfile, format=known.name))


def _recognised(side: Real, before: Format | None = None) -> Format:
    """Return a side's format; for a file that was emptied, what it was `before`."""
    path, text = side.text.path, side.text.text
    known = recognise(path, text)
    emptied = known is None and before is not None and before.may_be_empty
    if emptied and all(line.isspace() or line.startswith("#") for line in text.splitlines(keepends=True)):
        known = before
    if not text.strip() and (known is None or not known.may_be_empty):
        raise LockfileError(path, "the file is empty")
    if known is None:
        raise LockfileError(path, f"not a lockfile that this tool knows: {known_names()}")
    return known
