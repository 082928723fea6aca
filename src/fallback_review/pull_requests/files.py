"""Both sides of every lockfile that a pull request changes, and the files beside them, read over the API."""

from __future__ import annotations

import posixpath
import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.github.changed_lockfiles import Side
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.prefetch import LONG, Wanted
from fallback_review.lockfiles import LockfileError, Text, most_likely
from fallback_review.model import Notice
from fallback_review.pipeline.compare import compare_tolerantly, once, text_of
from fallback_review.pipeline.discovery import ChangedFile, pair
from fallback_review.pipeline.inputs import matters
from fallback_review.report.text import count, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fallback_review.configuration.environment import SetVariable
    from fallback_review.github.changed_files import ChangedEntry
    from fallback_review.github.changed_lockfiles import LockfileSides, PullRequestFiles
    from fallback_review.lockfiles import Text
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.settings.schema import Settings

FEW = 20
"""Lockfiles that are read together with the settings. Where there are more, settings may leave some out."""
UNSEEN = 100
"""Files of unusual names that are looked at though GitHub shows no diff of them."""

_REQUIREMENT = re.compile(
    r"^[+-][ \t]*(?:[\w.\-]+[ \t]*(?:\[[^\]\n]{0,300}\])?[ \t]*(?:==|@)|--?[a-z])", re.MULTILINE
)


def maybe_requirements(
    entries: Iterable[ChangedEntry],
) -> tuple[tuple[ChangedEntry, ...], tuple[ChangedEntry, ...], str | None]:
    """Return which files of any name may hold requirements.

    Those are files whose diffs show some; files without a diff, to look at themselves, the first `UNSEEN` of
    them, since GitHub shows none of very large files and pull requests; and what to say of the others.
    """
    entries = tuple(entries)
    found = tuple(entry for entry in entries if entry.patch and _REQUIREMENT.search(entry.patch))
    unseen = tuple(entry for entry in entries if entry.patch is None)
    left = unseen[UNSEEN:]
    if not left:
        return found, unseen, None
    first = readable(left[0].head_path or left[0].base_path or "", 80)
    number, were = count(len(left), "file"), "was" if len(left) == 1 else "were"
    words = (
        f"GitHub shows no diff of so many files, so {number} with unusual names {were} not read, the "
        f"first of them {first}. If any holds requirements, name it in `[lockfiles] include`."
    )
    return found, unseen[:UNSEEN], words


def contents(entries: Iterable[ChangedEntry]) -> Iterator[Wanted]:
    """Give both sides of files whose names say nothing."""
    for entry in entries:
        for side, path in ((Side.BASE, entry.base_path), (Side.HEAD, entry.head_path)):
            if path:
                yield Wanted(side=side, path=path)


def beside(path: str) -> tuple[str, ...]:
    """Return the files that may tell how a lockfile's installer is configured.

    What has an unusual name is most likely a requirements file; its content is not known yet.
    """
    return most_likely(path).configured_by(path)


def around(files: PullRequestFiles, lockfiles: Iterable[ChangedEntry]) -> Iterator[Wanted]:
    """Give the sides of lockfiles, each after what may tell how its installer is configured.

    What does not differ is wanted once. A head that the diff shows follows from it and the base.
    """
    for entry in lockfiles:
        for side, path in ((Side.BASE, entry.base_path), (Side.HEAD, entry.head_path)):
            for other in beside(path) if path else ():
                yield Wanted(side=side if files.may_differ(other) else Side.BASE, path=other)
        if entry.base_path:
            yield Wanted(side=Side.BASE, path=entry.base_path, weight=LONG)
        if entry.head_path and entry.patch is None:
            yield Wanted(side=Side.HEAD, path=entry.head_path, weight=LONG)


def with_variables(lockfiles: Iterable[ChangedEntry]) -> Iterator[Wanted]:
    """Give the head's workflows, and the Dockerfiles at its root and beside lockfiles, where there is any."""
    paths = [entry.head_path for entry in lockfiles if entry.head_path]
    if paths:
        yield Wanted(side=Side.HEAD, path=".github/workflows", folder=True, weight=LONG)
    for folder in dict.fromkeys(("", *map(posixpath.dirname, paths)) if paths else ()):
        yield Wanted(side=Side.HEAD, path=posixpath.join(folder, "Dockerfile"))


