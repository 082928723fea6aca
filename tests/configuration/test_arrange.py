"""Which indexes a configuration amounts to, in the order in which the tool asks them: a row for each shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.model import Edition, Index, LockIndex, Owner
from fallback_review.prediction import LAYOUTS
from tests.configuration.cases import (
    ADDRESSES,
    MANAGER,
    OTHER,
    C,
    P,
    R,
    arrange,
    lock,
    pdm_source,
    pipfile_source,
    poetry_source,
    read,
    uv_index,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.prediction.listing import AskedIndex

PROJECT = "pyproject.toml"
DEFAULT = "default = true"
EXPLICIT = "explicit = true"
STRATEGY = '[tool.uv]\nindex-strategy = "{}"\n'
SIGNS = {C: "C", R: "R", f"{P}/": "P", f"{MANAGER}/": "M", f"{OTHER}/": "O"}
WITH_REMEDIATED = replace(ADDRESSES, remediated=Index(R, Owner.CHAINGUARD, Edition.REMEDIATED))


def order(installer: str, indexes: Iterable[AskedIndex]) -> str:
    """Return the signs of indexes in the order in which the installer asks them.

    Each is a simple index by its sign (``+``: a supplemental one), or a place that is none: a list of files.
    pip asks its default index first, uv and pixi last.
    """
    sign = {"pip": -1, "uv": 1, "pixi": 1}.get(installer, 0)
    return " ".join(_shown(each) for each in sorted(indexes, key=lambda each: sign * each.default))


def _shown(asked: AskedIndex) -> str:
    (index,) = asked.parts
    if index.owner is Owner.LOCAL:
        return index.url
    flat = "flat " if index.url == C and index.owner is Owner.NOBODY else ""
    return f"{flat}{SIGNS[index.url]}{'+' if asked.supplemental else ''}"


ROWS = [
    # pip: every index in one pool, the default one listed first (M3).
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\n"}, "C"),
    ("pip", {"pip.ini": f"[install]\nindex-url = {C}\n"}, "C"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"}, "C P"),
    (
        "pip",
        {"pip.conf": f"[global]\nindex_url={P}\nextra_index_url =\n  {OTHER}\n  {C}\n"},
        "P O C",
    ),
    ("pip", {"pip.conf": f"[global]\nextra-index-url = {C}\n"}, "P C"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {MANAGER}\n"}, "M"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {P}\n"}, "P"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\n[install]\nindex-url = {MANAGER}\n"}, "M"),
    ("pip", {"pip.conf": f"[install]\nindex-url = {C}\n[:env:]\nindex-url = {MANAGER}\n"}, "M"),
    ("pip", {"pip.conf": f"[:env:]\nindex-url =\n[install]\nindex-url = {C}\n"}, "C"),
    (
        "pip",
        {"pip.conf": f"[global]\nindex-url = {C}\nconstraint = c.txt\n", "c.txt": f"-i {MANAGER}\n"},
        "M",
    ),
    ("pip", {"pip.conf": f"[global]\nno-index = true\nindex-url = {C}\nfind-links = ./wheels\n"}, "./wheels"),
    (
        "pip",
        {"pip.conf": "[global]\ntimeout = 60\n", "pip.ini": f"[global]\nindex-url={C}\n"},
        "C",
    ),
    ("pip", {}, None),
    # uv: the default index last, whatever its place (M3).
    ("uv", {PROJECT: uv_index(C, "cgr", DEFAULT)}, "C"),
    ("uv", {PROJECT: uv_index(R, "rem") + uv_index(C, "cgr", DEFAULT)}, "R C"),
    ("uv", {PROJECT: uv_index(C, "cgr")}, "C P"),
    ("uv", {PROJECT: uv_index(C) + uv_index(P, "pypi", DEFAULT)}, "C P"),
    ("uv", {PROJECT: uv_index(P, "pypi", DEFAULT) + uv_index(C)}, "C P"),
    ("uv", {PROJECT: uv_index(C, "cgr", DEFAULT) + uv_index(P, "pypi")}, "P C"),
    ("uv", {PROJECT: uv_index(P) + uv_index(C)}, "P C P"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{C}"\nextra-index-url = ["{P}"]\n'}, "P C"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{P}"\nextra-index-url = ["{C}"]\n'}, "C P"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{C}"\n'}, "C"),
    # A second default index is none at all.
    (
        "uv",
        {PROJECT: uv_index(C, "cgr", DEFAULT) + f'[tool.uv.pip]\n[tool.uv]\nindex-url = "{P}"\n'},
        "C",
    ),
    (
        "uv",
        {PROJECT: STRATEGY.format("unsafe-best-match") + uv_index(C)},
        "C P",
    ),
    (
        "uv",
        {PROJECT: STRATEGY.format("unsafe-first-match") + uv_index(C, "c", DEFAULT) + uv_index(P)},
        "P C",
    ),
    ("uv", {PROJECT: STRATEGY.format("first-index") + uv_index(C)}, "C P"),
    *(
        (
            "uv",
            {PROJECT: STRATEGY.format(f"unsafe-{which}-match") + first + second},
            order,
        )
        for which in ("first", "best")
        for order, first, second in (("C P P", uv_index(C), uv_index(P)), ("P C P", uv_index(P), uv_index(C)))
    ),
    # uv passes over the whole table for a value that it does not take: nothing names Chainguard's index
    ("uv", {PROJECT: STRATEGY.format("newest-of-all") + uv_index(C)}, None),
    ("uv", {PROJECT: uv_index(C, "cgr", EXPLICIT)}, "P"),
    ("uv", {PROJECT: uv_index(C, "cgr", EXPLICIT) + uv_index(MANAGER, "m", DEFAULT)}, "M"),
    ("uv", {PROJECT: uv_index(OTHER, "team") + uv_index(C, "cgr", DEFAULT)}, "O C"),
    ("uv", {PROJECT: uv_index(MANAGER, "m", DEFAULT)}, "M"),
    ("uv", {PROJECT: uv_index(C, "flat", 'format = "flat"', DEFAULT)}, "flat C"),
    ("uv", {"uv.toml": uv_index(C, "cgr", DEFAULT, table="index"), PROJECT: uv_index(P)}, "C"),
    ("uv", {"uv.toml": f'no-index = true\nindex-url = "{C}"\n'}, ""),
    ("uv", {PROJECT: "[project]\nname = 'x'\n"}, None),
    # Poetry: by priority; PyPI is in while nothing is primary.
    ("poetry", {PROJECT: poetry_source("cgr", C)}, "C"),
    ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("PyPI")}, "C P"),
    ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("mirror", P)}, "C P"),
    (
        "poetry",
        {PROJECT: poetry_source("pypi", "", 'priority = "supplemental"') + poetry_source("cgr", C)},
        "C P+",
    ),
    ("poetry", {PROJECT: poetry_source("PyPI") + poetry_source("cgr", C)}, "P C"),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "supplemental"')}, "P C+"),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "explicit"')}, "P"),
    ("poetry", {PROJECT: poetry_source("cgr", C, "default = true")}, "C"),
    (
        "poetry",
        {PROJECT: poetry_source("mirror", P, "secondary = true") + poetry_source("cgr", C, DEFAULT)},
        "C P",
    ),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "PRIMARY"')}, "C"),
    ("poetry", {PROJECT: poetry_source("corp", MANAGER)}, "M"),
    ("poetry", {PROJECT: "[tool.poetry]\nname = 'x'\n"}, None),
    ("poetry", {}, None),
    # PDM: built-in PyPI in front unless a source is named pypi.
    ("pdm", {PROJECT: pdm_source("cgr", C)}, "P C"),
    ("pdm", {PROJECT: pdm_source("pypi", C)}, "C"),
    ("pdm", {PROJECT: pdm_source("cgr", C) + pdm_source("pypi", P)}, "C P"),
    ("pdm", {PROJECT: pdm_source("pypi", P) + pdm_source("cgr", C)}, "P C"),
    (
        "pdm",
        {
            PROJECT: pdm_source("cgr", C)
            + pdm_source("pypi", P)
            + "[tool.pdm.resolution]\nrespect-source-order = true\n"
        },
        "C P",
    ),
    (
        "pdm",
        {PROJECT: pdm_source("cgr", C) + "[tool.pdm.resolution]\nrespect-source-order = true\n"},
        "P C",
    ),
    (
        "pdm",
        {PROJECT: pdm_source("cgr", C), "pdm.toml": "[pypi]\nignore_stored_index = true\n"},
        "C",
    ),
    ("pdm", {"pdm.toml": f'[pypi]\nurl = "{C}"\n'}, "C"),
    ("pdm", {"pdm.toml": f'[pypi.cgr]\nurl = "{C}"\n'}, "P C"),
    ("pdm", {PROJECT: pdm_source("corp", MANAGER) + pdm_source("pypi", MANAGER)}, "M M"),
    ("pdm", {PROJECT: pdm_source("links", C, 'type = "find_links"')}, "P flat C"),
    # Pipenv: the first source alone.
    ("pipenv", {"Pipfile": pipfile_source("cgr", C)}, "C"),
    ("pipenv", {"Pipfile": pipfile_source("cgr", C) + pipfile_source("pypi", P)}, "C P"),
    ("pipenv", {"Pipfile": pipfile_source("pypi", P) + pipfile_source("cgr", C)}, "P C"),
    ("pipenv", {"Pipfile": pipfile_source("corp", MANAGER)}, "M"),
    ("pipenv", {}, None),
    # pixi: as uv.
    ("pixi", {"pixi.toml": f'[pypi-options]\nindex-url = "{C}"\n'}, "C"),
    ("pixi", {"pixi.toml": f'[pypi-options]\nextra-index-urls = ["{C}"]\n'}, "C P"),
    (
        "pixi",
        {PROJECT: f'[tool.pixi.pypi-options]\nindex-url = "{C}"\nextra-index-urls = ["{P}"]\n'},
        "P C",
    ),
    (
        "pixi",
        {
            "pixi.toml": f'[workspace.pypi-options]\nextra-index-urls = ["{C}"]\n'
            '[feature.gpu.pypi-options]\nindex-strategy = "unsafe-best-match"\n',
            PROJECT: f'[tool.pixi.pypi-options]\nindex-url = "{P}"\n',
        },
        "C P",
    ),
    ("pixi", {}, None),
]


@pytest.mark.parametrize(("installer", "files", "asked"), ROWS)
def test_indexes_in_the_tools_own_order(installer: str, files: dict[str, str], asked: str | None) -> None:
    found = arrange(installer, files)
    assert order(installer, found.indexes) == ("P" if asked is None else asked)
    assert found.named == (asked is not None)
    assert found.because.endswith(".")
    if asked is None:
        assert "names an index" in found.because
    elif asked:
        assert any(path in found.because for path in files) or found.because.endswith("built-in PyPI.")


APART = [
    ("", "uv-chainguard-only"),
    (STRATEGY.format("unsafe-first-match"), "uv-chainguard-only-unsafe-first-match"),
    (STRATEGY.format("unsafe-best-match"), "uv-chainguard-only-unsafe-best-match"),
]
"""uv with both of Chainguard's indexes and no other."""


