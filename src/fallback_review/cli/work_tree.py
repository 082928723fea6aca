"""Files below a folder of this machine, read as data: bounded, and never followed out of the folder."""

from __future__ import annotations

import errno
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fallback_review.lockfiles import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def inside(path: str) -> str | None:
    """Return a relative path with its dots resolved, None when it leaves its folder."""
    parts: list[str] = []
    pure = PurePosixPath(path)
    if pure.is_absolute() or "\0" in path:
        return None
    for part in pure.parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts) or None


def read_file(root: Path, path: str) -> bytes | None:
    """Return the bytes of a file below a folder; a symbolic link reads as the name of its target."""
    file = root / path
    try:
        mode = file.lstat().st_mode
    except ValueError:  # no file can have such a name
        return None
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise
    if stat.S_ISLNK(mode):
        return str(file.readlink()).encode()
    if not stat.S_ISREG(mode) or not file.resolve().is_relative_to(root.resolve()):
        return None
    return read_bounded(file)


def read_bounded(file: Path) -> bytes:
    """Return a file's bytes, one more than are ever read as a lockfile at the most."""
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)
