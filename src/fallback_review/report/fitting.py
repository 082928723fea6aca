"""Fitting blocks of rows into a limit: rows are left out and counted, finished text is never cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Block(Struct, frozen=True, kw_only=True):
    """Something with a beginning, rows and an end."""

    opening: str
    closing: str
    rows: Iterable[str]
    """Rendered one at a time, and only as far as there is room."""
    total: int
    more: Callable[[int], str]
    """The row that stands for so many left out."""


class Fitted(Struct, frozen=True, kw_only=True):
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

    Frames (opening, closing, and the line about what is left out) come first, up to half of the room: so
    every kind of thing is at least counted; then rows fill what is left, and further blocks the rest.
    The cost is that of what is shown.
    """
    held = 0
    framed = 0
    for block in blocks:
        # The first frame may take more than half: a report without its trouble says nothing.
        if held + _frame(block) > (room // 2 if framed else room):
            break
        held += _frame(block)
        framed += 1
    left = room - held
    texts: list[str] = []
    for position, block in enumerate(blocks):
        if position < framed:
            left += _frame(block)
        elif _frame(block) > left:
            break
        text = block.opening + _fill(block, left - size(block.opening) - size(block.closing)) + block.closing
        left -= size(text)
        texts.append(text)
    return Fitted(texts=tuple(texts), left_out=sum(block.total for block in blocks[len(texts) :]))


def _frame(block: Block) -> int:
    return size(block.opening) + size(block.closing) + size(block.more(block.total))


def _fill(block: Block, room: int) -> str:
    """Return the rows that fit, with the line for the others."""
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
    if len(rows) < block.total:
        rows.append(block.more(block.total - len(rows)))
    return "".join(rows)
