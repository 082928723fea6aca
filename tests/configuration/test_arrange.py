"""Which layout a configuration amounts to: a row for each shape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fallback_review import configuration
from fallback_review.model import LockIndex
from fallback_review.prediction import LAYOUTS
from tests.configuration.cases import (
    MANAGER,
    OTHER,
    SITUATION,
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

PROJECT = "pyproject.toml"
DEFAULT = "default = true"
EXPLICIT = "explicit = true"
STRATEGY = '[tool.uv]\nindex-strategy = "{}"\n'

ROWS = [
    # pip: every index in one pool, the default one listed first (M3).
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\n"}, "chainguard-only"),
    ("pip", {"pip.ini": f"[install]\nindex-url = {C}\n"}, "chainguard-only"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"}, "extra-index"),
    (
        "pip",
        {"pip.conf": f"[global]\nindex_url={P}\nextra_index_url =\n  {OTHER}\n  {C}\n"},
        "extra-index-pypi-first",
    ),
    ("pip", {"pip.conf": f"[global]\nextra-index-url = {C}\n"}, "extra-index-pypi-first"),
    ("pip", {"pip.conf": f"[global]\nindex-url = {MANAGER}\n"}, None),
    ("pip", {"pip.conf": f"[global]\nindex-url = {P}\n"}, None),
    ("pip", {"pip.conf": f"[global]\nindex-url = {C}\n[install]\nindex-url = {MANAGER}\n"}, None),
    ("pip", {"pip.conf": f"[global]\nno-index = true\nindex-url = {C}\nfind-links = ./wheels\n"}, None),
    (
        "pip",
        {"pip.conf": "[global]\ntimeout = 60\n", "pip.ini": f"[global]\nindex-url={C}\n"},
        "chainguard-only",
    ),
    ("pip", {}, None),
    # uv: the default index last, whatever its place (M3).
    ("uv", {PROJECT: uv_index(C, "cgr", DEFAULT)}, "chainguard-only"),
    ("uv", {PROJECT: uv_index(R, "rem") + uv_index(C, "cgr", DEFAULT)}, "chainguard-only"),
    ("uv", {PROJECT: uv_index(C, "cgr")}, "uv-chainguard-first"),
    ("uv", {PROJECT: uv_index(C) + uv_index(P, "pypi", DEFAULT)}, "uv-chainguard-first"),
    ("uv", {PROJECT: uv_index(P, "pypi", DEFAULT) + uv_index(C)}, "uv-chainguard-first"),
    ("uv", {PROJECT: uv_index(C, "cgr", DEFAULT) + uv_index(P, "pypi")}, "uv-pypi-first"),
    ("uv", {PROJECT: uv_index(P) + uv_index(C)}, "uv-pypi-first"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{C}"\nextra-index-url = ["{P}"]\n'}, "uv-pypi-first"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{P}"\nextra-index-url = ["{C}"]\n'}, "uv-chainguard-first"),
    ("uv", {PROJECT: f'[tool.uv]\nindex-url = "{C}"\n'}, "chainguard-only"),
    # A second default index is none at all.
    (
        "uv",
        {PROJECT: uv_index(C, "cgr", DEFAULT) + f'[tool.uv.pip]\n[tool.uv]\nindex-url = "{P}"\n'},
        "chainguard-only",
    ),
    (
        "uv",
        {PROJECT: STRATEGY.format("unsafe-best-match") + uv_index(C)},
        "uv-chainguard-first-unsafe-best-match",
    ),
    (
        "uv",
        {PROJECT: STRATEGY.format("unsafe-first-match") + uv_index(C, "c", DEFAULT) + uv_index(P)},
        "uv-pypi-first-unsafe-first-match",
    ),
    ("uv", {PROJECT: STRATEGY.format("first-index") + uv_index(C)}, "uv-chainguard-first"),
    *(
        (
            "uv",
            {PROJECT: STRATEGY.format(f"unsafe-{which}-match") + first + second},
            f"uv-{order}-unsafe-{which}-match",
        )
        for which in ("first", "best")
        for order, first, second in (
            ("chainguard-first", uv_index(C), uv_index(P)),
            ("pypi-first", uv_index(P), uv_index(C)),
        )
    ),
    # uv passes over the whole table for a value that it does not take: nothing names Chainguard's index
    ("uv", {PROJECT: STRATEGY.format("newest-of-all") + uv_index(C)}, None),
    ("uv", {PROJECT: uv_index(C, "cgr", EXPLICIT)}, "explicit"),
    ("uv", {PROJECT: uv_index(C, "cgr", EXPLICIT) + uv_index(MANAGER, "m", DEFAULT)}, None),
    ("uv", {PROJECT: uv_index(OTHER, "team") + uv_index(C, "cgr", DEFAULT)}, "chainguard-only"),
    ("uv", {PROJECT: uv_index(MANAGER, "m", DEFAULT)}, None),
    ("uv", {PROJECT: uv_index(C, "flat", 'format = "flat"', DEFAULT)}, None),
    ("uv", {"uv.toml": uv_index(C, "cgr", DEFAULT, table="index"), PROJECT: uv_index(P)}, "chainguard-only"),
    ("uv", {"uv.toml": f'no-index = true\nindex-url = "{C}"\n'}, None),
    ("uv", {PROJECT: "[project]\nname = 'x'\n"}, None),
    # Poetry: by priority; PyPI is in while nothing is primary.
    ("poetry", {PROJECT: poetry_source("cgr", C)}, "chainguard-only"),
    ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("PyPI")}, "poetry-primary"),
    ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("mirror", P)}, "poetry-primary"),
    (
        "poetry",
        {PROJECT: poetry_source("pypi", "", 'priority = "supplemental"') + poetry_source("cgr", C)},
        "poetry-supplemental",
    ),
    ("poetry", {PROJECT: poetry_source("PyPI") + poetry_source("cgr", C)}, "poetry-primary-pypi-first"),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "supplemental"')}, "poetry-explicit"),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "explicit"')}, "poetry-explicit"),
    ("poetry", {PROJECT: poetry_source("cgr", C, "default = true")}, "chainguard-only"),
    (
        "poetry",
        {PROJECT: poetry_source("mirror", P, "secondary = true") + poetry_source("cgr", C, DEFAULT)},
        "poetry-supplemental",
    ),
    ("poetry", {PROJECT: poetry_source("cgr", C, 'priority = "PRIMARY"')}, "chainguard-only"),
    ("poetry", {PROJECT: poetry_source("corp", MANAGER)}, None),
    ("poetry", {PROJECT: "[tool.poetry]\nname = 'x'\n"}, None),
    ("poetry", {}, None),
    # PDM: built-in PyPI in front unless a source is named pypi.
    ("pdm", {PROJECT: pdm_source("cgr", C)}, "pdm-builtin-pypi"),
    ("pdm", {PROJECT: pdm_source("pypi", C)}, "chainguard-only"),
    ("pdm", {PROJECT: pdm_source("cgr", C) + pdm_source("pypi", P)}, "pdm"),
    ("pdm", {PROJECT: pdm_source("pypi", P) + pdm_source("cgr", C)}, "pdm-builtin-pypi"),
    (
        "pdm",
        {
            PROJECT: pdm_source("cgr", C)
            + pdm_source("pypi", P)
            + "[tool.pdm.resolution]\nrespect-source-order = true\n"
        },
        "pdm-respect-source-order",
    ),
    (
        "pdm",
        {PROJECT: pdm_source("cgr", C) + "[tool.pdm.resolution]\nrespect-source-order = true\n"},
        "pdm-builtin-pypi-respect-source-order",
    ),
    (
        "pdm",
        {PROJECT: pdm_source("cgr", C), "pdm.toml": "[pypi]\nignore_stored_index = true\n"},
        "chainguard-only",
    ),
    ("pdm", {"pdm.toml": f'[pypi]\nurl = "{C}"\n'}, "chainguard-only"),
    ("pdm", {"pdm.toml": f'[pypi.cgr]\nurl = "{C}"\n'}, "pdm-builtin-pypi"),
    ("pdm", {PROJECT: pdm_source("corp", MANAGER) + pdm_source("pypi", MANAGER)}, None),
    ("pdm", {PROJECT: pdm_source("links", C, 'type = "find_links"')}, None),
    # Pipenv: the first source alone.
    ("pipenv", {"Pipfile": pipfile_source("cgr", C)}, "chainguard-only"),
    ("pipenv", {"Pipfile": pipfile_source("cgr", C) + pipfile_source("pypi", P)}, "pipenv"),
    ("pipenv", {"Pipfile": pipfile_source("pypi", P) + pipfile_source("cgr", C)}, "explicit"),
    ("pipenv", {"Pipfile": pipfile_source("corp", MANAGER)}, None),
    ("pipenv", {}, None),
    # pixi: as uv.
    ("pixi", {"pixi.toml": f'[pypi-options]\nindex-url = "{C}"\n'}, "chainguard-only"),
    ("pixi", {"pixi.toml": f'[pypi-options]\nextra-index-urls = ["{C}"]\n'}, "uv-chainguard-first"),
    (
        "pixi",
        {PROJECT: f'[tool.pixi.pypi-options]\nindex-url = "{C}"\nextra-index-urls = ["{P}"]\n'},
        "uv-pypi-first",
    ),
    (
        "pixi",
        {
            "pixi.toml": f'[workspace.pypi-options]\nextra-index-urls = ["{C}"]\n'
            '[feature.gpu.pypi-options]\nindex-strategy = "unsafe-best-match"\n',
            PROJECT: f'[tool.pixi.pypi-options]\nindex-url = "{P}"\n',
        },
        "uv-chainguard-first-unsafe-best-match",
    ),
    ("pixi", {}, None),
]


@pytest.mark.parametrize(("installer", "files", "layout"), ROWS)
def test_layout(installer: str, files: dict[str, str], layout: str | None) -> None:
    found = arrange(installer, files)
    assert found.layout == layout, found.because
    assert found.because.endswith(".")
    assert (
        "settings decide" in found.because if layout is None else any(path in found.because for path in files)
    )


APART = [
    ("", "uv-chainguard-only"),
    (STRATEGY.format("unsafe-first-match"), "uv-chainguard-only-unsafe-first-match"),
    (STRATEGY.format("unsafe-best-match"), "uv-chainguard-only-unsafe-best-match"),
]
"""uv with both of Chainguard's indexes and no other."""


