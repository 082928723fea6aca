"""Every event that starts a run, and the runs that GitHub gives less to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.job import BEFORE, FALLEN, FIXED, LOCK, Runner, settings
from tests.github_lab.payloads import example, of_merge_group, of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]

READ = {"contents": "read", "pull_requests": "read"}


@pytest.mark.parametrize(("after", "code"), [(FALLEN, 1), (FIXED, 0)])
def test_a_merge_group(runner: Runner, lab: Lab, after: dict[str, str], code: int) -> None:
    repository = lab.repository({**BEFORE, ".github/fallback-review.toml": settings(runner.index)})
    queue = "gh-readonly-queue/main/pr-1"
    head = repository.push(queue, after, start="main")
    payload = of_merge_group(repository, base=repository.commits["main"], head=head)
    environ = runner.environment(payload, event="merge_group", status="true", review_comments="true")
    ended = runner.step(environ)
    assert (ended.code, ended.outputs["comment-url"]) == (code, "")
    [status] = [each for each in lab.front.gaps.statuses if each["sha"] == head]
    assert status["state"] == ("failure" if code else "success")
    assert [request for request in lab.requests() if "/issues/" in request or "/pulls/" in request] == []


@pytest.mark.parametrize("by_input", [True, False])
def test_a_manual_run(runner: Runner, opened: Opened, by_input: bool) -> None:
    pull = opened(BEFORE, FALLEN)
    payload = example("workflow_dispatch")
    payload["repository"].update(name=pull.repository.name, full_name=pull.repository.full_name)
    payload["inputs"] = {} if by_input else {"pull-request": str(pull.number)}
    number = str(pull.number) if by_input else ""
    environ = runner.environment(payload, event="workflow_dispatch", status="true", pull_request=number)
    ended = runner.step(environ)
    assert ended.code == 1
    assert len(pull.comments()) == 1


def test_a_manual_run_that_names_nothing(runner: Runner, opened: Opened) -> None:
    payload = example("workflow_dispatch")
    payload["inputs"] = None
    ended = runner.step(runner.environment(payload, event="workflow_dispatch"))
    assert ended.code == 2
    assert "an input `pull-request`" in ended.annotations("error")[0]


@pytest.mark.parametrize("mode", ["", "recheck"])
@pytest.mark.parametrize("by_input", [True, False])
@pytest.mark.parametrize("wrong", ["twelve", "#12", "0", "12; rm", "::error::x\nx"])
def test_a_manual_run_whose_number_is_none(runner: Runner, wrong: str, by_input: bool, mode: str) -> None:
    payload = example("workflow_dispatch")
    payload["inputs"] = {} if by_input else {"pull-request": wrong}
    given = wrong if by_input else ""
    environ = runner.environment(payload, event="workflow_dispatch", pull_request=given, mode=mode)
    ended = runner.step(environ)
    assert ended.code == 2
    [error] = ended.annotations("error")
    assert "pull-request" in error
    assert by_input or "which is no number of a pull request" in error
    assert runner.lab.front.exchanges == []


def test_a_manual_run_for_what_is_no_pull_request(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    payload = example("workflow_dispatch")
    payload["repository"].update(name=pull.repository.name, full_name=pull.repository.full_name)
    payload["inputs"] = {"pull-request": str(pull.number + 4)}
    ended = runner.step(runner.environment(payload, event="workflow_dispatch"))
    assert ended.code == 2
    assert "has no pull request" in ended.annotations("error")[0]
    assert "not of an issue" in ended.annotations("error")[0]


def test_an_event_without_a_pull_request(runner: Runner) -> None:
    ended = runner.step(runner.environment(example("push"), event="push"))
    assert ended.code == 2
    assert "run this on one of: pull_request" in ended.annotations("error")[0]
    assert runner.lab.front.exchanges == []


def test_pull_request_target_of_a_fork(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN, fork="mallory/app")
    ended = runner.step(runner.environment(of_pull_request(pull), event="pull_request_target"))
    assert (ended.code, len(pull.comments())) == (1, 1)
    assert f"/mallory/app/blob/{pull.head}/requirements.txt#L2" in pull.comments()[0]["body"]


def test_pull_request_of_a_fork(runner: Runner, opened: Opened, lab: Lab) -> None:
    pull = opened(BEFORE, FALLEN, fork="mallory/app")
    ended = runner.run(pull, token=lab.token(**READ), credentials=False)
    assert (ended.code, ended.outputs["conclusion"], pull.comments()) == (3, "unknown", [])
    for text in (ended.log, ended.summary):
        assert "run on pull&#95;request&#95;target" in text or "run on pull_request_target" in text
        assert "comes from a fork, which gets no secrets" in text
    assert "token that can only read" in ended.log
    assert "token that can only read" in ended.summary


def test_what_needs_no_credentials_is_said_of_a_fork(runner: Runner, lab: Lab) -> None:
    """Chainguard's own index is not even asked without credentials; a URL in the lock needs no index."""
    direct = "thing @ https://example.test/thing-1.0-py3-none-any.whl\n"
    ours = settings(runner.index, 'own-hosts = ["example.test"]\n', chainguard=False)
    base = {**BEFORE, ".github/fallback-review.toml": ours}
    pull = lab.repository(base).pull_request({LOCK: BEFORE[LOCK] + direct}, fork="mallory/app")
    ended = runner.run(pull, token=lab.token(**READ), credentials=False)
    assert (ended.code, ended.outputs["conclusion"]) == (0, "pass")
    pull.push({LOCK: FIXED[LOCK] + direct})
    ended = runner.run(pull, "synchronize", token=lab.token(**READ), credentials=False)
    assert (ended.code, ended.outputs["conclusion"]) == (3, "unknown")
    [lockfile] = ended.report["lockfiles"]
    assert [(each["name"], each["outcome"], each["cause"]) for each in lockfile["changes"]] == [
        ("built", "unknown", "not-configured"),
        ("thing", "direct", None),
    ]


