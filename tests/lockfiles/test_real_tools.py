"""The real tools lock small projects against index servers here; their own readers and ours agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.lockfiles import Text, decode, parse
from fallback_review.lockfiles.names import normalise_name
from tests.conftest import lab_tool, missing
from tests.lockfiles.real_tools import (
    PDM,
    PIPFILE,
    POETRY,
    PYPROJECT,
    PYTHON,
    UNIVERSE,
    UV,
    UV_SCRIPT,
    Workshop,
)
from tests.lockfiles.test_second_readers_text import by_pip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.model import LockedPackage, Lockfile

pytestmark = pytest.mark.lab

HERE = Path(__file__).parent
EPSILON = "epsilon @ {pypi}/packages/epsilon/epsilon-4-py3-none-any.whl"
SERVED = {
    f"sha256:{build(release, shelf, kind).sha256}"
    for release in UNIVERSE.releases
    for shelf, kinds in release.on.items()
    for kind in kinds
}
VERSIONS = {
    "acme-tool": "7.2",
    "alpha": "1.1.post1",
    "beta": "2.0",
    "epsilon": "4",
    "gamma-delta": "0.3",
    "member": "0.1",
    "zeta": "0.1",
}
"""What every project of these tests locks, where its tool can."""

Told = tuple[str, str | None, tuple[str | None, ...], tuple[str, ...], tuple[str, ...]]


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with DemoIndex(UNIVERSE) as index:
        made = Workshop(tmp_path, index)
        made.member()
        made.repository()
        yield made
        assert all(seen.host in ("pypi", "private") for seen in index.log)


def ours(path: Path) -> Lockfile:
    """Read a lockfile with this project; every entry's line is the one on which it starts."""
    text = decode(path.name, path.read_bytes())
    lock = parse(Text(path=path.name, text=text))
    lines = text.split("\n")
    for package in lock.packages:
        start = "\n".join(lines[package.line - 1 : package.line + 1])
        assert package.name.partition("-")[0] in start.lower(), (package, start)
        assert package.hashes <= SERVED
    return lock


def told(package: LockedPackage) -> Told:
    source = package.source
    place: tuple[str | None, ...] = (source.kind.value, source.location)
    if source.commit:
        place = (*place, source.commit)
    urls = (artifact.url for artifact in package.artifacts)
    return (
        package.name,
        package.version,
        place,
        tuple(sorted(package.hashes)),
        tuple(sorted({url for url in urls if url})),
    )


def second(reader: str, workshop: Workshop, name: str) -> list[dict[str, Any]]:
    """Read a lockfile with its tool's own reader."""
    command = [
        lab_tool("python", "installers"),
        str(HERE / "second_readers.py"),
        reader,
        str(workshop.folder / name),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=workshop.environment)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def row(entry: dict[str, Any]) -> Told:
    source = tuple(part for part in entry["source"] if part is not None)
    if len(source) == 1:
        source = (*source, None)
    return (
        normalise_name(entry["name"]),
        entry["version"],
        source,
        tuple(entry["hashes"]),
        tuple(entry["urls"]),
    )


def versions(lock: Lockfile) -> dict[str, str | None]:
    return {package.name: package.version for package in lock.packages}


def agrees_with_pip(path: Path) -> None:
    """Our reading of a requirements file is pip's."""
    lock = ours(path)
    rows = by_pip(path)[str(path)]
    theirs = set()
    for one in rows:
        # pip writes a file URL without a host with a single slash.
        place = one["link"] or one["specifier"] or ""
        if place.startswith("git+file:/") and not place.startswith("git+file://"):
            place = place.replace("git+file:/", "git+file:///")
        if one["name"]:
            theirs.add((normalise_name(one["name"]), one["marker"], place, frozenset(one["hashes"])))
    mine = set()
    for package in lock.packages:
        place = f"=={package.version}"
        if package.source.kind == "git":
            place = f"git+{package.source.location}@{package.source.commit}"
        elif package.source.kind == "url":
            place = package.source.location or ""
        mine.add((package.name, package.marker, place, package.hashes))
    assert mine == theirs
    assert {one["text"] for one in rows if not one["name"]} == {notice.text for notice in lock.unnamed}


def test_uv_lock_and_its_exports(workshop: Workshop) -> None:
    wanted = f'["alpha", "acme-tool", "{EPSILON}", "zeta", "member"]'
    workshop.write("pyproject.toml", PYPROJECT.format(name="project", dependencies=wanted) + UV)
    workshop.run("uv", "lock", "--python", PYTHON)
    export = ("uv", "export", "--quiet", "--frozen", "--python", PYTHON)
    workshop.run(*export, "--format", "pylock.toml", "-o", "pylock.toml")
    workshop.run(*export, "--format", "requirements-txt", "-o", "requirements.txt", "--no-emit-project")

    lock, exported = ours(workshop.folder / "uv.lock"), ours(workshop.folder / "pylock.toml")
    assert versions(lock) == VERSIONS | {"project": "0.1"}
    assert {package.name for package in lock.packages if package.local} == {"member", "project"}
    theirs = {one[0]: one for one in map(row, second("pylock", workshop, "pylock.toml"))}
    assert {one[0]: one for one in map(told, exported.packages)} == theirs
    # uv leaves the versions of editable projects out of what it exports.
    unstated = {package.name for package in exported.packages if package.version is None}
    assert unstated == {"member", "project"}
    for name, version, *rest in map(told, lock.packages):
        assert (name, None if name in unstated else version, *rest) == theirs[name]

    agrees_with_pip(workshop.folder / "requirements.txt")
    tree = workshop.run("uv", "tree", "--frozen", "--python", PYTHON, "--universal")
    for name, version in VERSIONS.items():
        assert f"{name} v{version}" in tree


