"""Index layouts: how an organisation arranges Chainguard's index and PyPI's -> what an installer sees.

Three values go in (Chainguard's page, the remediated index's, PyPI's), and the indexes that the client
asks, each with its page, come out. Every layout is one entry of `LAYOUTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_version

from fallback_review.model import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.model import ProjectFile


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


def _by_project(first: Page, second: Page) -> Page:
    return first or second


def _by_version(first: Page, second: Page) -> Page:
    """A version that the first has at all is the first's alone; `1.0+cgr.1` is a version of its own."""
    has = {_version(listed) for listed in first}
    return (*first, *(listed for listed in second if _version(listed) not in has))


def _by_file(first: Page, second: Page) -> Page:
    """One link for each file name; the first wins."""
    has = {listed.file.filename for listed in first}
    return (*first, *(listed for listed in second if listed.file.filename not in has))


def _concatenated(first: Page, second: Page) -> Page:
    return (*first, *second)


def _version(listed: ListedFile) -> str:
    return canonicalize_version(listed.file.version or "", strip_trailing_zero=True)


def _virtual(
    merge: Callable[[Page, Page], Page], *, pypi_first: bool = False
) -> Callable[[Pages], tuple[Index, ...]]:
    def arrange(pages: Pages) -> tuple[Index, ...]:
        chainguard, remediated, pypi = pages
        own = (*remediated, *chainguard)
        return one_index(merge(pypi, own) if pypi_first else merge(own, pypi))

    return arrange


# ── How a client is configured ──────────────────────────────────────────────────────────────────────


def _chainguard_only(pages: Pages) -> tuple[Index, ...]:
    chainguard, remediated, _ = pages
    return one_index((*remediated, *chainguard))


def _pypi_only(pages: Pages) -> tuple[Index, ...]:
    return one_index(pages[2])


def _chainguard_default(pages: Pages) -> tuple[Index, ...]:
    """``--index-url`` Chainguard, ``--extra-index-url`` PyPI: pip asks Chainguard first, uv PyPI."""
    chainguard, remediated, pypi = pages
    return (Index(page=chainguard, default=True), *_extra(remediated), Index(page=pypi))


def _pypi_default(pages: Pages) -> tuple[Index, ...]:
    """``--index-url`` PyPI, ``--extra-index-url`` Chainguard: pip asks PyPI first, uv Chainguard."""
    chainguard, remediated, pypi = pages
    return (Index(page=pypi, default=True), *_extra(remediated), Index(page=chainguard))


def _chainguard_then_pypi(pages: Pages) -> tuple[Index, ...]:
    chainguard, remediated, pypi = pages
    return (*_extra(remediated), Index(page=chainguard), Index(page=pypi))


def _pypi_then_chainguard(pages: Pages) -> tuple[Index, ...]:
    chainguard, remediated, pypi = pages
    return (Index(page=pypi), *_extra(remediated), Index(page=chainguard))


def _extra(page: Page) -> tuple[Index, ...]:
    return (Index(page=page),) if page else ()


_OURS = frozenset({Role.CHAINGUARD, Role.REMEDIATED})
_ALL = _OURS | {Role.PYPI}


def _client(
    name: str,
    title: str,
    arrange: Callable[[Pages], tuple[Index, ...]],
    *,
    uv_strategy: str = "first-index",
    respect_source_order: bool = False,
) -> Layout:
    return Layout(
        name=name,
        title=title,
        arrange=arrange,
        source="measured",
        asks=_ALL,
        client=True,
        uv_strategy=uv_strategy,
        respect_source_order=respect_source_order,
    )