def presets(installer: str, files: dict[str, str]) -> set[str]:
    """Return the names of the client layouts that a configuration amounts to."""
    found = read(installer, files)
    arranged = configuration.arrange(found, WITH_REMEDIATED).indexes
    return {
        name
        for name, layout in LAYOUTS.items()
        if layout.client
        if any(
            _once(order(installer, arranged)) == order(installer, layout.arrange(addresses))
            for addresses in (ADDRESSES, WITH_REMEDIATED)
        )
        if (found.strategy or "first-index") == layout.uv_strategy
        if found.respect_source_order == layout.respect_source_order
    }


def _once(shown: str) -> str:
    return " ".join(dict.fromkeys(shown.split()))


def test_every_client_layout_is_what_some_configuration_amounts_to() -> None:
    apart = [
        ("uv", {PROJECT: strategy + uv_index(R, "rem") + uv_index(C, "cgr", DEFAULT)})
        for strategy, _ in APART
    ]
    rows = [(installer, files) for installer, files, _ in ROWS]
    reached = {name for row in (*rows, *apart) for name in presets(*row)}
    assert {name for name, layout in LAYOUTS.items() if layout.client} == reached


def line(role: str, url: str, number: int = 1, name: str | None = None) -> LockIndex:
    return LockIndex(url=url, role=role, line=number, name=name)


