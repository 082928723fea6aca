"""The public command, as a process of its own; and the same in this process, where a table asks for many."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from fallback_review.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(sys.executable).with_name("fallback-review")
_KEPT = ("PATH", "LANG", "LC_ALL", "COVERAGE_PROCESS_START")


@dataclass(frozen=True, slots=True)
class Finished:
    """What is left of a command that ran."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report on standard output."""
        return dict(json.loads(self.stdout))

    @property
    def said(self) -> str:
        """Everything that a person or a log can see."""
        return self.stdout + self.stderr

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """The report's changes by package name, of all lockfiles."""
        return {change["name"]: change for lock in self.report["lockfiles"] for change in lock["changes"]}

    def refuses(self, *words: str) -> None:
        """Check that this is an error for people: exit 2, nothing but one short message, no traceback."""
        assert self.code == 2, self.said
        assert self.stdout == ""
        assert "Traceback" not in self.stderr
        for word in words:
            assert word in self.stderr


def environment(home: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without anyone's credentials or proxies, and a home folder of the test's own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONUTF8": "1", **(given or {})}


def run(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run the installed command in a folder, which is its home as well."""
    done = subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd, env),
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    """Run the command's own entry point in this process: the same but for the start of an interpreter."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.dict(os.environ, environment(cwd, env), clear=True),
        patch.object(sys, "argv", ["fallback-review", *map(str, arguments)]),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main.main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 0 if left.code is None else 1
    return Finished(code, out.getvalue(), err.getvalue())
