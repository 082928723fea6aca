"""Both sides of every lockfile that a pull request changes, and the files beside them, read over the API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fallback_review import configuration, surroundings
from fallback_review.github.changed_lockfiles import Side
from fallback_review.github.prefetch import Wanted
from fallback_review.lockfiles import LockfileError, Text, decode, recognise
from fallback_review.model import Notice
from fallback_review.pairing import ChangedFile, pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fallback_review.github.changed_lockfiles import ChangedFile as ChangedLockfile
    from fallback_review.github.changed_lockfiles import PullRequestFiles
    from fallback_review.surroundings import Compared

    Read = Callable[[Wanted], bytes | None]

TOO_MANY_FILES = (
    "the pull request changes more files than GitHub lists: lockfiles may be among those that were not seen; "
    "split it, or review it on your machine with fallback-review review"
)

FEW = 20
"""Sides of lockfiles that are asked for in one go: each may be long, and GitHub's time is short."""


def worth_knowing(files: PullRequestFiles, config: str) -> Iterator[Wanted]:
    """Give the settings, the base's lockfiles, and what may tell how their installers are configured.

    The head's lockfiles follow from the base's and the diff. Where many changed, each is read by itself.
    """
    sides = [
        (side, path, known.name)
        for entry in files.comparison.entries
        for side, path in ((Side.BASE, entry.base_path), (Side.HEAD, entry.head_path))
        if path and (known := recognise(path, None))
    ]
    if not sides:  # the settings alone are wanted, which REST hands out as well
        return
    yield Wanted(side=None, path=config)
    if len(sides) <= FEW:
        yield from (Wanted(side=side, path=path) for side, path, _ in sides if side is Side.BASE)
    for side, path, name in sides:
        yield from (Wanted(side=side, path=beside) for beside in configuration.candidates(path, name))


def reader(files: PullRequestFiles, known: Mapping[Wanted, bytes | None]) -> Read:
    """Return what reads a file of a tree, over the API where it is not known."""
    for wanted, content in known.items():
        files.remember(wanted.path, wanted.side, content)

    def read(wanted: Wanted) -> bytes | None:
        return files.settings(wanted.path) if wanted.side is None else files.read(wanted.path, wanted.side)

    return read


def compare(
    files: PullRequestFiles,
    changed: Sequence[ChangedLockfile],
    read: Read,
) -> tuple[list[Compared], list[Notice]]:
    """Compare every lockfile that the pull request changes; one that can't be read is named."""
    base = {file.base_path: file.base_bytes for file in changed}
    head = {file.head_path: file.head_bytes for file in changed}
    unreadable = [Notice(path=file.path, text=file.problem) for file in changed if file.problem]
    if not files.comparison.complete:
        unreadable.append(Notice(text=TOO_MANY_FILES))
    unknown = {path for file in changed if file.problem for path in (file.base_path, file.head_path)}
    pairs = pair(
        (ChangedFile(base_path=file.base_path, head_path=file.head_path) for file in changed),
        lambda path: path not in unknown,
    )
    compared = []
    for file in pairs:
        try:
            one = surroundings.compare_tolerantly(
                partial(_text, read, Side.BASE, file.base_path, base.get(file.base_path)),
                partial(_text, read, Side.HEAD, file.head_path, head.get(file.head_path)),
            )
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
        else:
            compared.extend([one] if one else [])
    return compared, unreadable


def _text(read: Read, side: Side, path: str | None, data: bytes | None) -> Text | None:
    if path is None or data is None:
        return None

    def text_of(other: str) -> str | None:
        beside = read(Wanted(side=side, path=other))
        return None if beside is None else decode(other, beside)

    return Text(path=path, text=decode(path, data), read=text_of)