@pytest.mark.parametrize("on_unknown", ["fail", "warn"])
def test_dependabot(runner: Runner, opened: Opened, lab: Lab, on_unknown: str) -> None:
    pull = opened(BEFORE, FALLEN, author="dependabot[bot]")
    ended = runner.run(pull, token=lab.token(**READ), credentials=False, on_unknown=on_unknown)
    assert ended.code == (3 if on_unknown == "fail" else 0)
    assert "Dependabot secrets" in ended.log
    assert "Dependabot secrets" in ended.summary


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\xff", b'{"pull_request": {}}'])
def test_a_payload_that_is_not_one(runner: Runner, payload: bytes) -> None:
    environ = runner.environment(example("push"))
    (runner.folder / "1/event.json").write_bytes(payload)
    ended = runner.step(environ)
    assert ended.code == 2
    assert "payload" in ended.annotations("error")[0]


@pytest.mark.parametrize("name", ["GITHUB_EVENT_PATH", "GITHUB_API_URL", "GITHUB_EVENT_NAME"])
def test_an_environment_that_is_no_jobs(runner: Runner, opened: Opened, name: str) -> None:
    environ = runner.environment(of_pull_request(opened(BEFORE, FALLEN)))
    del environ[name]
    ended = runner.step(environ)
    assert ended.code == 2
    assert len(ended.annotations("error")) == 1


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("comment", "always", "input comment: input should be 'changes', 'findings' or 'never'"),
        ("fail_on", "pipy", "input fail-on: 'pipy' is not a known outcome; did you mean 'pypi'?"),
        ("status", "perhaps", "input status: input should be a valid boolean"),
        ("index_url", "ftp://index.example/", "input index-url: an index address starts with"),
        ("pull_request", "seven", "input pull-request: input should be a valid integer"),
    ],
)
def test_an_input_that_is_not_allowed(
    runner: Runner, opened: Opened, name: str, value: str, says: str
) -> None:
    ended = runner.run(opened(BEFORE, FALLEN), **{name: value})
    assert ended.code == 2
    assert says in ended.annotations("error")[0]


def test_settings_that_are_not_allowed(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened({**BEFORE, ".github/fallback-review.toml": "[policy]\nfail-of = 1\n"}, FALLEN))
    assert ended.code == 2
    assert (
        ".github/fallback-review.toml: policy.fail-of: there is no such key; did you mean 'fail-on'?"
        in (ended.annotations("error")[0])
    )
