"""Locks that no tool would write, each with a file that the real tool takes and a decoy: what is taken is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.demo.build import build
from fallback_review.demo.server import DemoIndex
from fallback_review.demo.universe import PURE, Release, Shelf, Universe
from fallback_review.lockfiles import Text, parse
from fallback_review.model import Target
from fallback_review.prediction.targets import applies
from tests.lockfiles.real_tools import PYPROJECT, PYTHON, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALPHA = Release(name="alpha", version="1.0", on={Shelf.PYPI: (PURE,), Shelf.PRIVATE: (PURE,)})
HERE = Target(python="3.11", platform="linux", arch="x86_64")
TAKEN = "{pypi}/packages/alpha/alpha-1.0-py3-none-any.whl"
DECOY = "{private}/files/alpha/alpha-1.0-py3-none-any.whl"
HASHES = {
    place: f"sha256:{build(ALPHA, shelf, PURE).sha256}"
    for place, shelf in ((TAKEN, Shelf.PYPI), (DECOY, Shelf.PRIVATE))
}

HEAD = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "project"
version = "0.1"
source = {{ virtual = "." }}
{asks}
"""
ENTRY = """
[[package]]
name = "alpha"
version = "1.0"
source = {{ registry = "{index}/simple" }}
{rows}
"""


def wheel(url: str, more: str = "") -> str:
    return f'{{ url = "{url}", hash = "{HASHES[url]}"{more} }}'


def lock(*entries: str, asks: str = 'dependencies = [\n    { name = "alpha" },\n]') -> str:
    return HEAD.format(asks=asks) + "".join(entries)


def entry(rows: str, index: str = "{private}") -> str:
    return ENTRY.format(index=index, rows=rows)


def forked(system: str, index: str, url: str) -> str:
    return entry(f"resolution-markers = [\"sys_platform == '{system}'\"]\nwheels = [{wheel(url)}]", index)


def two_forks(row: str) -> str:
    """Each entry says that it is for another system than the one on which it would be taken."""
    return lock(forked("linux", "{private}", DECOY), forked("win32", "{pypi}", TAKEN), asks=row)


ROW = '{ name = "alpha", version = "1.0.0", source = { registry = "{pypi}/simple" } }'
RENAMED = ', filename = "alpha-1.0-py2-none-any.whl"'
FORGED = {
    "another file name": lock(entry(f"wheels = [{wheel(TAKEN, RENAMED)}, {wheel(DECOY)}]")),
    "a path": lock(entry(f"wheels = [{wheel(TAKEN, RENAMED.replace('filename', 'path'))}, {wheel(DECOY)}]")),
    "forks for other systems": two_forks(f"dependencies = [\n    {ROW},\n]"),
    "a comment behind the row": two_forks(f"dependencies = [\n    {ROW}, # x\n]"),
    "another table": two_forks(
        '[[package.dependencies]]\nname = "alpha"\nversion = "1.0"\nsource.registry = "{pypi}/simple"'
    ),
    "an escaped key": two_forks(f"dependencies = [\n    {ROW},\n]".replace("name", '"na\\u006de"')),
}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with DemoIndex(Universe(releases=(ALPHA,))) as index:
        yield Workshop(tmp_path, index)


def fetched(workshop: Workshop) -> set[str]:
    return {seen.host for seen in workshop.index.log if seen.path.endswith(".whl")}


def read(path: Path) -> set[str | None]:
    """Return the URLs of what our reading says is installed here."""
    packages = parse(Text(path=path.name, text=path.read_text("utf-8"))).packages
    return {
        next(file.url for file in package.artifacts if (file.filename or "").endswith("-py3-none-any.whl"))
        for package in packages
        if package.name == "alpha" and applies(package.marker, HERE)
    }


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED.keys())
def test_what_uv_takes_is_read(workshop: Workshop, text: str) -> None:
    workshop.write("pyproject.toml", PYPROJECT.format(name="project", dependencies='["alpha"]'))
    path = workshop.write("uv.lock", text)
    workshop.run("uv", "sync", "--frozen", "--no-install-project", "--no-cache", "--python", PYTHON)
    assert fetched(workshop) == {"pypi"}
    assert workshop.index.fill(TAKEN) in read(path)
