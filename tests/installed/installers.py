"""Projects of each installer, locked and installed by the real one from an index on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.conftest import lab_tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INSTALLERS = ("pip", "uv", "poetry", "pdm", "pipenv")
LOCKS = {
    "pip": "requirements.txt",
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipenv": "Pipfile.lock",
}
_OURS = ("UV_", "PIP_", "POETRY_", "PDM_", "PIPENV_", "VIRTUAL_ENV", "PYTHON", "COV_")


@dataclass(slots=True)
class Project:
    """A project in a folder, with an environment beside it."""

    installer: str
    folder: Path
    names: Sequence[str] = ()
    """The requirements, each as ``name==version``."""
    said: list[str] = field(default_factory=list)

    @property
    def lock_path(self) -> Path:
        return self.folder / LOCKS[self.installer]

    @property
    def environment(self) -> Path:
        return self.folder / ".venv"

    @property
    def site(self) -> Path:
        return self.environment / f"lib/python3.{sys.version_info.minor}/site-packages"

    def declare(self, *indexes: str) -> None:
        """Write the manifest, with these indexes in order; the first is the one that is asked."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.environment.exists():
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.environment)], check=True)
        text = {
            "pip": self._requirements,
            "uv": self._uv,
            "poetry": self._poetry,
            "pdm": self._pdm,
            "pipenv": self._pipenv,
        }[self.installer](indexes)
        name = {"pip": "requirements.in", "pipenv": "Pipfile"}.get(self.installer, "pyproject.toml")
        (self.folder / name).write_text(text)

    def _requirements(self, indexes: Sequence[str]) -> str:
        first, *others = indexes
        lines = [f"--index-url {first}", *(f"--extra-index-url {each}" for each in others), *self.names]
        return "\n".join([*lines, ""])

    def _project(self) -> str:
        listed = ", ".join(f'"{name}"' for name in self.names)
        return f'[project]\nname = "root"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = [{listed}]\n\n'

    def _uv(self, indexes: Sequence[str]) -> str:
        tables = (
            f'[[tool.uv.index]]\nname = "i{number}"\nurl = "{url}"\n'
            + ("default = true\n" if not number else "")
            for number, url in enumerate(reversed(indexes))
        )
        return self._project() + "[tool.uv]\npackage = false\n\n" + "\n".join(tables)

    def _poetry(self, indexes: Sequence[str]) -> str:
        tables = (
            f'[[tool.poetry.source]]\nname = "i{number}"\nurl = "{url}"\npriority = "primary"\n'
            for number, url in enumerate(indexes)
        )
        return self._project() + "[tool.poetry]\npackage-mode = false\n\n" + "\n".join(tables)

    def _pdm(self, indexes: Sequence[str]) -> str:
        tables = (
            f'[[tool.pdm.source]]\nname = "{"pypi" if not number else f"i{number}"}"\nurl = "{url}"\n'
            "verify_ssl = false\n"
            for number, url in enumerate(indexes)
        )
        order = "[tool.pdm.resolution]\nrespect-source-order = true\n\n"
        return self._project() + "[tool.pdm]\ndistribution = false\n\n" + order + "\n".join(tables)

    def _pipenv(self, indexes: Sequence[str]) -> str:
        tables = (
            f'[[source]]\nname = "i{number}"\nurl = "{url}"\nverify_ssl = false\n'
            for number, url in enumerate(indexes)
        )
        wanted = (
            f'"{name}" = "=={version}"' for name, _, version in (each.partition("==") for each in self.names)
        )
        return "\n".join([*tables, "[packages]", *wanted, ""])

    def lock(self) -> None:
        """Lock with the real tool."""
        match self.installer:
            case "pip":
                self.run(
                    "uv",
                    "pip",
                    "compile",
                    "-q",
                    "--generate-hashes",
                    "--no-header",
                    "--no-annotate",
                    "--emit-index-url",
                    "requirements.in",
                    "-o",
                    "requirements.txt",
                )
            case "pdm":
                self.run("pdm", "lock", "-q")
            case tool:
                self.run(tool, "lock")

    def install(self, *more: str) -> None:
        """Install the lock as it stands."""
        match self.installer:
            case "pip":
                python = str(self.environment / "bin/python")
                self.run(
                    "pip",
                    "--python",
                    python,
                    "install",
                    "-q",
                    "--require-hashes",
                    "-r",
                    "requirements.txt",
                    *more,
                )
            case "uv":
                self.run("uv", "sync", "-q", "--locked", *more)
            case "poetry":
                self.run("poetry", "install", "-q", "--no-root", *more)
            case "pdm":
                self.run("pdm", "sync", "-q", "--no-self", *more)
            case "pipenv":
                self.run("pipenv", "sync", *more)

    def check(self) -> None:
        """Run the installer's own checks of the lock."""
        match self.installer:
            case "uv":
                self.run("uv", "lock", "--check")
            case "poetry":
                self.run("poetry", "check", "--lock")
            case "pdm":
                self.run("pdm", "lock", "--check")
            case "pipenv":
                self.run("pipenv", "verify")

    def refuses(self, tool: str, *arguments: str) -> bool:
        """Whether a tool of the lab fails in the project's folder."""
        return self._run(tool, *arguments).returncode != 0

    def run(self, tool: str, *arguments: str) -> str:
        """Run a tool of the lab in the project's folder; fail the test where it fails."""
        done = self._run(tool, *arguments)
        words = done.stdout + done.stderr
        self.said.append(words)
        assert done.returncode == 0, f"{tool} {' '.join(arguments)}: {words[-3000:]}"
        return words

    def _run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_OURS)}
        kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        variables = kept | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_CONFIG_DIRS": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "NO_PROXY": "*",
            "VIRTUAL_ENV": str(self.environment),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1",
            "UV_NO_CACHE": "1",
            "UV_NO_SYSTEM_CONFIG": "1",
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_PROJECT_ENVIRONMENT": str(self.environment),
            "PDM_CHECK_UPDATE": "0",
            "PDM_NO_CACHE": "1",
            "PIPENV_YES": "1",
            "PIPENV_NOSPIN": "1",
            "PIPENV_PIPFILE": str(self.folder / "Pipfile"),
            "PIPENV_VERBOSITY": "-1",
            "POETRY_NO_INTERACTION": "1",
            "POETRY_VIRTUALENVS_IN_PROJECT": "1",
        }
        if tool == "uv":
            del variables["VIRTUAL_ENV"]
        return subprocess.run(
            [lab_tool(tool, "installers"), *arguments],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