def compare(
    files: PullRequestFiles,
    changed: Sequence[LockfileSides],
    settings: Settings,
    *,
    named: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
    variables: tuple[SetVariable, ...] = (),
) -> tuple[list[ComparedLockfile], list[Notice], list[str]]:
    """Compare every lockfile that the pull request changes, by itself or by an input of it.

    `named` are files of pip's configuration that workflows and Dockerfiles name, on both sides, and
    `variables` what those of the head set.
    Returns what changed, what can't be read, and the paths of those left out since requests were used up.
    """
    base = {file.base_path: file.base_bytes for file in changed}
    head = {file.head_path: file.head_bytes for file in changed}
    left_out = [file.path for file in changed if file.left_out]
    unreadable = [
        Notice(path=file.path, text=file.problem)
        for file in changed
        if file.problem is not None and not file.left_out
    ]
    if not files.comparison.complete:
        unreadable.append(Notice(text=too_many_files(in_queue=files.event.is_merge_group)))
    unknown = {path for file in changed if file.problem for path in (file.base_path, file.head_path)}
    pairs = pair(
        (
            ChangedFile(base_path=file.base_path, head_path=file.head_path)
            for file in changed
            if not file.stayed
        ),
        lambda path: path not in unknown,
    )
    stayed = {file.head_path: file.link for file in changed if file.stayed and not file.problem}
    compared = []
    for file in (*pairs, *(ChangedFile(base_path=path, head_path=path) for path in stayed)):
        text = partial(_text, files, settings=settings, link=stayed.get(file.head_path, False))
        try:
            one = compare_tolerantly(
                partial(text, Side.BASE, file.base_path, base.get(file.base_path)),
                partial(text, Side.HEAD, file.head_path, head.get(file.head_path)),
            )
            if one is not None:
                one = replace(one, base_named=named[0], head_named=named[1], variables=variables)
                if file.head_path in stayed and not matters(one, settings):
                    continue
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
        except GitHubError as error:  # at a file that it includes
            if error.trouble is not Trouble.BUDGET:
                raise
            left_out.append(file.head_path or "")
        else:
            compared.extend([one] if one else [])
    return once(compared), unreadable, sorted(left_out)


def too_many_files(*, in_queue: bool) -> str:
    """Say that GitHub did not list every file, and what to do; a merge queue can't split anything."""
    return (
        f"{'the merge group' if in_queue else 'the pull request'} changes a folder of more files than GitHub "
        "lists: lockfiles may be among those that were not seen; "
        f"{'' if in_queue else 'split it, or '}review it on your machine with fallback-review review"
    )


def too_many_lockfiles(left_out: Sequence[str], *, in_queue: bool) -> str:
    """Say that lockfiles were left out, and what to do; a merge queue can't split anything."""
    steps = "leave lockfiles out with `lockfiles`, or raise `request-budget`"
    return (
        f"{count(len(left_out), 'lockfile was', 'lockfiles were')} not read, the first of them "
        f"{readable(left_out[0], 200)}: the run has sent as many requests to GitHub as it may. "
        f"{steps[0].upper() + steps[1:] if in_queue else f'Split the pull request, {steps}'}"
    )


def _text(
    files: PullRequestFiles,
    side: Side,
    path: str | None,
    data: bytes | None,
    *,
    settings: Settings,
    link: bool,
) -> Text | None:
    return None if path is None or data is None else text_at(files, side, path, data, settings, link=link)


def text_at(
    files: PullRequestFiles, side: Side, path: str, data: bytes, settings: Settings, *, link: bool = False
) -> Text:
    """Return a lockfile's text, which knows the files beside it; raises `LockfileError`.

    `link` says that the data are the target of a symbolic link.
    """
    return text_of(path, data, lambda other: files.read(other, side), settings, link=link)
