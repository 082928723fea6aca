"""Small projects, and the real tools that lock them against index servers on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from fallback_review.cli.demo.universe import PURE, SDIST, Release, Shelf, Universe
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from pathlib import Path

    from fallback_review.cli.demo.server import DemoIndex

LINUX = "cp311-cp311-manylinux_2_28_x86_64"
MAC = "cp311-cp311-macosx_11_0_arm64"

UNIVERSE = Universe(
    releases=(
        Release(name="alpha", version="1.0", on={Shelf.PYPI: (PURE,)}),
        Release(
            name="alpha",
            version="1.1.post1",
            on={Shelf.PYPI: (PURE, SDIST)},
            requires=("beta>=2", 'gamma-delta; sys_platform == "win32"'),
        ),
        Release(name="beta", version="2.0", on={Shelf.PYPI: (LINUX, MAC, SDIST)}),
        Release(name="Gamma_Delta", version="0.3", on={Shelf.PYPI: (PURE,)}),
        Release(name="epsilon", version="4", on={Shelf.PYPI: (PURE,)}),
        Release(name="acme-tool", version="7.2", on={Shelf.PRIVATE: (PURE,)}, requires=("beta",)),
    )
)


class Workshop:
    """A folder for one tool, its environment without anything of this machine, and a way to run it."""

    def __init__(self, folder: Path, index: DemoIndex) -> None:
        self.folder = folder / "project"
        self.index = index
        home = folder / "home"
        for path in (self.folder, home):
            path.mkdir()
        mine = ("UV_", "PIP_", "POETRY_", "PDM_", "PIPENV_", "VIRTUAL_ENV", "PYTHONPATH", "COV_", "GIT_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
        self.environment = kept | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_DIRS": str(home),
            "NO_PROXY": "*",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIPENV_IGNORE_VIRTUALENVS": "1",
            "PIPENV_YES": "1",
            "PDM_CHECK_UPDATE": "0",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_SYSTEM_CONFIG": "1",
            "WORKON_HOME": str(home / "environments"),
        }
        (self.folder / "README.md").write_text("# A project\n", encoding="utf-8")

    @property
    def repository_url(self) -> str:
        """The address of the git repository; with a host, as PDM and Poetry stumble over none."""
        return f"file://localhost{self.folder.parent.as_posix()}/zeta.git"

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project; ``{pypi}``, ``{private}`` and ``{git}`` become addresses."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.index.fill(text).replace("{git}", self.repository_url), "utf-8")
        return path

    def run(self, tool: str, *arguments: str) -> str:
        """Run a tool of the lab in the project; return what it prints."""
        command = [lab_tool(tool, "installers"), *map(self.index.fill, arguments)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def member(self) -> None:
        """Add a project in a folder, to be depended on in place."""
        self.write("member/pyproject.toml", PYPROJECT.format(name="member", dependencies="[]"))
        self.write("member/member/__init__.py", "")

    def repository(self) -> str:
        """Make a git repository that holds a project; return its commit."""
        folder = self.folder.parent / "zeta.git"
        folder.mkdir()
        text = PYPROJECT.format(name="zeta", dependencies="[]")
        (folder / "pyproject.toml").write_text(text, encoding="utf-8")
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.test", "-C", str(folder)]
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
            subprocess.run([*git, *command], check=True, env=self.environment)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        return head.stdout.strip()


PYPROJECT = """\
[project]
name = "{name}"
version = "0.1"
description = "Made for a test"
requires-python = ">=3.11,<4"
dependencies = {dependencies}

[build-system]
requires = []
build-backend = "backend"
"""
PYTHON = sys.executable

UV = """
[[tool.uv.index]]
url = "{pypi}/simple/"
default = true

[[tool.uv.index]]
name = "private"
url = "{private}/simple/"
explicit = true

[tool.uv.sources]
acme-tool = { index = "private" }
member = { path = "member", editable = true }
zeta = { git = "{git}" }
"""

UV_SCRIPT = """\
# /// script
# requires-python = ">=3.11"
# dependencies = ["alpha"]
# [[tool.uv.index]]
# url = "{pypi}/simple/"
# default = true
# ///
"""

POETRY = """\
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11,<4"
alpha = "*"
acme-tool = { version = "*", source = "private" }
epsilon = { url = "{pypi}/packages/epsilon/epsilon-4-py3-none-any.whl" }
member = { path = "member", develop = true }
zeta = { git = "{git}" }

[[tool.poetry.source]]
name = "local"
url = "{pypi}/simple/"
priority = "primary"

[[tool.poetry.source]]
name = "private"
url = "{private}/simple/"
priority = "explicit"
"""

PDM = """
[dependency-groups]
dev = ["-e file:///${PROJECT_ROOT}/member#egg=member"]

[tool.pdm]
distribution = false

[[tool.pdm.source]]
name = "pypi"
url = "{pypi}/simple/"

[[tool.pdm.source]]
name = "private"
url = "{private}/simple/"
"""

PIPFILE = """\
[[source]]
url = "{pypi}/simple"
verify_ssl = false
name = "local"

[[source]]
url = "{private}/simple"
verify_ssl = false
name = "private"

[packages]
alpha = "*"
acme-tool = {version = "*", index = "private"}
epsilon = {file = "{pypi}/packages/epsilon/epsilon-4-py3-none-any.whl"}

[dev-packages]
gamma-delta = "*"
"""
