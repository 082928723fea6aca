"""The tools' own readers on the same files: pip's option parser, uv's settings, Poetry's pool, PDM's sources."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from fallback_review import configuration
from fallback_review.configuration.index_order import asked
from fallback_review.lockfiles import Text, parse
from tests.configuration.cases import (
    ADDRESSES,
    OTHER,
    C,
    P,
    R,
    lock,
    pdm_source,
    poetry_source,
    read,
    uv_index,
)
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

DEFAULT = "default = true"
EXPLICIT = "explicit = true"
PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'


def run(
    command: list[str], home: Path, cwd: Path, stdin: str = "", *, fails: bool = False, **variables: str
) -> str:
    """Run a tool that knows nothing of this machine's own configuration; return what it prints, or why it fails."""
    ours = ("PIP_", "UV_", "PDM_", "POETRY_", "PIPENV_", "XDG_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CONFIG_DIRS": str(home),
        **variables,
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert bool(done.returncode) is fails, done.stderr
    return done.stderr if fails else done.stdout


UV_CASES: list[dict[str, str]] = [
    {"pyproject.toml": PROJECT + uv_index(C, "cgr", DEFAULT)},
    {
        "pyproject.toml": PROJECT
        + uv_index(C, "cgr", EXPLICIT)
        + uv_index(P, "pypi")
        + uv_index(R, "rem", DEFAULT)
    },
    {
        "pyproject.toml": PROJECT
        + f'[tool.uv]\nindex-url = "{C}"\nextra-index-url = ["{P}", "{R}"]\nindex-strategy = "unsafe-best-match"\n'
    },
    {
        "pyproject.toml": PROJECT
        + f'[tool.uv]\nindex-url = "{P}"\n'
        + uv_index(C, "cgr")
        + uv_index(R, "r", DEFAULT)
    },
    {
        "pyproject.toml": PROJECT + uv_index(P, "pypi"),
        "uv.toml": f'index-strategy = "unsafe-first-match"\nno-index = true\n{uv_index(C, "cgr", table="index")}',
    },
    {"pyproject.toml": PROJECT, "../uv.toml": uv_index(OTHER, "up", DEFAULT, table="index")},
    {"pyproject.toml": PROJECT + "[tool.uv]\n", "../uv.toml": uv_index(OTHER, "up", DEFAULT, table="index")},
]


@pytest.mark.parametrize("files", UV_CASES)
def test_uv_reads_the_same_indexes(files: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "member"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    shown = run([lab_tool("uv", "installers"), "lock", "--offline", "--show-settings"], tmp_path, folder)
    described = re.findall(
        r'given: Some\(\s*"([^"]+)",.*?explicit: (\w+),\s*default: (\w+),.*?format: (\w+)', shown, re.DOTALL
    )
    theirs = [(url, explicit == "true", default == "true") for url, explicit, default, _ in described]
    strategy = re.search(r"index_strategy: (\w+)", shown)
    no_index = re.search(r"no_index: (\w+)", shown)
    in_repository = {
        (name.removeprefix("../") if name.startswith("../") else f"member/{name}"): text
        for name, text in files.items()
    }
    found = read("uv", in_repository, lock("uv", path="member/uv.lock"))
    assert [(each.url, each.explicit, each.default) for each in found.indexes] == theirs
    assert strategy is not None
    assert no_index is not None
    assert (found.strategy or "first-index").replace("-", "") == strategy[1].lower()
    assert found.no_index is (no_index[1] == "true")


POETRY_CASES = [
    "",
    poetry_source("c", C),
    poetry_source("c", C, 'priority = "supplemental"'),
    poetry_source("c", C, 'priority = "explicit"'),
    poetry_source("c", C, 'priority = "supplemental"') + poetry_source("r", R),
    poetry_source("c", C) + poetry_source("PyPI"),
    poetry_source("pypi", "", 'priority = "supplemental"') + poetry_source("r", R) + poetry_source("c", C),
    poetry_source("o", OTHER, 'priority = "explicit"') + poetry_source("PyPI", "", 'priority = "primary"'),
    poetry_source("c", C, 'priority = "PRIMARY"') + poetry_source("r", R, 'priority = "Supplemental"'),
]
POETRY = """
import json, sys, tomllib
from poetry.config.config import Config
from poetry.factory import Factory
pools = []
for text in json.load(sys.stdin):
    sources = tomllib.loads(text).get("tool", {}).get("poetry", {}).get("source", [])
    pool = Factory.create_pool(Config(), sources)
    pools.append([each.name.lower() for each in pool.repositories])
print(json.dumps(pools))
"""


def test_poetry_asks_in_the_same_order(tmp_path: Path) -> None:
    python = lab_tool("python", "installers")
    theirs = json.loads(run([python, "-c", POETRY], tmp_path, tmp_path, json.dumps(POETRY_CASES)))
    ours = [names("poetry", text) for text in POETRY_CASES]
    assert ours == theirs


PDM_CASES = [
    "",
    pdm_source("c", C),
    pdm_source("c", C) + pdm_source("pypi", P),
    pdm_source("pypi", C) + pdm_source("r", R),
    pdm_source("c", C, 'include_packages = ["six"]') + pdm_source("r", R),
]
PDM_CONFIGS = [
    "",
    f'[pypi]\nurl = "{C}"\n',
    "[pypi]\nignore_stored_index = true\n",
    f'[pypi.c]\nurl = "{OTHER}"\n[pypi.late]\nurl = "{OTHER}"\n',
    f'[pypi]\nignore_stored_index = true\n[pypi.late]\nurl = "{OTHER}"\n',
]
PDM = """
import json, os, pathlib, sys
from pdm.core import Core
found = []
for number, (manifest, config) in enumerate(json.load(sys.stdin)):
    folder = pathlib.Path(str(number)); folder.mkdir()
    (folder / "pyproject.toml").write_text(manifest)
    (folder / "pdm.toml").write_text(config)
    project = Core().create_project(folder, global_config=os.devnull)
    found.append([each.name for each in project.sources])
print(json.dumps(found))
"""


def test_pdm_asks_in_the_same_order(tmp_path: Path) -> None:
    cases = [(manifest, config) for manifest in PDM_CASES for config in PDM_CONFIGS]
    python = lab_tool("python", "installers")
    theirs = json.loads(run([python, "-c", PDM], tmp_path, tmp_path, json.dumps(cases)))
    ours = [names("pdm", manifest, {"pdm.toml": config}) for manifest, config in cases]
    assert ours == theirs


def names(installer: str, manifest: str, more: dict[str, str] | None = None) -> list[str]:
    found = read(installer, {"pyproject.toml": manifest, **(more or {})})
    return [
        each.configured.name.lower() if each.configured and each.configured.name else "pypi"
        for each in asked(found, ADDRESSES)
    ]


PIP_CASES = [
    (f"[global]\nindex-url = {C}\nextra-index-url = {P}\n", "six==1.0\n"),
    (f"[global]\nindex_url: {C}\nextra_index_url =\n   {P}\n   {R}\n", "six==1.0\n"),
    (f"[global]\nindex-url = {C}\nextra-index-url = {P}\n[install]\nindex-url = {R}\n", "six==1.0\n"),
    (f"[global]\nindex-url = {C}\nextra-index-url = {P}\n", f"--index-url {OTHER}\nsix==1.0\n"),
    (f"[global]\nindex-url = {C}\nextra-index-url = {P}\n", f"--extra-index-url {OTHER}\nsix==1.0\n"),
    (
        f"[global]\nindex-url = {C}\nextra-index-url = {P}\n",
        f"--extra-index-url {OTHER}\n--index-url {R}\nsix==1.0\n",
    ),
    (f"[global]\nindex-url = {C}\nextra-index-url = {P}\nno-index = yes\n", "six==1.0\n"),
]
PIP = """
import sys, json
from pip._internal.commands import create_command
from pip._internal.req.req_file import parse_requirements
command = create_command("install")
options, _ = command.parse_args(["-r", sys.argv[1]])
with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options=options, session=session)
    list(parse_requirements(sys.argv[1], session=session, finder=finder, options=options))
print(json.dumps(finder.index_urls))
"""


@pytest.mark.parametrize(("config", "requirements"), PIP_CASES)
def test_pip_pools_the_same_indexes(config: str, requirements: str, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(config)
    (tmp_path / "requirements.txt").write_text(requirements)
    command = [lab_tool("python", "installers"), "-c", PIP, "requirements.txt"]
    theirs = json.loads(run(command, tmp_path, tmp_path, PIP_CONFIG_FILE=str(tmp_path / "pip.conf")))
    lockfile = parse(Text(path="requirements.txt", text=requirements))
    found = configuration.read(lockfile, {"pip.conf": config}.get, installer="pip")
    assert [each.configured.url for each in asked(found, ADDRESSES) if each.configured] == theirs
