"""The Docker daemon and the image, once for all tests of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.container.docker import DATA, Docker, exclusively, shared_daemon
from tests.container.images import build
from tests.container.runner import Runner
from tests.github_lab.fixtures import environment, github_lab, lab
from tests.github_lab.lab import JOB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["environment", "github_lab", "lab"]


@pytest.fixture(scope="session")
def docker(in_lab: None) -> Iterator[Docker]:
    """Docker, with the image built from this work tree."""
    with shared_daemon() as docker:
        with exclusively(DATA / "build.lock"):
            build(docker)
        yield docker


@pytest.fixture
def runner(docker: Docker, tmp_path: Path) -> Runner:
    """A runner whose GitHub does not answer."""
    nobody = dict.fromkeys(
        ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL"), "http://127.0.0.1:1"
    )
    repository = {"GITHUB_REPOSITORY": "acme/app", "GITHUB_TOKEN": JOB}
    return Runner(docker, tmp_path, {**nobody, **repository})


@pytest.fixture
def github_runner(docker: Docker, tmp_path: Path, environment: dict[str, str]) -> Runner:
    """A runner of the stateful GitHub."""
    return Runner(docker, tmp_path, {**environment, "GITHUB_TOKEN": JOB})
