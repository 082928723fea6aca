"""Fitting blocks of rows into a limit: rows are left out and counted, finished text is never cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Something with a beginning, rows and an end."""

    opening: str
    closing: str
    rows: Iterable[str]
    """Rendered one at a time, and only as far as there is room."""
    total: int
    more: Callable[[int], str]
    """The row that stands for so many left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What there was room for."""

    texts: tuple[str, ...]
    """In the order of the blocks."""
    left_out: int
    """The rows of blocks that had no room at all."""


def size(text: str) -> int:
    """Return the length that is held against a limit: UTF-8 bytes, never fewer than GitHub's characters."""
    return len(text) if text.isascii() else len(text.encode())


def fit(blocks: Sequence[Block], room: int) -> Fitted:
    """Fit blocks, the most important first, into `room`.

    Frames (opening, closing, and the line about what is left out) come first, up to half of the room, so that
    every kind of thing is at least counted; then rows fill what is left. The cost is that of what is shown.
    """
    frames: list[int] = []
    spent = 0
    for position, block in enumerate(blocks):
        frame = size(block.opening) + size(block.closing) + size(block.more(block.total))
        # The first frame may take more than half: a report without its trouble says nothing.
        if spent + frame > (room // 2 if position else room):
            break
        spent += frame
        frames.append(frame)
    left = room - spent
    texts = []
    for block in blocks[: len(frames)]:
        shown, used = _fill(block, left + size(block.more(block.total)))
        left += size(block.more(block.total)) - used
        texts.append(block.opening + shown + block.closing)
    return Fitted(texts=tuple(texts), left_out=sum(block.total for block in blocks[len(frames) :]))


def _fill(block: Block, room: int) -> tuple[str, int]:
    """Return the rows that fit, with the line for the others, and what they cost."""
    reserve = size(block.more(block.total))
    rows: list[str] = []
    used = 0
    for row in block.rows:
        cost = size(row)
        # The last row needs no line about others.
        if used + cost + (0 if len(rows) + 1 == block.total else reserve) > room:
            break
        used += cost
        rows.append(row)
    missing = block.total - len(rows)
    if missing:
        last = block.more(missing)
        rows.append(last)
        used += size(last)
    return "".join(rows), used
