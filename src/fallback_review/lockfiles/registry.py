"""The formats that this tool knows, and which of them a file is: by its name, then by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model.registry import Registry

if TYPE_CHECKING:
    from fallback_review.lockfiles.format import Format
    from fallback_review.model import Lockfile

PLAIN = "requirements.txt"
"""The format of a plain pin."""
_ROOM = "fallback_review.lockfiles.formats"
FORMATS: Registry[Format] = Registry(
    {
        "uv.lock": f"{_ROOM}.uv:FORMAT",
        "poetry.lock": f"{_ROOM}.poetry:FORMAT",
        "pdm.lock": f"{_ROOM}.pdm:FORMAT",
        "pylock.toml": f"{_ROOM}.pylock:FORMAT",
        "Pipfile.lock": f"{_ROOM}.pipfile:FORMAT",
        "pixi.lock": f"{_ROOM}.pixi:FORMAT",
        "conda-lock.yml": f"{_ROOM}.conda_lock:FORMAT",
        PLAIN: f"{_ROOM}.requirements:FORMAT",
    }
)
"""Every format by its name, in the order in which they are asked whether a file is theirs."""


def recognise(path: str, text: str | None = None) -> Format | None:
    """Return the format of a file, or None where it is no lockfile that this tool knows.

    The name decides where it is a usual one; otherwise, and only when `text` is given, the content does.
    """
    for name, claims in CLAIMS.items():
        if claims(path):
            return FORMATS[name]
    if text is None:
        return None
    return next((known for known in FORMATS.values() if known.looks_like(text)), None)


def most_likely(path: str) -> Format:
    """Return a file's format by its name; one of an unusual name is most likely a requirements file."""
    return recognise(path) or FORMATS[PLAIN]


def format_of(lockfile: Lockfile) -> Format:
    """Return the format that a parsed lockfile has."""
    return FORMATS[lockfile.format]


def known_names() -> str:
    """Return the names of all formats, for messages."""
    return ", ".join(FORMATS)
