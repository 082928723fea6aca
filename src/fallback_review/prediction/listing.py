"""What an installer sees: the indexes that it asks, each with its page of one project.

An index is asked itself, or modelled: a virtual index of a repository manager merges the pages of others, by
one of the rules here. `layouts.py` gives the usual arrangements their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.utils import canonicalize_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fallback_review.model import Index, ProjectFile


class ListedFile(Struct, frozen=True, kw_only=True):
    """One line of a project's page, as the installer gets to see it."""

    file: ProjectFile
    index: Index | None
    """The index whose page it stands on; None for a file that only a lock names."""
    digest: str | None = None
    """The SHA-256 of the file's bytes where it is known although the link does not carry it."""

    @property
    def bytes_sha256(self) -> str | None:
        """The SHA-256 of what a download of this link brings, where anybody says it."""
        return self.digest or self.file.sha256


Page = tuple[ListedFile, ...]
Pages = Mapping["Index", Page]
"""The pages of one project by index; an index that is not in it has not answered."""
Merge = "Callable[[Page, Page], Page]"


class AskedIndex(Struct, frozen=True, kw_only=True):
    """One index that the installer asks."""

    parts: tuple[Index, ...]
    """Whose pages it shows: its own alone, or those that it merges, the preferred ones first."""
    fallback: tuple[Index, ...] = ()
    """Of a virtual index: those whose pages come behind, by `merge`."""
    merge: Callable[[Page, Page], Page] | None = None
    """How a virtual index merges its two pages, preferred and fallback; None: it shows its parts' pages."""
    modelled: bool = False
    """Whether it stands for a virtual index that is not asked itself, at whatever address that lies."""
    default: bool = False
    """pip's ``--index-url``, uv's default index. pip asks it first, uv last."""
    supplemental: bool = False
    """Poetry's: asked when locking, where no primary source has a match."""

    @property
    def sources(self) -> tuple[Index, ...]:
        """Every index whose page decides what this one shows."""
        return (*self.parts, *self.fallback)

    def page(self, pages: Pages) -> IndexPage:
        """Return what the installer sees here; what did not answer counts as empty."""
        first = _joined(self.parts, pages)
        shown = self.merge(first, _joined(self.fallback, pages)) if self.merge else first
        return IndexPage(page=shown, default=self.default, supplemental=self.supplemental)


class IndexPage(Struct, frozen=True, kw_only=True):
    """One index that an installer is configured with, with its page of the project at hand."""

    page: Page
    default: bool = False
    supplemental: bool = False


def seen(indexes: Sequence[AskedIndex], pages: Pages) -> tuple[IndexPage, ...]:
    """Return the pages that an installer sees, in its configuration's order."""
    return tuple(index.page(pages) for index in indexes)


def one(index: Index, *, default: bool = True) -> AskedIndex:
    """Return a single index, as it is."""
    return AskedIndex(parts=(index,), default=default)


def _joined(indexes: Sequence[Index], pages: Pages) -> Page:
    return tuple(listed for index in indexes for listed in pages.get(index, ()))


# ── How a server merges ─────────────────────────────────────────────────────────────────────────────


def by_project(first: Page, second: Page) -> Page:
    """The first that has the project at all."""
    return first or second


def by_version(first: Page, second: Page) -> Page:
    """A version that the first has at all is the first's alone; `1.0+cgr.1` is a version of its own."""
    has = {_version(listed) for listed in first}
    return (*first, *(listed for listed in second if _version(listed) not in has))


def by_file(first: Page, second: Page) -> Page:
    """One link for each file name; the first wins."""
    has = {listed.file.filename for listed in first}
    return (*first, *(listed for listed in second if listed.file.filename not in has))


def concatenated(first: Page, second: Page) -> Page:
    """Every link of both."""
    return (*first, *second)


def _version(listed: ListedFile) -> str:
    return canonicalize_version(listed.file.version or "", strip_trailing_zero=True)
