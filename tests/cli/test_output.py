"""How a result is shown: colours, quiet and verbose, requests, variables in place of options, completion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.output import colored
from tests.cli.command import run, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.scripted import ScriptedServer


@pytest.mark.parametrize(
    ("environ", "terminal", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm"}, True, True),
    ],
)
def test_when_to_write_colours(environ: dict[str, str], terminal: bool, color: bool) -> None:
    assert colored(environ, terminal=terminal) is color


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("six==1.16.0\nattrs==23.1.0\n./here\n")
    return tmp_path


def variables(index: ScriptedServer) -> dict[str, str]:
    return {
        "FALLBACK_REVIEW_INDEX_URL": f"{index.url}/simple/",
        "FALLBACK_REVIEW_PYPI_URL": f"{index.url}/pypi/",
        "FALLBACK_REVIEW_LAYOUT": "chainguard-only",
        "CHAINGUARD_PYTHON_IDENTITY_ID": "me",
        "CHAINGUARD_PYTHON_TOKEN": "s3cret",
    }


def test_options_come_from_the_environment_too(folder: Path, silent: ScriptedServer) -> None:
    env = {**variables(silent), "FALLBACK_REVIEW_FORMAT": "json", "FALLBACK_REVIEW_PYTHON": "3.11 3.13"}
    report = run("scan", "requirements.txt", cwd=folder, env=env).report
    assert {target["python"] for target in report["targets"]} == {"3.11", "3.13"}
    assert silent.seen
    given = run_here("scan", "--python", "3.12", "requirements.txt", cwd=folder, env=env).report
    assert {target["python"] for target in given["targets"]} == {"3.12"}


def test_no_outcome_fails_where_none_is_said(folder: Path, silent: ScriptedServer) -> None:
    for none in ("none", ""):
        done = run_here("scan", "--fail-on", none, "requirements.txt", cwd=folder, env=variables(silent))
        assert done.code == 0, done.said
        assert "The check passes with warnings." in done.stdout
    run_here("scan", "--fail-on", "none,pypi", ".", cwd=folder, env=variables(silent)).refuses("'none'")


def test_quiet_prints_the_verdict_alone(folder: Path, silent: ScriptedServer) -> None:
    done = run_here("scan", "-q", "requirements.txt", cwd=folder, env=variables(silent))
    assert done.stdout == "❌ 2 of 2 packages do not install\n"
    assert run_here("scan", "-q", "--format", "json", ".", cwd=folder, env=variables(silent)).report


def test_colours_are_forced_and_forbidden(folder: Path, silent: ScriptedServer) -> None:
    forced = run_here("scan", ".", cwd=folder, env={**variables(silent), "FORCE_COLOR": "1"})
    assert "\x1b[" in forced.stdout
    assert "\x1b[" not in run_here("scan", ".", cwd=folder, env=variables(silent)).said


def test_debug_tells_each_request_and_no_secret(folder: Path, silent: ScriptedServer) -> None:
    env = variables(silent)
    done = run("scan", "--debug", "requirements.txt", cwd=folder, env=env)
    assert '"GET /simple/six/ HTTP/1.1" 404' in done.stderr
    assert "s3cret" not in done.said
    assert "HTTP/1.1" not in run("scan", "requirements.txt", cwd=folder, env=env).said


def test_what_the_system_refuses_is_said_with_its_path_and_without_its_number(
    folder: Path, silent: ScriptedServer
) -> None:
    env = variables(silent)
    done = run("scan", "requirements.txt", "--output", "nowhere/report", cwd=folder, env=env)
    assert done.code == 2
    assert done.stderr == "fallback-review: nowhere/report: No such file or directory\n"


def test_an_explanation_keeps_to_format_and_output(folder: Path, silent: ScriptedServer) -> None:
    env = variables(silent)
    given = ["explain", "six==1.16.0", "--platform", "linux-x86_64"]
    found = json.loads(run_here(*given, "--format", "json", cwd=folder, env=env).stdout)
    assert [(each["package"], each["target"], each["outcome"], each["cause"]) for each in found] == [
        ("six==1.16.0", "py3.12 linux-x86_64", "install-fails", "project-missing")
    ]
    done = run_here(*given, "--format", "markdown", "--output", "why.md", cwd=folder, env=env)
    assert done.stdout == ""
    assert (folder / "why.md").read_text().startswith("```text\nsix==1.16.0 on py3.12 linux-x86_64\n")
    assert "<pre>six==1.16.0 on" in run_here(*given, "--format", "html", cwd=folder, env=env).stdout


def test_a_private_name_is_explained_as_private(folder: Path, silent: ScriptedServer) -> None:
    (folder / "settings.toml").write_text('[policy]\nprivate = ["six"]\n')
    given = ["explain", "six==1.16.0", "--config", "settings.toml"]
    done = run_here(*given, cwd=folder, env=variables(silent))
    assert "→ private: its name or its index is private: no index was asked for it" in done.stdout
    assert not silent.seen


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_is_printed(shell: str, tmp_path: Path) -> None:
    done = run("completion", shell, cwd=tmp_path)
    assert done.code == 0
    assert "_FALLBACK_REVIEW_COMPLETE" in done.stdout
    env = {
        "_FALLBACK_REVIEW_COMPLETE": "bash_complete",
        "COMP_WORDS": "fallback-review sc",
        "COMP_CWORD": "1",
    }
    assert run("", cwd=tmp_path, env=env).stdout.strip() == "plain,scan"


def test_a_quiet_explanation_is_one_line_for_each_target(folder: Path, silent: ScriptedServer) -> None:
    given = ["explain", "six==1.16.0", "-q", "--platform", "linux-x86_64", "--platform", "linux-aarch64"]
    done = run_here(*given, cwd=folder, env=variables(silent))
    assert [line.partition(" → ")[0] for line in done.stdout.splitlines()] == [
        "six==1.16.0 on py3.12 linux-x86_64",
        "six==1.16.0 on py3.12 linux-aarch64",
    ]
    assert "→ install-fails (project-missing): Chainguard does not have this project" in done.stdout


@pytest.mark.parametrize("form", ["sarif", "annotations"])
def test_an_explanation_has_no_findings(form: str, folder: Path, silent: ScriptedServer) -> None:
    done = run_here("explain", "six==1.16.0", "--format", form, cwd=folder, env=variables(silent))
    done.refuses(f"--format {form} is not for explain")
    assert not silent.seen


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_a_pipe_gets_utf8_whatever_the_machine_speaks(
    encoding: str, folder: Path, silent: ScriptedServer
) -> None:
    plain = run("scan", "requirements.txt", cwd=folder, env=variables(silent))
    done = run(
        "scan", "requirements.txt", cwd=folder, env={**variables(silent), "PYTHONIOENCODING": encoding}
    )
    assert "→" in done.stdout
    assert (done.code, done.stdout, done.stderr) == (plain.code, plain.stdout, "")


def test_what_a_workflow_command_has_no_room_for_is_in_the_log(folder: Path, silent: ScriptedServer) -> None:
    names = [f"project{number}" for number in range(12)]
    (folder / "requirements.txt").write_text("".join(f"{name}==1.0\n" for name in names))
    said = run_here("scan", "--format", "github", ".", cwd=folder, env=variables(silent)).stdout
    commands = [line for line in said.splitlines() if line.startswith("::error")]
    assert len(commands) == 10
    assert commands[-1].endswith("There are 3 more findings of this kind: see the log of this step.")
    assert all(f" {name} 1.0" in said for name in names)


def test_two_files_are_not_called_a_pull_request(folder: Path, silent: ScriptedServer) -> None:
    (folder / "old.txt").write_text("six==1.16.0\n")
    more = "--extra-index-url https://other.index.example/simple/\n"
    (folder / "new.txt").write_text(f"{more}six==1.16.0\n")
    said = run_here("review", "old.txt", "new.txt", cwd=folder, env=variables(silent)).stdout
    assert "new.txt is compared with old.txt." in said
    assert "pull request" not in said
