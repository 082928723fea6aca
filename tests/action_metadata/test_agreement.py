"""action.yml, the code and the documented interface name the same inputs and outputs."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fallback_review.action.inputs import Inputs, read_inputs
from fallback_review.action.main import run
from fallback_review.settings.schema import FAIL_ON
from tests.conftest import ROOT
from tests.github_lab.lab import JOB
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.github_lab.lab import Lab

DOCUMENTED_INPUTS = {  # the interface that workflows rely on: none of these may go
    "github-token",
    "index-url",
    "index-username",
    "index-password",
    "resolver-index-url",
    "lockfiles",
    "config",
    "fail-on",
    "on-unknown",
    "comment",
    "review-comments",
    "annotations",
    "status",
    "pull-request",
    "ca-bundle",
    "mode",
    "verify-path",
    "verify-lock",
    "request-budget",
    "app-id",
    "app-private-key",
}
DOCUMENTED_OUTPUTS = {
    "conclusion",
    "changed-count",
    "fallback-count",
    "chainguard-count",
    "unknown-count",
    "report",
    "patch",
    "prediction-held",
    "comment-url",
}


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return read


def _as_passed(action: dict[str, Any]) -> dict[str, Any]:
    """What a container gets when a workflow gives no input: every input, with its default or empty."""
    return {f"INPUT_{name.upper()}": spec.get("default", "") for name, spec in action["inputs"].items()}


def test_the_inputs_are_the_documented_ones_and_those_that_the_code_reads(action: dict[str, Any]) -> None:
    read = {field.alias for field in Inputs.model_fields.values()}
    assert set(action["inputs"]) == read >= DOCUMENTED_INPUTS


def test_the_reference_names_every_input_and_output_and_no_other(action: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "reference" / "action.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]

    named = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}

    assert named == set(action["inputs"]) | set(action["outputs"])
    assert "(docs/reference/action.md)" in (ROOT / "README.md").read_text("utf-8")


def test_the_outputs_are_the_documented_ones_and_those_that_the_code_writes(
    action: dict[str, Any], lab: Lab, environment: dict[str, str], tmp_path: Path
) -> None:
    pull = lab.repository({"README.md": "# A\n"}).pull_request({"README.md": "# B\n"})
    event, outputs = tmp_path / "event.json", tmp_path / "outputs"
    event.write_text(json.dumps(of_pull_request(pull)))
    step = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_REPOSITORY": pull.repository.full_name,
        "GITHUB_WORKSPACE": str(tmp_path),
    }
    assert run({**environment, **step, "INPUT_GITHUB-TOKEN": JOB}, io.StringIO()) == 0
    written = set(re.findall(r"^([a-z-]+)<<", outputs.read_text("utf-8"), re.MULTILINE))
    assert set(action["outputs"]) == written >= DOCUMENTED_OUTPUTS


def test_a_default_says_what_the_code_does_without_the_input(action: dict[str, Any]) -> None:
    passed = _as_passed(action)
    assert passed.pop("INPUT_GITHUB-TOKEN") == "${{ github.token }}"
    assert read_inputs(passed) == read_inputs({})
    shown = {name for name, spec in action["inputs"].items() if "default" in spec}
    unset = {field.alias for field in Inputs.model_fields.values() if field.default in {None, "", ()}}
    assert shown - {"github-token"} == set(action["inputs"]) - unset, (
        "a default of the code is not shown to people"
    )


def test_every_default_is_a_string_as_the_runner_passes_them(action: dict[str, Any]) -> None:
    assert [value for value in _as_passed(action).values() if not isinstance(value, str)] == []


def test_every_input_and_output_is_described_in_sentences(action: dict[str, Any]) -> None:
    described = {**action["inputs"], **action["outputs"]}
    poor = [
        name for name, spec in described.items() if not re.fullmatch(r"[A-Z].{20,}[.]", spec["description"])
    ]
    assert poor == []
    assert {spec["required"] for spec in action["inputs"].values()} == {False}


def test_the_description_of_fail_on_names_every_outcome(action: dict[str, Any]) -> None:
    named = set(re.findall(r"`([a-z-]+)`", action["inputs"]["fail-on"]["description"]))
    assert named == {*FAIL_ON, "none"}


@pytest.mark.parametrize("name", ["comment", "on-unknown"])
def test_a_description_names_every_choice_and_the_code_takes_each(action: dict[str, Any], name: str) -> None:
    choices = {"comment": {"changes", "findings", "never"}, "on-unknown": {"fail", "warn"}}[name]
    assert set(re.findall(r"`([a-z-]+)`", action["inputs"][name]["description"])) == choices
    for choice in choices:
        inputs = read_inputs({f"INPUT_{name.upper()}": choice})
        assert inputs.model_dump(by_alias=True)[name] == choice


def test_the_marketplace_takes_the_description(action: dict[str, Any]) -> None:
    assert len(action["description"]) <= 125  # its limit
    assert set(action["branding"]) == {"icon", "color"}


def test_it_runs_the_dockerfile_or_a_released_image_by_its_digest(action: dict[str, Any]) -> None:
    assert action["runs"]["using"] == "docker"
    assert re.fullmatch(r"Dockerfile|docker://[^@:]+(/[^@:]+)+@sha256:[0-9a-f]{64}", action["runs"]["image"])
