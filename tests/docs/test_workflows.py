"""Every YAML block of the documents is a workflow that GitHub's checker and zizmor find nothing in."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fallback_review.inputs import Inputs
from tests.conftest import ROOT, lab_tool

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = {
    f"{document.name}-{number}": block
    for document in DOCUMENTS
    for number, block in enumerate(BLOCK.findall(document.read_text("utf-8")), start=1)
}
each_block = pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
OURS = "fallback-review/fallback-review@"


def check(folder: Path, workflow: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    place = folder / ".github/workflows"
    place.mkdir(parents=True, exist_ok=True)
    (place / "workflow.yml").write_text(workflow, encoding="utf-8")
    command = [lab_tool(program, "checkers"), *arguments, ".github/workflows/workflow.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def schema(folder: Path, workflow: str) -> subprocess.CompletedProcess[str]:
    return check(folder, workflow, "check-jsonschema", "--builtin-schema", "vendor.github-workflows")


def zizmor(folder: Path, workflow: str) -> subprocess.CompletedProcess[str]:
    return check(folder, workflow, "zizmor", "--offline", "--no-progress", "--persona", "pedantic")


def steps(workflow: str) -> list[dict[str, Any]]:
    read = yaml.safe_load(workflow)
    return [step for job in read["jobs"].values() for step in job["steps"]]


def test_there_is_a_workflow_for_every_face() -> None:
    assert "README.md-1" in BLOCKS
    faces = [block for name, block in BLOCKS.items() if name.startswith("bot.md")]
    assert {event for block in faces for event in yaml.safe_load(block)[True]} == {  # YAML's `on`
        "issue_comment",
        "pull_request",
        "schedule",
        "workflow_dispatch",
    }


@each_block
def test_github_takes_it(tmp_path: Path, block: str) -> None:
    done = schema(tmp_path, block)
    assert done.returncode == 0, done.stdout


@each_block
def test_nothing_in_it_is_dangerous(tmp_path: Path, block: str) -> None:
    done = zizmor(tmp_path, block)
    assert done.returncode == 0, done.stdout


@each_block
def test_it_gives_inputs_that_there_are(block: str) -> None:
    ours = [step for step in steps(block) if step.get("uses", "").startswith(OURS)]
    assert ours
    known = {field.alias for field in Inputs.model_fields.values()}
    for step in ours:
        assert set(step["with"]) <= known
        shown = {name: value for name, value in step["with"].items() if "${{" not in str(value)}
        plain = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in shown.items()
        }
        Inputs.model_validate(plain)


@each_block
def test_nothing_is_checked_out(block: str) -> None:
    assert all("checkout" not in step.get("uses", "") for step in steps(block))


def test_the_checkers_would_find_something(tmp_path: Path) -> None:
    bad = "on: pull_request_target\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: a/b@main\n"
    assert zizmor(tmp_path, bad).returncode != 0
    assert schema(tmp_path, bad.replace("steps", "stepz")).returncode != 0
