"""What is said about a configuration that leaks, and that nothing is said about one that does not."""

from __future__ import annotations

import pytest

from fallback_review import configuration
from fallback_review.model import LockedPackage, LockIndex
from tests.configuration.cases import (
    ADDRESSES,
    MANAGER,
    C,
    P,
    findings,
    lock,
    package,
    pdm_source,
    pipfile_source,
    poetry_source,
    read,
    uv_index,
)

PROJECT = "pyproject.toml"
DEFAULT = "default = true"
EXPLICIT = "explicit = true"


@pytest.mark.parametrize(
    ("installer", "files", "line", "words"),
    [
        # PyPI left as the implicit default.
        ("uv", {PROJECT: "# C\n" + uv_index(C, "cgr")}, 4, ("implicit default", "Set `default = true`")),
        (
            "uv",
            {"uv.toml": f'extra-index-url = ["{C}"]\n'},
            1,
            ("implicit default", "Make it the `index-url`"),
        ),
        (
            "pixi",
            {"pixi.toml": f'[pypi-options]\nextra-index-urls = [\n  "{C}",\n]\n'},
            3,
            ("implicit default", "pypi-options.index-url"),
        ),
        ("pdm", {PROJECT: pdm_source("cgr", C)}, 3, ("built-in PyPI", "`pypi`")),
        (
            "poetry",
            {PROJECT: poetry_source("cgr", C, 'priority = "supplemental"')},
            3,
            ("PyPI stays the primary source", 'priority = "primary"'),
        ),
        # PyPI asked first although Chainguard's index looks like the first.
        (
            "uv",
            {PROJECT: uv_index(C, "cgr", DEFAULT) + uv_index(P, "pypi")},
            3,
            ("default index is asked last", "pypi (pyproject.toml:7, [[tool.uv.index]])"),
        ),
        (
            "uv",
            {PROJECT: f'[tool.uv]\nindex-url = "{C}"\nextra-index-url = ["{P}"]\n'},
            2,
            ("default index is asked last", "tool.uv.extra-index-url"),
        ),
        (
            "uv",
            {PROJECT: uv_index(P, "pypi") + uv_index(C, "cgr")},
            6,
            ("PyPI is listed, and asked, before",),
        ),
        (
            "poetry",
            {PROJECT: poetry_source("PyPI") + poetry_source("cgr", C)},
            5,
            ("PyPI (pyproject.toml:2, [[tool.poetry.source]]) comes before",),
        ),
        (
            "pdm",
            {PROJECT: pdm_source("pypi", P) + pdm_source("cgr", C)},
            6,
            ("is listed before Chainguard's",),
        ),
        ("pipenv", {"Pipfile": pipfile_source("p", P) + pipfile_source("c", C)}, 7, ("first source only",)),
        # pip has no priority.
        (
            "pip",
            {"pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"},
            2,
            ("no index priority", "same name it takes PyPI's", "take PyPI's index out"),
        ),
        (
            "pip",
            {"pip.conf": f"[global]\nextra-index-url =\n    {C}\n"},
            3,
            ("no index priority", "the only `index-url`"),
        ),
    ],
)
def test_one_finding_with_line_and_remedy(
    installer: str, files: dict[str, str], line: int, words: tuple[str, ...]
) -> None:
    (found,) = findings(installer, files)
    assert (found.path, found.line) == (next(iter(files)), line)
    for word in words:
        assert word in found.text
    assert found.text.endswith(".")


def test_an_index_that_uv_passes_over_for_a_uv_toml_is_said() -> None:
    (found,) = findings("uv", {"uv.toml": "no-cache = true\n", PROJECT: uv_index(C, "cgr", DEFAULT)})
    assert (found.path, found.line) == (PROJECT, 1)
    assert "uv ignores index in [tool.uv], because it reads uv.toml instead" in found.text


def test_pip_with_chainguard_behind_pypi_says_nothing_of_names() -> None:
    (found,) = findings("pip", {"pip.conf": f"[global]\nindex-url = {P}\nextra-index-url = {C}\n"})
    assert "same name" not in found.text


@pytest.mark.parametrize(
    ("installer", "files"),
    [
        ("pip", {"pip.conf": f"[global]\nindex-url = {C}\n"}),
        ("pip", {"pip.conf": f"[global]\nindex-url = {MANAGER}\nextra-index-url = {P}\n"}),
        ("uv", {PROJECT: uv_index(C, "cgr", DEFAULT)}),
        ("uv", {PROJECT: uv_index(C, "cgr") + uv_index(P, "pypi", DEFAULT)}),
        ("poetry", {PROJECT: poetry_source("cgr", C)}),
        (
            "poetry",
            {PROJECT: poetry_source("cgr", C) + poetry_source("PyPI", "", 'priority = "supplemental"')},
        ),
        ("pdm", {PROJECT: pdm_source("pypi", C)}),
        ("pdm", {PROJECT: pdm_source("cgr", C) + pdm_source("pypi", P)}),
        ("pipenv", {"Pipfile": pipfile_source("c", C) + pipfile_source("p", P)}),
        ("pixi", {"pixi.toml": f'[pypi-options]\nindex-url = "{C}"\n'}),
        ("uv", {}),
        ("poetry", {}),
    ],
)
def test_nothing_to_say(installer: str, files: dict[str, str]) -> None:
    assert findings(installer, files) == ()


