"""The text of a lockfile: from its bytes, and from wherever it really stands.

Encodings, line ends, and what is no lockfile text at all; and what stands in a lockfile's place: nothing, a
merge conflict, a Git LFS pointer, a symbolic link. A link (stored as its target) is followed to a file of the
same tree, as installers follow it; a pointer never is.
"""

from __future__ import annotations

import codecs
import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model import Lockfile

MAX_BYTES = 64 * 1024 * 1024
"""The largest lockfile that is read; the largest one met in public repositories has 6 MB."""

_MARKED = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF16 = tuple(mark for mark, _ in _MARKED)
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13}
MOST_LINKS = 5
"""Links that lead on to links."""

_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>)(?= |$)", re.MULTILINE)
"""Git's marks; a half-resolved conflict has one of them."""
_LFS = "version https://git-lfs.github.com/spec/"
_LONGEST_LINK = 4096
_ARCHIVES = (".whl", ".zip", ".gz", ".bz2", ".xz", ".tar", ".tgz")
_LINK = re.compile(r"[^\s=<>!~;\[\]{}\"'#:@,]+")


class LockfileError(Exception):
    """A file that looks like a lockfile and could not be read: says which, where and why, in one line."""

    def __init__(self, path: str, reason: str, *, line: int | None = None) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        place = path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {reason}")


def nothing_beside(_path: str) -> str | None:
    """Read no file beside a lockfile: the answer where there is no tree to read from."""
    return None


class Text(Struct, frozen=True, kw_only=True):
    """One side of a lockfile: where it is and what it says."""

    path: str
    text: str
    """Decoded, with line ends made ``\\n`` (see `decode`)."""
    read: Callable[[str], str | None] = nothing_beside
    """Gives the text of another file of the same tree (``-r other.txt``), None where there is none."""
    link: bool = False
    """Whether `text` is surely the target of a symbolic link; else its look tells."""
    joins_comments: bool | None = None
    """Whether a backslash at a comment's end joins the next line to it, as for pip, and not for uv.

    None where nobody said who installs.
    """


def decode(path: str, data: bytes) -> str:
    r"""Return the text of a lockfile with line ends made ``\n``.

    UTF-8, UTF-8 with a byte-order mark and UTF-16 with a byte-order mark are read (pip reads all three
    in requirements files: `pip._internal.req.req_file`). Empty data are an empty text.

    Raises:
        LockfileError: The file is too large, binary, or in another encoding.
    """
    if len(data) > MAX_BYTES:
        raise LockfileError(path, f"the file is too large: lockfiles up to {MAX_BYTES >> 20} MB are read")
    if data.startswith(_UTF16):
        encoding, name = "utf-16", "UTF-16"
    else:
        encoding, name = "utf-8-sig", "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-16" and _binary(data):
            raise LockfileError(path, "the file is binary, not text") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise LockfileError(path, f"the file is not {name} text", line=line) from None
    if "\x00" in text:
        raise LockfileError(path, "the file is binary, not text")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def codec_of(data: bytes) -> str:
    """Return the codec that decodes the bytes of a lockfile to what encodes to the same bytes again.

    A byte-order mark stays as the first character: see `as_read`.
    """
    return next((codec for mark, codec in _MARKED if data.startswith(mark)), "utf-8")


def as_read(exact: str) -> str:
    """Return a text that was decoded with `codec_of` as the readers take it."""
    return exact.removeprefix("\ufeff").replace("\r\n", "\n")


def _binary(data: bytes) -> bool:
    """Whether the start of the data has control characters that no text has."""
    return any(byte in _CONTROL for byte in data[:1024])


class Real(Struct, frozen=True, kw_only=True):
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
        LockfileError: there is none: the file is a Git LFS pointer, a link that leads nowhere here, or two
            sides of a merge.
    """
    target: str | None = None
    for _ in range(MOST_LINKS + 1):
        _refuse(text)
        link = _link(text, text.path if target is None else target)
        if link is None:
            _refuse_conflict(text, target)
            return Real(text=text, target=target)
        here = posixpath.dirname(text.path if target is None else target)
        target = posixpath.normpath(posixpath.join(here, link))
        found = None if link.startswith("/") or target.startswith("..") else text.read(target)
        if found is None:
            raise LockfileError(text.path, f"a symbolic link to {link}; name that file instead")
        text = replace(text, text=found, link=False)
    raise LockfileError(text.path, f"a symbolic link that leads through more than {MOST_LINKS} others")


def _refuse(text: Text) -> None:
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


def _link(text: Text, path: str) -> str | None:
    """Return a link's target: where nothing tells what the text is, only if it can be nothing else.

    One line of requirements looks alike, so that there the target has to be a file of the tree. A git that
    makes no links writes their targets into plain files.
    """
    content = text.text
    if text.link:
        return content[:_LONGEST_LINK]
    if len(content) > _LONGEST_LINK or "\n" in content or not _LINK.fullmatch(content):
        return None
    suffix = PurePosixPath(path).suffix
    if PurePosixPath(content).suffix == suffix:
        return content
    if "/" not in content or content.lower().endswith(_ARCHIVES):
        return None
    requirements = suffix in ("", ".txt", ".in")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), content))
    return content if not requirements or text.read(target) is not None else None