def test_a_script_lock(workshop: Workshop) -> None:
    workshop.write("job.py", UV_SCRIPT)
    workshop.run("uv", "lock", "--script", "job.py", "--python", PYTHON)
    workshop.run(
        "uv", "export", "--script", "job.py", "--frozen", "--format", "pylock.toml", "-o", "pylock.toml"
    )
    lock = ours(workshop.folder / "job.py.lock")
    assert versions(lock) == {name: VERSIONS[name] for name in ("alpha", "beta", "gamma-delta")}
    assert sorted(map(told, lock.packages)) == sorted(map(row, second("pylock", workshop, "pylock.toml")))


def test_uv_pip_compile_with_hashes(workshop: Workshop) -> None:
    workshop.write("requirements.in", f"alpha\n{EPSILON}\n")
    compile_ = ("uv", "pip", "compile", "--quiet", "--no-config", "--generate-hashes", "--emit-index-url")
    index = ("--index-url", "{pypi}/simple/", "--python", PYTHON)
    workshop.run(*compile_, *index, "requirements.in", "-o", "requirements.txt")
    lock = ours(workshop.folder / "requirements.txt")
    assert {(package.name, bool(package.hashes)) for package in lock.packages} == {
        ("alpha", True),
        ("beta", True),
        ("epsilon", True),
    }
    assert [index.url for index in lock.indexes] == [workshop.index.fill("{pypi}/simple/")]
    agrees_with_pip(workshop.folder / "requirements.txt")


def test_pip_lock(workshop: Workshop) -> None:
    lock_ = ("pip", "lock", "--quiet", "--isolated", "--no-cache-dir", "--index-url", "{pypi}/simple/")
    workshop.write("requirements.in", f"alpha\n{EPSILON}\n")
    workshop.run(*lock_, "-r", "requirements.in", "-o", "pylock.toml")
    lock = ours(workshop.folder / "pylock.toml")
    assert versions(lock) == {"alpha": "1.1.post1", "beta": "2.0", "epsilon": None}
    assert lock.installer == "pip"
    assert list(map(told, lock.packages)) == list(map(row, second("pylock", workshop, "pylock.toml")))


def test_poetry_lock(workshop: Workshop) -> None:
    workshop.write("pyproject.toml", POETRY)
    workshop.run("poetry", "lock", "--no-interaction")
    lock = ours(workshop.folder / "poetry.lock")
    assert versions(lock) == VERSIONS
    assert list(map(told, lock.packages)) == list(map(row, second("poetry", workshop, "poetry.lock")))


@pytest.mark.parametrize("strategy", [(), ("--strategy", "static_urls")], ids=["names", "URLs"])
def test_pdm_lock(workshop: Workshop, strategy: tuple[str, ...]) -> None:
    works = "import httpx, pdm.models.session as s; assert issubclass(s.PDMPyPIClient, httpx.Client)"
    done = subprocess.run([lab_tool("python", "installers"), "-c", works], check=False, capture_output=True)
    if done.returncode:
        missing("a PDM that works (2.29 needs hishel<2 and unearth<0.19)")
    wanted = f'["alpha", "acme-tool", "{EPSILON}", "zeta @ git+{{git}}"]'
    workshop.write("pyproject.toml", PYPROJECT.format(name="project", dependencies=wanted) + PDM)
    workshop.write(".pdm-python", PYTHON)
    workshop.run("pdm", "lock", *strategy)
    lock = ours(workshop.folder / "pdm.lock")
    assert versions(lock) == VERSIONS
    (alpha,) = (package for package in lock.packages if package.name == "alpha")
    assert alpha.urls_locked is bool(strategy)
    assert list(map(told, lock.packages)) == list(map(row, second("pdm", workshop, "pdm.lock")))


def test_pipenv_lock(workshop: Workshop) -> None:
    workshop.write("Pipfile", PIPFILE)
    workshop.run("pipenv", "lock", "--python", PYTHON)
    lock = ours(workshop.folder / "Pipfile.lock")
    names = ("acme-tool", "alpha", "beta", "gamma-delta")
    assert versions(lock) == {name: VERSIONS[name] for name in names} | {"epsilon": None}
    urls = {"epsilon": (workshop.index.fill(EPSILON.partition(" @ ")[2]),)}
    theirs = [
        (*one[:4], urls.get(one[0], ())) for one in map(row, second("pipenv", workshop, "Pipfile.lock"))
    ]
    assert list(map(told, lock.packages)) == theirs
