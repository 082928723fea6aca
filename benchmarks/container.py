"""How soon the first request leaves a container that starts, beyond what `docker run` of its base takes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.container.docker import DATA, exclusively, shared_daemon
from tests.container.images import BASE, IMAGE, build
from tests.container.start import run_until_first_request

from benchmarks.measure import Row, best, milliseconds

if TYPE_CHECKING:
    from tests.container.docker import Docker

WORK = "container start to first request, beyond its base image"
BUDGET = 0.6
RUNS = 5


def measure() -> list[Row]:
    """Return the seconds against the budget; a row that says why not where Docker or the image is missing."""
    if not (DATA / "docker").exists():
        return [_left_out("the image is not built: run tests/container")]
    try:
        with shared_daemon() as docker, tempfile.TemporaryDirectory() as folder:
            with exclusively(DATA / "build.lock"):
                build(docker)
            return [_row(docker, Path(folder)), _size(docker)]
    except pytest.skip.Exception as reason:
        return [_left_out(str(reason))]


def _row(docker: Docker, folder: Path) -> Row:
    plain = ("run", "--rm", "--pull", "never", "--network", "host", BASE, "true")
    base = best(lambda: docker(*plain), runs=RUNS)
    own = min(run_until_first_request(docker, folder / str(number)).wall for number in range(RUNS)) - base
    return Row(
        work=WORK,
        measured=milliseconds(own),
        against=f"{milliseconds(BUDGET)} (docker run of the base takes {milliseconds(base)})",
        ratio=own / BUDGET,
        budget=1.0,
    )


def _size(docker: Docker) -> Row:
    own, base = (int(docker("image", "inspect", "--format", "{{.Size}}", image)) for image in (IMAGE, BASE))
    return Row(
        work="image size, with the base that the tests make",
        measured=f"{own / 1e6:.0f} MB",
        against=f"the base alone = {base / 1e6:.0f} MB",
        ratio=own / base,
        budget=None,
    )


def _left_out(why: str) -> Row:
    return Row(work=WORK, measured=f"left out: {why}", against="", ratio=0, budget=None)
