"""The pages for developers name rooms, modules and files that are there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src/fallback_review"
ROOMS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists())
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.py|\.yml|\.md|\.json))`")
PAGES = ("docs/architecture.md", "docs/extending.md", "CONTRIBUTING.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    named = set(PATH.findall((ROOT / page).read_text("utf-8")))
    places = (
        ROOT,
        ROOT / ".github/workflows",
        SOURCE,
        SOURCE / "lockfiles",
        SOURCE / "prediction",
        SOURCE / "configuration",
        ROOT / "tests/lockfiles",
    )
    missing = {
        each for each in named if "NAME" not in each and not any((place / each).exists() for place in places)
    }
    assert named
    assert missing == set()


def test_every_room_is_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)/` \|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == ROOMS


def test_twenty_changes_have_a_room() -> None:
    table = (ROOT / "docs/architecture.md").read_text("utf-8").partition("| change | room |")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", table.partition("\n\n")[0], re.MULTILINE)
    assert len(rows) == 20
    assert all("`" in room for _, room in rows)


def test_one_name_one_class() -> None:
    """Names that start with an underscore stay in their module, so that nobody takes one for another."""
    found: dict[str, list[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text("utf-8"), re.MULTILINE):
            found.setdefault(name, []).append(str(path.relative_to(SOURCE)))
    assert found
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_the_source_has_at_most_sixteen_entries() -> None:
    assert len([path for path in SOURCE.iterdir() if path.name != "__pycache__"]) <= 16
