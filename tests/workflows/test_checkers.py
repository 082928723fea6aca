"""Independent checkers of what GitHub and pre-commit read from this repository."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fallback_review.settings import schema as settings
from tests.conftest import ROOT, lab_tool

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program, *rest = map(str, arguments)
    return subprocess.run(
        [lab_tool(program, "checkers"), *rest],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.lab
def test_zizmor_finds_nothing() -> None:
    done = check("zizmor", "--offline", "--no-progress", "--persona", "pedantic", GITHUB, ROOT / "action.yml")
    assert done.returncode == 0, done.stdout
    assert all(path.name in done.stderr for path in WORKFLOWS)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE/config.yml"]),
    ],
)
def test_a_schema_finds_nothing(schema: str, paths: list[Path]) -> None:
    done = check("check-jsonschema", "--builtin-schema", schema, *paths)
    assert done.returncode == 0, done.stdout


@each_workflow
def test_every_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", path.read_text("utf-8"))
    others = [(action, version) for action, version in used if not action.startswith(("./", "$/"))]
    assert others
    for action, version in others:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version)


def test_one_action_has_one_pin() -> None:
    pins = {
        pin
        for path in WORKFLOWS
        for pin in re.findall(r"uses: (\S+@[0-9a-f]{40} # \S+)", path.read_text("utf-8"))
    }
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@each_workflow
def test_jobs_have_only_the_permissions_that_they_name(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "contents" in job["permissions"]
        assert "timeout-minutes" in job or "uses" in job
    writers = {
        (name, scope)
        for name, job in workflow["jobs"].items()
        for scope, access in job["permissions"].items()
        if access == "write"
    }
    allowed = {
        "dogfood.yml": {("fallback-review", "pull-requests")},
        "release.yml": {
            ("image", "packages"),
            ("image", "id-token"),
            ("image", "attestations"),
            ("publish", "contents"),
        },
    }
    assert writers == allowed.get(path.name, set())


def test_secrets_meet_no_strangers_code() -> None:
    """Only `pull_request` builds what a pull request holds: there a fork's run has no secrets."""
    events = {event for path in WORKFLOWS for event in read(path)[True]}  # YAML's `on`
    assert events == {"push", "pull_request", "merge_group", "workflow_call", "workflow_dispatch"}


def test_the_tests_run_on_every_python_that_the_package_allows() -> None:
    matrix = read(GITHUB / "workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == ["3.11", "3.12", "3.13", "3.14"]
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_dependabot_looks_where_there_is_something() -> None:
    updates = read(GITHUB / "dependabot.yml")["updates"]
    folders = {each["package-ecosystem"]: each.get("directories") or [each["directory"]] for each in updates}
    there = {
        "pip": "runtime.txt",
        "docker": "Dockerfile",
        "github-actions": "action.yml",
        "npm": "package-lock.json",
    }
    assert folders.keys() == there.keys()
    for ecosystem, name in there.items():
        assert all((ROOT / folder.strip("/") / name).is_file() for folder in folders[ecosystem])
    locks = {
        path.parent
        for path in (ROOT / "tests").rglob("package-lock.json")
        if "node_modules" not in path.parts
    }
    assert {ROOT / folder.strip("/") for folder in folders["npm"]} == locks


def test_the_form_for_a_wrong_verdict_asks_for_the_derivation() -> None:
    fields = {
        part["id"]: part for part in read(GITHUB / "ISSUE_TEMPLATE/wrong-verdict.yml")["body"] if "id" in part
    }
    assert "fallback-review explain" in fields["explain"]["attributes"]["description"]
    assert all(part["validations"]["required"] for part in fields.values())


@pytest.mark.lab
def test_the_own_settings_are_good() -> None:
    own = settings.parse((ROOT / settings.SETTINGS_PATH).read_bytes())
    assert own.targets.python == ("3.11", "3.14")
    schema = check("check-jsonschema", "--schemafile", "docs/settings.schema.json", settings.SETTINGS_PATH)
    assert schema.returncode == 0, schema.stdout
