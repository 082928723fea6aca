"""A job as GitHub's runner starts it: its environment, its files, and what the step leaves behind."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fallback_review.action import main
from fallback_review.cli.demo.universe import PURE, SDIST, Release, Shelf, Universe
from tests.conftest import ROOT
from tests.github_lab.fixtures import QUICK
from tests.github_lab.lab import JOB, Lab, PullRequest
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from fallback_review.cli.demo.server import DemoIndex

SETTINGS = ".github/fallback-review.toml"
INPUTS = {
    name: str(given.get("default", ""))
    for name, given in yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].items()
}
USERNAME, PASSWORD = "pull/identity", "index-password-2b7e1516"
CONCLUSIONS = {0: {"pass", "warn"}, 1: {"fail"}, 2: {"unknown"}, 3: {"unknown"}}
"""What the outputs may say, by exit code."""
MASKED = "::add-mask::"

BOTH = (PURE, SDIST)
BUILT = {Shelf.BUILT: BOTH, Shelf.PYPI: BOTH}
UNIVERSE = Universe(
    releases=(
        Release(name="built", version="1.0", on=BUILT),
        Release(name="built", version="2.0", on=BUILT),
        Release(name="behind", version="1.0", on=BUILT),
        Release(name="behind", version="2.0", on={Shelf.PYPI: BOTH}),
        Release(name="absent", version="1.0", on={Shelf.PYPI: BOTH}),
    )
)
"""`built` comes from Chainguard; `behind` only in its first version; `absent` not at all."""


def settings(index: DemoIndex, more: str = "", *, chainguard: bool = True) -> str:
    """Return a settings file that names the test's indexes."""
    ours = f'chainguard = "{index.chainguard}/python/simple/"\n' if chainguard else ""
    return f'[indexes]\n{ours}pypi = "{index.pypi}/simple/"\nlayout = "virtual-file"\n{more}'


def lock(**pins: str) -> str:
    return "".join(f"{name}=={version}\n" for name, version in pins.items())


LOCK = "requirements.txt"
BEFORE = {LOCK: lock(built="1.0", behind="1.0")}
FALLEN = {LOCK: lock(built="1.0", behind="2.0")}
FIXED = {LOCK: lock(built="2.0", behind="1.0")}


@dataclass(slots=True, kw_only=True)
class Ended:
    """What a finished step leaves behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    workspace: Path

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads((self.workspace / self.outputs["report"]).read_text()))

    @property
    def commands(self) -> list[str]:
        """The lines of the log that the runner takes for commands, however it looks for them."""
        lines = re.split(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", self.log)
        return [line.strip() for line in lines if re.match(r"[\s\ufeff\x00-\x1f]*::|.*##\[", line)]

    def annotations(self, level: str) -> list[str]:
        return [line for line in self.commands if line.startswith(f"::{level} ")]


@dataclass(slots=True)
class Runner:
    """Starts steps; after each it makes sure that no secret got out."""

    lab: Lab
    index: DemoIndex
    folder: Path
    runs: int = 0
    secrets: set[str] = field(default_factory=set)

    def environment(
        self,
        payload: dict[str, Any],
        *,
        event: str = "pull_request",
        token: str = JOB,
        credentials: bool = True,
        variables: dict[str, str] | None = None,
        **inputs: str,
    ) -> dict[str, str]:
        """Return the environment of a step; inputs are given with `_` for `-`."""
        self.runs += 1
        here = self.folder / str(self.runs)
        (here / "workspace").mkdir(parents=True)
        (here / "event.json").write_text(json.dumps(payload))
        for name in ("output", "summary"):
            (here / name).touch()
        given = {"github-token": token}
        if credentials:
            given.update({"index-username": USERNAME, "index-password": PASSWORD})
        given.update({name.replace("_", "-"): value for name, value in inputs.items()})
        assert given.keys() <= INPUTS.keys()
        self.secrets |= {value for name in ("github-token", "index-password") if (value := given.get(name))}
        return {
            **{f"INPUT_{name.upper()}": value for name, value in {**INPUTS, **given}.items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(here / "event.json"),
            "GITHUB_OUTPUT": str(here / "output"),
            "GITHUB_STEP_SUMMARY": str(here / "summary"),
            "GITHUB_WORKSPACE": str(here / "workspace"),
            "GITHUB_SERVER_URL": self.lab.front.url,
            "GITHUB_API_URL": self.lab.front.url,
            "GITHUB_GRAPHQL_URL": f"{self.lab.front.url}/graphql",
            "GITHUB_REPOSITORY": payload["repository"]["full_name"],
            "GITHUB_RUN_ID": "42",
            "GITHUB_ACTION_REPOSITORY": "acme/fallback-review",
            "HOME": str(here),
            **(variables or {}),
        }

    def run(self, pull: PullRequest, action_: str = "opened", **options: Any) -> Ended:
        """Run a step for a pull request's present head, in this process."""
        return self.step(self.environment(of_pull_request(pull, action_), **options))

    def step(self, environ: dict[str, str]) -> Ended:
        log = io.StringIO()
        code = main.run(environ, log, patience=QUICK)
        return self.ended(environ, code, log.getvalue())

    def process(self, environ: dict[str, str]) -> Ended:
        """Run a step in a process of its own, as the container's entry point does."""
        done = subprocess.run(
            [sys.executable, "-m", "fallback_review.action.main"],
            env={**environ, "PYTHONPATH": str(ROOT / "src")},
            cwd=environ["GITHUB_WORKSPACE"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # the runner reads commands from both
            check=False,
            timeout=60,
        )
        return self.ended(environ, done.returncode, done.stdout.decode())

    def ended(self, environ: dict[str, str], code: int, log: str) -> Ended:
        workspace = Path(environ["GITHUB_WORKSPACE"])
        ended = Ended(
            code=code,
            log=log,
            outputs=read_outputs(Path(environ["GITHUB_OUTPUT"]).read_text()),
            summary=Path(environ["GITHUB_STEP_SUMMARY"]).read_text(),
            workspace=workspace,
        )
        self.nothing_secret_in(ended)
        for name in ("INPUT_GITHUB-TOKEN", "INPUT_INDEX-PASSWORD"):
            assert not environ[name] or f"{MASKED}{environ[name]}" in log.splitlines()
        # Green, or red for a reason, only with an answer.
        assert ended.outputs["conclusion"] in CONCLUSIONS[code]
        return ended

    def nothing_secret_in(self, ended: Ended) -> None:
        said = [line for line in ended.log.splitlines() if not line.startswith(MASKED)]
        texts = {
            "log": "\n".join(said),
            "outputs": str(ended.outputs),
            "summary": ended.summary,
            "posted": json.dumps([exchange.body for exchange in self.lab.front.exchanges]),
            "addresses": "\n".join(exchange.url for exchange in self.lab.front.exchanges),
            "asked": "\n".join(served.path for served in self.index.log),
            **{file.name: file.read_text() for file in ended.workspace.glob("*") if file.is_file()},
        }
        for secret in self.secrets:
            assert [where for where, text in texts.items() if secret in text] == []


def read_outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, mark, delimiter = line.partition("<<")
        assert mark, line
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found
