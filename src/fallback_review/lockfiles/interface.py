"""The small interface that every lockfile format stands behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model import Lockfile


class LockfileError(Exception):
    """A file that looks like a lockfile and could not be read: says which, where and why, in one line."""

    def __init__(self, path: str, reason: str, *, line: int | None = None) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {reason}")


def nothing_beside(_path: str) -> str | None:
    """Read no file beside a lockfile: the answer where there is no tree to read from."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One side of a lockfile: where it is and what it says."""

    path: str
    text: str
    """Decoded, with line ends made ``\\n`` (see `decode`)."""
    read: Callable[[str], str | None] = nothing_beside
    """Gives the text of another file of the same tree (``-r other.txt``), None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One lockfile format."""

    name: str
    """For example ``uv.lock``."""
    installer: str
    """The installer that reads it: ``pip``, ``uv``, ``poetry``, ``pdm``, ``pipenv`` or ``pixi``."""
    claims: Callable[[str], bool]
    """Whether a path has this format's usual name."""
    looks_like: Callable[[str], bool]
    """Whether a text, under whatever name, is this format; cheap, without parsing it."""
    parse: Callable[[Text], Lockfile]
    """The whole file; raises `LockfileError`."""
    parse_pair: Callable[[Text, Text], tuple[Lockfile, Lockfile]] | None = None
    """Both sides without the entries whose text they share (counted in `Lockfile.omitted`)."""
