"""The index layouts by name: one entry each, with who says that it is so.

A server's layout says how one virtual index merges Chainguard's pages and PyPI's; `assumed` where nobody
measured it. A client's is a preset of its ordered list of indexes, for what stands outside of the repository
(a `pip.conf` of the build machine): the settings name it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.prediction.listing import (
    AskedIndex,
    by_file,
    by_project,
    by_version,
    concatenated,
    one,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.prediction.addresses import Addresses
    from fallback_review.prediction.listing import Page

    Arrange = Callable[[Addresses], tuple[AskedIndex, ...]]


class Layout(Struct, frozen=True, kw_only=True):
    """A named arrangement."""

    name: str
    title: str
    """What it means, for people."""
    arrange: Arrange
    source: str
    """Who says that it is so: ``measured``, a document, or ``assumed``."""
    client: bool = False
    """Whether the installer itself is configured with the indexes (else a server merges them)."""
    uv_strategy: str = "first-index"
    respect_source_order: bool = False
    alternatives: tuple[str, ...] = ()
    """The layouts that are possible, where it is not known which one it is."""


def _virtual(merge: Callable[[Page, Page], Page], *, pypi_first: bool = False) -> Arrange:
    """One index: a server's merge of Chainguard's pages and PyPI's."""

    def arrange(at: Addresses) -> tuple[AskedIndex, ...]:
        first, second = at.chainguards, (at.pypi,)
        if pypi_first:
            first, second = second, first
        return (AskedIndex(parts=first, fallback=second, merge=merge, modelled=True, default=True),)

    return arrange


def _chainguard_only(at: Addresses) -> tuple[AskedIndex, ...]:
    """One index: Chainguard's, with the remediated one in front."""
    return (AskedIndex(parts=at.chainguards, modelled=True, default=True),)


def _chainguard_apart(at: Addresses) -> tuple[AskedIndex, ...]:
    """Chainguard's indexes, the remediated one in front, for a client that tells them apart."""
    return tuple(one(index, default=False) for index in at.chainguards)


def _pypi_only(at: Addresses) -> tuple[AskedIndex, ...]:
    return (one(at.pypi),)


def _chainguard_default(at: Addresses) -> tuple[AskedIndex, ...]:
    """``--index-url`` Chainguard, ``--extra-index-url`` PyPI: pip asks Chainguard first, uv PyPI."""
    main = [replace(each, default=each.parts == (at.chainguard,)) for each in _chainguard_apart(at)]
    return (*sorted(main, key=lambda each: not each.default), one(at.pypi, default=False))


def _pypi_default(at: Addresses) -> tuple[AskedIndex, ...]:
    """``--index-url`` PyPI, ``--extra-index-url`` Chainguard: pip asks PyPI first, uv Chainguard."""
    return (one(at.pypi), *_chainguard_apart(at))


def _chainguard_then_pypi(at: Addresses) -> tuple[AskedIndex, ...]:
    return (*_chainguard_apart(at), one(at.pypi, default=False))


def _pypi_supplemental(at: Addresses) -> tuple[AskedIndex, ...]:
    """As `_chainguard_then_pypi`, and PyPI is asked only where Chainguard has no match (when locking)."""
    return (*_chainguard_apart(at), AskedIndex(parts=(at.pypi,), supplemental=True))


def _pypi_then_chainguard(at: Addresses) -> tuple[AskedIndex, ...]:
    return (one(at.pypi, default=False), *_chainguard_apart(at))


def _client(name: str, title: str, arrange: Arrange, *, respect_source_order: bool = False) -> Layout:
    return Layout(
        name=name,
        title=title,
        arrange=arrange,
        source="measured",
        client=True,
        respect_source_order=respect_source_order,
    )


def _for_uv(name: str, title: str, arrange: Arrange) -> tuple[Layout, ...]:
    """The three index strategies of uv."""
    strategies = ("first-index", "unsafe-first-match", "unsafe-best-match")
    return tuple(
        Layout(
            name=name if strategy == "first-index" else f"{name}-{strategy}",
            title=f"{title}, {strategy}",
            arrange=arrange,
            source="measured",
            client=True,
            uv_strategy=strategy,
        )
        for strategy in strategies
    )


