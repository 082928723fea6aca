"""A tree of files that something is installed in: a folder of this machine, or an image's file system.

Paths have forward slashes and no leading one, and are relative to the tree's root; none leads outside.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import IO, TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_TEXT = 8 * 1024 * 1024
"""Bytes of a text that is read whole (METADATA, WHEEL, a script)."""
DEEPEST = 60
MOST_FILES = 3_000_000


class TreeError(Exception):
    """A place that can't be read: says what and why, in one line."""


class Listed(Struct, frozen=True):
    """One name in a folder."""

    name: str
    kind: str
    """``file``, ``folder``, or ``other``: a device, a pipe, a link to a folder, a link that leads nowhere."""


class Tree(Protocol):
    """What is read of a place."""

    def names(self, folder: str) -> list[Listed]:
        """Return what is in a folder, sorted by name; nothing where there is no such folder."""
        ...

    def size(self, path: str) -> int | None:
        """Return the length of a regular file; None where there is none."""
        ...

    def open(self, path: str) -> IO[bytes] | None:
        """Open a regular file; None where there is none, or it may not be read."""
        ...


class Folder:
    """A folder of this machine. Links are followed to files, as Python does, and never to folders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _at(self, path: str) -> Path:
        return self._root / path

    def names(self, folder: str) -> list[Listed]:
        """Return what is in a folder."""
        try:
            with os.scandir(self._at(folder)) as entries:
                listed = [Listed(each.name, _kind(each)) for each in entries]
        except OSError:
            return []
        return sorted(listed, key=lambda each: each.name)

    def size(self, path: str) -> int | None:
        """Return a file's length."""
        try:
            found = self._at(path).stat()
        except (OSError, ValueError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def open(self, path: str) -> IO[bytes] | None:
        """Open a file; never waits for a pipe or a device."""
        if self.size(path) is None:
            return None
        try:
            return self._at(path).open("rb")
        except OSError:
            return None


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "file" if entry.is_file() else "other"
    except OSError:
        return "other"


class TreeFiles(Struct):
    """A tree whose digests are computed once."""

    tree: Tree
    _digests: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def size(self, path: str) -> int | None:
        """Return the length of a regular file; None where there is none."""
        return self.tree.size(path)

    def text(self, path: str, most: int = MOST_TEXT) -> bytes | None:
        """Return a small file's bytes; None where there is none, it is larger, or it may not be read."""
        size = self.tree.size(path)
        stream = self.tree.open(path) if size is not None and size <= most else None
        if stream is None:
            return None
        with stream:
            try:
                data = stream.read(most + 1)
            except OSError:
                return None
        return data if len(data) <= most else None

    def digest(self, path: str, algorithm: str) -> str | None:
        """Return ``algorithm:hexdigest`` of a regular file; None where there is none or it can't be read."""
        key = path, algorithm
        if key not in self._digests:
            self._digests[key] = self._digest(path, algorithm)
        return self._digests[key]

    def _digest(self, path: str, algorithm: str) -> str | None:
        stream = self.tree.open(path)
        if stream is None:
            return None
        with stream:
            try:
                found = hashlib.file_digest(stream, algorithm)  # type: ignore[arg-type]  # IO has readinto where it is bytes
            except OSError:
                return None
        return f"{algorithm}:{found.hexdigest()}"

    def walk(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield the path and kind of everything below a folder but folders.

        Raises:
            TreeError: it is deeper or holds more than any real one.
        """
        waiting = [(folder, 0)]
        seen = 0
        while waiting:
            here, depth = waiting.pop()
            if depth > DEEPEST:
                raise TreeError(f"{folder}: folders nest deeper than {DEEPEST} levels")
            for each in self.tree.names(here):
                path = f"{here}/{each.name}" if here else each.name
                if each.kind == "folder":
                    waiting.append((path, depth + 1))
                    continue
                seen += 1
                if seen > MOST_FILES:
                    raise TreeError(f"{folder}: it holds more than {MOST_FILES:,} files")
                yield path, each.kind


def resolved(folder: str, path: str) -> str | None:
    """Return a path relative to a folder as one of the tree; None where it leads out of the tree."""
    parts = [part for part in folder.split("/") if part]
    if path.startswith("/") or "\0" in path:
        return None
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