def test_every_layout_is_registered_and_every_client_layout_is_reached() -> None:
    reached = {layout for *_, layout in (*ROWS, *APART) if layout}
    assert reached <= LAYOUTS.keys()
    assert {name for name, layout in LAYOUTS.items() if layout.client} <= reached


def line(role: str, url: str, number: int = 1, name: str | None = None) -> LockIndex:
    return LockIndex(url=url, role=role, line=number, name=name)


@pytest.mark.parametrize(("strategy", "layout"), APART)
def test_uv_tells_chainguards_two_indexes_apart(strategy: str, layout: str) -> None:
    found = read("uv", {PROJECT: strategy + uv_index(R, "rem") + uv_index(C, "cgr", DEFAULT)})
    where = replace(SITUATION, remediated_url=R)
    assert configuration.arrange(found, where).layout == layout


@pytest.mark.parametrize(
    ("installer", "lines", "files", "layout"),
    [
        ("pip", [("index-url", C)], {}, "chainguard-only"),
        ("pip", [("index-url", C), ("extra-index-url", P)], {}, "extra-index"),
        ("pip", [("extra-index-url", C)], {}, "extra-index-pypi-first"),
        ("pip", [("index-url", P)], {}, "explicit"),
        # An index-url line replaces all that was known, the configuration's extra indexes too.
        ("pip", [("index-url", P)], {"pip.conf": f"[global]\nextra-index-url = {C}\n"}, "explicit"),
        ("pip", [("extra-index-url", P)], {"pip.conf": f"[global]\nindex-url = {C}\n"}, "extra-index"),
        ("pip", [("find-links", C)], {}, None),
        ("pip", [("index-url", MANAGER)], {}, None),
        ("pip", [("index-url", MANAGER), ("extra-index-url", P)], {}, None),
        ("pipenv", [("source", C), ("source", P)], {"Pipfile": pipfile_source("pypi", P)}, "pipenv"),
        ("pipenv", [("source", P)], {"Pipfile": pipfile_source("cgr", C)}, "explicit"),
    ],
)
def test_indexes_that_the_lock_names(
    installer: str, lines: list[tuple[str, str]], files: dict[str, str], layout: str | None
) -> None:
    lockfile = lock(installer, indexes=[line(*each) for each in lines])
    assert arrange(installer, files, lockfile).layout == layout


