"""The advised command, run by the real tool on a lock in a subfolder: a second review finds no trouble.

pixi, conda-lock and chainctl can't be installed where the tests run: their commands are compared as text alone.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import run
from tests.conftest import lab_tool
from tests.prediction.live import World, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.cli.command import Finished

pytestmark = pytest.mark.lab

WHEEL = "py3-none-any.whl"
NAMES = {
    "older": ((f"older-1.0-{WHEEL}", f"older-1.3-{WHEEL}"), (f"older-1.3-{WHEEL}", f"older-1.5-{WHEEL}")),
    "mended": ((f"mended-1.0-{WHEEL}",), (f"mended-1.0-{WHEEL}",)),
    "same": ((f"same-1.0-{WHEEL}", f"same-1.3-{WHEEL}"), (f"same-1.0-{WHEEL}",)),
}
"""What Chainguard has, and PyPI: of `older` PyPI has a newer version."""
LATER = {"mended": ((f"mended-1.0-{WHEEL}", f"mended-1.0+cgr.1-{WHEEL}", f"mended-1.3-{WHEEL}"), ())}
"""What Chainguard has once the project is locked: a remediated version, and a newer one."""
TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": "reader", "CHAINGUARD_PYTHON_TOKEN": "entity"}
PROJECT = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["{name}"]\n'


@dataclass(frozen=True, slots=True)
class Tool:
    """How one installer's project looks, and how it is locked at first."""

    lock: str
    """The lockfile's name."""
    files: Mapping[str, str]
    """The project's files: ``{name}`` is what it requires, ``{index}`` where from, ``{side}`` whose."""
    command: str


TOOLS = {
    "uv": Tool(
        "uv.lock",
        {"pyproject.toml": PROJECT + '[[tool.uv.index]]\nname = "i"\nurl = "{index}"\ndefault = true\n'},
        "uv lock --directory web",
    ),
    "uv script": Tool(
        "tool.py.lock",
        {
            "tool.py": (
                '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["{name}"]\n#\n# [[tool.uv.index]]\n'
                '# name = "i"\n# url = "{index}"\n# default = true\n# ///\n'
            )
        },
        "uv lock --script web/tool.py",
    ),
    "poetry": Tool(
        "poetry.lock",
        {
            "pyproject.toml": PROJECT
            + '[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "{side}"\nurl = "{index}"\n'
        },
        "poetry -C web lock",
    ),
    "pdm": Tool(
        "pdm.lock",
        {
            "pyproject.toml": PROJECT
            + '[tool.pdm]\ndistribution = false\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{index}"\n'
        },
        "pdm lock -p web",
    ),
    "pipenv": Tool(
        "Pipfile.lock",
        {
            "Pipfile": '[[source]]\nname = "i"\nurl = "{index}"\nverify_ssl = false\n[packages]\n"{name}" = "*"\n'
        },
        "cd web && pipenv lock",
    ),
    "uv pip compile": Tool(
        "requirements.txt",
        {"requirements.in": "--index-url {index}\n{name}\n"},
        "uv pip compile --generate-hashes --emit-index-url web/requirements.in -o web/requirements.txt",
    ),
    "pip-compile": Tool(
        "requirements.txt",
        {"requirements.in": "--index-url {index}\n{name}\n"},
        "pip-compile --generate-hashes -o web/requirements.txt web/requirements.in",
    ),
}


@pytest.fixture
def world() -> Iterator[World]:
    with serving(World(names=dict(NAMES))) as served:
        yield served


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder with a project in ``web``, and the commands that a developer would run there."""

    root: Path
    world: World
    tool: Tool
    name: str

    def write(self, side: str, requirement: str) -> None:
        (self.root / "web").mkdir(exist_ok=True)
        for file, text in self.tool.files.items():
            filled = text.replace("{name}", requirement).replace("{side}", side)
            filled = filled.replace("{index}", f"{self.world.base}/{side}/")
            (self.root / "web" / file).write_text(filled)

    def shell(self, command: str) -> None:
        program = shlex.split(command.rpartition("&& ")[2])[0]
        home = str(self.root / "home")
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("UV_", "PIP_", "PDM_", "POETRY_", "PIPENV_", "VIRTUAL_ENV"))
        }
        bin_ = Path(lab_tool(program, "installers")).parent
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.root,
            env={
                **kept,
                "PATH": f"{bin_}:{os.environ['PATH']}",
                "HOME": home,
                "XDG_CONFIG_HOME": home,
                "XDG_CACHE_HOME": f"{home}/cache",
                "PIP_CONFIG_FILE": "/dev/null",
                "PIPENV_IGNORE_VIRTUALENVS": "1",
                "UV_PYTHON_DOWNLOADS": "never",
                "NO_PROXY": "*",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def review(self) -> Finished:
        """Review the whole lock, against an index that has these names at these addresses."""
        (self.root / "settings.toml").write_text(
            f'[indexes]\nchainguard = "{self.world.base}/c/"\npypi = "{self.world.base}/p/"\n'
            'layout = "chainguard-only"\n[targets]\npython = ["3.11"]\nplatforms = ["linux-x86_64"]\n'
        )
        found = run(
            "review", "/dev/null", f"web/{self.tool.lock}", "--config", "settings.toml", "--format", "json",
            cwd=self.root, env=TOKEN,
        )  # fmt: skip
        assert found.stdout, found.stderr
        return found

    def files(self) -> set[Path]:
        return {path for path in self.root.rglob("*") if path.is_file() and "home" not in path.parts}

    def change(self) -> dict[str, object]:
        changes = self.review().changes
        return changes[self.name]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A project that is locked, and what its lock has to become."""

    name: str
    locked_from: str
    outcome: str
    """What the first review says."""
    moved_to: str


