"""Every YAML block of the documents is a workflow that GitHub's checkers and zizmor find nothing in."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fallback_review.action.inputs import Inputs
from tests.conftest import LAB, ROOT, lab_tool, missing

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


def language_service(
    folder: Path, workflows: dict[str, str], action: Path = ROOT / "action.yml"
) -> dict[str, list[tuple[int, str]]]:
    """What GitHub's language service finds in each workflow: lines and messages."""
    packages = LAB / "workflows"
    if not (packages / "node_modules/@actions/languageservice").is_dir():
        missing("@actions/languageservice (make .lab/workflows/.ready)")
    names = {str(folder / f"{name}.yml"): name for name in workflows}
    for path, name in names.items():
        Path(path).write_text(workflows[name], encoding="utf-8")
    script = Path(__file__).with_name("language_service.mjs")
    command = [lab_tool("node"), str(script), str(packages), OURS.removesuffix("@"), str(action), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return {
        names[path]: [(each["line"], each["message"]) for each in found]
        for path, found in json.loads(done.stdout).items()
    }


def steps(workflow: str) -> list[dict[str, Any]]:
    read = yaml.safe_load(workflow)
    return [step for job in read["jobs"].values() for step in job["steps"]]


def test_there_is_a_workflow_for_every_face() -> None:
    assert "tutorial.md-1" in BLOCKS
    faces = [block for name, block in BLOCKS.items() if name.startswith("bot.md")]
    assert {event for block in faces for event in yaml.safe_load(block)[True]} == {  # YAML's `on`
        "issue_comment",
        "pull_request",
        "push",
        "schedule",
        "workflow_dispatch",
    }


@pytest.mark.lab
@each_block
def test_github_takes_it(tmp_path: Path, block: str) -> None:
    done = schema(tmp_path, block)
    assert done.returncode == 0, done.stdout


@pytest.mark.lab
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


GENERATED = {
    path.name: path.read_text("utf-8").replace("%{project}@%{revision}", f"{OURS}v1")
    for path in (ROOT / "src/fallback_review/cli/workflows").glob("*.yml")
}
assert GENERATED
WITH_A_NUMBER = {
    "pull_request": "github.event.pull_request.number",
    "pull_request_target": "github.event.pull_request.number",
    "issue_comment": "github.event.issue.number",
}


@pytest.mark.parametrize("block", (BLOCKS | GENERATED).values(), ids=BLOCKS | GENERATED)
def test_no_run_cancels_another_ones(block: str) -> None:
    """Groups span the repository, and one of a workflow is joined before a job's `if` is looked at."""
    read = yaml.safe_load(block)
    of_jobs = [job["concurrency"] for job in read["jobs"].values() if "concurrency" in job]
    if any("if" in job for job in read["jobs"].values()):
        assert "concurrency" not in read
        assert len(of_jobs) == len(read["jobs"])
    groups = [*of_jobs, *([read["concurrency"]] if "concurrency" in read else [])]
    assert groups
    events = read[True] if isinstance(read[True], list | dict) else [read[True]]
    for group in groups:
        assert "${{ github.workflow }}" in group["group"]
        for number in {WITH_A_NUMBER[event] for event in events if event in WITH_A_NUMBER}:
            assert number in group["group"]
        if "issue_comment" in events:  # a third run would take the place of the second
            assert "github.event.comment.id" in group["group"]
            assert group["cancel-in-progress"] is False


def test_workflows_that_go_together_have_names_of_their_own() -> None:
    generated = [yaml.safe_load(text)["name"] for text in GENERATED.values()]
    organisations = yaml.safe_load(BLOCKS["organisation.md-1"])["name"]
    assert len({*generated, organisations}) == len(generated) + 1


@each_block
def test_nothing_is_checked_out(block: str) -> None:
    """But where a job installs, to verify that."""
    found = steps(block)
    verifies = any(step.get("with", {}).get("mode") == "verify" for step in found)
    assert any("checkout" in step.get("uses", "") for step in found) == verifies


@pytest.mark.lab
def test_the_checkers_would_find_something(tmp_path: Path) -> None:
    bad = "on: pull_request_target\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: a/b@main\n"
    assert zizmor(tmp_path, bad).returncode != 0
    assert schema(tmp_path, bad.replace("steps", "stepz")).returncode != 0


@pytest.mark.lab
def test_the_language_service_finds_nothing(tmp_path: Path) -> None:
    own = {path.name: path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")}
    # The service does not look up local actions: ours goes by its public name, so that its inputs are checked.
    assert "uses: ./ " in own["dogfood.yml"]
    own["dogfood.yml"] = own["dogfood.yml"].replace("uses: ./ ", f"uses: {OURS}v1 ")
    workflows = BLOCKS | own
    assert language_service(tmp_path, workflows) == {name: [] for name in workflows}


BAD = f"""on: pull_request
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - uses: {OURS}v1
      with:
        no-such-input: x
    - uses: a/b@v1
      wiht: {{}}
    - run: echo ${{{{ no-such-context.x }}}}
"""


@pytest.mark.lab
def test_the_language_service_would_find_something(tmp_path: Path) -> None:
    assert language_service(tmp_path, {"bad": BAD})["bad"] == [
        (8, "Invalid action input 'no-such-input'"),
        (10, "Unexpected value 'wiht'"),
        (11, "Unrecognized named-value: 'no-such-context'"),
    ]


@pytest.mark.lab
def test_the_language_service_asks_for_a_required_input(tmp_path: Path) -> None:
    action = tmp_path / "action.yml"
    action.write_text("name: a\ndescription: b\ninputs:\n  needed:\n    required: true\n", encoding="utf-8")
    good = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: {OURS}v1\n"
    found = language_service(
        tmp_path, {"bare": good, "given": good + "      with:\n        needed: 1\n"}, action
    )
    assert [message for _, message in found["bare"]] == ["Missing required input `needed`"]
    assert found["given"] == []
