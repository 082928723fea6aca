"""An entry's list of dependencies, kept as text: it is most of a large uv.lock, and only compared."""

from __future__ import annotations

from typing import Any

import tomli

_END = "\n]\n"
_ROW_START, _ROW_END = "\n    { ", " },\n"


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

    Only an array of the entry itself (not of a table in it) whose every line is an inline table is taken: any
    other text, for example a merge conflict's marks, stays for the parser to judge. As the text has no
    multi-line strings, an array cut short by this leaves a closing bracket behind, which is no TOML.
    """
    head = f"\n{field} = ["
    start = part.find(head + _ROW_START)
    if start < 0 or "\n[" in part[:start]:
        return part, None
    start += len(head)
    end = part.find(_END, start)
    inside = part[start : end + 1]
    rows = inside.count("\n") - 1
    if end < 0 or inside.count(_ROW_START) != rows or inside.count(_ROW_END) != rows:
        return part, None
    return part[:start] + part[end + 1 :], Opaque(inside)
