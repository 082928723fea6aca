"""What a work tree tells about itself: its lockfiles, and the environments that they are installed in."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fallback_review.cli.work_tree import read_file
from fallback_review.lockfiles import LockfileError, Text, decode, parse, recognise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.model import Lockfile

_PYTHONS = tuple(f"3.{minor}" for minor in range(10, 30))
"""Chainguard builds for Python 3.10 and later (its documentation)."""
_CONDA_PLATFORMS = {
    "linux-64": "linux-x86_64",
    "linux-aarch64": "linux-aarch64",
    "osx-64": "macos-x86_64",
    "osx-arm64": "macos-arm64",
    "win-64": "windows-amd64",
    "win-arm64": "windows-arm64",
}
"""Conda's names of platforms to those of the settings."""
_NOT_SOURCES = frozenset({"node_modules", "site-packages"})


class Detected(Struct, frozen=True):
    """What the work tree tells."""

    lockfiles: tuple[str, ...] = ()
    python: str | None = None
    """The Python version that installs the lockfiles."""
    names: tuple[str, ...] = ()
    """The packages that the lockfiles hold, the commonest first."""
    platforms: tuple[str, ...] = ()
    """The platforms that locks are made for, where they name any (pixi.lock, conda-lock.yml)."""


def find_unexplained(root: Path) -> Detected:
    """Return what the files below `root` tell; a file that can't be read tells nothing.

    The Python version is that of ``.python-version``, else the oldest that pyproject.toml and the lockfiles
    all allow, else None.
    """
    paths = tuple(sorted(path for path in files_below(root) if recognise(path, None)))
    locks = [lock for path in paths if (lock := _lock(root, path))]
    named = {
        artifact.target_platform
        for lock in locks
        for package in lock.packages
        for artifact in package.artifacts
    }
    counted = Counter(package.name for lock in locks for package in lock.packages)
    return Detected(
        lockfiles=paths,
        names=tuple(name for name, _ in counted.most_common()),
        python=_named_python(root)
        or _oldest(_requires_python(root), *(lock.requires_python for lock in locks)),
        platforms=tuple(ours for theirs, ours in _CONDA_PLATFORMS.items() if theirs in named),
    )


def _named_python(root: Path) -> str | None:
    text = (read_file(root, ".python-version") or b"").decode("ascii", "replace").strip()
    series = ".".join(text.split(".")[:2])
    return series if series in _PYTHONS else None


def _oldest(*requires_python: str | None) -> str | None:
    """Return the oldest Python that all specifiers allow; None where there are none, or they allow none."""
    specifiers = [_specifiers(text) for text in requires_python if text]
    # A bound such as >=3.11.4 allows 3.11, in its later releases.
    allowed = (series for series in _PYTHONS if all(each.contains(f"{series}.99") for each in specifiers))
    return next(allowed, None) if any(specifiers) else None


def files_below(root: Path) -> Iterator[str]:
    """Give the files below a folder, without hidden folders, environments and other people's packages."""
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith(".")
            and name not in _NOT_SOURCES
            and not (Path(folder) / name / "pyvenv.cfg").exists()
        ]
        for name in files:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _requires_python(root: Path) -> str | None:
    import tomli  # noqa: PLC0415 - only `init` looks at it

    try:
        table = tomli.loads((read_file(root, "pyproject.toml") or b"").decode())
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return None
    project = table.get("project")
    text = project.get("requires-python") if isinstance(project, dict) else None
    return text if isinstance(text, str) else None


def _lock(root: Path, path: str) -> Lockfile | None:
    try:
        return parse(Text(path=path, text=decode(path, read_file(root, path) or b"")))
    except LockfileError:
        return None


def _specifiers(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return SpecifierSet()
