"""GitHub and indexes that fail: waited for where that is safe, never posted twice, never green without an answer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.action.job import BEFORE, FALLEN, FIXED, Runner, settings
from tests.github_lab.front import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]

EVERYTHING = {"review_comments": "true", "status": "true"}
REQUESTS = 8
"""What a run asks with everything switched on."""
SOON = {"Retry-After": "1"}
LIMITED = {"message": "You have exceeded a secondary rate limit."}
TROUBLE: dict[str, dict[str, Any]] = {
    "502": {"status": 502},
    "502 after the work": {"status": 502, "after_work": True},
    "killed": {"killed": True},
    "killed after the work": {"killed": True, "after_work": True},
    "429": {"status": 429, "headers": {"Retry-After": "0"}},
}


def fail(lab: Lab, number: int, trouble: dict[str, Any], times: int = 1) -> None:
    """Let `number` requests through, then make the next fail."""
    lab.front.faults.append(Fault(verb=".*", path=".*", before=lambda: None, times=number))
    lab.front.faults.append(Fault(verb=".*", path=".*", times=times, **trouble))


def shown(pull: PullRequest) -> tuple[int, int, list[str]]:
    states = [each["state"] for each in pull.repository.lab.front.gaps.statuses if each["sha"] == pull.head]
    return len(pull.comments()), len(pull.review_comments()), states


def test_how_much_is_asked(runner: Runner, opened: Opened) -> None:
    runner.run(opened(BEFORE, FALLEN), **EVERYTHING)
    assert len(runner.lab.front.exchanges) == REQUESTS


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("number", range(REQUESTS))
def test_any_one_request_fails_once(runner: Runner, opened: Opened, number: int, trouble: str) -> None:
    pull = opened(BEFORE, FALLEN)
    fail(runner.lab, number, TROUBLE[trouble])
    ended = runner.run(pull, **EVERYTHING)
    assert ended.code == 1
    comments, said, states = shown(pull)
    assert (comments, said, set(states)) == (1, 1, {"failure"})
    assert ended.annotations("warning") == []


@pytest.mark.parametrize("after", [FALLEN, FIXED])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_from_some_request_on_github_is_gone(
    runner: Runner, opened: Opened, number: int, after: dict[str, str]
) -> None:
    pull = opened(BEFORE, after)
    fail(runner.lab, number, {"killed": True}, times=1_000)
    ended = runner.run(pull, **EVERYTHING)
    runner.lab.front.faults.clear()
    if ended.code == 3:
        assert ended.outputs == {"conclusion": "unknown"}
        assert "run the job again" in ended.annotations("error")[0]
        assert shown(pull) == (0, 0, [])
    else:
        assert ended.code == (1 if after is FALLEN else 0)
        assert shown(pull)[0] <= 1


def test_a_comment_that_is_refused_for_a_moment(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    fault = Fault(verb="POST", path=".*/comments", status=403, headers=SOON, body=LIMITED)
    runner.lab.front.faults.append(fault)
    assert runner.run(pull).code == 1
    assert len(pull.comments()) == 1
    assert len(runner.lab.recorded("POST", ".*/comments")) == 2


def test_a_limit_that_lasts(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FIXED)
    fault = Fault(verb="GET", path=".*/compare/.*", status=403, headers={"Retry-After": "3600"}, body=LIMITED)
    runner.lab.front.faults.append(fault)
    ended = runner.run(pull)
    assert ended.code == 3
    assert "rate limit" in ended.annotations("error")[0]
    compare, looked = runner.lab.requests()  # once, and whether there is something to take back
    assert ("/compare/" in compare, looked) == (True, "POST /graphql")


def test_a_limit_that_lasts_while_commenting(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    fault = Fault(verb="POST", path=".*/comments", status=429, headers={"Retry-After": "3600"}, body=LIMITED)
    runner.lab.front.faults.append(fault)
    ended = runner.run(pull)
    assert (ended.code, pull.comments()) == (1, [])
    [line] = ended.annotations("warning")
    assert "run the job again after 20" in line


@pytest.mark.parametrize("raw", [b"", b"<html>", b'{"files": [', b"null", b"[]", b'{"files": 1}'])
@pytest.mark.parametrize("path", [".*/compare/.*", ".*/contents/.*", ".*/issues/.*", "/graphql"])
def test_answers_that_are_none(runner: Runner, opened: Opened, path: str, raw: bytes) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.lab.front.gaps.graph.absent = "contents" in path
    fault = Fault(verb=".*", path=path, status=200, raw=raw, times=1_000)
    runner.lab.front.faults.append(fault)
    ended = runner.run(pull, annotations="false")
    # Without the lockfiles nothing is known. GraphQL is a shortcut, and what can't be said changes no verdict.
    assert ended.code == (3 if "compare" in path or "contents" in path else 1)
    assert len(ended.annotations("error")) == ("compare" in path or "issues" in path)
    assert [line for line in ended.annotations("warning") if "No comment: " in line] == (
        ended.annotations("warning")
    )
    assert len(ended.annotations("warning")) == ("issues" in path)


@pytest.mark.parametrize("status", [404, 410, 451])
@pytest.mark.parametrize("path", [".*/compare/.*", ".*/contents/.*", "/graphql"])
def test_what_is_hidden_is_not_a_pass(runner: Runner, opened: Opened, path: str, status: int) -> None:
    pull = opened({**BEFORE, "pyproject.toml": ""}, FALLEN)
    runner.lab.front.gaps.graph.absent = "contents" in path
    runner.lab.front.faults.append(Fault(verb=".*", path=path, status=status, times=1_000))
    assert runner.run(pull).code == (1 if path == "/graphql" else 3)


def test_an_index_that_is_gone(runner: Runner, lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    configured = settings(runner.index).replace(runner.index.chainguard, gone)
    pull = lab.repository({**BEFORE, ".github/fallback-review.toml": configured}).pull_request(FIXED)
    ended = runner.run(pull, status="true")
    assert (ended.code, ended.outputs["conclusion"]) == (3, "unknown")
    assert shown(pull) == (1, 0, ["error"])
    assert "could not be checked" in pull.comments()[0]["body"]


def test_a_fault_of_our_own_is_no_verdict(
    runner: Runner, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("x\n::error::owned")

    pull = opened(BEFORE, FIXED)
    monkeypatch.setattr("fallback_review.pipeline.review.review", broken)
    ended = runner.run(pull, variables={"RUNNER_DEBUG": "1"})
    assert ended.code == 3
    [line] = ended.annotations("error")
    assert "Fallback Review stopped with an internal error" in line
    assert "(RuntimeError at test_faults.py:" in line
    assert "::error::owned" not in ended.commands
