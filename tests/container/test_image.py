"""What is in the image, and what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT
from tests.container.images import BASE, IMAGE

if TYPE_CHECKING:
    from tests.container.docker import Docker

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def config(docker: Docker) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", IMAGE, "--format", "{{json .Config}}"))
    return found


def _size(docker: Docker, image: str) -> int:
    return int(docker("image", "inspect", image, "--format", "{{.Size}}"))


def _python(docker: Docker, script: str) -> str:
    program = ("--entrypoint", "/app/bin/python", IMAGE, "-IB", "-c", script)
    return docker("run", "--rm", "--pull", "never", "--network", "none", *program)


def test_it_runs_as_root_although_its_base_does_not(docker: Docker, config: dict[str, Any]) -> None:
    assert json.loads(docker("image", "inspect", BASE, "--format", "{{json .Config.User}}")) == "65532"
    assert config["User"] == "0"
    assert _python(docker, "import os; print(os.getuid(), os.getgid())") == "0 0"


def test_its_entry_point_is_absolute_and_needs_no_shell(config: dict[str, Any]) -> None:
    assert config["Entrypoint"][0] == "/app/bin/python"
    assert not config.get("Cmd")


def test_it_sets_no_working_directory_which_is_the_runners_to_choose(config: dict[str, Any]) -> None:
    assert config.get("WorkingDir", "") in {"", "/"}


def test_it_adds_little_to_its_base(docker: Docker) -> None:
    assert _size(docker, IMAGE) - _size(docker, BASE) < 85 * MEGABYTE


def test_every_module_ships_as_bytecode_that_is_never_checked_against_its_source(docker: Docker) -> None:
    script = """
from importlib.util import cache_from_source
from pathlib import Path
modules = list(Path("/app/lib").rglob("*.py"))
for source in modules:
    compiled = Path(cache_from_source(source))
    # PEP 552: flags 0b01 are a hash that nobody checks
    if not compiled.exists() or compiled.read_bytes()[4:8] != b"\\1\\0\\0\\0":
        print(source)
print(len(modules) > 1000)
"""
    assert _python(docker, script) == "True"


def test_it_compiles_nothing_when_it_starts(docker: Docker) -> None:
    program = ("--entrypoint", "/app/bin/python", IMAGE, "-IBv", "-c", "import fallback_review.action.main")
    done = docker.try_("run", "--rm", "--pull", "never", "--network", "none", *program)
    loaded = [line for line in done.stderr.splitlines() if line.startswith("# code object from ")]
    assert done.returncode == 0
    assert len(loaded) > 300
    assert [line for line in loaded if not line.rstrip("'").endswith(".pyc")] == []


def test_it_holds_exactly_the_pinned_packages_and_this_one(docker: Docker) -> None:
    script = """
from importlib.metadata import distributions
from pathlib import Path
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
pinned = set()
for line in Path("/pins/runtime.txt").read_text().splitlines():
    if line[0].isalpha():
        requirement = Requirement(line.removesuffix("\\\\"))
        if requirement.marker is None or requirement.marker.evaluate():
            pinned.add(f"{canonicalize_name(requirement.name)}{requirement.specifier}")
found = {f"{canonicalize_name(each.name)}=={each.version}" for each in distributions()}
own = {each for each in found if each.startswith("fallback-review==")}
print(len(own), sorted(pinned ^ (found - own)))
"""
    program = ("--entrypoint", "/app/bin/python", IMAGE, "-IB", "-c", script)
    mount = f"{ROOT}/requirements:/pins:ro"
    assert docker("run", "--rm", "--pull", "never", "--network", "none", "-v", mount, *program) == "1 []"


def test_the_whole_demo_runs_in_it_without_a_network(docker: Docker) -> None:
    program = ("--entrypoint", "/app/bin/fallback-review", IMAGE, "demo", "--output", "/tmp/demo")
    done = docker.try_("run", "--rm", "--pull", "never", "--network", "none", *program)
    assert done.returncode == 0, done.stderr
    assert "litellm" in done.stdout
    assert "Requests: Chainguard" in done.stdout
