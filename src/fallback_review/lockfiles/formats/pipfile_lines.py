"""What Pipenv writes of an entry on a line for pip, word for word: nothing may hide in it.

Source: Pipenv's `requirement_from_lockfile`; measured with Pipenv 2026: an extra of ``] @ https://… #`` is
installed from there, whatever version and index stand beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fallback_review.lockfiles.interface import LockfileError
from fallback_review.lockfiles.toml.table import PACKAGE_NAME

if TYPE_CHECKING:
    from fallback_review.lockfiles.toml.table import Table

_HASH = re.compile(r"\s*[A-Za-z0-9_]+:[0-9A-Fa-f]+\s*", re.ASCII)
_WORDS = (
    "version",
    "markers",
    "os_markers",
    "ref",
    "subdirectory",
    "file",
    "path",
    "git",
    "hg",
    "svn",
    "bzr",
)


def check(name: str, entry: Table) -> None:
    """Refuse an entry of a Pipfile.lock that says more than its keys do.

    Raises:
        LockfileError: a name, an extra or a hash is none, or a text goes on in another line.
    """
    if PACKAGE_NAME.fullmatch(name) is None:
        raise LockfileError(entry.file, f"{name[:60]!a} is no package name", line=entry.line)
    for extra in entry.texts("extras"):
        if PACKAGE_NAME.fullmatch(extra) is None:
            entry.fail("holds what is no extra's name", "extras")
    for value in entry.texts("hashes"):
        if _HASH.fullmatch(value) is None:
            entry.fail("holds what is no hash", "hashes")
    for key in _WORDS:
        if len((entry.text(key) or "").strip().splitlines()) > 1:
            entry.fail("has more than one line", key)