def _server(
    name: str,
    title: str,
    merge: Callable[[Page, Page], Page],
    *,
    pypi_first: bool = False,
    source: str = "measured",
) -> Layout:
    return Layout(name=name, title=title, arrange=_virtual(merge, pypi_first=pypi_first), source=source)


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            name="chainguard-only",
            title="one index, Chainguard's; nothing else",
            arrange=_chainguard_only,
            source="measured",
        ),
        Layout(
            name="hosted",
            title="one index, Chainguard's, with its own upstream fallback",
            arrange=_chainguard_only,
            source="edu.chainguard.dev: Chainguard Libraries, hosted upstream fallback",
        ),
        _server("virtual-project", "a virtual repository: the first that has the project", by_project),
        _server("virtual-version", "a virtual repository: the first that has the version", by_version),
        _server("virtual-file", "a virtual repository: one link a file name, Chainguard's wins", by_file),
        _server(
            "virtual-file-pypi-first",
            "a virtual repository: one link a file name, PyPI's wins",
            by_file,
            pypi_first=True,
        ),
        _server(
            "virtual-concat", "a virtual repository: every link of both, Chainguard's first", concatenated
        ),
        _server(
            "virtual-concat-pypi-first",
            "a virtual repository: every link of both, PyPI's first",
            concatenated,
            pypi_first=True,
        ),
        _server("artifactory", "a JFrog Artifactory virtual repository", by_file, source="assumed"),
        _server(
            "nexus", "a Sonatype Nexus group", by_file, source="sonatype/nexus-public#376, #398; assumed"
        ),
        _server(
            "cloudsmith", "a Cloudsmith repository with upstreams by priority", by_file, source="assumed"
        ),
        _server(
            "google-artifact-registry",
            "a Google Artifact Registry virtual repository",
            by_version,
            source="cloud.google.com: virtual repositories, upstream policies; assumed for merged pages",
        ),
        _server("devpi", "a devpi stage with bases in order", by_file, source="measured: devpi-server 6.20"),
        _client("extra-index", "index-url Chainguard, extra-index-url PyPI", _chainguard_default),
        _client("extra-index-pypi-first", "index-url PyPI, extra-index-url Chainguard", _pypi_default),
        *_for_uv("uv-chainguard-only", "uv: Chainguard's two indexes", _chainguard_apart),
        *_for_uv("uv-chainguard-first", "uv: Chainguard before PyPI", _chainguard_then_pypi),
        *_for_uv("uv-pypi-first", "uv: PyPI before Chainguard", _pypi_then_chainguard),
        _client("explicit", "Chainguard only for packages that name it as their source", _pypi_only),
        _client(
            "poetry-primary", "Poetry: Chainguard primary, PyPI primary behind it", _chainguard_then_pypi
        ),
        _client("poetry-supplemental", "Poetry: Chainguard primary, PyPI supplemental", _pypi_supplemental),
        _client(
            "poetry-primary-pypi-first", "Poetry: PyPI primary, Chainguard behind it", _pypi_then_chainguard
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
        _client(
            "pdm-builtin-pypi-respect-source-order",
            "PDM: built-in PyPI in front of Chainguard, with respect-source-order",
            _pypi_then_chainguard,
            respect_source_order=True,
        ),
        _client("pipenv", "Pipenv: Chainguard the first source, PyPI another", _chainguard_then_pypi),
        Layout(
            name="unknown",
            title="not known: a repository manager that may or may not merge",
            arrange=_virtual(by_file),
            source="assumed",
            alternatives=("virtual-project", "virtual-file"),
        ),
    )
}
"""Every layout that `[indexes] layout` may name."""
DEFAULT_LAYOUT = "virtual-file"
"""How Chainguard's own fallback and most repository managers are best described (lockfiles differ least)."""
