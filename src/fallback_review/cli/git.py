"""Lockfiles of a local git repository: which ones differ between two revisions, and what each side says.

Uses the `git` program that the user has: six plumbing commands need no library. Contents are read as data;
nothing is checked out.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast

from msgspec import Struct

from fallback_review.cli.work_tree import inside, read_file
from fallback_review.lockfiles import MAX_BYTES
from fallback_review.pipeline.discovery import ChangedFile
from fallback_review.pipeline.inputs import TreeFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[str | None, str], bytes | None]
    """Gives a file's bytes at a commit, or in the working tree for None; None where there is no file."""

_CHUNK = 1024 * 1024
_LINK = "120000"
"""The mode of a symbolic link."""
_HEADER = re.compile(rb"[0-9a-f]+ (?P<kind>[a-z]+) (?P<size>[0-9]+)\n")


class RevisionError(Exception):
    """A revision or repository that can't be used; the text says which and what to do."""


class Repository(Struct, frozen=True):
    """A git repository on this machine."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """Return the repository that holds a folder.

        Raises:
            RevisionError: git is not installed, or the folder is in no repository.
        """
        return cls(Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip()))

    def commit(self, revision: str) -> str:
        """Return the full name of a revision's commit.

        Raises:
            RevisionError: there is no such revision.
        """
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", ok=(0, 1)
        )
        if not found:
            raise RevisionError(
                f"{revision!r} is neither a path here nor a revision of the repository {self.root.name}"
            )
        return found.decode().strip()

    def has(self, revision: str) -> bool:
        """Say whether there is such a revision."""
        return bool(
            self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", ok=(0, 1)
            )
        )

    def default_base(self) -> str:
        """Return the merge base of HEAD with the default branch (the remote's, else main or master).

        Raises:
            RevisionError: none of them exists, or they share no history.
        """
        for branch in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
            if self._git("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}", ok=(0, 1)):
                return self.merge_base(branch, "HEAD")
        raise RevisionError(
            "there is no branch origin/HEAD, main or master to compare with: name a base revision"
        )

    def merge_base(self, one: str, other: str) -> str:
        """Return the merge base of two revisions.

        Raises:
            RevisionError: they share no history.
        """
        found = self._git("merge-base", "--end-of-options", one, other, ok=(0, 1))
        if not found:
            raise RevisionError(
                f"{one} and {other} share no history: is this a shallow clone? (git fetch --unshallow) "
                "Else name the base: fallback-review review BASE"
            )
        return found.decode().strip()

    def changed(self, base: str, head: str | None) -> tuple[ChangedFile, ...]:
        """Return the files that differ between two commits; `head` None is the working tree.

        Renames are told as git tells them. Untracked files that git does not ignore count as added.
        """
        command = ["diff", "--name-status", "-z", "--find-renames", "--no-ext-diff", base]
        fields = (
            self._git(*command, *([head] if head else []), "--").decode(errors="surrogateescape").split("\0")
        )
        changed = []
        position = 0
        while position < len(fields) - 1:
            status = fields[position][:1]
            if status in "RC":
                before, after = fields[position + 1], fields[position + 2]
                changed.append(ChangedFile(base_path=before if status == "R" else None, head_path=after))
                position += 3
                continue
            path = fields[position + 1]
            changed.append(
                ChangedFile(
                    base_path=None if status == "A" else path, head_path=None if status == "D" else path
                )
            )
            position += 2
        if head is None:
            untracked = self._git("ls-files", "--others", "--exclude-standard", "-z").decode(
                errors="surrogateescape"
            )
            changed.extend(
                ChangedFile(base_path=None, head_path=path) for path in untracked.split("\0") if path
            )
        return tuple(changed)

    def files(self, revision: str | None) -> tuple[TreeFile, ...]:
        """Return the files of a commit; of None those of the working tree, untracked ones that count too."""
        if revision is not None:
            rows = self._git("ls-tree", "-r", "-z", revision, "--")
            found = (row.split("\t", 1) for row in rows.decode(errors="surrogateescape").split("\0") if row)
            return tuple(TreeFile(path=path, link=kind.startswith(_LINK)) for kind, path in found)
        command = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = dict.fromkeys(self._git(*command).decode(errors="surrogateescape").split("\0"))
        return tuple(TreeFile(path=name, link=(self.root / name).is_symlink()) for name in names if name)

    def is_link(self, revision: str | None, path: str) -> bool:
        """Return whether a file of a commit, or of the working tree for None, is a symbolic link."""
        if revision is None:
            return (self.root / path).is_symlink()
        return self._git("ls-tree", "-z", revision, "--", path).startswith(_LINK.encode())

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """Give what reads the repository's files, while the context lasts: (revision, path) to bytes.

        The revision is a commit's name, or None for the working tree; None comes out where there is no file.
        A symbolic link reads as its target's name, as git stores it; a path that leaves the tree is no file.
        Of a file beyond the bound for lockfiles one byte too many is given, which is how it is known.
        """
        with _Objects(self.root) as objects:

            def read(revision: str | None, path: str) -> bytes | None:
                clean = inside(path)
                if clean is None:
                    return None
                return read_file(self.root, clean) if revision is None else objects.file(revision, clean)

            yield read

    def _git(self, *arguments: str, ok: tuple[int, ...] = (0,)) -> bytes:
        return _git(self.root, *arguments, ok=ok)


class _Objects:
    """The files of commits, through one `git cat-file --batch` for all of them.

    https://git-scm.com/docs/git-cat-file#_batch_output
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program
            ["git", "-C", str(root), "cat-file", "--batch"],  # noqa: S607 - the user's own git
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._questions = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):  # what git did not take, and has been told of
            self._process.__exit__(None, None, None)

    def file(self, commit: str, path: str) -> bytes | None:
        """Return a file's bytes, of a longer one the bound and one more; None where there is no file.

        Raises:
            RevisionError: git can't read the repository.
        """
        name = f"{commit}:{path}"
        if "\n" in name:  # a question is a line
            name = _git(self._root, "rev-parse", "--verify", "--quiet", name, ok=(0, 1)).decode().strip()
        try:
            self._questions.write(os.fsencode(name) + b"\n")
            self._questions.flush()
        except BrokenPipeError:
            header = b""
        else:
            header = self._answers.readline()
        if not header:
            raise RevisionError(f"git cat-file failed on {path!r}: is the repository whole? (git fsck)")
        found = _HEADER.fullmatch(header)
        if found is None:  # "missing"
            return None
        content = self._content(int(found["size"]))
        return content if found["kind"] == b"blob" else None

    def _content(self, size: int) -> bytes:
        content = self._answers.read(min(size, MAX_BYTES + 1))
        rest = size - len(content) + 1  # and a line's end
        while rest > 0 and (chunk := self._answers.read(min(rest, _CHUNK))):
            rest -= len(chunk)
        if rest:
            raise RevisionError("git cat-file ended early: is the repository whole? (git fsck)")
        return content


def _git(folder: Path, *arguments: str, ok: tuple[int, ...] = (0,)) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, arguments as a list, revisions after --end-of-options
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise RevisionError("git is not installed: name two lockfiles instead of revisions") from None
    if done.returncode not in ok:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionError(
            f"git {arguments[0]} failed: {said[0] if said else f'exit code {done.returncode}'}"
        )
    return done.stdout
