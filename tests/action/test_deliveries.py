"""What a run leaves besides the comment, and what becomes of it where a permission is missing."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from fallback_review.action import main
from fallback_review.report.json import schema
from tests.action.job import BEFORE, FALLEN, FIXED, LOCK, Runner, lock
from tests.conftest import ROOT
from tests.github_lab.fixtures import QUICK
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]

EVERYTHING = {"review_comments": "true", "status": "true"}
READ = {"contents": "read", "pull_requests": "read"}


def statuses(pull: PullRequest) -> list[tuple[str, str]]:
    found = pull.repository.lab.front.gaps.statuses
    return [(each["context"], each["state"]) for each in found if each["sha"] == pull.head]


def test_every_output_is_told_of_and_set(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, FALLEN))
    assert list(ended.outputs) == list(yaml.safe_load((ROOT / "action.yml").read_text())["outputs"])


def test_reports_in_the_workspace(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    ended = runner.run(pull)
    assert {file.name for file in ended.workspace.iterdir()} == {
        "fallback-review.json",
        "fallback-review.sarif",
    }
    jsonschema_rs.validator_for(schema()).validate(ended.report)
    assert ended.report["base"] == pull.repository.commits["main"]
    sarif = json.loads((ended.workspace / "fallback-review.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    [result] = sarif["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": LOCK},
        "region": {"startLine": 2},
    }


def test_a_link_in_the_workspace_is_not_followed(runner: Runner, opened: Opened) -> None:
    environ = runner.environment(of_pull_request(opened(BEFORE, FALLEN)))
    target = runner.folder / "precious"
    target.write_text("kept")
    link = runner.folder / "1/workspace/fallback-review.json"
    link.symlink_to(target)
    ended = runner.step(environ)
    assert target.read_text() == "kept"
    assert not link.is_symlink()
    assert ended.report["conclusion"] == "fail"


def test_a_workspace_that_is_not_there(runner: Runner, opened: Opened) -> None:
    environ = runner.environment(of_pull_request(opened(BEFORE, FALLEN)))
    (runner.folder / "1/workspace").rmdir()
    (runner.folder / "1/workspace").symlink_to(runner.folder / "nowhere")
    log = runner.step(environ)
    assert (log.code, log.outputs["conclusion"], log.outputs["report"]) == (1, "fail", "")
    assert any("No report files" in line for line in log.annotations("warning"))


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_annotations(runner: Runner, opened: Opened, wanted: str) -> None:
    ended = runner.run(opened(BEFORE, FALLEN), annotations=wanted)
    begins = (
        "::error title=behind 2.0%3A PyPI,file=requirements.txt,line=2::behind 2.0: PyPI; Chainguard has no"
    )
    assert [line.startswith(begins) for line in ended.annotations("error")] == [True] * (wanted == "true")


@pytest.mark.parametrize(
    ("after", "inputs", "state"),
    [
        (FIXED, {}, "success"),
        (FALLEN, {}, "failure"),
        (FALLEN, {"fail_on": "none"}, "success"),
        (FIXED, {"credentials": False}, "error"),
        ({"README.md": "x\n"}, {}, "success"),
    ],
)
def test_status(
    runner: Runner, opened: Opened, after: dict[str, str], inputs: dict[str, Any], state: str
) -> None:
    pull = opened(BEFORE, after)
    runner.run(pull, status="true", **inputs)
    assert statuses(pull) == [("fallback-review", state)]


def test_no_status_unless_asked_for(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    assert statuses(pull) == []


def test_review_comments_for_what_is_new_until_it_is_fixed(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    wanted = {"review_comments": "true", "comment": "never"}
    runner.run(pull, **wanted)
    [said] = pull.review_comments()
    assert (said["path"], said["line"], said["commit_id"]) == (LOCK, 2, pull.head)
    assert "behind 2.0" in said["body"]
    runner.run(pull.push({LOCK: lock(built="1.0", behind="2.0", absent="1.0")}), "synchronize", **wanted)
    assert [(each["id"] == said["id"], each["line"]) for each in pull.review_comments()] == [
        (True, 2),
        (False, 3),
    ]
    runner.run(pull.push({LOCK: lock(built="1.0", behind="1.0", absent="1.0")}), "synchronize", **wanted)
    assert [each["line"] for each in pull.review_comments()] == [3]
    runner.run(pull.push(BEFORE), "synchronize", **wanted)
    assert pull.review_comments() == []
    assert len(runner.lab.recorded("POST", ".*/reviews")) == 2


@pytest.mark.parametrize(
    ("permissions", "missed", "permission"),
    [
        ({"contents": "read", "pull_requests": "read", "statuses": "write"}, 2, "pull-requests: write"),
        ({"contents": "read", "pull_requests": "write"}, 1, "statuses: write"),
        (READ, 3, "statuses: write"),
        ({"contents": "read"}, 3, "pull-requests: write"),
    ],
)
def test_less_permission_less_output_same_verdict(
    runner: Runner,
    opened: Opened,
    lab: Lab,
    *,
    permissions: dict[str, str],
    missed: int,
    permission: str,
) -> None:
    pull = opened(BEFORE, FALLEN)
    ended = runner.run(pull, token=lab.token(**permissions), annotations="false", **EVERYTHING)
    assert (ended.code, ended.outputs["conclusion"]) == (1, "fail")
    warnings = ended.annotations("warning")
    assert len(warnings) == missed
    assert any(
        f"add `{permission}` to the job's `permissions%3A`" in line.replace("permissions:", "permissions%3A")
        for line in warnings
    )
    assert len(ended.annotations("error")) == 1  # where nothing can be written, annotations stand in
    for line in warnings:
        assert re.search(r"No (comment|review comments|commit status): ", line)
    assert ended.summary.count("\n> No ") == missed


def test_without_permission_to_read_contents(runner: Runner, opened: Opened, lab: Lab) -> None:
    pull = opened(BEFORE, FALLEN)
    ended = runner.run(pull, token=lab.token(pull_requests="write", statuses="write"), **EVERYTHING)
    assert ended.code == 3
    [line] = ended.annotations("error")
    assert "add `contents: read` to the job's `permissions:`" in line
    assert "this is not a pass" in ended.log


@pytest.mark.parametrize("token", ["ghs_revoked", "not a token at all", ""])
def test_a_bad_token(runner: Runner, opened: Opened, token: str) -> None:
    ended = runner.run(opened(BEFORE, FALLEN), token=token)
    assert (ended.code, ended.outputs) == (3, {"conclusion": "unknown"})
    [line] = ended.annotations("error")
    assert "check the github-token input" in line
    assert runner.index.log == []


def test_a_closed_conversation(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    body = {"message": "Unable to create comment because issue is locked."}
    runner.lab.front.faults.append(Fault(verb="POST", path=".*/comments", status=403, body=body))
    ended = runner.run(pull)
    assert ended.code == 1
    [line] = ended.annotations("warning")
    assert "issue is locked" in line
    assert "permissions" not in line


@pytest.mark.parametrize("credentials", [True, False])
def test_an_index_that_lets_nobody_in(runner: Runner, opened: Opened, credentials: bool) -> None:
    pull = opened(BEFORE, FIXED)
    wrong = {"index_password": "wrong-password-9f86d081"} if credentials else {}
    ended = runner.run(pull, credentials=credentials, **wrong)
    assert (ended.code, ended.outputs["conclusion"], ended.outputs["unknown-count"]) == (3, "unknown", "1")
    assert "token missing or expired" in pull.comments()[0]["body"]
    [change] = ended.report["lockfiles"][0]["changes"]
    assert (change["outcome"], change["cause"]) == ("unknown", "unauthorized")


def test_unknown_as_a_warning(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, FIXED), credentials=False, on_unknown="warn")
    assert (ended.code, ended.outputs["conclusion"], ended.outputs["unknown-count"]) == (0, "warn", "1")


@pytest.mark.parametrize("file", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
@pytest.mark.parametrize(("after", "code"), [(FIXED, 0), (FALLEN, 1)])
@pytest.mark.parametrize("there", ["folder", "full", "nowhere"])
def test_files_of_the_runner_that_can_not_be_written(
    runner: Runner, opened: Opened, *, file: str, after: dict[str, str], code: int, there: str
) -> None:
    """A finished review is no fault of ours, and its exit code is the verdict."""
    pull = opened(BEFORE, after)
    environ = runner.environment(of_pull_request(pull))
    places = {"folder": runner.folder, "full": "/dev/full", "nowhere": runner.folder / "no/where"}
    log = io.StringIO()
    assert main.run({**environ, file: str(places[there])}, log, patience=QUICK) == code
    what = "outputs" if file == "GITHUB_OUTPUT" else "job summary"
    assert f"::warning title=Fallback Review::No {what}: " in log.getvalue()
    assert len(pull.comments()) == 1


@pytest.mark.parametrize("file", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_files_that_can_not_be_written_where_nothing_was_checked(
    runner: Runner, opened: Opened, file: str
) -> None:
    environ = runner.environment(of_pull_request(opened(BEFORE, FIXED)), token="ghs_revoked")
    log = io.StringIO()
    assert main.run({**environ, file: "/dev/full"}, log, patience=QUICK) == 3
    assert "check the github-token input" in log.getvalue()
