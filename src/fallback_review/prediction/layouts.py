"""The index layouts by name: one entry each, with who says that it is so.

A server's presets map to the merge that their documents or reports tell; `assumed` where nobody measured it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Role
from fallback_review.prediction.listing import (
    Layout,
    by_file,
    by_project,
    by_version,
    chainguard_apart,
    chainguard_default,
    chainguard_only,
    chainguard_then_pypi,
    concatenated,
    pypi_default,
    pypi_only,
    pypi_supplemental,
    pypi_then_chainguard,
    virtual,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.prediction.listing import Index, Page, Pages

_OURS = frozenset({Role.CHAINGUARD, Role.REMEDIATED})
_ALL = _OURS | {Role.PYPI}


def _client(
    name: str,
    title: str,
    arrange: Callable[[Pages], tuple[Index, ...]],
    *,
    asks: frozenset[Role] = _ALL,
    uv_strategy: str = "first-index",
    respect_source_order: bool = False,
) -> Layout:
    return Layout(
        name=name,
        title=title,
        arrange=arrange,
        source="measured",
        asks=asks,
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
        name=name, title=title, arrange=virtual(merge, pypi_first=pypi_first), source=source, asks=_ALL
    )


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout(
            name="chainguard-only",
            title="one index, Chainguard's; nothing else",
            arrange=chainguard_only,
            source="measured",
            asks=_OURS,
        ),
        Layout(
            name="hosted",
            title="one index, Chainguard's, with its own upstream fallback",
            arrange=chainguard_only,
            source="edu.chainguard.dev: Chainguard Libraries, hosted upstream fallback",
            asks=_OURS,
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
        _client("extra-index", "index-url Chainguard, extra-index-url PyPI", chainguard_default),
        _client("extra-index-pypi-first", "index-url PyPI, extra-index-url Chainguard", pypi_default),
        _client(
            "uv-chainguard-only", "uv: Chainguard's two indexes, first-index", chainguard_apart, asks=_OURS
        ),
        _client(
            "uv-chainguard-only-unsafe-first-match",
            "uv: Chainguard's two indexes, unsafe-first-match",
            chainguard_apart,
            asks=_OURS,
            uv_strategy="unsafe-first-match",
        ),
        _client(
            "uv-chainguard-only-unsafe-best-match",
            "uv: Chainguard's two indexes, unsafe-best-match",
            chainguard_apart,
            asks=_OURS,
            uv_strategy="unsafe-best-match",
        ),
        _client("uv-chainguard-first", "uv: Chainguard before PyPI, first-index", chainguard_then_pypi),
        _client(
            "uv-chainguard-first-unsafe-first-match",
            "uv: Chainguard before PyPI, unsafe-first-match",
            chainguard_then_pypi,
            uv_strategy="unsafe-first-match",
        ),
        _client(
            "uv-chainguard-first-unsafe-best-match",
            "uv: Chainguard before PyPI, unsafe-best-match",
            chainguard_then_pypi,
            uv_strategy="unsafe-best-match",
        ),
        _client("uv-pypi-first", "uv: PyPI before Chainguard, first-index", pypi_then_chainguard),
        _client(
            "uv-pypi-first-unsafe-first-match",
            "uv: PyPI before Chainguard, unsafe-first-match",
            pypi_then_chainguard,
            uv_strategy="unsafe-first-match",
        ),
        _client(
            "uv-pypi-first-unsafe-best-match",
            "uv: PyPI before Chainguard, unsafe-best-match",
            pypi_then_chainguard,
            uv_strategy="unsafe-best-match",
        ),
        _client("explicit", "Chainguard only for packages that name it as their source", pypi_only),
        _client("poetry-primary", "Poetry: Chainguard primary, PyPI primary behind it", chainguard_then_pypi),
        _client("poetry-supplemental", "Poetry: Chainguard primary, PyPI supplemental", pypi_supplemental),
        _client(
            "poetry-primary-pypi-first", "Poetry: PyPI primary, Chainguard behind it", pypi_then_chainguard
        ),
        _client("poetry-explicit", "Poetry: Chainguard explicit, PyPI for the rest", pypi_only),
        _client("pdm", "PDM: Chainguard and PyPI as sources, asked together", chainguard_then_pypi),
        _client(
            "pdm-respect-source-order",
            "PDM: Chainguard, then PyPI, with respect-source-order",
            chainguard_then_pypi,
            respect_source_order=True,
        ),
        _client("pdm-builtin-pypi", "PDM: built-in PyPI in front of Chainguard", pypi_then_chainguard),
        _client(
            "pdm-builtin-pypi-respect-source-order",
            "PDM: built-in PyPI in front of Chainguard, with respect-source-order",
            pypi_then_chainguard,
            respect_source_order=True,
        ),
        _client("pipenv", "Pipenv: Chainguard the first source, PyPI another", chainguard_then_pypi),
        Layout(
            name="unknown",
            title="not known: a repository manager that may or may not merge",
            arrange=virtual(by_file),
            source="assumed",
            asks=_ALL,
            alternatives=("virtual-project", "virtual-file"),
        ),
    )
}
