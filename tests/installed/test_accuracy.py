"""The circle of `make accuracy`, a few steps of it: what was predicted is what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.installed.accuracy import Tally, corpus_projects, random_projects, table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("installer", ["pip", "uv", "poetry", "pdm", "pipenv"])
def test_random_projects(installer: str) -> None:
    tally, misses = random_projects(installer, 6, 5)
    assert misses == []
    assert tally.missed == 0
    assert tally.projects >= 5
    assert tally.held + tally.refused >= 1
    assert tally.packages == tally.held + tally.refused + tally.untold


def test_names_and_versions_of_a_real_lock(shared: Path) -> None:
    assert shared.is_dir()
    tally, misses = corpus_projects("uv", 1, 5)
    assert misses == []
    assert tally.held == tally.packages >= 20


def test_the_table_counts_in_columns() -> None:
    assert table([("x", Tally(projects=1_000))]).endswith("| x | 1,000 | 0 | 0 | 0 | 0 | 0 |")
