"""The files of a page, packed: a few texts for the whole page instead of an object for each file.

A page lists a hundred and sixty files, a large one thousands, and an entry has to do with a few of them.
Names and digests are looked at for all of them; a file is made when it is asked for.
"""

from __future__ import annotations

import re
import string
from array import array
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING, overload

from fallback_review.index.file_names import turns
from fallback_review.lockfiles.listed_names import by_version, version_in
from fallback_review.model.files import Files
from fallback_review.model.versions import public_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fallback_review.model import ProjectFile
    from fallback_review.model.files import Sought

    Make = Callable[[int, str, str, str | None, str | None], ProjectFile]
    """Position, file name, URL as the page writes it, version and SHA-256 -> the file."""

_SIZE = 32
"""Bytes of a SHA-256."""
_NONE = bytes(_SIZE)
_FIRST_NUMBER = re.compile(r"0*(\d*)")
_REMEMBERED = 4
"""Questions whose files are kept: an entry's own, and its own with the bytes that were found."""
NO_DIGEST = "0" * 64
"""Stands for no digest here: a page that tells this one is read entry by entry."""


_PLAIN = (string.ascii_letters + string.digits + "/._~+:!$'()*,=-").encode()
"""What may stand in a usual URL before the file's name; the rest has a meaning of its own somewhere."""


def folders_of(names: Sequence[str], urls: Sequence[str]) -> list[str] | None:
    """Return the URLs without the files' names that they end with; None where they are not `are_plain`."""
    folders = list(map(str.removesuffix, urls, names))
    cut_off = sum(map(len, names)) + sum(map(len, folders)) == sum(map(len, urls))
    return folders if cut_off and are_plain(folders, names) else None


def are_plain(folders: Sequence[str], names: Sequence[str]) -> bool:
    """Whether each folder with its name behind it is a URL off which every installer reads that name."""
    files, places = "".join(names), "".join(folders)
    every = f"{files}{places}"
    return (
        {folder[-1:] for folder in folders} <= {"/"}
        and every.isascii()
        and not every.encode().translate(None, _PLAIN)
        and "/" not in files
        and not ("./" in places and any(map(turns, folders)))
    )