@pytest.mark.parametrize(("strategy", "layout"), APART)
def test_uv_tells_chainguards_two_indexes_apart(strategy: str, layout: str) -> None:
    files = {PROJECT: strategy + uv_index(R, "rem") + uv_index(C, "cgr", DEFAULT)}
    assert layout in presets("uv", files)
    found = configuration.arrange(read("uv", files), WITH_REMEDIATED)
    assert [each.parts for each in found.indexes] == [
        (WITH_REMEDIATED.remediated,),
        (WITH_REMEDIATED.chainguard,),
    ]


@pytest.mark.parametrize(
    ("installer", "lines", "files", "asked"),
    [
        ("pip", [("index-url", C)], {}, "C"),
        ("pip", [("index-url", C), ("extra-index-url", P)], {}, "C P"),
        ("pip", [("extra-index-url", C)], {}, "P C"),
        ("pip", [("index-url", P)], {}, "P"),
        # An index-url line replaces all that was known, the configuration's extra indexes too.
        ("pip", [("index-url", P)], {"pip.conf": f"[global]\nextra-index-url = {C}\n"}, "P"),
        ("pip", [("extra-index-url", P)], {"pip.conf": f"[global]\nindex-url = {C}\n"}, "C P"),
        ("pip", [("find-links", C)], {}, "P flat C"),
        ("pip", [("index-url", MANAGER)], {}, "M"),
        ("pip", [("index-url", MANAGER), ("extra-index-url", P)], {}, "M P"),
        ("pipenv", [("source", C), ("source", P)], {"Pipfile": pipfile_source("pypi", P)}, "C P"),
        ("pipenv", [("source", P)], {"Pipfile": pipfile_source("cgr", C)}, "P"),
    ],
)
def test_indexes_that_the_lock_names(
    installer: str, lines: list[tuple[str, str]], files: dict[str, str], asked: str
) -> None:
    lockfile = lock(installer, indexes=[line(*each) for each in lines])
    assert order(installer, arrange(installer, files, lockfile).indexes) == asked


