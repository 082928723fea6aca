"""Every option that the installed tools have is sorted: a new release of one can't slip by."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from fallback_review.configuration.keys import Treatment
from fallback_review.configuration.tools import TOOLS, pdm, pip, pipenv, poetry, uv_keys
from tests.configuration.test_second_readers import run
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fallback_review.configuration.keys import Keys

pytestmark = pytest.mark.lab


def unsorted(keys: Keys, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if keys.treatment(name) is None)


def python(script: str, folder: Path) -> object:
    return json.loads(run([lab_tool("python", "installers"), "-c", script], folder, folder))


PIP = """
import json
from pip._internal.commands import create_command
parser = create_command("install").parser
options = [each for group in (parser, *parser.option_groups) for each in group.option_list]
print(json.dumps([each._long_opts for each in options if each._long_opts]))
"""


def test_pip(tmp_path: Path) -> None:
    options = python(PIP, tmp_path)
    assert isinstance(options, list)
    names = [name.removeprefix("--") for every in options for name in every]
    assert len(names) > 70
    assert unsorted(pip.KEYS, (pip.ALIASES.get(name, name) for name in names)) == []
    assert not pip.ALIASES.keys() - set(names)
    assert not (pip.KEYS.modelled.keys() | pip.KEYS.not_modelled.keys() | pip.KEYS.harmless) - set(names)


@pytest.mark.parametrize(("table", "keys"), [("", uv_keys.KEYS), ("[pip]\n", uv_keys.PIP_KEYS)])
def test_uv(table: str, keys: Keys, tmp_path: Path) -> None:
    """uv names every key that it knows where it stops at one that it does not."""
    (tmp_path / "uv.toml").write_text(f"{table}no-such-key = 1\n")
    said = run([lab_tool("uv", "installers"), "pip", "list"], tmp_path, tmp_path, fails=True)
    _, _, listed = said.partition("expected one of ")
    names = re.findall(r"`([a-z-]+)`", listed)
    assert len(names) > 40
    assert unsorted(keys, names) == []
    assert not (keys.modelled.keys() | keys.not_modelled.keys() | keys.harmless) - set(names)


def test_uvs_variables(tmp_path: Path) -> None:
    said = [
        run([lab_tool("uv", "installers"), "help", "--no-pager", *command], tmp_path, tmp_path)
        for command in (("pip", "install"), ("pip", "sync"), ("sync",))
    ]
    names = set(re.findall(r"\[env: (UV_[A-Z_]+)", "".join(said)))
    assert len(names) > 30
    assert names - uv_keys.VARIABLES - uv_keys.HARMLESS_VARIABLES == set()
    assert not uv_keys.VARIABLES & uv_keys.HARMLESS_VARIABLES


def test_what_only_a_pyproject_may_hold_stops_uv_in_a_file_of_its_own(tmp_path: Path) -> None:
    for key in sorted(uv_keys.PROJECT_ONLY):
        value = {"package": "true", "managed": "true", "workspace": "{}", "sources": "{}"}.get(key, "[]")
        value = {"build-backend": "{}", "dependency-groups": "{}", "conflicts": "[]"}.get(key, value)
        (tmp_path / "uv.toml").write_text(f"{key} = {value}\n")
        said = run([lab_tool("uv", "installers"), "pip", "list"], tmp_path, tmp_path, fails=True)
        assert f"The `{key}` field is not allowed in a `uv.toml` file" in " ".join(said.split()), said


POETRY = """
import json, pathlib
import poetry.core.json, poetry.json
schemas = [pathlib.Path(poetry.core.json.__file__).parent / "schemas/poetry-schema.json",
           pathlib.Path(poetry.json.__file__).parent / "schemas/poetry.json"]
read = [json.loads(each.read_text()) for each in schemas]
source = read[1]["definitions"]["repository"]["properties"]
print(json.dumps([[key for each in read for key in each["properties"]], list(source)]))
"""


def test_poetry(tmp_path: Path) -> None:
    listed = run([lab_tool("poetry", "installers"), "config", "--list"], tmp_path, tmp_path)
    names = [line.partition(" = ")[0] for line in listed.splitlines() if " = " in line]
    assert len(names) > 20
    assert unsorted(poetry.KEYS, (each for each in names if not f"{each}.".startswith(poetry.FAMILIES))) == []
    found = python(POETRY, tmp_path)
    assert isinstance(found, list)
    project, source = found
    assert unsorted(poetry.PROJECT_KEYS, project) == []
    assert unsorted(poetry.SOURCE_KEYS, source) == []


PDM = """
import json, pathlib, re
import pdm
from pdm.project.config import Config
texts = [each.read_text() for each in pathlib.Path(pdm.__file__).parent.rglob("*.py")]
def asked(of):
    return sorted({key for text in texts for key in re.findall(of + r'(?:\\.get\\(|\\[)"([a-z_-]+)"', text)})
print(json.dumps([list(Config._config_map), asked(r"pyproject\\.settings"), asked(r"pyproject\\.resolution")]))
"""


def test_pdm(tmp_path: Path) -> None:
    listed = run([lab_tool("pdm", "installers"), "config"], tmp_path, tmp_path)
    names = [line.partition(" = ")[0].strip() for line in listed.splitlines() if " = " in line]
    found = python(PDM, tmp_path)
    assert isinstance(found, list)
    every, project, resolution = found
    assert len(names) > 30
    assert set(names) <= set(every)
    assert unsorted(pdm.KEYS, every) == []
    assert unsorted(pdm.PROJECT_KEYS, project) == []
    assert {"exclude-newer", "overrides"} <= set(resolution)
    assert unsorted(pdm.RESOLUTION_KEYS, resolution) == []


PIPENV = """
import json, pathlib, re
import pipenv
root = pathlib.Path(pipenv.__file__).parent
texts = [each.read_text() for each in root.rglob("*.py") if not {"vendor", "patched"} & set(each.parts)]
found = {key for text in texts for key in re.findall(r'settings(?:\\.get\\(|\\[)\\s*"([A-Za-z_-]+)"', text)}
print(json.dumps(sorted(found)))
"""


def test_pipenv(tmp_path: Path) -> None:
    """Pipenv has no list of its settings: its source asks for them by name."""
    names = python(PIPENV, tmp_path)
    assert isinstance(names, list)
    assert {"allow_prereleases", "install_search_all_sources", "sort_pipfile"} <= set(names)
    assert unsorted(pipenv.KEYS, (each for each in names if each not in ("key", "get"))) == []


@pytest.mark.parametrize("installer", TOOLS)
def test_no_key_has_two_places(installer: str) -> None:
    for keys in TOOLS[installer].keys:
        parts = (keys.modelled.keys(), keys.not_modelled.keys(), keys.harmless)
        assert sum(map(len, parts)) == len(set().union(*parts))
        assert all(keys.treatment(key) is Treatment.HARMLESS for key in keys.harmless)
