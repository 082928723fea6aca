"""The hook for pre-commit: its entry reviews what is about to be pushed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def hook() -> dict[str, Any]:
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert isinstance(only, dict)
    return only


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@index.example")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_it_runs_once_before_a_push(hook: dict[str, Any]) -> None:
    assert hook["stages"] == ["pre-push"]
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert hook["always_run"] is True


def test_its_entry_is_a_command_that_the_package_installs(hook: dict[str, Any]) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert shlex.split(hook["entry"])[0] in scripts


def test_its_entry_reviews_the_branch(tmp_path: Path, hook: dict[str, Any]) -> None:
    lock = tmp_path / "requirements.txt"
    git(tmp_path, "init", "-qb", "main")
    lock.write_text("flask==3.0.0\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "base")
    git(tmp_path, "switch", "-qc", "topic")
    program, *arguments = shlex.split(hook["entry"])
    environ = {**os.environ, "HOME": str(tmp_path), "CHAINGUARD_PYTHON_TOKEN": "", "NO_COLOR": "1"}

    def push() -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / program), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60
        )

    assert push().returncode == 0
    lock.write_text("flask==3.0.1\n")
    git(tmp_path, "commit", "-qam", "head")
    stopped = push()
    assert stopped.returncode == 3, stopped.stdout + stopped.stderr
    assert "flask 3.0.0 → 3.0.1" in stopped.stdout
