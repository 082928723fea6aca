"""Ten thousand lockfiles in one change: from a git repository and a local index to the comment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, child
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import PURE, Release, Shelf, Universe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL, LARGE = 1_000, 10_000
PROJECTS = 100
MEGABYTES = 250
LINEAR = 1.2
REFUSED = 1
"""The exit code that is expected, since every tenth project is only on PyPI."""


def measure() -> list[Row]:
    """Return cost per lockfile at 10,000 against 1,000, and peak memory against its budget."""
    spent, peak = {}, 0
    universe = Universe(releases=tuple(_releases()))
    with DemoIndex(universe) as index:
        for count in (SMALL, LARGE):
            with tempfile.TemporaryDirectory() as folder:
                make_repository(Path(folder), count, index)
                spent[count], peak = review(Path(folder), index)
    return [
        Row(
            work=f"{LARGE:,} changed lockfiles in git, from start to comment",
            measured=f"{spent[LARGE]:.1f} s",
            against=f"{SMALL:,} of them = {spent[SMALL]:.1f} s; per lockfile",
            ratio=spent[LARGE] / LARGE * SMALL / spent[SMALL],
            budget=LINEAR,
        ),
        Row(
            work=f"peak memory, {LARGE:,} changed lockfiles",
            measured=f"{peak} MB",
            against=f"{MEGABYTES} MB",
            ratio=peak / MEGABYTES,
            budget=1.0,
        ),
    ]


def make_repository(root: Path, count: int, index: DemoIndex) -> None:
    """Make a repository whose last commit changes `count` lockfiles of three formats, each in a folder."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(root)], check=True)
    with subprocess.Popen(
        ["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as importing:
        stream = importing.stdin
        if stream is None:
            raise RuntimeError("git fast-import takes no input")
        for version in ("1.0", "1.1"):
            stream.write(b"commit refs/heads/main\ncommitter A <a@example.com> 0 +0000\ndata 0\n")
            for number in range(count):
                name, made = _FORMATS[number % len(_FORMATS)]
                text = made(number // len(_FORMATS) % PROJECTS, version, index).encode()
                path = f"team-{number // 100}/service-{number}/{name}"
                stream.write(f"M 644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n")
    if importing.returncode:
        raise RuntimeError("git fast-import failed")


def review(root: Path, index: DemoIndex, *options: str) -> tuple[float, int]:
    """Review a repository's last commit by the command line; return the seconds and the peak memory in MB."""
    program = str(Path(sys.executable).with_name("fallback-review"))
    command = [
        program, "review", "main~1", "main", "--index-url", f"{index.chainguard}/python/simple/",
        "--index-username", index.username, "--pypi-url", f"{index.pypi}/simple/",
        "--format", "markdown", *options,
    ]  # fmt: skip
    environ = {**os.environ, "NO_PROXY": "*", "FALLBACK_REVIEW_INDEX_PASSWORD": index.password}
    cost = child(command, environ, root, ends=REFUSED)
    return cost.wall, round(cost.peak)


def _releases() -> Iterator[Release]:
    for number in range(PROJECTS):
        shelves = (Shelf.BUILT, Shelf.PYPI) if number % 10 else (Shelf.PYPI,)
        for version in ("1.0", "1.1"):
            yield Release(name=f"made-{number}", version=version, on=dict.fromkeys(shelves, (PURE,)))


def _requirements(number: int, version: str, _index: DemoIndex) -> str:
    return f"made-{number}=={version}\n"


def _poetry(number: int, version: str, _index: DemoIndex) -> str:
    return (
        f'[[package]]\nname = "made-{number}"\nversion = "{version}"\noptional = false\nfiles = []\n\n'
        '[metadata]\nlock-version = "2.1"\ncontent-hash = "0"\n'
    )


def _uv(number: int, version: str, index: DemoIndex) -> str:
    below = f"{index.chainguard}/python/simple" if number % 10 else f"{index.pypi}/packages"
    simple = f"{index.chainguard}/python/simple/" if number % 10 else f"{index.pypi}/simple/"
    return (
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\n'
        f'name = "made-{number}"\nversion = "{version}"\nsource = {{ registry = "{simple}" }}\n'
        f'wheels = [{{ url = "{below}/made-{number}/{version}/made_{number}-{version}-{PURE}.whl" }}]\n'
    )


_FORMATS: tuple[tuple[str, Callable[[int, str, DemoIndex], str]], ...] = (
    ("requirements.txt", _requirements),
    ("poetry.lock", _poetry),
    ("uv.lock", _uv),
)
