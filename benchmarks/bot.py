"""Requests to GitHub for open pull requests that list fallbacks and about which nothing is new."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.github_lab.lab import MODULES, Lab
from tests.github_lab.payloads import of_pull_request, of_schedule

from benchmarks.github import environment_of, run
from benchmarks.measure import Row
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import PURE, Release, Shelf, Universe

if TYPE_CHECKING:
    from tests.github_lab.lab import PullRequest

BUDGET = 3
UNIVERSE = Universe(releases=(Release(name="absent", version="1.0", on={Shelf.PYPI: (PURE,)}),))
SETTINGS = '[indexes]\nchainguard = "{chainguard}/python/simple/"\npypi = "{pypi}/simple/"\n'
LOCK = "absent==1.0\n"


def measure() -> list[Row]:
    """Return the requests per pull request, for one that is open and for many."""
    if not (MODULES / "emulate").exists():
        return []  # the GitHub to ask comes with `make lab`
    with closing(Lab()) as lab, DemoIndex(UNIVERSE) as index, tempfile.TemporaryDirectory() as folder:
        return [_row(lab, index, Path(folder), number) for number in (1, 20)]


def _row(lab: Lab, index: DemoIndex, folder: Path, number: int) -> Row:
    lab.reset()
    environment = environment_of(lab, index)
    home = lab.repository({".github/fallback-review.toml": index.fill(SETTINGS)})
    for each in range(number):
        pull = home.pull_request({"requirements.txt": LOCK}, branch=f"topic-{each}")
        run(environment, "pull_request", of_pull_request(pull), folder)
        _needs_a_look(pull)
    lab.front.exchanges.clear()
    run(environment, "schedule", of_schedule(home), folder)
    written = [str(each) for each in lab.front.exchanges if each.verb != "GET" and each.path != "/graphql"]
    if written:
        raise RuntimeError(f"nothing was new, and this was written: {written}")
    sent = len(lab.front.exchanges)
    plural = "pull request" if number == 1 else "pull requests"
    return Row(
        work=f"a second look at {number} open {plural}, nothing new",
        measured=f"{sent} requests to GitHub",
        against=f"{number} {plural}",
        ratio=sent / number,
        budget=BUDGET,
    )


def _needs_a_look(pull: PullRequest) -> None:
    if '"open":true' not in pull.comments()[0]["body"]:
        raise RuntimeError(f"the comment lists nothing: {pull.comments()[0]['body']}")
