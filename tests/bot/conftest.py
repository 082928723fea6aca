"""A GitHub, an index that catches up, and a runner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.demo.server import DemoIndex
from tests.action.job import PASSWORD, SETTINGS, USERNAME, settings
from tests.bot.job import UNIVERSE, Bot
from tests.github_lab.fixtures import connect, environment, event_of, github_lab, lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.github_lab.lab import Lab, PullRequest, Repository

__all__ = ["connect", "environment", "event_of", "github_lab", "lab"]


@pytest.fixture
def index() -> Iterator[DemoIndex]:
    with DemoIndex(UNIVERSE, credentials=(USERNAME, PASSWORD)) as served:
        yield served


@pytest.fixture
def bot(lab: Lab, index: DemoIndex, tmp_path: Path) -> Bot:
    return Bot(lab=lab, index=index, folder=tmp_path)


@pytest.fixture
def repository(lab: Lab, index: DemoIndex) -> Callable[..., Repository]:
    """Makes a repository whose settings name the test's indexes."""

    def repository(files: Mapping[str, str | bytes], more: str = "") -> Repository:
        return lab.repository({SETTINGS: settings(index, more), **files})

    return repository


@pytest.fixture
def opened(repository: Callable[..., Repository]) -> Callable[..., PullRequest]:
    """Opens a pull request in such a repository."""

    def opened(before: Mapping[str, str], after: Mapping[str, str | None], **options: str) -> PullRequest:
        return repository(before).pull_request(after, **options)

    return opened
