"""What mending is asked for, and edits of a text at places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import LockedPackage


class MendError(Exception):
    """Why an entry, or a lock, can't be mended: one clause."""


class NewFile(Struct, frozen=True, kw_only=True):
    """A file that a row will name."""

    filename: str
    url: str
    sha256: str
    size: int | None = None
    upload_time: str | None = None
    """RFC 3339, in UTC."""


class Mending(Struct, frozen=True, kw_only=True):
    """What one entry will say."""

    package: LockedPackage
    rows: tuple[tuple[str, tuple[NewFile, ...]], ...]
    """Each row by its sha256, and the files that stand there instead; none takes the row away."""
    version: str | None = None
    """Another version, where it changes."""
    index: str
    """The index's address as the project spells it."""
    source: str | None = None
    """The name that the project gives the index, where the lock goes by it."""


class Edit(Struct, frozen=True):
    """A stretch of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made.

    Raises:
        MendError: two of them overlap.
    """
    parts, at = [], 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        if edit.start < at:
            raise MendError("two entries share a row")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def line_start(text: str, line: int) -> int:
    """Return where a line begins, counted from 1.

    Raises:
        MendError: the text is shorter.
    """
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if at == 0:
            raise MendError("the lock changed while it was read")
    return at
