"""The documents for each use case: what they quote is there, what they show works."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from fallback_review.prediction import LAYOUTS
from fallback_review.settings import schema
from tests.conftest import ROOT, lab_tool

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = [
    "required-check",
    "forks-and-dependabot",
    "monorepo",
    "enterprise-server",
    "oidc",
    "repository-managers",
    "organisation",
    "moving-from-pypi-hashes",
    "pre-push",
    "troubleshooting",
]
each_page = pytest.mark.parametrize("page", PAGES)
QUOTED = [
    message.strip() if len(ticks) > 1 else message
    for ticks, message in re.findall(
        r"^\| (`+)(.+?)\1 \|", (DOCS / "troubleshooting.md").read_text("utf-8"), re.MULTILINE
    )
]


def page_text(page: str) -> str:
    return (DOCS / f"{page}.md").read_text("utf-8")


def blocks(language: str) -> list[tuple[str, str]]:
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return [(page, block) for page in PAGES for block in fence.findall(page_text(page))]


@cache
def literals() -> tuple[str, ...]:
    """Every text in the source, adjacent literals joined."""
    trees = (ast.parse(path.read_text("utf-8")) for path in (ROOT / "src").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return tuple(
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_that_can_come(message: str) -> None:
    assert any(message in literal for literal in literals())


def test_no_row_of_the_page_escapes_that() -> None:
    rows = [line for line in page_text("troubleshooting").splitlines() if line.startswith("| ")]
    headings = [row for row in rows if row.startswith(("| message |", "| it says |"))]
    assert len(QUOTED) == len(rows) - len(headings) > 40


@pytest.mark.parametrize(("page", "block"), blocks("toml"))
def test_shown_settings_are_good(page: str, block: str) -> None:
    assert schema.parse(block.encode(), path=page) != schema.Settings()


@pytest.mark.lab
@pytest.mark.parametrize(("page", "block"), blocks("ya?ml"))
def test_the_checkers_find_nothing_in_a_shown_workflow(tmp_path: Path, page: str, block: str) -> None:
    file = tmp_path / ".github/workflows" / f"{page}.yml"
    file.parent.mkdir(parents=True)
    file.write_text(block, encoding="utf-8")
    for program, *arguments in (
        ("zizmor", "--offline", "--no-progress", "--persona", "pedantic"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ):
        command = [lab_tool(program, "checkers"), *arguments, str(file)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@each_page
def test_the_list_of_pages_leads_to_it(page: str) -> None:
    assert f"({page}.md)" in page_text("index").partition("\n## All pages\n")[2]


def test_the_readme_leads_to_the_list_of_pages() -> None:
    assert "(docs/index.md)" in (ROOT / "README.md").read_text("utf-8")


@each_page
def test_it_says_what_was_tried(page: str) -> None:
    assert page == "troubleshooting" or re.search(r"\*\*Tried:\*\* .+", page_text(page))


def test_every_named_layout_is_one() -> None:
    named = re.findall(
        r"^\| [A-Z][^|]+ \| `([a-z-]+)` \||^\| devpi[^|]+ \| `([a-z-]+)` \|",
        page_text("repository-managers"),
        re.MULTILINE,
    )
    layouts = {one or other for one, other in named}
    assert layouts == {"artifactory", "nexus", "cloudsmith", "google-artifact-registry", "devpi"}
    assert layouts <= set(LAYOUTS)
