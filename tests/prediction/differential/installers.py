"""The real installers, each in a throw-away environment: what did they install?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import lab_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .projects import Project

_OURS = ("UV_", "PIP_", "POETRY_", "PDM_", "PIPENV_", "VIRTUAL_ENV", "PYTHON", "COV_")
_REFUSED = re.compile(
    "No matching distribution found|DO NOT MATCH THE HASHES|No wheel found matching"  # pip
    "|conflicting dependencies|does not provide upload-time metadata|Hashes are required in --require-hashes"
    "|--pre cannot be used with|--no-require-hashes are mutually exclusive|Could not install locked package|Invalid pylock file"
    "|No solution found|Hash mismatch|doesn't have a source distribution or wheel"  # uv
    "|Multiple `--index-url` values|In `--require-hashes` mode|marked as both `--no-binary` and `--no-build`"
    "|can't be installed because it is marked as|unsupported compression method|Failed to parse file extension"
    "|all requirements must have their versions pinned with|Hash-checking is enabled, but no hashes"
    "|Unable to find installation candidates|did not match any known checksums"  # Poetry
    "|cannot be installed in the current environment"
    "|No candidate is found|hash(es)? mismatch"  # PDM
    "|Couldn't install package"  # Pipenv, of pip
)
"""What the installers say where nothing of the lock can be installed."""
_INTO_ENVIRONMENT = frozenset({"poetry", "pdm", "pipenv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an installer did."""

    mark: str | None
    """``maker:filename`` of what is installed; None where nothing is."""
    words: str
    """What it printed."""
    strange: bool = False
    """Whether it failed, and not for the lock."""


class Runner:
    """One installer, to be run on one project after the other."""

    def __init__(self, installer: str, folder: Path) -> None:
        self._installer = installer
        self._folder = folder
        self._environment = _variables(folder)
        if installer in _INTO_ENVIRONMENT:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
            self._environment["VIRTUAL_ENV"] = str(folder / "venv")
        self._process: subprocess.Popen[str] | None = None
        if installer != "uv":
            python = lab_tool("python", "installers")
            self._process = subprocess.Popen(
                [python, str(Path(__file__).with_name("prefork.py")), installer],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=folder,
                env=self._environment,
            )

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(timeout=60)
            self._process.stdout.close()

    def install(self, project: Project, *, look: Callable[[Path], None] | None = None) -> Taken:
        """Install a project's lock into nothing; say what is there then. `look` is given the folder before."""
        here, target = self._folder / "project", self._folder / "target"
        for path in (here, target):
            shutil.rmtree(path, ignore_errors=True)
        here.mkdir()
        for name, text in project.files.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text, encoding="utf-8")
        places = {"{target}": str(target), "{folder}": str(here)}
        command = [places.get(each, each) for each in project.command]
        more = {key: _fill(value, places) for key, value in project.environment.items()}
        code, words = self._run(command, here, more)
        found = [path for folder in self._installed_into(target) for path in folder.glob("case_*")]
        if code == 0 and look is not None:
            for folder in {path.parent for path in found}:
                look(folder)
        marks = [path.read_text().split("'")[1] for path in found if path.suffix == ".py"]
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if code != 0:
            return Taken(mark=None, words=words, strange=_REFUSED.search(" ".join(words.split())) is None)
        assert len(marks) <= 1, f"{self._installer} installed {marks}\n{words}"
        return Taken(mark=marks[0] if marks else None, words=words)

    def _installed_into(self, target: Path) -> list[Path]:
        """Return the folders that may hold modules: a plain target, `uv sync`'s environment, or the shared one."""
        environment = self._folder / "venv" if self._installer in _INTO_ENVIRONMENT else target
        return [target, *environment.glob("lib/python*/site-packages")]

    def _run(self, arguments: list[str], folder: Path, more: Mapping[str, str]) -> tuple[int, str]:
        if self._process is None:
            command = [lab_tool("uv", "installers"), *arguments]
            done = subprocess.run(
                command,
                cwd=folder,
                env=self._environment | dict(more),
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            return done.returncode, done.stdout + done.stderr
        words = self._folder / "words"
        job = {"arguments": arguments, "folder": str(folder), "environment": dict(more), "words": str(words)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return code, words.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(installer: str, folder: Path) -> Iterator[Runner]:
    """Give an installer that is ready to run, until the block ends."""
    runner = Runner(installer, folder)
    try:
        yield runner
    finally:
        runner.close()


def _fill(text: str, places: Mapping[str, str]) -> str:
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def _variables(folder: Path) -> dict[str, str]:
    """Return an environment without anything of this machine's configuration, caches or proxies."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_OURS)}
    kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
    home = folder / "home"
    home.mkdir(parents=True)
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CONFIG_DIRS": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "NO_PROXY": "*",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_INPUT": "1",
        "PIP_RETRIES": "0",
        "UV_NO_CACHE": "1",
        "UV_NO_PROGRESS": "1",
        "UV_NO_SYSTEM_CONFIG": "1",
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "PDM_CHECK_UPDATE": "0",
        "PDM_NO_CACHE": "1",
        "PIPENV_YES": "1",
        "PIPENV_NOSPIN": "1",
        "POETRY_NO_INTERACTION": "1",
    }
