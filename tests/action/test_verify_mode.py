"""`mode: verify`: a step after the install, on whatever event."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.action import main
from tests.action.job import INPUTS, SETTINGS, Ended, read_outputs
from tests.github_lab.fixtures import QUICK, github_lab, lab
from tests.github_lab.lab import JOB
from tests.github_lab.payloads import of_pull_request
from tests.installed.conftest import installed, world
from tests.installed.installers import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.github_lab.lab import Lab
    from tests.installed.conftest import World

__all__ = ["github_lab", "installed", "lab", "world"]
pytestmark = pytest.mark.lab


def settings(world: World, more: str = "") -> str:
    return (
        f'[indexes]\nchainguard = "{world.indexes.chainguard}"\npypi = "{world.indexes.pypi}"\n'
        f'layout = "chainguard-only"\n{more}'
    )


def step(
    folder: Path, event: str, payload: dict[str, Any], lab: Lab | None = None, /, **inputs: str
) -> Ended:
    files = {name: folder / f"_{name}" for name in ("event", "outputs", "summary")}
    files["event"].write_text(json.dumps(payload))
    files["summary"].touch()
    given = {**INPUTS, "github-token": JOB, "mode": "verify"}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    environ = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(files["event"]),
        "GITHUB_OUTPUT": str(files["outputs"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_WORKSPACE": str(folder),
        **{f"INPUT_{name.upper()}": value for name, value in given.items()},
    }
    if lab is not None:
        environ |= {
            "GITHUB_SERVER_URL": lab.front.url,
            "GITHUB_API_URL": lab.front.url,
            "GITHUB_GRAPHQL_URL": f"{lab.front.url}/graphql",
            "GITHUB_REPOSITORY": payload["repository"]["full_name"],
            "GITHUB_RUN_ID": "42",
        }
    log = io.StringIO()
    code = main.run(environ, log, patience=QUICK)
    outputs = files["outputs"].read_text() if files["outputs"].exists() else ""
    return Ended(
        code=code,
        log=log.getvalue(),
        outputs=read_outputs(outputs),
        summary=files["summary"].read_text(),
        workspace=folder,
    )


@pytest.fixture
def workspace(world: World, tmp_path: Path) -> Project:
    """A checkout after `uv sync`."""
    project = Project("uv", tmp_path / "workspace", ("plain==1.0", "native==1.0"))
    project.declare(world.indexes.chainguard)
    project.lock()
    project.install()
    (project.folder / ".github").mkdir()
    (project.folder / SETTINGS).write_text(settings(world))
    return project


def test_the_prediction_held(workspace: Project) -> None:
    ended = step(workspace.folder, "push", {}, verify_lock="uv.lock")
    assert ended.code == 0, ended.log
    assert ended.outputs == {
        "conclusion": "pass",
        "chainguard-count": "2",
        "prediction-held": "2 of 2",
        "report": "fallback-review.json",
    }
    assert "The prediction from uv.lock held for 2 of 2" in ended.summary
    assert ended.report["places"][0]["counts"]["held"] == 2
    assert any("held for 2 of 2" in line for line in ended.annotations("notice"))


def test_a_change_fails_the_step(workspace: Project) -> None:
    (workspace.site / "evil.pth").write_text("import os\n")
    ended = step(workspace.folder, "push", {})
    assert (ended.code, ended.outputs["conclusion"]) == (1, "fail")
    assert "evil.pth" in ended.summary
    assert len(ended.annotations("error")) == 1


def test_a_pull_request_cannot_change_the_rules(world: World, lab: Lab, workspace: Project) -> None:
    """Settings are the base branch's, whatever the checkout holds."""
    (workspace.site / "evil.pth").write_text("import os\n")
    lenient = settings(world, '[policy]\nintegrity = "allow"\n')
    (workspace.folder / SETTINGS).write_text(lenient)
    pull = lab.repository({SETTINGS: settings(world)}).pull_request({SETTINGS: lenient})
    ended = step(workspace.folder, "pull_request", of_pull_request(pull), lab)
    assert (ended.code, ended.outputs["conclusion"]) == (1, "fail"), ended.log
    assert step(workspace.folder, "push", {}).code == 0


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"verify_path": "absent"}, "absent: there is no such file or folder"),
        ({"verify_lock": "absent.lock"}, "absent.lock"),
    ],
)
def test_what_is_not_there_is_said_in_a_line(workspace: Project, inputs: dict[str, str], words: str) -> None:
    ended = step(workspace.folder, "push", {}, **inputs)
    assert ended.code == 2
    assert ended.outputs["conclusion"] == "unknown"
    [line] = ended.annotations("error")
    assert words in line
