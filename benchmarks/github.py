"""Requests to GitHub for each kind of pull request, with its comment."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.github_lab.lab import JOB, MODULES, Lab
from tests.github_lab.payloads import of_merge_group, of_pull_request

from benchmarks.measure import Row
from fallback_review.action import main
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import PURE, Release, Shelf, Universe

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET = 7
UNIVERSE = Universe(releases=(Release(name="built", version="1.0", on={Shelf.BUILT: (PURE,)}),))
SETTINGS = '[indexes]\nchainguard = "{chainguard}/python/simple/"\npypi = "{pypi}/simple/"\nvex = ""\n'
LOCK = "built==1.0\n"


def run(environment: Mapping[str, str], event: str, payload: Mapping[str, Any], folder: Path) -> None:
    """Run the Action as a job's step does; raises RuntimeError with its log where it does not pass."""
    log = io.StringIO()
    if main.run(environ_of(environment, event, payload, folder), log) != 0:
        raise RuntimeError(log.getvalue())


def environ_of(
    environment: Mapping[str, str], event: str, payload: Mapping[str, Any], folder: Path
) -> dict[str, str]:
    """Return the environment of one event, whose payload is written into `folder`."""
    (folder / "event.json").write_text(json.dumps(payload))
    return {
        **environment,
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": payload["repository"]["full_name"],
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_RUN_NUMBER": "1",
    }


def environment_of(lab: Lab, index: DemoIndex) -> dict[str, str]:
    """Return what every run here shares: where GitHub is, and credentials for it and the index."""
    return {
        "INPUT_GITHUB-TOKEN": JOB,
        "INPUT_INDEX-USERNAME": index.username,
        "INPUT_INDEX-PASSWORD": index.password,
        "INPUT_FAIL-ON": "none",
        "GITHUB_SERVER_URL": lab.front.url,
        "GITHUB_API_URL": lab.front.url,
        "GITHUB_GRAPHQL_URL": f"{lab.front.url}/graphql",
    }


def measure() -> list[Row]:
    """Return a row for each kind of pull request; none where the lab's GitHub is not installed."""
    if not (MODULES / "emulate").exists():
        return []  # it comes with `make lab`
    with closing(Lab()) as lab, DemoIndex(UNIVERSE) as index, tempfile.TemporaryDirectory() as folder:
        lab.reset()
        home = lab.repository({".github/fallback-review.toml": index.fill(SETTINGS)})
        environment, place = environment_of(lab, index), Path(folder)
        base = home.commits["main"]
        pull = home.pull_request({"requirements.txt": LOCK})
        kinds = {
            "one lockfile, opened": ("pull_request", of_pull_request(pull)),
            "nothing changed since": ("pull_request", of_pull_request(pull)),
            "no lockfile": (
                "pull_request",
                of_pull_request(home.pull_request({"README.md": "# A\n"}, branch="words")),
            ),
            "five lockfiles, opened": (
                "pull_request",
                of_pull_request(
                    home.pull_request({f"{n}/requirements.txt": LOCK for n in range(5)}, branch="five")
                ),
            ),
            "merge group, one lockfile": ("merge_group", of_merge_group(home, base=base, head=pull.head)),
        }
        rows = []
        for kind, (event, payload) in kinds.items():
            lab.front.exchanges.clear()
            run(environment, event, payload, place)
            rows.append(_row(kind, len(lab.front.exchanges)))
        return rows


def _row(kind: str, sent: int) -> Row:
    budget = None if "five" in kind else 1.0
    return Row(
        work=f"pull request: {kind}",
        measured=f"{sent} requests to GitHub",
        against=f"{BUDGET}",
        ratio=sent / BUDGET,
        budget=budget,
    )
