"""What stands in a lockfile's place: nothing, a merge conflict, a Git LFS pointer, a symbolic link.

A link (stored as its target) is followed to a file of the same tree, as installers follow it; a pointer never
is.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fallback_review.lockfiles.interface import LockfileError
from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.lockfiles.interface import Text
    from fallback_review.model import Lockfile

MOST_LINKS = 5
"""Links that lead on to links."""

_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>)(?= |$)", re.MULTILINE)
"""Git's marks; a half-resolved conflict has one of them."""
_LFS = "version https://git-lfs.github.com/spec/"
_LONGEST_LINK = 4096
_LINK = re.compile(r"[^\s=<>!~;\[\]{}\"'#:@,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """The text of a lockfile, from wherever it stands."""

    text: Text
    """Under the lockfile's own path: what it includes is relative to that, as in pip."""
    target: str | None = None
    """The file that holds the text, where the lockfile is a symbolic link."""

    def read_by(self, parse: Callable[[Text], Lockfile]) -> Lockfile:
        """Parse the text; entries that a link leads to name the file that holds them.

        Raises:
            LockfileError: the text can't be read; through a link, without a line, as the link has none.
        """
        if self.target is None:
            return parse(self.text)
        try:
            return self.told(parse(self.text))
        except LockfileError as error:
            place = self.target if error.line is None else f"{self.target}:{error.line}"
            reason = f"a symbolic link to {place}: {error.reason}"
            raise LockfileError(self.text.path, reason) from None

    def told(self, lockfile: Lockfile) -> Lockfile:
        """Return what was read with the file that holds each entry, and a notice of the link."""
        packages = tuple(
            replace(package, path=self.target) if package.path is None else package
            for package in lockfile.packages
        )
        notice = Notice(text=f"a symbolic link: what it holds is read from {self.target}", path=lockfile.path)
        return replace(lockfile, packages=packages, notices=(notice, *lockfile.notices))


def real(text: Text) -> Real:
    """Return the text that a lockfile stands for.

    Raises:
        LockfileError: there is none: the file is empty, a Git LFS pointer, a link that leads nowhere here, or
            two sides of a merge.
    """
    target: str | None = None
    for _ in range(MOST_LINKS + 1):
        _refuse(text)
        link = _link(text.path if target is None else target, text.text)
        if link is None:
            _refuse_conflict(text, target)
            return Real(text=text, target=target)
        here = posixpath.dirname(text.path if target is None else target)
        target = posixpath.normpath(posixpath.join(here, link))
        found = None if link.startswith("/") or target.startswith("..") else text.read(target)
        if found is None:
            raise LockfileError(text.path, f"a symbolic link to {link}; name that file instead")
        text = replace(text, text=found)
    raise LockfileError(text.path, f"a symbolic link that leads over more than {MOST_LINKS} others")


def _refuse(text: Text) -> None:
    if not text.text.strip():
        raise LockfileError(text.path, "the file is empty")
    if text.text.startswith(_LFS):
        raise LockfileError(text.path, "a Git LFS pointer, not the lockfile itself")


def _refuse_conflict(text: Text, target: str | None) -> None:
    mark = None
    if (
        "<<<<<<<" in text.text or ">>>>>>>" in text.text
    ):  # some times faster over megabytes than the expression
        mark = _CONFLICT.search(text.text)
    if mark is None:
        return
    line = text.text.count("\n", 0, mark.start()) + 1
    where = "" if target is None else f"a symbolic link to {target}:{line}: "
    raise LockfileError(
        text.path,
        f"{where}a merge conflict was committed ({mark[0]}): resolve it and lock again",
        line=line if target is None else None,
    )


def _link(path: str, content: str) -> str | None:
    """Return the target where a text can only be a link's; one line of requirements looks alike."""
    if len(content) > _LONGEST_LINK or "\n" in content or not _LINK.fullmatch(content):
        return None
    suffix = PurePosixPath(path).suffix
    requirements = suffix in ("", ".txt", ".in")
    if PurePosixPath(content).suffix == suffix or ("/" in content and not requirements):
        return content
    return None
