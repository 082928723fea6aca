"""Making text from elsewhere fit to be read: nothing invisible, nothing endless.

What a lockfile says is an attacker's text. Every renderer shows it through `readable`, and then escapes
it once more for its own syntax.
"""

from __future__ import annotations

import unicodedata

LONGEST = 160
"""Characters of one value that a person is shown; real names, versions and reasons are shorter."""

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that show as nothing although their category says otherwise (Unicode's fillers)."""


class _Shown(dict[int, str]):
    """How each code point is shown: itself, or spelled out where it cannot be seen; filled as they come."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        # Not printable are controls, format characters, separators and what Unicode has not assigned; marks
        # (category M) stack upon their neighbours.
        stacked = unicodedata.category(character).startswith("M")
        unseen = stacked or not character.isprintable() or character in _BLANKS
        self[point] = ascii(character)[1:-1] if unseen else character
        return self[point]


_SHOWN = _Shown()


def visible(text: str) -> str:
    """Return `text` with each character that cannot be seen spelled out as Python's `ascii` does."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_SHOWN)


def readable(text: str, longest: int = LONGEST) -> str:
    """Return `text` visible and shortened to about `longest` characters, an ellipsis where it was cut."""
    return visible(text) if len(text) <= longest else visible(text[: longest - 1]) + "…"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 package``, ``1,204 packages``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