def test_uv_reads_index_lines_of_requirements_after_its_own_options() -> None:
    lockfile = lock("pip", indexes=[line("index-url", C), line("extra-index-url", P)])
    assert order("uv", arrange("uv", {}, lockfile).indexes) == "P C"
    own = {"uv.toml": f'[pip]\nindex-url = "{P}"\nextra-index-url = ["{C}"]\n'}
    assert _once(order("uv", arrange("uv", own, lockfile).indexes)) == "C P"


def test_the_pip_table_of_uv_counts_for_requirements_only() -> None:
    files = {PROJECT: f'[tool.uv]\nindex-url = "{P}"\n[tool.uv.pip]\nindex-url = "{C}"\n'}
    assert order("uv", arrange("uv", files, lock("pip")).indexes) == "C"
    assert order("uv", arrange("uv", files).indexes) == "P"


def test_an_unknown_installer_is_read_as_pip() -> None:
    assert not arrange("uv", {}, lock("pip")).named
    found = configuration.read(
        lock("pip"), {"pip.conf": f"[global]\nindex-url={C}\n"}.get, installer="conda-lock"
    )
    assert order("pip", configuration.arrange(found, ADDRESSES).indexes) == "C"


def test_because_names_file_line_and_key_of_each() -> None:
    text = (
        "[project]\nname = 'x'\n"
        + uv_index(C, "cgr", DEFAULT)
        + uv_index(P, "pypi")
        + uv_index(OTHER, "team")
    )
    because = arrange("uv", {PROJECT: text}).because
    assert because == (
        "uv asks, in this order: pypi (pyproject.toml:9, [[tool.uv.index]]), "
        "team (pyproject.toml:12, [[tool.uv.index]]), cgr (pyproject.toml:5, [[tool.uv.index]])."
    )


def test_because_names_what_the_tool_asks_by_itself() -> None:
    assert arrange("uv", {PROJECT: uv_index(C, "cgr")}).because == (
        "uv asks, in this order: cgr (pyproject.toml:3, [[tool.uv.index]]), uv's built-in PyPI."
    )
    assert arrange("uv", {"uv.toml": f'no-index = true\nindex-url = "{C}"\n'}).because == (
        "uv is configured to ask no index."
    )
    assert arrange("uv", {PROJECT: "[project]\n"}).because == "Nothing in the repository names an index."


def test_pdm_patterns_hold_for_their_packages_alone() -> None:
    text = (
        pdm_source("pypi", P, 'exclude_packages = ["requests"]')
        + pdm_source("cgr", C, 'include_packages = ["NumPy", "torch-*"]', 'exclude_packages = ["left"]')
        + pdm_source("mirror", P, 'include_packages = ["boto3"]')
        + pdm_source("corp", OTHER, 'include_packages = ["acme_*"]', 'exclude_packages = ["whatever"]')
    )
    found = arrange("pdm", {PROJECT: text})
    assert {pattern: order("pdm", indexes) for pattern, indexes in found.overrides.items()} == {
        "numpy": "C",
        "torch-*": "C",
        "requests": "C P O",
        "left": "P P O",
        "boto3": "P",
        "acme-*": "O",
        "whatever": "P C P",
    }
    assert [*found.overrides][-2:] == ["torch-*", "acme-*"]  # names come before patterns
    assert order("pdm", found.indexes) == "P C P O"


