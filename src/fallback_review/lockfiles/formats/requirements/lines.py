"""The logical lines of a requirements file: continuations joined, comments gone, each with its line number.

Source: pip's documentation, "Requirements File Format" (comments, line continuations); where it is silent,
pip's own reader (`pip._internal.req.req_file.preprocess`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line: what pip reads as a requirement or as options."""

    number: int
    """The line of the file on which its first word stands, counted from 1."""
    text: str
    """Without comments, stripped, never empty."""


def logical_lines(text: str) -> Iterator[Line]:
    r"""Split a requirements file's text into logical lines.

    A line ending in a backslash goes on in the next one, except after a comment. Environment variables stay
    as they are written: this package never reads the environment.

    Args:
        text: the file, line ends as ``\n``.

    Yields:
        Every line that says something, in the file's order.
    """
    pieces: list[str] = []
    start = 0
    started = False
    for number, row in _rows(text):
        if not started:
            start = number
        comment = row.lstrip().startswith("#")
        goes_on = row.endswith("\\") and not comment
        # A comment that ends a continuation is set off from the words before it, as pip does.
        piece = f" {row}" if comment else row
        if goes_on:
            piece = row.strip("\\")
        pieces.append(piece)
        started = started or bool(piece.strip())
        if goes_on:
            continue
        yield from _finished(start, pieces)
        pieces.clear()
        started = False
    yield from _finished(start, pieces)


def _finished(start: int, pieces: list[str]) -> Iterator[Line]:
    text = without_comment("".join(pieces)).strip()
    if text:
        yield Line(start, text)


def without_comment(line: str) -> str:
    r"""Return `line` up to the first ``#`` that starts it or follows white space.

    Searched for by hand: pip's expression ``(^|\s+)#`` takes quadratic time on a long run of spaces.
    """
    at = line.find("#")
    while at >= 0:
        if at == 0 or line[at - 1].isspace():
            return line[:at]
        at = line.find("#", at + 1)
    return line


def _rows(text: str) -> Iterator[tuple[int, str]]:
    # pip splits at everything that `str.splitlines` splits at (form feed, U+2028...), and would install what
    # stands behind such a character; editors and GitHub count only \n.
    for number, row in enumerate(text.split("\n"), start=1):
        pieces = row.splitlines()
        if len(pieces) == 1:
            yield number, pieces[0]
        else:
            for piece in pieces or ("",):
                yield number, piece
