"""GitHub's runner, as far as a container action sees it: mounts, environment, inputs and file commands.

Sources: https://github.com/actions/runner, src/Runner.Worker/Handlers/ContainerActionHandler.cs, and
https://docs.github.com/actions/reference/workflows-and-actions/dockerfile-support
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import yaml

from tests.conftest import ROOT
from tests.container.images import IMAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.container.docker import Docker

RUNNER = 1001
"""The user of GitHub's hosted runners, to whom everything mounted belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a step of a job left behind."""

    exit_code: int
    log: str
    """What the container printed: the runner reads both streams."""
    outputs: Mapping[str, str]
    summary: str
    workspace: Path


class Runner:
    """A job's folders on the machine, as the runner lays them out, and the job's environment."""

    def __init__(self, docker: Docker, folder: Path, environ: Mapping[str, str]) -> None:
        self._docker = docker
        self._environ = environ
        self._mounts = {
            "/github/runner_temp": folder / "_temp",
            "/github/home": folder / "_temp/_github_home",
            "/github/workflow": folder / "_temp/_github_workflow",
            "/github/file_commands": folder / "_temp/_runner_file_commands",
            "/github/workspace": folder / "app/app",
        }
        for mounted in self._mounts.values():
            mounted.mkdir(parents=True)
            os.chown(mounted, RUNNER, RUNNER)

    @property
    def workspace(self) -> Path:
        return self._mounts["/github/workspace"]

    @property
    def home(self) -> Path:
        return self._mounts["/github/home"]

    def run(
        self,
        name: str,
        payload: Mapping[str, Any] | None,
        inputs: Mapping[str, str],
        *,
        environ: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> Step:
        """Run the action as a step for the event `name`; without a payload there is no event file."""
        if payload is not None:
            self._file("/github/workflow/event.json", json.dumps(payload))
        step = uuid4().hex
        commands = {
            f"GITHUB_{command}": f"/github/file_commands/{file}_{step}"
            for command, file in (
                ("OUTPUT", "set_output"),
                ("STEP_SUMMARY", "step_summary"),
                ("ENV", "set_env"),
                ("PATH", "add_path"),
                ("STATE", "save_state"),
            )
        }
        files = {command: self._file(path, "") for command, path in commands.items()}
        given = {
            **_inputs(inputs, self._environ.get("GITHUB_TOKEN", "")),
            "CI": "true",
            "HOME": "/github/home",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_WORKSPACE": "/github/workspace",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": "/github/runner_temp",
            **commands,
            **{key: value for key, value in self._environ.items() if key != "GITHUB_TOKEN"},
            **(environ or {}),
        }
        done = self._docker.try_(
            *("run", "--rm", "--pull", "never", "--network", "host", "--workdir", "/github/workspace"),
            *(word for key in given for word in ("-e", key)),  # by name: no value in a list of processes
            *(word for inside, outside in self._mounts.items() for word in ("-v", f"{outside}:{inside}")),
            *options,
            IMAGE,
            environ=given,
        )
        return Step(
            exit_code=done.returncode,
            log=done.stdout + done.stderr,
            outputs=read_file_command(files["GITHUB_OUTPUT"].read_text("utf-8")),
            summary=files["GITHUB_STEP_SUMMARY"].read_text("utf-8"),
            workspace=self.workspace,
        )

    def _file(self, inside: str, content: str) -> Path:
        folder, _, name = inside.rpartition("/")
        path = self._mounts[folder] / name
        path.write_text(content, encoding="utf-8")
        os.chown(path, RUNNER, RUNNER)
        return path


def read_file_command(text: str) -> dict[str, str]:
    """Read ``name=value`` and ``name<<delimiter`` as the runner does; an unended value is an error."""
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([^=<]+)<<(.+)", line):
            value: list[str] = []
            while (part := next(lines, None)) != match[2]:
                assert part is not None, f"the value of {match[1]} has no end"
                value.append(part)
            values[match[1]] = "\n".join(value)
        else:
            name, separator, rest = line.partition("=")
            assert separator, f"not a file command: {line!r}"
            values[name] = rest
    return values


def _inputs(given: Mapping[str, str], token: str) -> dict[str, str]:
    """Return every input of action.yml as the runner passes it: its default where none is given."""
    known = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    assert set(given) <= set(known), "the runner warns of inputs that action.yml does not name"
    values = {name: str(spec.get("default", "")) for name, spec in known.items()} | dict(given)
    return {
        f"INPUT_{name.replace(' ', '_').upper()}": value.replace("${{ github.token }}", token)
        for name, value in values.items()
    }