def test_uv_reads_index_lines_of_requirements_after_its_own_options() -> None:
    lockfile = lock("pip", indexes=[line("index-url", C), line("extra-index-url", P)])
    assert arrange("uv", {}, lockfile).layout == "uv-pypi-first"
    own = {"uv.toml": f'[pip]\nindex-url = "{P}"\nextra-index-url = ["{C}"]\n'}
    assert arrange("uv", own, lockfile).layout == "uv-chainguard-first"


def test_the_pip_table_of_uv_counts_for_requirements_only() -> None:
    files = {PROJECT: f'[tool.uv]\nindex-url = "{P}"\n[tool.uv.pip]\nindex-url = "{C}"\n'}
    assert arrange("uv", files, lock("pip")).layout == "chainguard-only"
    assert arrange("uv", files).layout is None


def test_an_unknown_installer_is_read_as_pip() -> None:
    assert arrange("uv", {}, lock("pip")).layout is None
    found = configuration.read(
        lock("pip"), {"pip.conf": f"[global]\nindex-url={C}\n"}.get, installer="conda-lock"
    )
    assert configuration.arrange(found, SITUATION).layout == "chainguard-only"


def test_because_names_file_line_and_key_of_both() -> None:
    text = (
        "[project]\nname = 'x'\n"
        + uv_index(C, "cgr", DEFAULT)
        + uv_index(P, "pypi")
        + uv_index(OTHER, "team")
    )
    because = arrange("uv", {PROJECT: text}).because
    assert "pyproject.toml:5, [[tool.uv.index]]" in because
    assert "pyproject.toml:9, [[tool.uv.index]]" in because
    assert because.endswith("Left out of account: team.")


