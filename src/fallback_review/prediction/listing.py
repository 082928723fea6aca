"""How Chainguard's index and PyPI's may be arranged -> what an installer sees.

Chainguard's page, the remediated index's and PyPI's go in; the indexes that the client asks, each with its
page, come out. `layouts.py` gives the arrangements their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model import ProjectFile, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One line of a project's page, as the installer gets to see it."""

    file: ProjectFile
    owner: Role | None
    """Whose index the file comes from; None for a file that only a lock names."""
    digest: str | None = None
    """The SHA-256 of the file's bytes where it is known although the link does not carry it."""

    @property
    def bytes_sha256(self) -> str | None:
        """The SHA-256 of what a download of this link brings, where anybody says it."""
        return self.digest or self.file.sha256


Page = tuple[ListedFile, ...]
Pages = tuple[Page, Page, Page]
"""Chainguard's, the remediated index's and PyPI's page of one project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One index that a client is configured with, and its page of the project."""

    page: Page
    default: bool = False
    """pip's ``--index-url``, uv's default index. pip asks it first, uv last."""
    supplemental: bool = False
    """Poetry's: asked when locking, where no primary source has a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A named arrangement."""

    name: str
    title: str
    """What it means, for people."""
    arrange: Callable[[Pages], tuple[Index, ...]]
    source: str
    """Who says that it is so: ``measured``, a document, or ``assumed``."""
    asks: frozenset[Role]
    """Which indexes can appear in a listing at all."""
    client: bool = False
    """Whether the installer itself is configured with the indexes (else a server merges them)."""
    uv_strategy: str = "first-index"
    respect_source_order: bool = False
    alternatives: tuple[str, ...] = ()
    """The layouts that are possible, where it is not known which one it is."""


def listing(layout: Layout, pages: Pages) -> tuple[Index, ...]:
    """Return the indexes that an installer asks, in the configuration's order."""
    return layout.arrange(pages)


def one_index(page: Page) -> tuple[Index, ...]:
    """Return the listing of a client that asks one index for this project."""
    return (Index(page=page, default=True),)


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


def virtual(
    merge: Callable[[Page, Page], Page], *, pypi_first: bool = False
) -> Callable[[Pages], tuple[Index, ...]]:
    """One index: a server's merge of both."""

    def arrange(pages: Pages) -> tuple[Index, ...]:
        chainguard, remediated, pypi = pages
        own = (*remediated, *chainguard)
        return one_index(merge(pypi, own) if pypi_first else merge(own, pypi))

    return arrange


# ── How a client is configured ──────────────────────────────────────────────────────────────────────


def chainguard_only(pages: Pages) -> tuple[Index, ...]:
    """One index: Chainguard's, with the remediated one in front."""
    chainguard, remediated, _ = pages
    return one_index((*remediated, *chainguard))


def chainguard_apart(pages: Pages) -> tuple[Index, ...]:
    """Chainguard's two indexes, the remediated one in front, for a client that tells them apart."""
    chainguard, remediated, _ = pages
    return (*_extra(remediated), Index(page=chainguard))


def pypi_only(pages: Pages) -> tuple[Index, ...]:
    """One index: PyPI's."""
    return one_index(pages[2])


def chainguard_default(pages: Pages) -> tuple[Index, ...]:
    """``--index-url`` Chainguard, ``--extra-index-url`` PyPI: pip asks Chainguard first, uv PyPI."""
    chainguard, remediated, pypi = pages
    return (Index(page=chainguard, default=True), *_extra(remediated), Index(page=pypi))


def pypi_default(pages: Pages) -> tuple[Index, ...]:
    """``--index-url`` PyPI, ``--extra-index-url`` Chainguard: pip asks PyPI first, uv Chainguard."""
    chainguard, remediated, pypi = pages
    return (Index(page=pypi, default=True), *_extra(remediated), Index(page=chainguard))


def chainguard_then_pypi(pages: Pages) -> tuple[Index, ...]:
    """Chainguard's index before PyPI's; the remediated one in front."""
    chainguard, remediated, pypi = pages
    return (*_extra(remediated), Index(page=chainguard), Index(page=pypi))


def pypi_supplemental(pages: Pages) -> tuple[Index, ...]:
    """As `chainguard_then_pypi`, and PyPI is asked only where Chainguard has no match (when locking)."""
    chainguard, remediated, pypi = pages
    return (*_extra(remediated), Index(page=chainguard), Index(page=pypi, supplemental=True))


def pypi_then_chainguard(pages: Pages) -> tuple[Index, ...]:
    """PyPI's index before Chainguard's."""
    chainguard, remediated, pypi = pages
    return (Index(page=pypi), *_extra(remediated), Index(page=chainguard))


def _extra(page: Page) -> tuple[Index, ...]:
    return (Index(page=page),) if page else ()
