"""The files of an index's page, and those of them that one entry has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

from msgspec import Struct

from fallback_review.model.versions import public_version

if TYPE_CHECKING:
    from fallback_review.model.indexed import ProjectFile

NO_TEXTS: frozenset[str] = frozenset()


class Sought(Struct, frozen=True, kw_only=True):
    """What an entry has to do with a page: the page's other files say nothing about it."""

    versions: frozenset[str]
    """As `public_version` spells them: ``1.0`` seeks ``1.0.0+cgr.1`` too."""
    sha256: frozenset[str] = NO_TEXTS
    urls: frozenset[str] = NO_TEXTS
    names: frozenset[str] = NO_TEXTS
    """File names."""


class Files(Sequence["ProjectFile"]):
    """What a page lists, in its order.

    A reader may make the files only as they are looked at; this one holds those that it is given.
    """

    __slots__ = ("_files", "whole")

    whole: Files
    """The page that these are some files of; itself, where they are all."""

    def __init__(self, files: Iterable[ProjectFile] = (), *, whole: Files | None = None) -> None:
        self._files = tuple(files)
        self.whole = whole if whole is not None else self

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, at: int) -> ProjectFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[ProjectFile, ...]: ...
    def __getitem__(self, at: int | slice) -> ProjectFile | tuple[ProjectFile, ...]:
        return self._files[at]

    def __iter__(self) -> Iterator[ProjectFile]:
        return iter(self._files)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Files | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Files({list(self)!r})"

    @property
    def digests(self) -> frozenset[str]:
        """Every SHA-256 that the page tells."""
        return frozenset(file.sha256 for file in self if file.sha256)

    def any_name_has(self, text: str) -> bool:
        """Whether some file's name has this text in it."""
        return any(text in file.filename for file in self)

    def named(self, text: str) -> Files:
        """Return the files whose names have this text in them."""
        return Files((file for file in self if text in file.filename), whole=self.whole)

    def about(self, sought: Sought) -> Files:
        """Return the files that `sought` is about, in the page's order.

        Those whose version nobody can tell are among them. Where there are none, the first file stands for
        the rest: a page that lists the project is no empty page.
        """
        found = [file for file in self if _is_about(file, sought)]
        return Files(found or self[:1], whole=self.whole)


def _is_about(file: ProjectFile, sought: Sought) -> bool:
    version = public_version(file.version) if file.version is not None else None
    return (
        version is None
        or version in sought.versions
        or file.sha256 in sought.sha256
        or file.url in sought.urls
        or file.filename in sought.names
    )


NO_FILES = Files()
