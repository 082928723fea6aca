"""The formats that this tool knows, and which of them a file is: by its name, then by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.formats import conda_lock, pdm, pipfile, pixi, poetry, pylock, requirements, uv

if TYPE_CHECKING:
    from fallback_review.lockfiles.format import Format
    from fallback_review.model import Lockfile

_MODULES = (uv, poetry, pdm, pylock, pipfile, pixi, conda_lock, requirements)

FORMATS: dict[str, Format] = {module.FORMAT.name: module.FORMAT for module in _MODULES}
"""Every format by its name, in the order in which they are asked whether a file is theirs."""

PLAIN: Format = requirements.FORMAT
"""What a plain pin is, and most likely a file whose name says nothing."""


def recognise(path: str, text: str | None = None) -> Format | None:
    """Return the format of a file, or None where it is no lockfile that this tool knows.

    The name decides where it is a usual one; otherwise, and only when `text` is given, the content does.
    """
    for known in FORMATS.values():
        if known.claims(path):
            return known
    if text is None:
        return None
    return next((known for known in FORMATS.values() if known.looks_like(text)), None)


def format_of(lockfile: Lockfile) -> Format:
    """Return the format that a parsed lockfile has."""
    return FORMATS[lockfile.format]


def known_names() -> str:
    """Return the names of all formats, for messages."""
    return ", ".join(FORMATS)
