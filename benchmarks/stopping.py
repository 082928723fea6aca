"""From the signal that stops a step to its end, while GitHub does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from tests.github_lab.front import Fault
from tests.github_lab.lab import MODULES, Lab
from tests.github_lab.payloads import of_pull_request

from benchmarks.github import LOCK, SETTINGS, UNIVERSE, environ_of, environment_of
from benchmarks.measure import Row, milliseconds
from fallback_review.cli.demo.server import DemoIndex

SECONDS = 7.5
"""What GitHub's runner gives a step from the first signal to the next."""


def measure() -> list[Row]:
    """Return one row; none where the lab's GitHub is not installed."""
    if not (MODULES / "emulate").exists():
        return []  # it comes with `make lab`
    with closing(Lab()) as lab, DemoIndex(UNIVERSE) as index, tempfile.TemporaryDirectory() as folder:
        lab.reset()
        home = lab.repository({".github/fallback-review.toml": index.fill(SETTINGS)})
        payload = of_pull_request(home.pull_request({"requirements.txt": LOCK}))
        environ = environ_of(environment_of(lab, index), "pull_request", payload, Path(folder))
        over, asked = threading.Event(), threading.Event()

        def hold() -> None:
            asked.set()
            over.wait()

        lab.front.faults.append(Fault(verb="POST", path="/graphql", before=hold))
        command = [sys.executable, "-m", "fallback_review.action.main"]
        with subprocess.Popen(
            command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as step:
            asked.wait()
            step.send_signal(signal.SIGTERM)
            began = time.monotonic()
            step.wait()
            seconds = time.monotonic() - began
        over.set()
    return [
        Row(
            work="a step that is stopped, from the signal to its end",
            measured=milliseconds(seconds),
            against=f"{milliseconds(SECONDS)} until GitHub's runner sends the next signal",
            ratio=seconds / SECONDS,
            budget=1.0,
        )
    ]
