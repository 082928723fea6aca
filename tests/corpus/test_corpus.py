"""Every real pair gives the changes that its independent answer has. None is waived."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import FORMATS, parse, parse_pair, recognise
from fallback_review.lockfiles.diff import diff
from tests.conftest import missing
from tests.corpus.compare import differences
from tests.corpus.pairs import Pair, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = pairs()
pair_of_the_corpus = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


TOML = [FORMATS[name] for name in ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")]


def entry(lines: list[str]) -> Iterator[str]:
    """The lines up to the next item of the same YAML list; a few lines in other formats."""
    dash = lines[0][: lines[0].find("- ") + 2]
    yield lines[0]
    for line in lines[1:] if dash.strip() == "-" else lines[1:12]:
        if dash.strip() == "-" and line.startswith(dash):
            return
        yield line


def plain(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def test_the_corpus_is_here() -> None:
    if not PAIRS:
        missing("../shared/corpus")
    assert len(PAIRS) == 109
    assert {pair.folder.parent.name for pair in PAIRS} >= {
        "uv", "poetry", "pdm", "pylock", "pylockscript", "requirements", "pipfile", "pixi", "conda-lock"
    }  # fmt: skip


@pair_of_the_corpus
def test_changes_equal_the_answer(pair: Pair) -> None:
    found = differences(diff(*parse_pair(pair.text("base"), pair.text("head"))), pair.expected)
    assert not found, "\n".join(found)


@pair_of_the_corpus
def test_leaving_out_what_both_sides_share_changes_nothing(pair: Pair) -> None:
    base, head = pair.text("base"), pair.text("head")
    if base is None or head is None or not base.text.strip():
        base = head = head or base
    assert base is not None
    assert head is not None
    fast = diff(*parse_pair(base, head))
    whole = diff(parse(base), parse(head))
    assert (fast.changes, fast.metadata_only, fast.header_changed) == (
        whole.changes,
        whole.metadata_only,
        whole.header_changed,
    )
    for side, full in ((fast.base, whole.base), (fast.head, whole.head)):
        assert len(side.packages) + side.omitted == len(full.packages)
        assert set(side.packages) <= set(full.packages)


@pair_of_the_corpus
def test_entries_are_counted_as_the_answer_counts_them(pair: Pair) -> None:
    for side in ("base", "head"):
        text = pair.text(side)
        if text is None or not text.text.strip():
            continue
        distinct = {
            (package.ecosystem, package.name, package.shown_version, package.source)
            for package in parse(text).packages
        }
        assert len(distinct) == pair.expected["counts"][f"{side}_distinct"], side


@pair_of_the_corpus
def test_every_line_holds_its_entry(pair: Pair) -> None:
    for side in ("base", "head"):
        text = pair.text(side)
        if text is None or not text.text.strip():
            continue
        lines = text.text.split("\n")
        for package in parse(text).packages:
            start = lines[package.line - 1]
            if "[[" in text.text and recognise(text.path) in TOML:
                assert start.strip().startswith("[["), f"{side}:{package.line}: {start}"
            nearby = " ".join(entry(lines[package.line - 1 :]))
            assert plain(package.name) in plain(nearby), f"{side}:{package.line}: {start}"


@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if "recursive" in pair.expected], ids=lambda pair: pair.name
)
def test_included_files_are_read(pair: Pair) -> None:
    for side, wanted in pair.expected["recursive"].items():
        text = pair.text(side, with_tree=True)
        assert text is not None
        found = {f"{package.name}=={package.shown_version}" for package in parse(text).packages}
        assert sorted(found) == sorted(set(wanted))


def test_every_format_of_the_corpus_is_known() -> None:
    names = {"requirements": "requirements.txt", "pipfile": "Pipfile.lock", "conda-lock": "conda-lock.yml"}
    for folder in {pair.folder.parent.name for pair in PAIRS} - {"migrated", "pylockscript"}:
        assert any(name.startswith(names.get(folder, folder)) for name in FORMATS), folder