OLDER = Trouble("older", "p", "pypi", "1.3")
MENDED = Trouble("mended", "c", "chainguard", "1.0+cgr.1")
SAME = Trouble("same", "p", "pypi", "1.0")
BY_HASHES = {"uv", "uv script", "pdm", "uv pip compile", "pip-compile"}
"""Where Chainguard's own command is advised for `SAME`: there is none here."""


@pytest.mark.parametrize(
    ("tool", "trouble"),
    [
        pytest.param(tool, trouble, id=f"{tool}-{trouble.name}")
        for tool in TOOLS
        for trouble in (OLDER, MENDED, SAME)
        if trouble is not SAME or tool not in BY_HASHES
    ],
)
def test_the_advised_command_ends_the_trouble(
    tmp_path: Path, world: World, tool: str, trouble: Trouble
) -> None:
    repository = Repository(tmp_path, world, TOOLS[tool], trouble.name)
    repository.write(trouble.locked_from, trouble.name)
    repository.shell(TOOLS[tool].command)
    world.names |= LATER
    repository.write("c", trouble.name)  # now the project asks Chainguard's index
    before = repository.change()
    advice = before["advice"]
    assert isinstance(advice, dict)
    files = repository.files()

    repository.shell(advice["command"])

    after = repository.change()
    assert after["after"] == [trouble.moved_to], advice
    assert after["outcome"] == ("remediated" if trouble is MENDED else "chainguard")
    assert after["conclusion"] == "pass"
    stray = repository.files() - files
    assert not [path for path in stray if path.parent != tmp_path / "web"], "a file in another folder"


@pytest.mark.parametrize("tool", ["poetry", "pdm", "pipenv"])
def test_a_lock_that_its_project_left_behind_is_locked_again(tmp_path: Path, world: World, tool: str) -> None:
    repository = Repository(tmp_path, world, TOOLS[tool], "older")
    repository.write("c", "older==1.3")
    repository.shell(TOOLS[tool].command)
    repository.write("c", "older")
    before = repository.change()
    advice = before["advice"]
    assert isinstance(advice, dict)
    assert before["conclusion"] in {"fail", "unknown"}  # Poetry refuses it, the others may lock again
    assert advice["text"] == "lock again: the project changed since"

    repository.shell(advice["command"])

    after = repository.change()
    assert (after["after"], after["conclusion"]) == (["1.3"], "pass"), advice


@pytest.mark.parametrize("tool", sorted(BY_HASHES))
def test_a_version_that_both_have_is_moved_by_chainguards_own_command(
    tmp_path: Path, world: World, tool: str
) -> None:
    repository = Repository(tmp_path, world, TOOLS[tool], "same")
    repository.write("p", "same==1.0")
    repository.shell(TOOLS[tool].command)
    lock = tmp_path / "web" / TOOLS[tool].lock
    lines = lock.read_text().splitlines(keepends=True)
    lock.write_text("".join(line for line in lines if not line.startswith("--index-url")))
    advice = repository.change()["advice"]
    assert isinstance(advice, dict)
    assert advice["command"] == f"chainctl libraries update-hashes web/{TOOLS[tool].lock}"


@pytest.mark.parametrize("tool", ["uv pip compile", "pip-compile"])
def test_new_hashes_are_not_advised_while_the_lock_itself_names_pypi_alone(
    tmp_path: Path, world: World, tool: str
) -> None:
    repository = Repository(tmp_path, world, TOOLS[tool], "same")
    repository.write("p", "same==1.0")
    repository.shell(TOOLS[tool].command)
    change = repository.change()
    assert (change["outcome"], change["cause"]) == ("pypi", "configured-for-pypi")
    assert isinstance(change["advice"], dict)
    assert change["advice"]["command"] is None
    assert "name Chainguard's index" in change["advice"]["text"]
