"""One pair of indexes and one environment of each installer for all of these tests."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.index.open import Secrets
from fallback_review.installed.judge import Verifying
from fallback_review.installed.places import place
from fallback_review.installed.sources import open_sources
from fallback_review.installed.verify import verify
from fallback_review.settings import schema
from tests.installed.builds import rebuilt, wheel
from tests.installed.indexes import Indexes, two_indexes
from tests.installed.installers import INSTALLERS, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fallback_review.model.installed import Verification, VerifiedDistribution

CP = f"cp3{sys.version_info.minor}"
NATIVE = f"{CP}-{CP}-linux_x86_64"
PUBLISHED = f"{CP}-{CP}-manylinux_2_17_x86_64.manylinux2014_x86_64"


@dataclass(frozen=True, slots=True)
class World:
    """What both origins hold."""

    folder: Path
    indexes: Indexes

    @property
    def chainguard(self) -> Path:
        return self.folder / "chainguard"

    @property
    def pypi(self) -> Path:
        return self.folder / "pypi"

    def verify(self, path: Path, *, settings: bytes = b"", full: bool = False) -> Verification:
        """Verify a place against both indexes, in this process."""
        found = settings_of(self.indexes, settings)
        with open_sources(found.indexes, Secrets(environ={}), full=full) as sources:
            return verify(
                place(path), Verifying(settings=found, sources=sources, today=date(2026, 11, 1), full=full)
            )


def settings_of(indexes: Indexes, text: bytes = b"") -> schema.Settings:
    """Settings that name both indexes."""
    inputs = {("indexes", "chainguard"): indexes.chainguard, ("indexes", "pypi"): indexes.pypi}
    return schema.parse(text, inputs=inputs)


def one(verification: Verification, name: str) -> VerifiedDistribution:
    """The only distribution of a name."""
    (found,) = (each for each in verification.distributions if each.name == name)
    return found


def publish(folder: Path) -> None:
    """Write the wheels of both origins: pure, with scripts, with data, compiled, and one that PyPI alone has."""
    pypi = folder / "pypi"
    made = [
        wheel(
            pypi,
            "plain",
            files={
                "plain/__init__.py": "import re\nNAME = 'plain'\n",
                "plain/core.py": "def run():\n    return {'a': 1, 'b': (1, 2)}\n",
                "plain/tests/test_core.py": "def test(): pass\n",
            },
        ),
        wheel(
            pypi,
            "tool-kit",
            files={
                "tool_kit/__init__.py": "def main():\n    return 0\n",
                "tool_kit-1.0.data/scripts/tool-own": "#!python\nprint('own')\n",
                "tool_kit-1.0.data/data/share/tool/data.txt": "data\n",
            },
            entry_points="[console_scripts]\ntool-kit = tool_kit:main\n",
        ),
        wheel(
            pypi,
            "native",
            files={"native/__init__.py": "", "native/_core.so": "\x7fELF as published"},
            tag=NATIVE,
            generator="maturin (1.0)",
        ),
        wheel(pypi, "single", files={"single.py": "VALUE = 1\n"}),
        *(
            wheel(pypi, f"{which}-of-two", files={"shared_by_two.py": f"WHICH = {which!r}\n"})
            for which in ("first", "second")
        ),
    ]
    wheel(pypi, "only-pypi")
    # As published wheels look beside Chainguard's: other platform tags, and files for other systems.
    published = wheel(pypi, "platformed", files={"platformed/core.so": "as published"}, tag=PUBLISHED)
    rebuilt(published, folder / "chainguard" / "built", tag=f"{CP}-{CP}-manylinux_2_28_x86_64")
    for other in (f"{CP}-{CP}-macosx_11_0_arm64", f"{CP}-{CP}-win_amd64", f"{CP}-{CP}-manylinux_2_34_x86_64"):
        wheel(pypi, "platformed", files={"platformed/core.so": f"for {other}"}, tag=other)
    fixed = wheel(pypi, "fixed-up")
    rebuilt(fixed, folder / "chainguard" / "built")
    rebuilt(fixed, folder / "chainguard" / "remediated", version="1.0+cgr.1")
    for each in made:
        rebuilt(each, folder / "chainguard" / "built")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    publish(folder)
    files = sorted((folder / "chainguard").rglob("*.whl")), sorted((folder / "pypi").rglob("*.whl"))
    with two_indexes(folder / "served", *files, signed=True) as indexes:
        yield World(folder, indexes)


NAMES = ("plain==1.0", "tool-kit==1.0", "native==1.0", "single==1.0")


@pytest.fixture(scope="session")
def installed(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Environments by installer, made when they are first asked for."""
    return _Made(world, tmp_path_factory.mktemp("projects"))


class _Made(dict[str, Project]):
    def __init__(self, world: World, folder: Path) -> None:
        super().__init__()
        self._world, self._folder = world, folder

    def __missing__(self, installer: str) -> Project:
        assert installer in INSTALLERS
        project = Project(installer, self._folder / installer, NAMES)
        project.declare(self._world.indexes.chainguard)
        project.lock()
        project.install()
        self[installer] = project
        return project


def copied(project: Project, folder: Path) -> Project:
    """A copy of a project's environment, to be spoilt."""
    copy = Project(project.installer, folder / project.installer, project.names)
    shutil.copytree(project.environment, copy.environment, symlinks=True)
    return copy
