"""What the words of a command name: two files, revisions, paths; and the lockfiles of a folder."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from fallback_review.cli.detect import files_below
from fallback_review.cli.named_files import is_file
from fallback_review.pipeline.discovery import is_lockfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fallback_review.cli.git import Repository
    from fallback_review.pipeline.discovery import ChangedFile
    from fallback_review.settings.schema import Settings

_MOST_REVISIONS = 2


class Revisions(Struct, frozen=True, kw_only=True):
    """Two sides of a repository's history, and which of its paths count."""

    base: str
    """A commit."""
    head: str | None
    """A commit; None is the working tree."""
    paths: tuple[str, ...]
    """Files and folders, from the repository's root; empty for all."""

    def chosen(self, changed: Iterable[ChangedFile]) -> list[ChangedFile]:
        """Return the changed files that lie at one of the paths, or below."""
        return [file for file in changed if self.holds(file.base_path) or self.holds(file.head_path)]

    def holds(self, path: str | None) -> bool:
        """Whether a file lies at one of the paths, or below."""
        return path is not None and (
            not self.paths or any(each in ("", path) or path.startswith(f"{each}/") for each in self.paths)
        )


def two_files(words: Sequence[str]) -> tuple[Path, Path] | None:
    """Return the two lockfiles that the words name, or None where they name anything else."""
    if len(words) == _MOST_REVISIONS and all(map(is_file, words)):
        return Path(words[0]), Path(words[1])
    return None


def revisions(words: Sequence[str], repository: Repository) -> Revisions:
    """Return what the words say: up to two revisions, or ``BASE..HEAD``, then files and folders.

    ``BASE...HEAD`` compares with the merge base of the two, as git does.

    Raises:
        click's UsageError: a word is neither a path nor a revision, or both.
        RevisionError: there is no such revision.
    """
    named = [word for word in words if not Path(word).exists()]
    if list(words[: len(named)]) != named:
        late = next(word for word, first in zip(named, words, strict=False) if word != first)
        raise click.UsageError(
            f"{late!r} is not a path here; if it is a revision, name it before the paths: "
            f"{' '.join([*named, *_paths(words)])}"
        )
    for word in _paths(words):
        if word != "." and repository.has(word):
            raise click.UsageError(
                f"{word!r} is a path and a revision: write ./{word} for the path, "
                f"or refs/heads/{word} for the branch"
            )
    paths = tuple(_from_root(word, repository.root) for word in _paths(words))
    base, head = _sides(named, repository)
    return Revisions(base=base, head=head, paths=paths)


def _paths(words: Sequence[str]) -> list[str]:
    return [word for word in words if Path(word).exists()]


def _sides(named: Sequence[str], repository: Repository) -> tuple[str, str | None]:
    if len(named) > _MOST_REVISIONS:
        raise click.UsageError(f"{named[2]!r} is not a path here: name two revisions at most")
    if len(named) == 1 and ".." in named[0]:
        separator = "..." if "..." in named[0] else ".."
        before, _, after = named[0].partition(separator)
        first, last = repository.commit(before or "HEAD"), repository.commit(after or "HEAD")
        return (repository.merge_base(first, last) if separator == "..." else first), last
    commits = [repository.commit(each) for each in named]
    return (commits[0] if commits else repository.default_base()), (commits[1] if len(commits) > 1 else None)


def _from_root(word: str, root: Path) -> str:
    inside = os.path.relpath(Path(word).resolve(), root.resolve())
    if inside.startswith(".."):
        raise click.UsageError(f"{word!r} lies outside the repository {root.name}")
    path = posixpath.normpath(inside.replace(os.sep, "/"))
    return "" if path == "." else path


def lockfiles_at(paths: Sequence[Path], configured: Settings) -> list[Path]:
    """Return the lockfiles that paths name: a file is one, a folder is searched.

    A folder's are those with a usual name, or that the settings' globs add; hidden folders, environments and
    installed packages are passed over.

    Raises:
        click's UsageError: nothing was found.
    """
    found: dict[Path, None] = {}
    for path in paths or (Path(),):
        if not path.is_dir():
            found[path] = None
            continue
        below = (path / each for each in files_below(path))
        found |= {each: None for each in below if is_lockfile(each.as_posix(), configured.lockfiles)}
    if not found:
        where = ", ".join(str(path.absolute()) for path in paths or (Path(),))
        raise click.UsageError(
            f"there is no lockfile below {where}: name one, or add its name to the settings "
            "([lockfiles] include)"
        )
    return list(found)
