"""Lockfiles whose inputs changed while they did not: an included file, the target of a link, a pip.conf.

They may bring other packages than before although nothing in them shows it, so they are compared like those
that changed.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review import configuration
from fallback_review.configuration.environment import may_set_variables, pip_files
from fallback_review.lockfiles import (
    LockfileError,
    decode,
    inputs,
    installer_files,
    nothing_beside,
    recognise,
)
from fallback_review.model import Lockfile, Notice
from fallback_review.pipeline.compare import installer_of, text_of
from fallback_review.pipeline.configured import configured
from fallback_review.pipeline.discovery import ChangedFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from fallback_review.lockfiles import Format
    from fallback_review.pipeline.compare import ComparedLockfile, ReadBytes
    from fallback_review.settings.schema import Settings

MOST_LOOKED_AT = 2_000
"""Unchanged lockfiles of a repository whose inputs are looked at."""
MOST_WORKFLOWS = 200
"""Workflows, actions and Dockerfiles of a repository that are read for the files that they name."""
_NAME_FILES = frozenset({".conf", ".ini"})
"""Suffixes of the configuration files that may name others: pip's ``constraint``."""


class TreeFile(Struct, frozen=True, kw_only=True):
    """A file of a repository's tree."""

    path: str
    link: bool = False
    """Whether it is a symbolic link."""


class Trees(Struct, frozen=True, kw_only=True):
    """What is known of both sides of a repository."""

    files: Collection[TreeFile]
    """The head's files."""
    changed: Collection[ChangedFile]
    """Every file that differs."""
    read: Sequence[ReadBytes]
    """What reads the base's files, and the head's; it is asked for paths inside the repository alone."""
    named: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """What `named_pip_files` gives for the base, and for the head."""


def sets_variables(files: Iterable[TreeFile]) -> tuple[str, ...]:
    """Return the files of a tree that may name a file of pip's configuration, no more than are read."""
    return tuple(file.path for file in files if may_set_variables(file.path))[:MOST_WORKFLOWS]


def texts_with_variables(files: Iterable[TreeFile], read: ReadBytes) -> dict[str, str]:
    """Return the texts of a tree's workflows and Dockerfiles by their paths."""
    texts: dict[str, str] = {}
    for path in sets_variables(files):
        data = read(path)
        with suppress(LockfileError):  # no text: then it names nothing
            texts |= {} if data is None else {path: decode(path, data)}
    return texts


def named_pip_files(files: Iterable[TreeFile], read: ReadBytes) -> tuple[str, ...]:
    """Return the files of pip's configuration that workflows and Dockerfiles of a tree name, and it has."""
    files = tuple(files)
    there = {file.path for file in files}
    return tuple(path for path in pip_files(texts_with_variables(files, read)) if path in there)


def moved_by_inputs(
    lockfiles: Iterable[TreeFile], trees: Trees, settings: Settings
) -> tuple[tuple[ChangedFile, ...], tuple[Notice, ...]]:
    """Return the unchanged ones of some lockfiles whose inputs changed, and what was not looked at."""
    differing = {path for file in trees.changed for path in (file.base_path, file.head_path) if path}
    before, after = trees.named
    differing |= {*before} ^ {*after}
    there = frozenset(file.path for file in trees.files)
    unchanged = [file for file in lockfiles if file.path not in differing]
    found = tuple(
        ChangedFile(base_path=file.path, head_path=file.path)
        for file in unchanged[:MOST_LOOKED_AT]
        if any(not differing.isdisjoint(some) for some in _inputs(file, there, trees, settings))
    )
    more = len(unchanged) - MOST_LOOKED_AT
    left = f"{more:,} lockfiles that did not change were not looked at: what they include may have changed"
    return found, (Notice(text=left),) if more > 0 else ()


def _inputs(
    file: TreeFile, there: frozenset[str], trees: Trees, settings: Settings
) -> Iterator[Collection[str]]:
    """Give a lockfile's inputs in portions: by its path alone, then as each side's files tell."""
    named = recognise(file.path)
    if named is not None:
        yield _configuring(named, file.path, trees)
    for read in trees.read:
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
            yield _configuring(known, file.path, trees)
            named_there = trees.named[trees.read.index(read)]
            present = there.intersection(_configuring(known, file.path, trees))
            if any(PurePosixPath(each).suffix in _NAME_FILES for each in present):
                lockfile = Lockfile(path=file.path, format=known.name)
                yield _named_in_configuration(lockfile, read, named_there, settings)


def _configuring(known: Format, path: str, trees: Trees) -> Collection[str]:
    """Return the files that configure a lockfile's installer, in their usual places and where named."""
    usual = known.configured_by(path)
    by_pip = not frozenset(usual).isdisjoint(installer_files.pip_files(path))
    return (*usual, *(each for side in trees.named for each in side)) if by_pip else usual


def _named_in_configuration(
    lockfile: Lockfile, read: ReadBytes, named: tuple[str, ...], settings: Settings
) -> Collection[str]:
    """Return the files that are read since an installer's configuration names them."""
    asked: set[str] = set()

    def text(other: str) -> str | None:
        asked.add(other)
        data = read(other)
        return None if data is None else decode(other, data)

    configuration.read(lockfile, text, installer=installer_of(lockfile, settings), named=named)
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
        configured(side, read or nothing_beside, settings, named=named)
        for side, read, named in (
            (diff.base, compared.base_read, compared.base_named),
            (diff.head, compared.head_read, compared.head_named),
        )
    )
    return not before.alike(after) or bool(configuration.moved(before.first, after.first))
