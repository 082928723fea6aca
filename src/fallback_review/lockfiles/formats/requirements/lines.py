"""The logical lines of a requirements file, what encoding it asks for, and how a message quotes a line.

Continuations are joined, comments gone, and each line has its number.

Source: pip's documentation, "Requirements File Format" (comments, line continuations); where it is silent,
pip's own reader (`pip._internal.req.req_file.preprocess`).
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


_COMMENT_GOES_ON = re.compile(r"\S[ \t]+#[^\n]*\\$", re.MULTILINE)
_DECLARED = re.compile(r"coding[:=][ \t]*([-\w.]{1,60})")
_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_EXTENSIONS_OF_ASCII = ("ascii", "iso8859", "cp125")
_LONGEST = 100
_LONGEST_COMPARED = 500
_USERINFO = re.compile(r"//\S*@")
_CUT_URL = re.compile(r"//\S*$")


class LogicalLine(Struct, frozen=True):
    """One logical line: what pip reads as a requirement or as options."""

    number: int
    """The line of the file on which its first word stands, counted from 1."""
    text: str
    """Without comments, stripped, never empty."""


def logical_lines(text: str, *, joins_comments: bool = True) -> Iterator[LogicalLine]:
    r"""Split a requirements file's text into logical lines.

    A line ending in a backslash goes on in the next one, except after a comment. Environment variables stay
    as they are written: this package never reads the environment.

    Args:
        text: the file, line ends as ``\n``.
        joins_comments: whether a comment behind words goes on in the next line (``a==1 # why \``): it does
            for pip 26.3, and not for uv 0.13, which reads the next line as one of its own (measured).

    Yields:
        Every line that says something, in the file's order.
    """
    pieces: list[str] = []
    start = 0
    started = False
    for number, row in _rows(text):
        if not pieces and "#" not in row and not row.endswith("\\"):
            if whole := row.strip():
                yield LogicalLine(number, whole)
            continue
        if not started:
            start = number
        comment = row.lstrip().startswith("#")
        ends = comment if joins_comments else len(without_comment(row)) < len(row)
        goes_on = row.endswith("\\") and not ends
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


def hidden_behind_comments(text: str) -> list[LogicalLine]:
    """Return the lines that uv reads and pip does not, since a comment before them ends in a backslash."""
    if _COMMENT_GOES_ON.search(text) is None:
        return []
    read_by_pip = set(logical_lines(text))
    return [line for line in logical_lines(text, joins_comments=False) if line not in read_by_pip]


def _finished(start: int, pieces: list[str]) -> Iterator[LogicalLine]:
    text = without_comment("".join(pieces)).strip()
    if text:
        yield LogicalLine(start, text)


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
        pieces = row.splitlines() if row else []
        if len(pieces) == 1:
            yield number, pieces[0]
        else:
            for piece in pieces or ("",):
                yield number, piece


def strange_encoding(text: str) -> tuple[int, str] | None:
    """Return line and name of a declared encoding by which pip may read other requirements than stand there.

    pip goes by a comment (PEP 263) in the first two lines, whatever it says (`pip._internal.req.req_file`,
    measured with 26.3): under UTF-7 or ``unicode_escape`` what stands as a comment can hold further
    requirements. Here bytes are read as UTF-8, so that any other encoding has to be told.

    Looked for in every line: to pip, a lone carriage return, here an end of line, ends none.
    """
    for found in _DECLARED.finditer(text):
        if _is_strange(found[1], plain=text.isascii()):
            return text.count("\n", 0, found.start()) + 1, found[1]
    return None


def _is_strange(encoding: str, *, plain: bool) -> bool:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:  # pip fails on it
        return False
    return name not in _UTF8 and not (plain and name.startswith(_EXTENSIONS_OF_ASCII))


def redacted(text: str) -> str:
    """Return a piece of the file without credentials, cut to what a comparison needs."""
    return _USERINFO.sub("//***@", text[:_LONGEST_COMPARED])


def shown(text: str) -> str:
    """Quote a piece of the file, cut to a readable length.

    Whatever stands between ``//`` and the last ``@`` of a word goes, so that no password is ever repeated; of
    a URL that had to be cut, everything goes.
    """
    cut = text[:_LONGEST]
    cut = _USERINFO.sub("//***@", cut)
    if len(text) > _LONGEST:
        cut = f"{_CUT_URL.sub('//', cut)}…"
    return f"'{cut}'"
