"""A GitHub, indexes, and a runner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.demo.server import DemoIndex
from tests.action.job import PASSWORD, UNIVERSE, USERNAME, Runner, settings
from tests.github_lab.fixtures import github_lab, lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.github_lab.lab import Lab, PullRequest

    Files = Mapping[str, str | bytes | None]

__all__ = ["github_lab", "lab"]


@pytest.fixture(scope="session")
def indexes() -> Iterator[DemoIndex]:
    with DemoIndex(UNIVERSE, credentials=(USERNAME, PASSWORD)) as served:
        yield served


@pytest.fixture
def index(indexes: DemoIndex) -> DemoIndex:
    indexes.log.clear()
    return indexes


@pytest.fixture
def runner(lab: Lab, index: DemoIndex, tmp_path: Path) -> Runner:
    return Runner(lab=lab, index=index, folder=tmp_path)


@pytest.fixture
def opened(lab: Lab, index: DemoIndex) -> Callable[..., PullRequest]:
    """Opens a pull request in a new repository whose settings name the test's indexes."""

    def opened(
        before: Mapping[str, str | bytes], after: Files, *, policy: str = "", **options: str
    ) -> PullRequest:
        base = {".github/fallback-review.toml": settings(index, policy), **before}
        return lab.repository(base).pull_request(after, **options)

    return opened
