"""What a pull request changes about the indexes."""

from __future__ import annotations

import pytest

from fallback_review import configuration
from tests.configuration.cases import OTHER, C, P, R, pdm_source, poetry_source, read, uv_index

PROJECT = "pyproject.toml"
DEFAULT = "default = true"


def compared(installer: str, base: str, head: str) -> list[str]:
    notices = configuration.compare(read(installer, {PROJECT: base}), read(installer, {PROJECT: head}))
    assert all(each.path == PROJECT for each in notices)
    return [each.text for each in notices]


@pytest.mark.parametrize(
    ("installer", "base", "head", "words"),
    [
        ("uv", "", uv_index(C, "cgr"), ["adds the index cgr (https://libraries.cgr.dev/python/simple/)"]),
        ("uv", uv_index(C), "", ["removes the index https://libraries.cgr.dev/python/simple/."]),
        ("uv", uv_index(C, "a") + uv_index(R, "b"), uv_index(R, "b") + uv_index(C, "a"), ["it is now b ("]),
        (
            "uv",
            uv_index(C, "a", DEFAULT),
            uv_index(C, "a"),
            ["default is now False (it was True)", "lets uv ask"],
        ),
        (
            "uv",
            uv_index(C, "a"),
            uv_index(C, "a", DEFAULT),
            ["default is now True", "no longer lets uv ask PyPI"],
        ),
        ("uv", uv_index(C), uv_index(C, "cgr"), ["name is now cgr (it was not set)"]),
        (
            "uv",
            uv_index(C),
            '[tool.uv]\nindex-strategy = "unsafe-best-match"\n' + uv_index(C),
            ["index-strategy to unsafe-best-match (it was the tool's default)"],
        ),
        ("uv", uv_index(C), "[tool.uv]\nno-index = true\n" + uv_index(C), ["turns no-index on"]),
        ("uv", "[tool.uv]\nno-index = true\n", "[tool.uv]\n", ["turns no-index off"]),
        (
            "uv",
            uv_index(C, "c"),
            uv_index(C, "c") + "[tool.uv.sources]\n" + "".join(f'p{n} = {{index = "c"}}\n' for n in range(7)),
            ["changes the index that these packages name: p0, p1, p2, p3, p4 and 2 more"],
        ),
        (
            "poetry",
            poetry_source("c", C),
            poetry_source("c", C, 'priority = "supplemental"'),
            ["priority is now supplemental (it was primary)", "lets poetry ask PyPI by itself"],
        ),
        (
            "poetry",
            poetry_source("c", C),
            poetry_source("c", C) + poetry_source("PyPI"),
            ["adds the index PyPI"],
        ),
        (
            "pdm",
            pdm_source("pypi", C),
            pdm_source("pypi", C, 'include_packages = ["six"]')
            + "[tool.pdm.resolution]\nrespect-source-order = true\n",
            ["include_packages is now six", "turns respect-source-order on"],
        ),
        (
            "pdm",
            "[tool.pdm.resolution]\nrespect-source-order = true\n",
            "[tool.pdm]\n",
            ["turns respect-source-order off"],
        ),
    ],
)
def test_each_change_is_one_sentence(installer: str, base: str, head: str, words: list[str]) -> None:
    texts = compared(installer, base, head)
    assert len(texts) == len(words)
    for text, word in zip(texts, words, strict=True):
        assert word in text
        assert text.startswith("This change ")
        assert text.endswith("Make sure that it is intended.")


def test_an_added_index_is_shown_at_its_line() -> None:
    base, head = uv_index(C, "cgr"), uv_index(C, "cgr") + uv_index(OTHER, "team")
    (notice,) = configuration.compare(read("uv", {PROJECT: base}), read("uv", {PROJECT: head}))
    assert (notice.path, notice.line) == (PROJECT, 6)


def test_the_same_configuration_written_otherwise_is_no_change() -> None:
    assert compared("uv", uv_index(C, "cgr"), f"# moved\n\n{uv_index(C.rstrip('/'), 'cgr')}") == []


def test_sides_that_are_absent_or_unreadable_are_not_compared() -> None:
    found = read("uv", {PROJECT: uv_index(P)})
    broken = read("uv", {PROJECT: "["})
    for base, head in ((None, found), (found, None), (broken, found), (found, broken)):
        assert configuration.compare(base, head) == ()