def test_pip_says_that_there_is_no_priority() -> None:
    because = arrange("pip", {"pip.conf": f"[global]\nindex-url={C}\nextra-index-url={P}\n"}).because
    assert "pip gives neither the priority" in because


def test_pdm_patterns_hold_for_their_packages_alone() -> None:
    text = (
        pdm_source("pypi", P, 'exclude_packages = ["requests"]')
        + pdm_source("cgr", C, 'include_packages = ["NumPy", "torch-*"]', 'exclude_packages = ["left"]')
        + pdm_source("mirror", P, 'include_packages = ["boto3"]')
        + pdm_source("corp", OTHER, 'include_packages = ["acme_*"]', 'exclude_packages = ["whatever"]')
    )
    found = arrange("pdm", {PROJECT: text})
    assert {
        name: found.layout_for(name) for name in ("numpy", "torch-vision", "requests", "left", "boto3", "six")
    } == {
        "numpy": "chainguard-only",
        "torch-vision": "chainguard-only",
        "requests": "pdm",
        "left": "explicit",
        "boto3": "explicit",
        "six": "pdm-builtin-pypi",
    }
    assert found.private == ("acme-*",)


def test_pdm_asks_what_its_patterns_leave() -> None:
    """PDM's `filtered_sources`; first seen in random cases (`tests/prediction/differential`)."""
    both = pdm_source("pypi", C, 'exclude_packages = ["six"]')
    assert arrange("pdm", {PROJECT: both}).layout_for("six") == "chainguard-only"  # nothing is left to ask
    text = (
        pdm_source("pypi", R, 'exclude_packages = ["six"]') + pdm_source("cgr", C) + pdm_source("public", P)
    )
    assert arrange("pdm", {PROJECT: text}).layout_for("six") == "pdm"


def test_a_name_that_only_the_own_manager_includes_is_not_private() -> None:
    text = pdm_source("pypi", MANAGER, 'include_packages = ["six"]')
    where = replace(SITUATION, resolver_url=f"{MANAGER}/")
    assert configuration.arrange(read("pdm", {PROJECT: text}), where).private == ()
    assert configuration.arrange(read("pdm", {PROJECT: text}), SITUATION).private == ("six",)


def test_addresses_of_the_settings_decide_whose_an_index_is() -> None:
    files = {PROJECT: uv_index("https://nexus.index.example/repository/chainguard/simple", "n", DEFAULT)}
    found = read("uv", files)
    assert configuration.arrange(found, SITUATION).layout is None
    own = replace(SITUATION, chainguard_url="https://nexus.index.example/repository/chainguard/simple/")
    assert configuration.arrange(found, own).layout == "chainguard-only"
    resolver = replace(SITUATION, resolver_url="https://nexus.index.example/repository/chainguard/simple/")
    assert configuration.arrange(found, resolver).layout is None


@pytest.mark.parametrize("tail", ["cu128/simple/", "python-remediated/simple", "python/simple"])
def test_all_of_chainguards_indexes_are_known(tail: str) -> None:
    assert arrange("uv", {PROJECT: uv_index(f"https://libraries.cgr.dev/{tail}", "x", DEFAULT)}).layout == (
        "chainguard-only"
    )


@pytest.mark.parametrize(
    ("installer", "files", "expected"),
    [
        ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {OTHER}\n"}, (OTHER,)),
        ("pip", {"pip.conf": f"[global]\nextra-index-url = {OTHER}\n"}, (OTHER,)),
        ("pip", {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"}, ()),
        # The manager alone is what the layout describes.
        ("pip", {"pip.conf": f"[global]\nindex-url = {MANAGER}\n"}, ()),
        ("uv", {PROJECT: uv_index(OTHER, "own") + uv_index(C, "cgr", DEFAULT)}, (OTHER,)),
        ("uv", {PROJECT: uv_index(OTHER, "own", EXPLICIT) + uv_index(C, "cgr", DEFAULT)}, ()),
        ("poetry", {PROJECT: poetry_source("cgr", C) + poetry_source("own", OTHER)}, ()),
    ],
)
def test_the_indexes_that_an_installer_asks_and_nobody_here(
    installer: str, files: dict[str, str], expected: tuple[str, ...]
) -> None:
    found = read(installer, files)
    assert configuration.unasked(found, SITUATION) == expected
    own = replace(SITUATION, own_hosts=frozenset({"private.index.example"}))
    assert configuration.unasked(found, own) == expected
