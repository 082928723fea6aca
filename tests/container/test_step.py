"""A step of a job: the image run as GitHub's runner runs it, before a stateful GitHub and real indexes."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jsonschema
import pytest
import yaml

from fallback_review.cli.demo import scene
from fallback_review.cli.demo.server import DemoIndex
from tests.conftest import ROOT
from tests.github_lab.front import Fault
from tests.github_lab.lab import JOB
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.container.docker import Docker
    from tests.container.runner import Runner
    from tests.github_lab.lab import Lab, PullRequest

HOSTILE = "from pathlib import Path; Path('/github/workspace/ran').touch()\n"


@pytest.fixture
def index() -> Iterator[DemoIndex]:
    with DemoIndex(scene.TODAY) as index:
        yield index


def _locks(side: str, index: DemoIndex) -> dict[str, str | bytes | None]:
    data = resources.files("fallback_review.cli.demo").joinpath("data", side)
    return {name: index.fill(data.joinpath(*name.split("/")).read_text("utf-8")) for name in scene.LOCKFILES}


def _settings(index: DemoIndex) -> str:
    tables = scene.settings(index.chainguard, index.pypi, index.private)
    # JSON's strings and lists are TOML's as well.
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )


def _pull_request(lab: Lab, index: DemoIndex) -> PullRequest:
    base: dict[str, str | bytes] = {
        **{name: text for name, text in _locks("base", index).items() if text is not None},
        ".github/fallback-review.toml": _settings(index),
        "README.md": "# A web shop\n",
    }
    return lab.repository(base).pull_request(_locks("head", index))


def test_a_pull_request_is_reviewed_and_the_step_fails(
    lab: Lab, index: DemoIndex, github_runner: Runner
) -> None:
    pull = _pull_request(lab, index)

    step = github_runner.run(
        "pull_request",
        of_pull_request(pull),
        {"index-username": index.username, "index-password": index.password},
        environ={"GITHUB_REPOSITORY": pull.repository.full_name},
    )

    assert step.exit_code == 1, step.log
    declared = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["outputs"]
    assert list(step.outputs) == list(declared)
    report = json.loads((step.workspace / step.outputs["report"]).read_text("utf-8"))
    jsonschema.validate(report, json.loads((ROOT / "docs/report.schema.json").read_text("utf-8")))
    changes = [change for lockfile in report["lockfiles"] for change in lockfile["changes"]]
    assert step.outputs["conclusion"] == report["conclusion"] == "fail"
    assert int(step.outputs["fallback-count"]) == sum(change["outcome"] == "pypi" for change in changes) > 0
    assert "litellm" in step.summary
    (comment,) = pull.comments()
    assert "litellm" in comment["body"]
    assert step.outputs["comment-url"].endswith(f"#issuecomment-{comment['id']}")
    assert {path.name for path in step.workspace.iterdir()} == {
        "fallback-review.json",
        "fallback-review.patch",
        "fallback-review.sarif",
    }


def test_a_secret_is_printed_only_where_the_runner_is_told_to_hide_it(
    lab: Lab, index: DemoIndex, github_runner: Runner
) -> None:
    pull = _pull_request(lab, index)
    step = github_runner.run(
        "pull_request",
        of_pull_request(pull),
        {"index-username": index.username, "index-password": index.password},
        environ={"GITHUB_REPOSITORY": pull.repository.full_name, "RUNNER_DEBUG": "1"},
    )
    for secret in (JOB, index.password):
        assert f"::add-mask::{secret}" in step.log.splitlines()
        assert secret not in step.log.replace(f"::add-mask::{secret}", "")
        files = (step.workspace / name for name in ("fallback-review.json", "fallback-review.sarif"))
        written = [path.read_text("utf-8") for path in files]
        assert all(secret not in text for text in (*written, step.summary, *step.outputs.values()))


def test_without_a_changed_lockfile_the_step_passes_and_no_index_is_asked(
    lab: Lab, index: DemoIndex, github_runner: Runner
) -> None:
    base = {
        "uv.lock": "version = 1\n",
        "README.md": "# A web shop\n",
        ".github/fallback-review.toml": _settings(index),
    }
    pull = lab.repository(base).pull_request({"README.md": "# A better web shop\n"})
    step = github_runner.run(
        "pull_request",
        of_pull_request(pull),
        {},
        environ={"GITHUB_REPOSITORY": pull.repository.full_name},
    )
    assert step.exit_code == 0, step.log
    assert (step.outputs["conclusion"], step.outputs["changed-count"]) == ("pass", "0")
    assert index.log == []


def test_a_job_that_is_cancelled_is_no_pass(
    lab: Lab, index: DemoIndex, docker: Docker, github_runner: Runner
) -> None:
    """The container's first process is ours, and would be spared a signal that it did not handle."""
    pull = _pull_request(lab, index)
    name = f"cancelled-{uuid4().hex}"
    cancel = Fault(verb="POST", path="/graphql", before=lambda: docker("kill", "--signal", "TERM", name))
    lab.front.faults.append(cancel)
    step = github_runner.run(
        "pull_request",
        of_pull_request(pull),
        {"index-username": index.username, "index-password": index.password, "status": "true"},
        environ={"GITHUB_REPOSITORY": pull.repository.full_name},
        options=("--name", name),
    )
    assert (step.exit_code, step.outputs) == (3, {"conclusion": "unknown"})
    assert "was stopped before everything was checked" in step.log
    assert [status["state"] for status in lab.front.gaps.statuses if status["sha"] == pull.head] == ["error"]


def test_nothing_of_a_checked_out_pull_request_is_run(runner: Runner) -> None:
    for name in ("sitecustomize", "usercustomize", "requests", "github", "json", "fallback_review/__init__"):
        path = runner.workspace / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(HOSTILE)
    hostile = dict.fromkeys(("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE"), "/github/workspace")

    step = runner.run("push", {}, {}, environ={**hostile, "PYTHONINSPECT": "1", "PYTHONWARNINGS": "error"})

    assert step.exit_code == 2
    assert "push" in step.log
    assert not (runner.workspace / "ran").exists()


@pytest.mark.parametrize(
    ("event", "payload", "inputs", "words"),
    [
        pytest.param("issues", {}, {}, "pull_request_target", id="event that is not supported"),
        pytest.param("pull_request", None, {}, "payload", id="no payload"),
        pytest.param(
            "pull_request", {}, {"comment": "always"}, "input comment", id="input that is not allowed"
        ),
    ],
)
def test_a_step_that_is_set_up_wrongly_says_so_and_never_passes(
    runner: Runner, event: str, payload: dict[str, Any] | None, inputs: dict[str, str], words: str
) -> None:
    step = runner.run(event, payload, inputs)
    assert step.exit_code == 2
    (error,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert words in error
    assert "Traceback" not in step.log


def test_another_user_than_root_could_not_write_the_outputs(
    lab: Lab, index: DemoIndex, github_runner: Runner
) -> None:
    """Why the image says USER 0: what the runner mounts belongs to its own user."""
    pull = lab.repository({"README.md": "# A\n"}).pull_request({"README.md": "# B\n"})
    step = github_runner.run(
        "pull_request",
        of_pull_request(pull),
        {},
        environ={"GITHUB_REPOSITORY": pull.repository.full_name},
        options=("--user", "65532"),
    )
    assert step.exit_code == 0, "what could not be written is no fault of a finished review"
    assert "No outputs: their file can't be written to (Permission denied)" in step.log
    assert (step.outputs, step.summary) == ({}, "")
