"""Which changed files are lockfiles, and which two of them are the sides of one change."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.lockfiles import LockfileError, decode, recognise
from fallback_review.lockfiles.usual_names import SUFFIXES_OF_ANY_NAME, only_constrains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pathspec import GitIgnoreSpec

    from fallback_review.settings.schema import Lockfiles


class ChangedFile(Struct, frozen=True, kw_only=True):
    """A file that differs between base and head; a path is None on the side that has no such file."""

    base_path: str | None
    head_path: str | None


def is_lockfile(path: str, globs: Lockfiles) -> bool:
    """Say whether a path is a lockfile: by its usual name, or by the settings' globs, which win.

    Globs are those of .gitignore (gitwildmatch), relative to the repository's root.
    """
    if _matches(globs.exclude, path):
        return False
    return recognise(path, None) is not None or _matches(globs.include, path)


def may_be_lockfile(path: str, globs: Lockfiles) -> bool:
    """Say whether a path that is no lockfile by name may be one by content.

    Requirements files include others of any name (``-r base.txt``), and then these alone may change.
    """
    if PurePosixPath(path).suffix not in SUFFIXES_OF_ANY_NAME or only_constrains(path):
        return False
    return not is_lockfile(path, globs) and not _matches(globs.exclude, path)


def _matches(globs: tuple[str, ...], path: str) -> bool:
    return bool(globs) and _compiled(globs).match_file(path)


@lru_cache(maxsize=8)
def _compiled(globs: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few settings have globs

    return GitIgnoreSpec.from_lines(globs)


def is_lockfile_by_content(path: str | None, data: bytes | None) -> bool:
    """Say whether one side of a file is a lockfile whatever its name is; None is a side without it."""
    if path is None or data is None:
        return False
    try:
        return recognise(path, decode(path, data)) is not None
    except LockfileError:
        return False


def pair(changed: Iterable[ChangedFile], wanted: Callable[[str], bool]) -> tuple[ChangedFile, ...]:
    """Return the lockfiles among changed files, migrations joined: a deleted one with one added beside it.

    poetry.lock deleted and uv.lock added in the same folder by the same change is one lockfile that changed
    its format; compared alone, every package would be new.
    """
    kept = [
        ChangedFile(
            base_path=file.base_path if file.base_path and wanted(file.base_path) else None,
            head_path=file.head_path if file.head_path and wanted(file.head_path) else None,
        )
        for file in changed
    ]
    deleted: defaultdict[PurePosixPath, list[str]] = defaultdict(list)
    for file in kept:
        if file.base_path and not file.head_path:
            deleted[PurePosixPath(file.base_path).parent].append(file.base_path)
    pairs = []
    for file in kept:
        if file.head_path and not file.base_path:
            beside = deleted[PurePosixPath(file.head_path).parent]
            pairs.append(ChangedFile(base_path=beside.pop(0) if beside else None, head_path=file.head_path))
        elif file.head_path:
            pairs.append(file)
    pairs.extend(ChangedFile(base_path=path, head_path=None) for paths in deleted.values() for path in paths)
    return tuple(sorted(pairs, key=lambda file: file.head_path or file.base_path or ""))
