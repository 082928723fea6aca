"""Locks that no tool would write, each with a file that the real tool takes and a decoy: what is taken is read."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha512
from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import PURE, Release, Shelf, Universe
from fallback_review.lockfiles import Text, parse
from fallback_review.model import Source, SourceKind, Target
from fallback_review.prediction.targets import applies
from tests.lockfiles.real_tools import PYPROJECT, PYTHON, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.lab

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


POETRY = """\
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11,<4"
alpha = { version = "*", source = "own", markers = "sys_platform == 'linux'" }

[[tool.poetry.source]]
name = "own"
url = "{private}/simple/"

[[tool.poetry.source]]
name = "other"
url = "{pypi}/simple/"
"""


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


def test_what_poetry_takes_is_read(workshop: Workshop) -> None:
    """By a source's name, not its address; without markers before 2.1; an empty list of files allows any."""
    workshop.environment |= {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}
    workshop.write("pyproject.toml", POETRY)
    workshop.run("poetry", "lock", "--no-interaction")
    text = (workshop.folder / "poetry.lock").read_text("utf-8")
    ours, theirs = (HASHES[place] for place in (DECOY, TAKEN))
    for old, new in (
        ("{private}/simple", "{pypi}/simple"),
        ('markers = "sys_platform == \\"linux\\""', 'markers = "sys_platform == \\"win32\\""'),
        ('lock-version = "2.1"', 'lock-version = "2.0"'),
        (
            f'files = [\n    {{file = "alpha-1.0-py3-none-any.whl", hash = "{ours}"}},\n]',
            f'files = []\n[metadata.files]\nalpha = [{{file = "x", hash = "{theirs}"}}]',
        ),
    ):
        assert workshop.index.fill(old) in text, old
        text = text.replace(workshop.index.fill(old), workshop.index.fill(new))
    path = workshop.write("poetry.lock", text)
    seen = len(workshop.index.log)

    workshop.run("poetry", "install", "--no-interaction")

    assert {one.host for one in workshop.index.log[seen:] if one.path.endswith(".whl")} == {"private"}
    (package,) = parse(Text(path=path.name, text=text)).packages
    assert (package.source.reference, package.marker, package.artifacts) == ("own", None, ())


def pylock(rows: str) -> str:
    return f"""\
lock-version = "1.0"
created-by = "x"

[[packages]]
name = "alpha"
version = "1.0"
index = "{{private}}/simple"
wheels = [{{{rows}}}]
"""


@pytest.mark.parametrize(
    "tool",
    [
        ("uv", "pip", "install", "--no-config", "--no-cache"),
        ("pip", "install", "--no-cache-dir", "--isolated"),
    ],
    ids=["uv", "pip"],
)
def test_any_hash_of_a_file_is_enough(workshop: Workshop, tool: tuple[str, ...]) -> None:
    decoy, other = HASHES[DECOY].partition(":")[2], sha512(build(ALPHA, Shelf.PYPI, PURE).content).hexdigest()
    text = pylock(f'url = "{TAKEN}", hashes = {{sha256 = "{decoy}", sha512 = "{other}"}}')
    path = workshop.write("pylock.toml", text)
    workshop.run(*tool, "--quiet", "--no-deps", "--target", "out", "-r", "pylock.toml")
    assert fetched(workshop) == {"pypi"}
    (package,) = parse(Text(path=path.name, text=path.read_text("utf-8"))).packages
    assert [(file.sha256, len(file.hashes)) for file in package.artifacts] == [(None, 2)]


@pytest.mark.parametrize(
    "tool",
    [
        ("uv", "pip", "install", "--no-config", "--no-cache"),
        ("pip", "install", "--no-cache-dir", "--isolated"),
    ],
    ids=["uv", "pip"],
)
def test_a_path_goes_before_a_url(workshop: Workshop, tool: tuple[str, ...]) -> None:
    file = build(ALPHA, Shelf.PYPI, PURE)
    (workshop.folder / file.filename).write_bytes(file.content)
    text = pylock(f'url = "{DECOY}", path = "{file.filename}", hashes = {{sha256 = "{file.sha256}"}}')
    path = workshop.write("pylock.toml", text)
    workshop.run(*tool, "--quiet", "--no-deps", "--target", "out", "-r", "pylock.toml")
    assert fetched(workshop) == set()
    (package,) = parse(Text(path=path.name, text=path.read_text("utf-8"))).packages
    assert package.source == Source(kind=SourceKind.PATH, location=file.filename)
    assert [(one.url, one.path) for one in package.artifacts] == [(None, file.filename)]


PDM = """
[tool.pdm]
distribution = false

[[tool.pdm.source]]
name = "pypi"
url = "{pypi}/simple/"
"""


def test_pdm_without_inherited_metadata_asks_no_markers(workshop: Workshop) -> None:
    wanted = """["alpha; sys_platform == 'linux'"]"""
    workshop.write("pyproject.toml", PYPROJECT.format(name="project", dependencies=wanted) + PDM)
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", workshop.folder / ".venv"], check=True)
    workshop.run("pdm", "lock")
    text = (workshop.folder / "pdm.lock").read_text("utf-8")
    for old, new in (('"inherit_metadata"', ""), ("linux", "win32")):
        assert old in text
        text = text.replace(old, new)
    path = workshop.write("pdm.lock", text)

    workshop.run("pdm", "sync")

    assert fetched(workshop) == {"pypi"}
    assert [package.marker for package in parse(Text(path=path.name, text=text)).packages] == [None]


PIPFILE = """\
[[source]]
url = "{pypi}/simple"
verify_ssl = false
name = "own"

[packages]
alpha = "*"
"""


def test_what_pipenv_takes_is_read(workshop: Workshop) -> None:
    """It passes over one marker, and joins the others without parentheses: here it installs both times."""
    workshop.write("Pipfile", PIPFILE)
    workshop.environment |= {"PIPENV_VENV_IN_PROJECT": "1"}
    workshop.run("pipenv", "lock", "--python", PYTHON)
    path = workshop.folder / "Pipfile.lock"
    lock = json.loads(path.read_text("utf-8"))
    entry = lock["default"]["alpha"]
    for forged in (
        {"os_name": "== 'nt'"},
        {"markers": "os_name == 'posix' or os_name == 'x'", "sys_platform": "== 'win32'"},
    ):
        lock["default"]["alpha"] = entry | forged
        path.write_text(json.dumps(lock, indent=4), "utf-8")
        workshop.run("pipenv", "sync")
        workshop.run("pipenv", "run", "pip", "uninstall", "--yes", "alpha")
        (package,) = parse(Text(path=path.name, text=path.read_text("utf-8"))).packages
        assert applies(package.marker, HERE)
        assert fetched(workshop) == {"pypi"}
        workshop.index.log.clear()
