"""The client configurations that Chainguard documents, with the real installers: what is said is what is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tomli

from fallback_review.lockfiles.content_hashes import poetry_hash
from fallback_review.model import Outcome
from fallback_review.settings import validation

from .differential.cases import CHAINGUARD, PYPI, REMEDIATED, Case, File
from .differential.comparing import agree, predicted
from .differential.installers import running
from .differential.origins import Origins, serving_origins, sha256_of
from .differential.projects import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fallback_review.settings.schema import Indexes

    from .differential.installers import Runner

    Made = Callable[[Case, Origins], Project]

pytestmark = pytest.mark.lab
FIXED = "1.0+cgr.1"


def files(shelf: str, maker: str, *versions: str) -> tuple[File, ...]:
    return tuple(
        File(
            filename=f"case_{{number}}-{version}-py3-none-any.whl",
            shelf=shelf,
            maker=maker,
            version=version,
        )
        for version in versions
    )


BUILT, THEIRS = files(CHAINGUARD, "c", "1.0"), files(PYPI, "p", "1.0")
FIX = files(REMEDIATED, "c", FIXED)
HELD = {
    "both have it": (BUILT, THEIRS, "1.0"),
    "PyPI alone has it": ((), THEIRS, "1.0"),
    "it is remediated": ((*BUILT, *FIX), THEIRS, FIXED),
    "no remediated one is asked for": ((*BUILT, *FIX), THEIRS, "1.0"),
}
"""What Chainguard's indexes list, what PyPI's, and what the lock pins."""


def case(number: int, what: str) -> Case:
    ours, theirs, pin = HELD[what]
    named = {
        each: File(
            filename=each.filename.format(number=number),
            shelf=each.shelf,
            maker=each.maker,
            version=each.version,
        )
        for each in (*ours, *theirs)
    }
    return Case(
        number=number,
        seed=0,
        name=f"case-{number}",
        chainguard=tuple(named[each] for each in ours),
        pypi=tuple(named[each] for each in theirs),
        remediated_apart=True,
        json_pages=False,
        untimed=frozenset(),
        stranger=(),
        pin=pin,
        locked=tuple(each for each in named.values() if each.version == pin),
        foreign_hash=False,
        swapped=False,
    )


def known(origins: Origins, installer: str) -> Indexes:
    """The settings name whose index is whose, and leave it to the repository's files which are asked."""
    found = {
        "chainguard": origins.index(CHAINGUARD),
        "remediated": origins.index(REMEDIATED),
        "pypi": origins.index(PYPI),
        "pypi-hosts": [origins.pypi.base.partition("://")[2]],
        "installer": installer,
    }
    return validation.validate({"indexes": found}).indexes


def pip(made: Case, origins: Origins) -> Project:
    """A project's own pip.conf behind PIP_CONFIG_FILE: remediated, then main; PyPI is not named."""
    written = (
        f"[global]\nindex-url = {origins.index(REMEDIATED)}\nextra-index-url = {origins.index(CHAINGUARD)}\n"
    )
    return Project(
        form="pip.conf",
        lock="requirements.txt",
        files={".pip/pip.conf": written, "requirements.txt": f"{made.name}=={made.pin}\n"},
        command=("install", "--no-deps", "--no-compile", "--target", "{target}", "-r", "requirements.txt"),
        environment={"PIP_CONFIG_FILE": "{folder}/.pip/pip.conf"},
        indexes=known(origins, "pip"),
    )


def _uv(made: Case, origins: Origins, file: str, header: str, table: str) -> Project:
    tables = "".join(
        f'\n[[{table}]]\nname = "{name}"\nurl = "{origins.index(shelf)}"\n'
        for name, shelf in (("chainguard-remediated", REMEDIATED), ("chainguard", CHAINGUARD))
    )
    return Project(
        form=file,
        lock="requirements.txt",
        files={file: header + tables, "requirements.txt": f"{made.name}=={made.pin}\n"},
        command=("pip", "install", "--no-deps", "--target", "{target}", "-r", "requirements.txt"),
        environment={"UV_DEFAULT_INDEX": origins.index(PYPI)},  # what stays in where no table is the default
        indexes=known(origins, "uv"),
    )


def uv_project(made: Case, origins: Origins) -> Project:
    """Two tables in pyproject.toml without ``default``, so that PyPI stays in."""
    header = '[tool.uv]\nindex-strategy = "unsafe-best-match"\n'
    return _uv(made, origins, "pyproject.toml", header, "tool.uv.index")


def uv_file(made: Case, origins: Origins) -> Project:
    """The same in a uv.toml as uv reads it."""
    return _uv(made, origins, "uv.toml", 'index-strategy = "unsafe-best-match"\n', "index")