def test_pdm_asks_what_its_patterns_leave() -> None:
    """PDM's `filtered_sources`; first seen in random cases (`tests/prediction/differential`)."""
    both = pdm_source("pypi", C, 'exclude_packages = ["six"]')
    assert order("pdm", arrange("pdm", {PROJECT: both}).overrides["six"]) == ""  # nothing is left to ask
    text = (
        pdm_source("pypi", R, 'exclude_packages = ["six"]') + pdm_source("cgr", C) + pdm_source("public", P)
    )
    assert order("pdm", arrange("pdm", {PROJECT: text}).overrides["six"]) == "C P"


def test_a_name_that_only_the_own_manager_includes_goes_to_it_alone() -> None:
    text = pdm_source("pypi", MANAGER, 'include_packages = ["six"]')
    own = Index(f"{MANAGER}/", Owner.OWN)
    found = configuration.arrange(read("pdm", {PROJECT: text}), replace(ADDRESSES, resolver=own))
    assert [each.parts for each in found.overrides["six"]] == [(own,)]
    unnamed = configuration.arrange(read("pdm", {PROJECT: text}), ADDRESSES)
    assert [each.parts for each in unnamed.overrides["six"]] == [(Index(f"{MANAGER}/", Owner.NOBODY),)]


def test_addresses_of_the_settings_decide_whose_an_index_is() -> None:
    url = "https://nexus.index.example/repository/chainguard/simple/"
    found = read("uv", {PROJECT: uv_index(url.rstrip("/"), "n", DEFAULT)})

    def index(**more: Index | tuple[str, ...]) -> Index:
        (asked,) = configuration.arrange(found, replace(ADDRESSES, **more)).indexes
        return asked.parts[0]

    assert index() == Index(url, Owner.NOBODY)
    chainguard = Index(url, Owner.CHAINGUARD, Edition.MAIN)
    assert index(chainguard=chainguard) == chainguard
    assert (
        index(resolver=Index(url, Owner.OWN)) == index(own=("nexus.index.example",)) == Index(url, Owner.OWN)
    )
    assert index(own=("nexus.index.example/repository/chainguard",)) == Index(url, Owner.OWN)
    assert index(own=("nexus.index.example/repository/other",)) == Index(url, Owner.NOBODY)


@pytest.mark.parametrize(
    ("tail", "edition"),
    [
        ("python/simple", Edition.MAIN),
        ("python-remediated/simple", Edition.REMEDIATED),
        ("cu128/simple/", Edition.CUDA),
    ],
)
def test_each_of_chainguards_indexes_is_one_of_its_own(tail: str, edition: Edition) -> None:
    url = f"https://libraries.cgr.dev/{tail}"
    (asked,) = arrange("uv", {PROJECT: uv_index(url, "x", DEFAULT)}).indexes
    assert asked.parts == (Index(f"{url.rstrip('/')}/", Owner.CHAINGUARD, edition),)


@pytest.mark.parametrize("tail", ["acme/simple/", "python/extra/simple/", "cu999/simple/"])
def test_another_folder_of_chainguards_host_is_nobodys(tail: str) -> None:
    url = f"https://libraries.cgr.dev/{tail}"
    (asked,) = arrange("uv", {PROJECT: uv_index(url, "x", DEFAULT)}).indexes
    assert asked.parts == (Index(url, Owner.NOBODY),)


@pytest.mark.parametrize(
    ("installer", "files", "asked"),
    [
        ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {OTHER}\n"}, True),
        ("pip", {"pip.conf": f"[global]\nextra-index-url = {OTHER}\n"}, True),
        ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"}, False),
        ("uv", {PROJECT: uv_index(OTHER, "own") + uv_index(C, "cgr", DEFAULT)}, True),
        ("uv", {PROJECT: uv_index(OTHER, "own", EXPLICIT) + uv_index(C, "cgr", DEFAULT)}, False),
        ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("own", OTHER)}, True),
    ],
)
def test_an_index_that_nobody_named_is_the_organisations_where_the_settings_say_so(
    installer: str, files: dict[str, str], *, asked: bool
) -> None:
    found = read(installer, files)
    own = replace(ADDRESSES, own=("private.index.example",))
    for addresses, owner in ((ADDRESSES, Owner.NOBODY), (own, Owner.OWN)):
        indexes = configuration.arrange(found, addresses).indexes
        assert (Index(f"{OTHER}/", owner) in {index for each in indexes for index in each.sources}) is asked
