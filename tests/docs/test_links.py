"""Every link of the documents, and of the program's own words into them, leads to a file and a heading that exist."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from fallback_review.action.runner import ABOUT
from fallback_review.cli.main import cli
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").glob("*.md")])
HOME = "https://github.com/fallback-review/fallback-review"


def tokens(document: Path) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(document.read_text("utf-8"))


@cache
def anchors(document: Path) -> frozenset[str]:
    """The headings' anchors, as GitHub makes them: lower case, punctuation dropped, hyphens for spaces."""
    read = tokens(document)
    titles = [read[at + 1].content for at, token in enumerate(read) if token.type == "heading_open"]
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


def links(document: Path) -> Iterator[str]:
    for block in tokens(document):
        for token in block.children or ():
            target = token.attrGet("href") or token.attrGet("src")
            if target:
                yield str(target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for link in links(document):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_has_links_and_headings_to_follow() -> None:
    readme = ROOT / "README.md"
    assert {"docs/pictures/comment.png", "docs/tutorial.md", "CONTRIBUTING.md"} <= set(links(readme))
    assert {"five-minutes-to-the-first-comment", "settings", "more"} <= anchors(readme)


def test_what_the_comment_and_init_point_at_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(cli, ["init"]).output
    said += (tmp_path / ".github/fallback-review.toml").read_text("utf-8")
    pointed = set(re.findall(rf"{re.escape(HOME)}#([\w-]+)", said))
    assert pointed == {"more", "settings"}
    assert pointed | {ABOUT} <= anchors(ROOT / "README.md")


def test_the_tutorial_shows_the_workflow_that_init_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    pin = re.compile(r"(uses: \S+@)\S+( # .*)?$", re.MULTILINE)
    (written,) = (tmp_path / ".github/workflows").iterdir()
    (shown,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs/tutorial.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert pin.sub(r"\1", shown) == pin.sub(r"\1", written.read_text("utf-8"))