class PackedFiles(Files):
    """A page's files, made as they are looked at."""

    __slots__ = (
        "_about",
        "_count",
        "_digests",
        "_ends_with_name",
        "_found",
        "_kept",
        "_make",
        "_name_ends",
        "_named",
        "_names",
        "_project",
        "_url_ends",
        "_urls",
        "_versions",
    )

    def __init__(
        self,
        project: str,
        names: Sequence[str],
        urls: Sequence[str],
        sha256: Iterable[str],
        make: Make,
        *,
        names_cut_off: bool = False,
    ) -> None:
        """Pack the files of a page.

        Args:
            project: The page's project, normalised.
            names: The file names; no line end is in them.
            urls: The URL of each as the page writes it; no line end is in them.
            sha256: The digest of each in lower-case hex; empty where there is none.
            make: Makes one of the files.
            names_cut_off: Whether each URL lacks the file's name, with which it ends: they are `folders_of`.
        """
        self.whole = self
        self._project = project
        self._count = len(names)
        self._names, self._name_ends = "\n".join(names), _ends(names)
        self._urls, self._url_ends = "\n".join(urls), _ends(urls)
        self._ends_with_name = names_cut_off
        self._digests = bytes.fromhex("".join([each or NO_DIGEST for each in sha256]))
        self._make = make
        self._about: dict[Sought, Files] = {}
        self._kept: dict[int, ProjectFile] = {}
        self._named: dict[str, Files] = {}
        self._found: dict[frozenset[str], Sequence[int]] = {}
        self._versions: dict[str | None, list[int]] | None = None
        """Once somebody needs it, up to the first time that versions are sought: it takes much memory."""

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> ProjectFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[ProjectFile, ...]: ...
    def __getitem__(self, at: int | slice) -> ProjectFile | tuple[ProjectFile, ...]:
        chosen = range(self._count)[at]
        return next(self._made([chosen])) if isinstance(chosen, int) else tuple(self._made(chosen))

    def __iter__(self) -> Iterator[ProjectFile]:
        return self._made(range(self._count))

    @property
    def digests(self) -> frozenset[str]:
        """Every SHA-256 that the page tells."""
        found = (self._digests[at : at + _SIZE] for at in range(0, len(self._digests), _SIZE))
        return frozenset(digest.hex() for digest in found if digest != _NONE)

    def any_name_has(self, text: str) -> bool:
        """Whether some file's name has this text in it."""
        return text in self._names

    def about(self, sought: Sought) -> Files:
        """Return the files that `sought` is about, as `Files.about` does: these alone are made."""
        # Who asks asks again for the same entry on the next target, and in the next lockfile.
        if sought not in self._about:
            found = sorted(self._positions(sought)) or range(min(self._count, 1))
            if len(self._about) >= _REMEMBERED:
                self._about.clear()
                self._kept.clear()
            made = self._about[sought] = Files(self._made(found), whole=self)
            self._kept.update(zip(found, made, strict=True))
        return self._about[sought]

    def named(self, text: str) -> Files:
        """Return the files whose names have this text in them: these alone are made."""
        if text not in self._named:
            names = self._split(self._names) if text in self._names else []
            found = self._made([at for at, name in enumerate(names) if text in name])
            self._named[text] = Files(found, whole=self)
        return self._named[text]

    def _made(self, positions: Iterable[int]) -> Iterator[ProjectFile]:
        for at in positions:
            made = self._kept.get(at)
            if made is None:
                name, url = _at(at, self._names, self._name_ends), _at(at, self._urls, self._url_ends)
                digest = self._digests[at * _SIZE : (at + 1) * _SIZE]
                sha256 = None if digest == _NONE else digest.hex()
                whole = f"{url}{name}" if self._ends_with_name else url
                made = self._make(at, name, whole, version_in(name, self._project), sha256)
            yield made

    def _positions(self, sought: Sought) -> set[int]:
        found = set(self._of(sought.versions))
        if sought.names:
            found.update(at for at, name in enumerate(self._split(self._names)) if name in sought.names)
        found.update(at for each in sought.sha256 for at in self._with_digest(bytes.fromhex(each)))
        # What ends otherwise is another URL; whether one is the same is seen once it is made.
        ends = tuple({f"/{url.rpartition('/')[2]}" for url in sought.urls})
        if ends:
            urls = (f"/{url}".partition("#")[0] for url in self._all_urls(self._split(self._names)))
            like = [at for at, url in enumerate(urls) if url.endswith(ends)]
            found.update(
                at for at, file in zip(like, self._made(like), strict=True) if file.url in sought.urls
            )
        return found

    def _by_version(self) -> dict[str | None, list[int]]:
        return by_version(self._names, self._project) if self._count else {}

    def _of(self, versions: frozenset[str]) -> Sequence[int]:
        """Return the positions of these versions' files, and of those whose version nobody can tell."""
        if versions not in self._found:
            told, self._versions = self._versions or self._by_version(), None
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = [*told.get(None, ())]
            for version in versions:
                found += _positions_of(version, told)
            self._found[versions] = found
        return self._found[versions]

    def _with_digest(self, digest: bytes) -> Iterator[int]:
        at = self._digests.find(digest) if len(digest) == _SIZE else -1
        while at >= 0:
            if at % _SIZE == 0:
                yield at // _SIZE
            at = self._digests.find(digest, at + 1)

    def _all_urls(self, names: Iterable[str]) -> list[str]:
        urls = self._split(self._urls)
        return list(map(add, urls, names)) if self._ends_with_name else urls

    def _split(self, column: str) -> list[str]:
        return column.split("\n") if self._count else []


def _ends(texts: Sequence[str]) -> array[int]:
    """Return where each of the texts ends, counted without what stands between them."""
    return array("I", accumulate(map(len, texts)))


def _at(position: int, column: str, ends: array[int]) -> str:
    """Return the text at a position of a column, which has one in each line."""
    begin = ends[position - 1] if position else 0
    return column[begin + position : ends[position] + position]


def _positions_of(version: str, told: Mapping[str | None, Sequence[int]]) -> Iterator[int]:
    # Parsing each version of a page takes most of the time: most are told apart by their first number.
    number = _FIRST_NUMBER.match(version)
    first = number[1] if number else ""
    for each, positions in told.items():
        may_be = each is not None and ("!" in each or each.lstrip("vV0").startswith(first))
        if may_be and public_version(each) == version:
            yield from positions
