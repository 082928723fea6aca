"""Independent checkers of the action's metadata and of its Dockerfile."""

from __future__ import annotations

import subprocess

import pytest

from tests.conftest import ROOT, lab_tool

pytestmark = pytest.mark.lab

CHECKERS = [
    pytest.param("hadolint", ("--no-color", "Dockerfile"), id="hadolint"),
    pytest.param(
        "check-jsonschema",
        ("--builtin-schema", "vendor.github-actions", "action.yml"),
        id="GitHub's schema of actions",
    ),
    pytest.param(
        "zizmor", ("--offline", "--no-progress", "--persona", "pedantic", "action.yml"), id="zizmor"
    ),
]


def _check(
    program: str, arguments: tuple[str, ...], given: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [lab_tool(program, "checkers"), *arguments],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("program", "arguments"), CHECKERS)
def test_a_checker_finds_nothing(program: str, arguments: tuple[str, ...]) -> None:
    done = _check(program, arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_checker_of_dockerfiles_would_find_something() -> None:
    """Its rules are on: a Dockerfile that breaks one is refused."""
    done = _check("hadolint", ("--no-color", "-"), "FROM debian:latest\nUSER root\nENTRYPOINT python\n")
    assert done.returncode == 1
    assert {"DL3002", "DL3007", "DL3025"} <= set(done.stdout.replace(":", " ").split())
