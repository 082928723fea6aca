"""The sides of a comparison that are two revisions of a git repository, with all their lockfiles."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.cli.git import Repository, RevisionError
from fallback_review.cli.named_files import is_file
from fallback_review.configuration.environment import set_variables
from fallback_review.lockfiles import LockfileError, Text
from fallback_review.model import Notice
from fallback_review.pipeline.compare import compare_tolerantly, once, text_of
from fallback_review.pipeline.discovery import is_lockfile, is_lockfile_by_content, may_be_lockfile, pair
from fallback_review.pipeline.inputs import (
    Trees,
    matters,
    moved_by_inputs,
    named_pip_files,
    texts_with_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.cli.git import Read
    from fallback_review.cli.selection import Revisions
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.pipeline.discovery import ChangedFile
    from fallback_review.settings.schema import Settings


def repository_for(words: Iterable[str]) -> Repository:
    """Return the repository around the current folder; the words that were given don't name two files.

    Raises:
        RevisionError: there is no repository; the text says what was named and is no file either.
    """
    try:
        return Repository.around(Path.cwd())
    except RevisionError as error:
        unknown = [name for name in words if not is_file(name)]
        named = f"{unknown[0]!r} is not a file, and " if unknown else ""
        raise RevisionError(
            f"{named}no git repository can be used here: {error}. Name two lockfiles, or use scan"
        ) from None


def revision_diffs(
    repository: Repository, read: Read, chosen: Revisions, configured: Settings
) -> tuple[list[ComparedLockfile], list[Notice]]:
    """Compare every lockfile that differs between two revisions, by itself or by its inputs.

    One that can't be read is named, the others go on.
    """
    sides = _Sides(repository=repository, read=read, chosen=chosen, settings=configured)
    changed = repository.changed(chosen.base, chosen.head)
    listed = chosen.chosen(changed)
    unnamed = _by_content(listed, sides)
    pairs = pair(listed, lambda path: path in unnamed or is_lockfile(path, configured.lockfiles))
    files, reads = repository.files(chosen.head), (partial(read, chosen.base), partial(read, chosen.head))
    named = (
        named_pip_files(repository.files(chosen.base), reads[0]),
        named_pip_files(files, reads[1]),
    )
    trees = Trees(files=files, changed=changed, read=reads, named=named)
    lockfiles = (
        file
        for file in trees.files
        if chosen.holds(file.path) and is_lockfile(file.path, configured.lockfiles)
    )
    moved, left_out = moved_by_inputs(lockfiles, trees, configured)
    diffs, unreadable = _compared(pairs, sides)
    others, unread = _compared(moved, sides)
    variables = set_variables(texts_with_variables(files, reads[1]))
    diffs, others = (
        [replace(each, base_named=named[0], head_named=named[1], variables=variables) for each in some]
        for some in (diffs, others)
    )
    diffs += (each for each in others if matters(each, configured))
    return once(diffs), [*unreadable, *unread, *left_out]


class _Sides(Struct, frozen=True, kw_only=True):
    repository: Repository
    read: Read
    chosen: Revisions
    settings: Settings

    def text(self, revision: str | None, path: str | None) -> Text | None:
        if path is None:
            return None
        data = self.read(revision, path)
        if data is None:  # git has told of a change to it, which must not pass unseen
            raise LockfileError(path, "it is not an ordinary file, or the repository lacks its content")
        # Only what is one line may be the target of a link.
        link = b"\n" not in data and self.repository.is_link(revision, path)
        return text_of(path, data, partial(self.read, revision), self.settings, link=link)


def _compared(pairs: Iterable[ChangedFile], sides: _Sides) -> tuple[list[ComparedLockfile], list[Notice]]:
    diffs, unreadable = [], []
    for file in pairs:
        try:
            compared = compare_tolerantly(
                partial(sides.text, sides.chosen.base, file.base_path),
                partial(sides.text, sides.chosen.head, file.head_path),
            )
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
        else:
            diffs.extend([compared] if compared else [])
    return diffs, unreadable


def _by_content(changed: Iterable[ChangedFile], sides: _Sides) -> frozenset[str]:
    """Return the paths of changed files that are lockfiles although their names don't say so."""
    found: set[str] = set()
    for file in changed:
        named = [(sides.chosen.base, file.base_path), (sides.chosen.head, file.head_path)]
        globs = sides.settings.lockfiles
        may_be = [(at, path) for at, path in named if path and may_be_lockfile(path, globs)]
        if any(path and is_lockfile_by_content(path, sides.read(at, path)) for at, path in may_be):
            found |= {path for _, path in may_be if path}
    return frozenset(found)
