"""What lockfiles are called: which format a path has by its name, before anybody reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PYLOCK = re.compile(r"pylock(?:\.[^./]+(?:\.[^./]+)*)?\.toml")
_CONDA_LOCK = re.compile(r"(?:.*[-_.])?conda-lock(?:[-_.].*)?\.ya?ml", re.IGNORECASE)
_REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements?(?:[-_.].*)?", re.IGNORECASE)
_CONSTRAINTS = re.compile(r"(?:.*[-_.])?constraints?(?:[-_.].*)?", re.IGNORECASE)


def _uv(path: str) -> bool:
    """Return whether it is ``uv.lock``, or the lock of a script: ``tool.py.lock``."""
    name = _last(path)
    return name == "uv.lock" or name.endswith((".py.lock", ".uv.lock"))


def _poetry(path: str) -> bool:
    return _last(path) == "poetry.lock"


def _pdm(path: str) -> bool:
    """Return whether it is ``pdm.lock``, or ``pdm.<something>.lock``."""
    name = _last(path)
    return name == "pdm.lock" or (name.startswith("pdm.") and name.endswith(".lock"))


def _pylock(path: str) -> bool:
    """Return whether it is ``pylock.toml``, or ``pylock.<name>.toml`` (PEP 751)."""
    return _PYLOCK.fullmatch(_last(path)) is not None


def _pipfile(path: str) -> bool:
    """Return whether it is ``Pipfile.lock``, or ``Pipfile.<something>.lock``."""
    name = _last(path)
    return name.startswith("Pipfile") and name.endswith(".lock")


def _pixi(path: str) -> bool:
    return _last(path) == "pixi.lock"


def _conda_lock(path: str) -> bool:
    """Return whether it is ``conda-lock.yml``, or ``conda-lock-<name>.yml``."""
    return _CONDA_LOCK.fullmatch(_last(path)) is not None


def _requirements(path: str) -> bool:
    """Return whether it has a usual name, in any folder.

    ``requirements*.txt``, ``*-requirements.txt``, ``requirements/dev.txt``, ``requirements.lock``.
    """
    folders, _, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix.lower() in {"txt", "lock"} and _REQUIREMENTS.fullmatch(stem):
        return True
    return name.endswith(".txt") and _REQUIREMENTS.fullmatch(_last(folders)) is not None


CLAIMS: dict[str, Callable[[str], bool]] = {
    "uv.lock": _uv,
    "poetry.lock": _poetry,
    "pdm.lock": _pdm,
    "pylock.toml": _pylock,
    "Pipfile.lock": _pipfile,
    "pixi.lock": _pixi,
    "conda-lock.yml": _conda_lock,
    "requirements.txt": _requirements,
}
"""By each format's name, whether a path is called as its files usually are."""

SUFFIXES_OF_ANY_NAME = (".txt", ".pip")
"""How requirements files end that are called anything: their content tells."""


def only_constrains(path: str) -> bool:
    """Whether a path is called a constraints file: ``constraints.txt``, ``constraints/dev.txt``.

    It installs nothing by itself (pip's documentation, "Constraints Files"), and counts where a requirements
    file names it with ``-c``.
    """
    if _requirements(path):
        return False
    folders, _, name = path.rpartition("/")
    return any(_CONSTRAINTS.fullmatch(each) for each in (name, _last(folders)))


def _last(path: str) -> str:
    return path.rpartition("/")[2]
