"""An entry's list of dependencies, kept as text: it is most of a large uv.lock, and only compared."""

from __future__ import annotations

import re
from typing import Any

import tomli

_TEXT = r'"[^"\\\n]*+"'
_PAIR = rf"[\w\-]++ = {_TEXT}"
_VALUE = rf"[\w\-]++ = (?:{_TEXT}|\{{ {_PAIR}(?:, {_PAIR})*+ \}}|\[{_TEXT}(?:, {_TEXT})*+\])"
_FIELDS = re.compile(rf"(?:{_VALUE}\n|[\w\-]++ = \[\n(?:    {_TEXT},\n)*+\]\n)*+", re.ASCII)
"""What uv writes before the array: after it, no bracket is open."""
_ROWS = re.compile(rf"(?:\n    \{{ {_VALUE}(?:, {_VALUE})*+ \}},)++\n(?=\]\n)", re.ASCII)


class Opaque:
    """The text of an array of inline tables, one a line as uv writes them; equal by text, else by value."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def value(self) -> list[Any]:
        """The array itself.

        Raises:
            ValueError: The text is not TOML.
        """
        return list(tomli.loads(f"x = [{self.text}]")["x"])

    def __eq__(self, other: object) -> bool:
        """Compare texts; with an array that was parsed, compare values."""
        if isinstance(other, Opaque):
            return self.text == other.text
        try:
            return self.value == other
        except (ValueError, RecursionError):
            return False

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        """Show how much is left out, not the text."""
        return f"<{len(self.text)} characters of TOML>"


def cut(part: str, field: str) -> tuple[str, Opaque | None]:
    """Take the array `field` out of an entry's text and leave an empty one there.

    Only where the text up to its end is spelled as uv spells it: any other, for example the array of a table
    in the entry or a merge conflict's marks, stays for the parser to judge.
    """
    start = part.find(f"\n{field} = [\n")
    if start < 0 or not _FIELDS.fullmatch(part, 0, start + 1):
        return part, None
    rows = _ROWS.match(part, start + len(f"\n{field} = ["))
    if rows is None:
        return part, None
    return part[: rows.start()] + part[rows.end() :], Opaque(rows[0])
