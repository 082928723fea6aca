"""Lockfiles whose inputs changed while they did not: an included file, the target of a link, a pip.conf.

They may bring other packages than before although nothing in them shows it, so they are compared like those
that changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fallback_review import configuration
from fallback_review.lockfiles import LockfileError, decode, inputs, nothing_beside, recognise
from fallback_review.model import Lockfile, Notice
from fallback_review.pipeline.compare import installer_of, text_of
from fallback_review.pipeline.discovery import ChangedFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from fallback_review.lockfiles import Format
    from fallback_review.pipeline.compare import ComparedLockfile, ReadBytes
    from fallback_review.settings.schema import Settings

MOST_LOOKED_AT = 2_000
"""Unchanged lockfiles of a repository whose inputs are looked at."""
_NAME_FILES = frozenset({".conf", ".ini"})
"""Suffixes of the configuration files that may name others: pip's ``constraint``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """A file of a repository's tree."""

    path: str
    link: bool = False
    """Whether it is a symbolic link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """What is known of both sides of a repository."""

    files: Collection[TreeFile]
    """The head's files."""
    changed: Collection[ChangedFile]
    """Every file that differs."""
    read: Sequence[ReadBytes]
    """What reads the base's files, and the head's; it is asked for paths inside the repository alone."""


def moved_by_inputs(
    lockfiles: Iterable[TreeFile], trees: Trees, settings: Settings
) -> tuple[tuple[ChangedFile, ...], tuple[Notice, ...]]:
    """Return the unchanged ones of some lockfiles whose inputs changed, and what was not looked at."""
    differing = {path for file in trees.changed for path in (file.base_path, file.head_path) if path}
    there = frozenset(file.path for file in trees.files)
    unchanged = [file for file in lockfiles if file.path not in differing]
    found = tuple(
        ChangedFile(base_path=file.path, head_path=file.path)
        for file in unchanged[:MOST_LOOKED_AT]
        if any(not differing.isdisjoint(some) for some in _inputs(file, there, trees.read, settings))
    )
    more = len(unchanged) - MOST_LOOKED_AT
    left = f"{more:,} lockfiles that did not change were not looked at: what they include may have changed"
    return found, (Notice(text=left),) if more > 0 else ()


def _inputs(
    file: TreeFile, there: frozenset[str], sides: Sequence[ReadBytes], settings: Settings
) -> Iterator[Collection[str]]:
    """Give a lockfile's inputs in portions: by its path alone, then as each side's files tell."""
    named = recognise(file.path)
    if named is not None:
        yield named.configured_by(file.path)
    for read in sides:
        known = named
        if file.link or known is None or known.names_files is not None:
            data = read(file.path)
            if data is None:
                continue
            try:
                text = text_of(file.path, data, read, settings, link=file.link)
            except LockfileError:
                continue
            yield inputs(text)
            known = recognise(file.path, text.text)
        if known is not None:
            yield _named_in_configuration(file.path, known, there, read, settings)


def _named_in_configuration(
    path: str, known: Format, there: frozenset[str], read: ReadBytes, settings: Settings
) -> Collection[str]:
    """Return the files that are read since an installer's configuration names them."""
    present = there.intersection(known.configured_by(path))
    if not any(PurePosixPath(each).suffix in _NAME_FILES for each in present):
        return frozenset()
    asked: set[str] = set()

    def text(other: str) -> str | None:
        asked.add(other)
        data = read(other)
        return None if data is None else decode(other, data)

    lockfile = Lockfile(path=path, format=known.name)
    configuration.read(lockfile, text, installer=installer_of(lockfile, settings))
    return asked


def matters(compared: ComparedLockfile, settings: Settings) -> bool:
    """Whether anything differs for a lockfile of which only inputs changed.

    Most changes of a pyproject.toml, for example, are about something else.
    """
    diff = compared.diff
    if diff.changes or diff.metadata_only or diff.header_changed:
        return True
    if {notice.text for notice in diff.head.unread} - {notice.text for notice in diff.base.unread}:
        return True
    before, after = (
        configuration.read(side, read or nothing_beside, installer=installer_of(side, settings))
        for side, read in ((diff.base, compared.base_read), (diff.head, compared.head_read))
    )
    return not configuration.alike(before, after)
