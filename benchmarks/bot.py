"""Requests to GitHub for open pull requests that list fallbacks and about which nothing is new."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.github_lab.lab import JOB, MODULES, Lab, PullRequest
from tests.github_lab.payloads import of_pull_request, of_schedule

from benchmarks.measure import Row
from fallback_review import action
from fallback_review.demo.server import DemoIndex
from fallback_review.demo.universe import PURE, Release, Shelf, Universe

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET = 3
UNIVERSE = Universe(releases=(Release(name="absent", version="1.0", on={Shelf.PYPI: (PURE,)}),))
SETTINGS = '[indexes]\nchainguard = "{chainguard}/python/simple/"\npypi = "{pypi}/simple/"\n'


def measure() -> list[Row]:
    """Return the requests per pull request, for one that is open and for many."""
    if not (MODULES / "emulate").exists():
        return []  # the GitHub to ask comes with `make lab`
    with closing(Lab()) as lab, DemoIndex(UNIVERSE) as index, tempfile.TemporaryDirectory() as folder:
        return [_row(lab, index, Path(folder), number) for number in (1, 20)]


def _row(lab: Lab, index: DemoIndex, folder: Path, number: int) -> Row:
    lab.reset()
    home = lab.repository({".github/fallback-review.toml": index.fill(SETTINGS)})
    for each in range(number):
        pull = home.pull_request({"uv.lock": _lock(index)}, branch=f"topic-{each}")
        _run(lab, index, folder, "pull_request", of_pull_request(pull))
        _needs_a_look(pull)
    lab.front.exchanges.clear()
    _run(lab, index, folder, "schedule", of_schedule(home))
    written = [str(each) for each in lab.front.exchanges if each.verb != "GET"]
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


def _lock(index: DemoIndex) -> str:
    registry = f'source = {{ registry = "{index.chainguard}/python/simple/" }}'
    head = 'version = 1\nrevision = 3\nrequires-python = ">=3.12"\n'
    return f'{head}\n[[package]]\nname = "absent"\nversion = "1.0"\n{registry}\n'


def _needs_a_look(pull: PullRequest) -> None:
    if '"open":true' not in pull.comments()[0]["body"]:
        raise RuntimeError(f"the comment lists nothing: {pull.comments()[0]['body']}")


def _run(lab: Lab, index: DemoIndex, folder: Path, event: str, payload: Mapping[str, Any]) -> None:
    (folder / "event.json").write_text(json.dumps(payload))
    environ = {
        "INPUT_GITHUB-TOKEN": JOB,
        "INPUT_INDEX-USERNAME": index.username,
        "INPUT_INDEX-PASSWORD": index.password,
        "INPUT_FAIL-ON": "none",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_SERVER_URL": lab.front.url,
        "GITHUB_API_URL": lab.front.url,
        "GITHUB_GRAPHQL_URL": f"{lab.front.url}/graphql",
        "GITHUB_REPOSITORY": payload["repository"]["full_name"],
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_RUN_NUMBER": "1",
    }
    log = io.StringIO()
    if action.run(environ, log) != 0:
        raise RuntimeError(log.getvalue())