def _server(
    name: str,
    title: str,
    merge: Callable[[Page, Page], Page],
    *,
    pypi_first: bool = False,
    source: str = "measured",
) -> Layout:
    return Layout(
        name=name, title=title, arrange=_virtual(merge, pypi_first=pypi_first), source=source, asks=_ALL
    )


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            name="chainguard-only",
            title="one index, Chainguard's; nothing else",
            arrange=_chainguard_only,
            source="measured",
            asks=_OURS,
        ),
        Layout(
            name="hosted",
            title="one index, Chainguard's, with its own upstream fallback",
            arrange=_chainguard_only,
            source="edu.chainguard.dev: Chainguard Libraries, hosted upstream fallback",
            asks=_OURS,
        ),
        _server("virtual-project", "a virtual repository: the first that has the project", _by_project),
        _server("virtual-version", "a virtual repository: the first that has the version", _by_version),
        _server("virtual-file", "a virtual repository: one link a file name, Chainguard's wins", _by_file),
        _server(
            "virtual-file-pypi-first",
            "a virtual repository: one link a file name, PyPI's wins",
            _by_file,
            pypi_first=True,
        ),
        _server(
            "virtual-concat", "a virtual repository: every link of both, Chainguard's first", _concatenated
        ),
        _server(
            "virtual-concat-pypi-first",
            "a virtual repository: every link of both, PyPI's first",
            _concatenated,
            pypi_first=True,
        ),
        _server("artifactory", "a JFrog Artifactory virtual repository", _by_file, source="assumed"),
        _server(
            "nexus", "a Sonatype Nexus group", _by_file, source="sonatype/nexus-public#376, #398; assumed"
        ),
        _server(
            "cloudsmith", "a Cloudsmith repository with upstreams by priority", _by_file, source="assumed"
        ),
        _server(
            "google-artifact-registry",
            "a Google Artifact Registry virtual repository",
            _by_version,
            source="cloud.google.com: virtual repositories, upstream policies; assumed for merged pages",
        ),
        _server("devpi", "a devpi stage with bases in order", _by_file, source="measured: devpi-server 6.20"),
        _client("extra-index", "index-url Chainguard, extra-index-url PyPI", _chainguard_default),
        _client("extra-index-pypi-first", "index-url PyPI, extra-index-url Chainguard", _pypi_default),
        _client("uv-chainguard-first", "uv: Chainguard before PyPI, first-index", _chainguard_then_pypi),
        _client(
            "uv-chainguard-first-unsafe-first-match",
            "uv: Chainguard before PyPI, unsafe-first-match",
            _chainguard_then_pypi,
            uv_strategy="unsafe-first-match",
        ),
        _client(
            "uv-chainguard-first-unsafe-best-match",
            "uv: Chainguard before PyPI, unsafe-best-match",
            _chainguard_then_pypi,
            uv_strategy="unsafe-best-match",
        ),
        _client("uv-pypi-first", "uv: PyPI before Chainguard, first-index", _pypi_then_chainguard),
        _client(
            "uv-pypi-first-unsafe-first-match",
            "uv: PyPI before Chainguard, unsafe-first-match",
            _pypi_then_chainguard,
            uv_strategy="unsafe-first-match",
        ),
        _client(
            "uv-pypi-first-unsafe-best-match",
            "uv: PyPI before Chainguard, unsafe-best-match",
            _pypi_then_chainguard,
            uv_strategy="unsafe-best-match",
        ),
        _client("explicit", "Chainguard only for packages that name it as their source", _pypi_only),
        _client(
            "poetry-primary", "Poetry: Chainguard primary, PyPI primary behind it", _chainguard_then_pypi
        ),
        _client(
            "poetry-supplemental", "Poetry: Chainguard primary, PyPI supplemental", _chainguard_then_pypi
        ),
        _client("poetry-explicit", "Poetry: Chainguard explicit, PyPI for the rest", _pypi_only),
        _client("pdm", "PDM: Chainguard and PyPI as sources, asked together", _chainguard_then_pypi),
        _client(
            "pdm-respect-source-order",
            "PDM: Chainguard, then PyPI, with respect-source-order",
            _chainguard_then_pypi,
            respect_source_order=True,
        ),
        _client("pdm-builtin-pypi", "PDM: built-in PyPI in front of Chainguard", _pypi_then_chainguard),
        _client("pipenv", "Pipenv: Chainguard the first source, PyPI another", _chainguard_then_pypi),
        Layout(
            name="unknown",
            title="not known: a repository manager that may or may not merge",
            arrange=_virtual(_by_file),
            source="assumed",
            asks=_ALL,
            alternatives=("virtual-project", "virtual-file"),
        ),
    )
}
