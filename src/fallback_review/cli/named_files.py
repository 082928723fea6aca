"""A lockfile that is named as a file on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fallback_review.cli.work_tree import read_bounded, read_file
from fallback_review.pipeline.compare import text_of

if TYPE_CHECKING:
    from fallback_review.lockfiles import Text
    from fallback_review.settings.schema import Settings

_NO_FILE = Path(os.devnull)


def is_file(name: str) -> bool:
    """Say whether a name is a file, or the null device, which stands for a side that does not exist."""
    path = Path(name)
    return path == _NO_FILE or path.is_file()


def file_text(path: Path, configured: Settings) -> Text | None:
    """Read one side from a file; files that it includes may lie below the current folder or beside it.

    Raises:
        LockfileError: its bytes are no text, or too many.
    """
    if path == _NO_FILE:
        return None
    here = Path.cwd()
    root = here if path.absolute().is_relative_to(here) else path.parent.absolute()
    below = os.path.join(root, "")  # noqa: PTH118 - for many that are not there: no objects for them

    def read(other: str) -> bytes | None:
        absolute = os.path.normpath(os.path.join(here, other))  # noqa: PTH118 - as above
        return read_file(root, absolute.removeprefix(below)) if absolute.startswith(below) else None

    return text_of(str(path), read_bounded(path), read, configured)
