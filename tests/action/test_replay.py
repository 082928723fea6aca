"""What CONTRIBUTING.md says about replaying an event does that, and writes nothing."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.action.job import BEFORE, FIXED
from tests.conftest import ROOT
from tests.github_lab.lab import JOB
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Runner
    from tests.github_lab.lab import PullRequest


def test_an_event_is_replayed(runner: Runner, opened: Callable[..., PullRequest]) -> None:
    pull = opened(BEFORE, FIXED)
    environ = runner.environment(of_pull_request(pull))  # writes the event
    [shown] = re.findall(r"```sh\n.*?(env .*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    replaced = {
        "OWNER/REPO": pull.repository.full_name,
        "$(gh auth token)": JOB,
        ".venv/bin/python": sys.executable,
        "event.json": environ["GITHUB_EVENT_PATH"],
    }
    for word, meant in replaced.items():
        assert word in shown
        shown = shown.replace(word, meant)
    done = subprocess.run(
        shlex.split(shown.replace("\\\n", " ")),
        cwd=environ["GITHUB_WORKSPACE"],
        env={
            "PATH": os.environ["PATH"],
            **{name: value for name, value in environ.items() if re.match("GITHUB_.*URL|INPUT_INDEX", name)},
            "PYTHONPATH": str(ROOT / "src"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [str(each) for each in runner.lab.front.exchanges if each.verb not in ("GET", "POST")] == []
    assert pull.comments() == []
