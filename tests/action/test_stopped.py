"""A run that ends without a verdict: said in the log, the outputs and the commit status, and without waiting.

GitHub's runner gives a step 7.5 s from the first signal to the next; `make bench` holds how much of that is used.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.action.job import BEFORE, FIXED, Runner, settings
from tests.conftest import ROOT
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Ended
    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]


def states(pull: PullRequest) -> list[str]:
    found = pull.repository.lab.front.gaps.statuses
    return [each["state"] for each in found if each["sha"] == pull.head]


def stopped(runner: Runner, environ: dict[str, str], number: int, *, when: Callable[[], bool]) -> Ended:
    """Start a step, send it a signal once `when` says so, and return how it ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "fallback_review.action.main"],
        env={**environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as step:
        while not when():
            assert step.poll() is None
            time.sleep(0.02)
        step.send_signal(number)
        log, _ = step.communicate()
    return runner.ended(environ, step.returncode, log)


@pytest.mark.parametrize("status", ["true", "false"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_an_index_does_not_answer(runner: Runner, lab: Lab, number: int, status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        configured = settings(runner.index).replace(runner.index.chainguard, address)
        base = {**BEFORE, ".github/fallback-review.toml": configured}
        pull = lab.repository(base).pull_request(FIXED)
        environ = runner.environment(of_pull_request(pull), status=status)

        with ExitStack() as held:

            def is_asked() -> bool:
                held.enter_context(silent.accept()[0])
                return True

            ended = stopped(runner, environ, number, when=is_asked)
    assert (ended.code, ended.outputs) == (3, {"conclusion": "unknown"})
    [line] = ended.annotations("error")
    assert "was stopped before everything was checked, so this is not a pass" in line
    assert "Traceback" not in ended.log
    assert states(pull) == (["error"] if status == "true" else [])


def test_while_github_does_not_answer(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FIXED)
    environ = runner.environment(of_pull_request(pull), status="true")
    over = threading.Event()
    fault = Fault(verb="POST", path="/graphql", before=over.wait)
    runner.lab.front.faults.append(fault)
    try:
        ended = stopped(runner, environ, signal.SIGTERM, when=lambda: fault.times == 0)
    finally:
        over.set()
    assert (ended.code, states(pull)) == (3, ["error"])


def test_where_it_could_not_go_on(runner: Runner, opened: Opened) -> None:
    """An earlier run's success does not stand for what a later one could not find out."""
    pull = opened(BEFORE, FIXED)
    assert runner.run(pull, status="true").code == 0
    runner.lab.front.faults.append(Fault(verb="GET", path=".*/compare/.*", status=403))
    assert runner.run(pull, status="true").code == 3
    assert states(pull) == ["success", "error"]
    [latest] = runner.lab.front.gaps.statuses[-1:]
    assert latest["description"] == "❔ Not checked: the run was stopped or could not go on, see its log"


def test_settings_that_can_not_be_read(runner: Runner, opened: Opened) -> None:
    pull = opened({**BEFORE, ".github/fallback-review.toml": "[policy]\nfail-of = 1\n"}, FIXED)
    assert runner.run(pull, status="true").code == 2
    assert states(pull) == ["error"]


def test_where_not_even_that_can_be_said(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FIXED)
    runner.lab.front.faults.append(Fault(verb=".*", path=".*", status=403, times=99))
    ended = runner.run(pull, status="true", variables={"RUNNER_DEBUG": "1"})
    assert (ended.code, states(pull)) == (3, [])
    assert "commit status: forbidden" in ended.log
    [line] = ended.annotations("error")
    assert "asked to GET" in line
