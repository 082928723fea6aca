"""Lockfiles of a local git repository: which ones differ between two revisions, and what each side says.

Uses the `git` program that the user has: five plumbing commands need no library. Contents are read as data;
nothing is checked out.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fallback_review.lockfiles import MAX_BYTES
from fallback_review.pairing import ChangedFile


class RevisionError(Exception):
    """A revision or repository that can't be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Repository:
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
                f"{revision!r} is neither a file nor a revision of the repository {self.root.name}"
            )
        return found.decode().strip()

    def default_base(self) -> str:
        """Return the merge base of HEAD with the default branch (the remote's, else main or master).

        Raises:
            RevisionError: none of them exists, or they share no history.
        """
        for branch in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
            tip = self._git("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}", ok=(0, 1))
            if tip:
                return self.merge_base(tip.decode().strip(), "HEAD")
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
                f"{one} and {other} share no history: is this a shallow clone? (git fetch --unshallow)"
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

    def read(self, revision: str | None, path: str) -> bytes | None:
        """Return a file's bytes at a commit, or in the working tree for None; None where there is no file.

        A symbolic link reads as its target's name, as git stores it; a path that leaves the tree is no file.
        """
        clean = inside(path)
        if clean is None:
            return None
        if revision is None:
            return read_file(self.root, clean)
        found = self._git("cat-file", "blob", f"{revision}:{clean}", ok=(0, 128))
        if found or self._git("rev-parse", "--verify", "--quiet", f"{revision}:{clean}", ok=(0, 1)):
            return found
        return None

    def _git(self, *arguments: str, ok: tuple[int, ...] = (0,)) -> bytes:
        return _git(self.root, *arguments, ok=ok)


def inside(path: str) -> str | None:
    """Return a relative path with its dots resolved, None when it leaves its folder."""
    parts: list[str] = []
    pure = PurePosixPath(path)
    if pure.is_absolute() or "\0" in path:
        return None
    for part in pure.parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts) or None


def read_file(root: Path, path: str) -> bytes | None:
    """Return the bytes of a file below a folder; a symbolic link reads as the name of its target."""
    file = root / path
    if file.is_symlink():
        return str(file.readlink()).encode()
    if not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
        return None
    return read_bounded(file)


def read_bounded(file: Path) -> bytes:
    """Return a file's bytes, one more than are ever read as a lockfile at the most."""
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


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