@pytest.mark.parametrize(
    ("installer", "files"),
    [
        (
            "uv",
            {
                PROJECT: uv_index(C, "cgr", EXPLICIT)
                + '[tool.uv.sources]\nTorch = { index = "cgr" }\n'
                + "numpy = [{ path = 'x' }, { index = 'cgr', marker = \"os_name == 'posix'\" }]\nsix = { git = 'x' }\n"
            },
        ),
        (
            "poetry",
            {
                PROJECT: poetry_source("cgr", C, 'priority = "explicit"')
                + '[tool.poetry.dependencies]\ntorch = {version = "1", source = "cgr"}\nsix = "1"\n'
                + '[tool.poetry.group.dev.dependencies]\nnumpy = [{version = "1", source = "cgr"}]\n'
            },
        ),
    ],
)
def test_explicit_and_hardly_used(installer: str, files: dict[str, str]) -> None:
    few = lock(installer, packages=[package(name) for name in ("torch", "numpy", "six", "a", "b")])
    (found,) = findings(installer, files, few)
    assert "2 of the 5 packages seen here name it" in found.text
    assert (found.path, found.line) == (PROJECT, 3)
    most = lock(installer, packages=[package(name) for name in ("torch", "numpy", "six")])
    assert findings(installer, files, most) == ()


def test_explicit_without_packages_is_still_said() -> None:
    (found,) = findings("uv", {PROJECT: uv_index(C, "cgr", EXPLICIT)})
    assert "few packages name it" in found.text


@pytest.mark.parametrize(
    ("installer", "name", "text", "line"),
    [
        (
            "pip",
            "pip.conf",
            "[global]\nindex-url = https://user:s3cret@libraries.cgr.dev/python/simple/\n",
            2,
        ),
        (
            "pip",
            "pip.conf",
            f"[global]\nindex-url = {C}\n# was https://user:s3cret@index.example/simple\n",
            3,
        ),
        ("uv", PROJECT, uv_index("https://s3cret@libraries.cgr.dev/python/simple/", "c", DEFAULT), 3),
        ("uv", PROJECT, uv_index(f"{C}?token=s3cret", "c", DEFAULT), 3),
        ("poetry", PROJECT, poetry_source("c", "https://u:s3cret@libraries.cgr.dev/python/simple/"), 3),
        ("pdm", PROJECT, pdm_source("pypi", "https://u:s3cret@libraries.cgr.dev/python/simple/"), 3),
        ("pipenv", "Pipfile", pipfile_source("c", "https://u:s3cret@libraries.cgr.dev/python/simple/"), 3),
        (
            "pixi",
            "pixi.toml",
            '[pypi-options]\nindex-url = "https://u:s3cret@libraries.cgr.dev/python/simple/"',
            2,
        ),
    ],
)
def test_credentials_are_reported_and_never_repeated(installer: str, name: str, text: str, line: int) -> None:
    found = read(installer, {name: text})
    (notice,) = configuration.findings(found, lock(installer), ADDRESSES)
    assert (notice.path, notice.line) == (name, line)
    assert "holds credentials" in notice.text
    assert "s3cret" not in repr(found) + repr(notice) + repr(configuration.arrange(found, ADDRESSES))


def test_placeholders_are_no_credentials() -> None:
    text = pdm_source("pypi", "https://${USER}:${TOKEN}@libraries.cgr.dev/python/simple/")
    found = read("pdm", {PROJECT: text})
    assert configuration.findings(found, lock("pdm"), ADDRESSES) == ()
    assert found.indexes[0].url == C


def test_credentials_in_the_lock_and_at_most_ten_lines_a_file() -> None:
    lines = "".join(f"# https://u:p{n}@index.example/\n" for n in range(30))
    named = LockIndex(url=C, role="index-url", line=1, has_credentials=True)
    found = findings("pip", {"pip.conf": lines}, lock("pip", indexes=[named]))
    assert [(each.path, each.line) for each in found] == [
        *(("pip.conf", n) for n in range(1, 11)),
        ("requirements.txt", 1),
    ]


def test_a_lock_that_was_not_moved() -> None:
    files = {PROJECT: uv_index(C, "cgr", DEFAULT)}
    stayed = lock("uv", packages=[package("six", P, 4), package("attrs", f"{P}/", 9)])
    (found,) = findings("uv", files, stayed)
    assert "every index package that it holds (2) is locked to PyPI" in found.text
    assert "`chainctl libraries update-hashes uv.lock`" in found.text
    assert (found.path, found.line) == ("uv.lock", 4)
    (partly,) = findings("uv", files, lock("uv", packages=[package("six", P)], omitted=3))
    assert "that it changes (1)" in partly.text


@pytest.mark.parametrize(
    ("files", "packages"),
    [
        ({PROJECT: uv_index(C, "cgr", DEFAULT)}, [package("six", P), package("attrs", C)]),
        ({PROJECT: uv_index(C, "cgr", DEFAULT)}, []),
        ({PROJECT: uv_index(C, "cgr", DEFAULT)}, [package("six")]),
        ({PROJECT: uv_index(MANAGER, "m", DEFAULT)}, [package("six", P)]),
    ],
)
def test_a_lock_that_did_move_or_had_no_reason_to(
    files: dict[str, str], packages: list[LockedPackage]
) -> None:
    assert findings("uv", files, lock("uv", packages=packages)) == ()


@pytest.mark.parametrize(("number", "said"), [(9, False), (10, True)])
def test_a_few_entries_may_be_what_chainguard_has_not(number: int, said: bool) -> None:
    files = {PROJECT: uv_index(C, "cgr") + uv_index(P, "pypi", DEFAULT)}
    packages = [package(f"p{each}", P) for each in range(number)]
    texts = [each.text for each in findings("uv", files, lock("uv", packages=packages))]
    assert any("was not moved" in text for text in texts) is said


def test_what_could_not_be_read_is_said_first() -> None:
    found = findings("poetry", {PROJECT: "[tool.poetry\nx = 'https://u:p@index.example'"})
    assert "pyproject.toml could not be read as index configuration" in found[0].text
    assert "credentials" in found[1].text
