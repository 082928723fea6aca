"""Whatever a file holds, the answer is a value: a notice at most, never an exception, never a long wait."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallback_review import configuration
from fallback_review.lockfiles import decode
from tests import hostile
from tests.configuration.cases import ADDRESSES, LOCKS, C, lock, read, uv_index

if TYPE_CHECKING:
    from collections.abc import Callable

INSTALLERS = sorted(LOCKS)
FILES = ("pyproject.toml", "uv.toml", "pixi.toml", "pdm.toml", "Pipfile", "pip.conf")
MANIFEST = ("pyproject.toml",)


def everything(
    installer: str, text: str, names: tuple[str, ...] = FILES
) -> tuple[configuration.Configuration, str]:
    lockfile = lock(installer)
    found = configuration.read(lockfile, dict.fromkeys(names, text).get, installer=installer)
    arrangement = configuration.arrange(found, ADDRESSES)
    said = configuration.findings(found, lockfile, ADDRESSES)
    changed = configuration.compare(configuration.Configuration(installer=installer), found)
    return found, repr((arrangement, said, changed))


NAMES = st.sampled_from(
    [
        "tool",
        "uv",
        "poetry",
        "pdm",
        "pixi",
        "index",
        "source",
        "sources",
        "group",
        "dependencies",
        "pypi-options",
        "pypi-dependencies",
        "index-url",
        "extra-index-url",
        "extra-index-urls",
        "url",
        "name",
        "default",
        "explicit",
        "priority",
        "include_packages",
        "exclude_packages",
        "pip",
        "pypi",
        "feature",
        "resolution",
        "packages",
        "workspace",
        "index-strategy",
        "no-index",
    ]
)
SCALARS = st.one_of(
    st.sampled_from(
        [C, "pypi", "PyPI", "https://[bad", "https://u:p@x", "", " ", "\n", "\x00", "unsafe-best-match"]
    ),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value).replace("\\ud", "\\ufffd\\")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(INSTALLERS),
    st.sampled_from([FILES, MANIFEST]),
    st.dictionaries(NAMES, VALUES, max_size=4),
)
def test_any_shape_of_toml(installer: str, names: tuple[str, ...], document: dict[str, object]) -> None:
    nested = {"tool": {installer: document}, **document}
    found, _ = everything(
        installer, "\n".join(f"{json.dumps(k)} = {toml(v)}" for k, v in nested.items()), names
    )
    assert found.installer == installer
    assert len(found.indexes) <= 200


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(INSTALLERS), st.text(alphabet=string.printable + "é\u202e\x1b", max_size=200))
def test_any_text(installer: str, text: str) -> None:
    found, said = everything(installer, text)
    assert found.installer == installer
    assert "\x1b" not in said.replace("\\x1b", "\x1b") or "\x1b" in text


WRONG = [
    ("uv", "tool = 1", "tool is not a table"),
    ("uv", "[tool]\nuv = []", "tool.uv is not a table"),
    ("uv", uv_index(C) * 60, "tool.uv.index holds more than 50 entries"),
    ("uv", f"[tool.uv]\nextra-index-url = {json.dumps([C] * 60)}", "holds more than 50 entries"),
    (
        "uv",
        uv_index("https://index.example/" + "x" * 3000),
        "tool.uv.index.url is longer than 2,000 characters",
    ),
    ("uv", "x = " + "[" * 50_000, "not valid TOML"),
    ("uv", "x = " + "9" * 6_000, "not valid TOML"),
    ("uv", "#" * 1_000_001, "longer than 1,000,000 characters"),
    ("poetry", "[tool.poetry]\nsource = 3", "tool.poetry.source is not an array"),
    ("pdm", "[[tool.pdm.source]]\nname = 'x'\nurl = []", "tool.pdm.source.url is not a string"),
]


def test_what_is_no_text_is_said() -> None:
    def text_of(path: str) -> str | None:
        return decode(path, "é".encode("latin-1")) if path == "pyproject.toml" else None

    found = configuration.read(lock("uv"), text_of, installer="uv")
    [notice] = configuration.findings(found, lock("uv"), ADDRESSES)
    assert "pyproject.toml could not be read as index configuration: the file is not UTF-8" in notice.text
    assert (notice.path, notice.line) == ("pyproject.toml", 1)


@pytest.mark.parametrize(("installer", "text", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_key(installer: str, text: str, words: str) -> None:
    found = read(installer, {"pyproject.toml": text})
    notice = found.problems[0]
    assert notice.path == "pyproject.toml"
    assert notice.text.startswith("pyproject.toml could not be read as index configuration: ")
    assert words in notice.text
    assert len(notice.text) < 400


@pytest.mark.parametrize("text", ["index-url = x", "[global\n", "[global]\n  = x\n", "\x00"])
def test_ini_that_is_none(text: str) -> None:
    found = read("pip", {"pip.conf": text})
    assert [notice.path for notice in found.problems] == ["pip.conf"]
    assert "not valid INI" in found.problems[0].text


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[tool.uv]\nindex = 'x'", "index", "has a value that uv does not accept"),
        ("[tool.uv]\nindex = [1]", "index", "has a value that uv does not accept"),
        ("[[tool.uv.index]]\nurl = 7", "index", "has a value that uv does not accept"),
        (uv_index(C, "c", "default = 'yes'"), "index", "has a value that uv does not accept"),
        ("[tool.uv]\nextra-index-url = [1]", "extra-index-url", "has a value that uv does not accept"),
        (
            "[tool.uv]\nno-index = 'x'\n" + uv_index(C, "cgr"),
            "no-index",
            "has a value that uv does not accept",
        ),
        ("[tool.uv.pip]\nno-binary = ['a,b']", "pip.no-binary", "has a value that uv does not accept"),
        ("[tool.uv]\nexclude-newer = '3 months'", "exclude-newer", "has a value that uv does not accept"),
        ("[tool.uv]\nbogus = 1\n" + uv_index(C, "cgr"), "bogus", "is not a key that uv knows"),
    ],
)
def test_uv_passes_over_a_table_that_it_cannot_take(text: str, key: str, words: str) -> None:
    """Measured with uv 0.13: a warning, and then PyPI."""
    found = read("uv", {"pyproject.toml": text}, lock("pip"))
    assert (found.indexes, found.builtin_pypi, found.refused) == ((), True, None)
    [notice] = found.problems
    assert notice.text.startswith(f"{key} {words}, in [tool.uv] of pyproject.toml: uv ignores")
    assert notice.line is not None
    refused = read("uv", {"uv.toml": text.replace("tool.uv.", "").replace("[tool.uv]", "")}, lock("pip"))
    assert refused.refused is not None
    assert refused.refused.text.startswith(f"{key} {words}, in uv.toml: uv stops at it")


def test_one_bad_value_does_not_hide_the_good_ones() -> None:
    text = '[[tool.pdm.source]]\nname = "x"\nurl = 1\n[[tool.pdm.source]]\nname = "c"\nurl = "' + C + '"\n'
    found = read("pdm", {"pyproject.toml": text})
    assert [index.url for index in found.indexes] == [C]
    assert len(found.problems) == 1


@pytest.mark.parametrize("made", hostile.CONFIGURATION.values(), ids=hostile.CONFIGURATION)
@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("names", [FILES, MANIFEST], ids=["every file", "the manifest"])
def test_big_texts_end_in_a_result(
    installer: str, names: tuple[str, ...], made: Callable[[int], str]
) -> None:
    found, _ = everything(installer, made(hostile.ENOUGH), names)
    assert found.installer == installer
    assert len(found.indexes) <= 200


def test_no_line_of_a_file_becomes_a_line_of_a_message() -> None:
    name = "evil\\n::error::\\u202e" + "x" * 300
    _, said = everything("uv", f'[[tool.uv.index]]\nname = "{name}"\nurl = "{C}"\n', MANIFEST)
    assert "::error::" in said
    assert "\\n::error" not in said
    assert "x" * 161 not in said


def test_the_same_problem_is_said_once() -> None:
    found = read("pdm", {"pyproject.toml": "[[tool.pdm.source]]\nname = 'pypi'\nurl = []\n"})
    assert ["url is not a string" in notice.text for notice in found.problems] == [True]