def uv_file_as_two_pages_have_it(made: Case, origins: Origins) -> Project:
    """A uv.toml with the tables of a pyproject.toml: uv refuses the file."""
    return _uv(made, origins, "uv.toml", "", "tool.uv.index")


def poetry(made: Case, origins: Origins) -> Project:
    """Both of Chainguard's indexes primary, PyPI third; the lock names the first that has the version."""
    named = {"chainguard-remediated": REMEDIATED, "chainguard": CHAINGUARD, "public": PYPI}
    shelves = {each.shelf for each in made.locked}
    name = next(each for each, shelf in named.items() if shelf in shelves)
    manifest = (
        f'[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.8"\n'
        f'"{made.name}" = "=={made.pin}"\n'
    ) + "".join(
        f'[[tool.poetry.source]]\nname = "{each}"\nurl = "{origins.index(shelf)}"\npriority = "primary"\n'
        for each, shelf in named.items()
    )
    rows = ", ".join(
        f'{{file = {json.dumps(each.filename)}, hash = "sha256:{sha256_of(each)}"}}'
        for each in made.locked
        if each.shelf == named[name]
    )
    lock = (
        f'[[package]]\nname = "{made.name}"\nversion = "{made.pin}"\ndescription = ""\noptional = false\n'
        f'python-versions = "*"\ngroups = ["main"]\nfiles = [{rows}]\n[package.source]\ntype = "legacy"\n'
        f'url = "{origins.index(named[name]).rstrip("/")}"\nreference = "{name}"\n[metadata]\n'
        f'lock-version = "2.1"\npython-versions = ">=3.8"\ncontent-hash = "{poetry_hash(tomli.loads(manifest))}"\n'
    )
    return Project(
        form="poetry.lock",
        lock="poetry.lock",
        files={"pyproject.toml": manifest, "poetry.lock": lock},
        command=("install", "--no-root", "--no-interaction", "--no-cache"),
        indexes=known(origins, "poetry"),
    )


@pytest.fixture(scope="module")
def origins() -> Iterator[Origins]:
    with serving_origins() as served:
        yield served


@pytest.fixture(scope="module", params=["pip", "uv", "poetry"])
def runner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Runner]]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as ready:
        yield request.param, ready


DOCUMENTED: dict[str, dict[str, Made]] = {
    "pip": {"pip.conf": pip},
    "uv": {"pyproject.toml": uv_project, "uv.toml": uv_file, "refused": uv_file_as_two_pages_have_it},
    "poetry": {"pyproject.toml": poetry},
}
EXPECTED = {
    ("pip", "both have it"): Outcome.CHAINGUARD,
    ("pip", "PyPI alone has it"): Outcome.INSTALL_FAILS,
    ("pip", "it is remediated"): Outcome.REMEDIATED,
    ("pip", "no remediated one is asked for"): Outcome.REMEDIATED,  # which fits ==1.0 as well
    ("uv", "both have it"): Outcome.CHAINGUARD,
    ("uv", "PyPI alone has it"): Outcome.PYPI,
    ("uv", "it is remediated"): Outcome.REMEDIATED,
    ("uv", "no remediated one is asked for"): Outcome.REMEDIATED,  # which fits ==1.0 as well
    ("poetry", "both have it"): Outcome.CHAINGUARD,
    ("poetry", "PyPI alone has it"): Outcome.PYPI,
    ("poetry", "it is remediated"): Outcome.REMEDIATED,
    ("poetry", "no remediated one is asked for"): Outcome.CHAINGUARD,
}


def test_what_is_said_is_what_is_installed(runner: tuple[str, Runner], origins: Origins) -> None:
    installer, ready = runner
    found: dict[tuple[str, str], set[Outcome]] = {}
    for number, (what, how) in enumerate(
        ((what, how) for what in HELD for how in DOCUMENTED[installer]), start=1
    ):
        made = case(number, what)
        origins.cases[made.normalised] = made
        project = DOCUMENTED[installer][how](made, origins)
        verdict = predicted(project, made, origins)
        origins.taken.clear()
        taken = ready.install(project)
        assert verdict is not None
        assert verdict.outcome is not Outcome.UNKNOWN, (how, what, verdict)
        assert agree(verdict, taken, origins.taken, project), (how, what, verdict, taken)
        if how == "refused":
            assert verdict.outcome is Outcome.INSTALL_FAILS
            assert "uv.toml" in taken.words
        else:
            found.setdefault((installer, what), set()).add(verdict.outcome)
    assert found == {key: {outcome} for key, outcome in EXPECTED.items() if key[0] == installer}
