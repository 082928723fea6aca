"""How soon the first request leaves a container that starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.container.start import Start, run_until_first_request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.docker import Docker

BUDGET = 0.6
"""Seconds of the container's own process; all that ``docker run`` does before it comes on top."""
TRIES = 10
"""One within the budget is enough: what else this machine does is not the image's."""


def test_the_first_request_leaves_soon_after_the_container_starts(docker: Docker, tmp_path: Path) -> None:
    starts: list[Start] = []
    for number in range(TRIES):
        starts.append(run_until_first_request(docker, tmp_path / str(number)))
        if starts[-1].own < BUDGET:
            break
    assert all(0.05 < start.own < start.wall for start in starts), starts
    assert min(start.own for start in starts) < BUDGET, starts
