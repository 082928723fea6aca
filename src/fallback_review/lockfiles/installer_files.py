"""Which files beside a lockfile may configure the installer that reads it: paths alone, nothing is opened.

Sources: uv looks for ``uv.toml``, else for ``[tool.uv]``, in the folder and then in each parent, and a lock
lies at the workspace's root (docs.astral.sh/uv/concepts/configuration-files); Poetry, PDM, Pipenv and pixi
keep the lock beside their manifest; pip reads a ``pip.conf`` wherever it is told to, in a repository usually
at its root or beside the requirements (pip.pypa.io/en/stable/topics/configuration).
"""

from __future__ import annotations

from pathlib import PurePosixPath

_DEEPEST = 32
_PIP_NAMES = ("pip.conf", "pip.ini", ".pip/pip.conf", ".pip/pip.ini")


def folders(path: str) -> tuple[str, ...]:
    """Return the lockfile's folder and each parent up to the repository's root (``""``).

    A path that is not inside a repository (absolute, or with ``..``) has its own folder alone.
    """
    parent = PurePosixPath(path).parent
    if parent.is_absolute() or ".." in parent.parts:
        return (f"{parent}",)
    parts = [part for part in parent.parts if part != "."][:_DEEPEST]
    return tuple("/".join(parts[:depth]) for depth in range(len(parts), -1, -1))


def within(folder: str, name: str) -> str:
    """Return the path of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}" if folder else name


def script_of(path: str) -> str | None:
    """Return the script that a lock belongs to (``job.py.lock`` to ``job.py``); None for other locks."""
    return path.removesuffix(".lock") if path.endswith(".py.lock") else None


def beside(path: str, *names: str) -> tuple[str, ...]:
    """Return files of the lockfile's own folder."""
    return tuple(within(folders(path)[0], name) for name in names)


def pip_files(path: str) -> tuple[str, ...]:
    """Return the places of pip's configuration: the lockfile's folder, then the root.

    Chainguard's documentation puts it into ``.pip/pip.conf``, behind ``PIP_CONFIG_FILE``.
    """
    upwards = folders(path)
    chosen = dict.fromkeys((upwards[0], upwards[-1]))
    return tuple(within(folder, name) for folder in chosen for name in _PIP_NAMES)


def uv_files(path: str) -> tuple[str, ...]:
    """Return the places of uv's configuration: `uv.toml` before `pyproject.toml`, upwards to the root.

    The lock of a script has the script itself in front: its own block may name indexes (PEP 723).
    """
    script = script_of(path)
    upwards = tuple(
        within(folder, name) for folder in folders(path) for name in ("uv.toml", "pyproject.toml")
    )
    return upwards if script is None else (script, *upwards)


def pip_then_uv_files(path: str) -> tuple[str, ...]:
    """Return what configures `pip` and `uv pip`, which both read requirements files."""
    return (*pip_files(path), *uv_files(path))


def any_installers_files(path: str) -> tuple[str, ...]:
    """Return what configures each installer that reads a ``pylock.toml``: uv, pip and PDM."""
    return (*uv_files(path), *pip_files(path), *beside(path, "pdm.toml"))


def poetry_files(path: str) -> tuple[str, ...]:
    """Return Poetry's settings, and the manifest that holds its sources."""
    return beside(path, "poetry.toml", "pyproject.toml")


def pdm_files(path: str) -> tuple[str, ...]:
    """Return what holds PDM's sources."""
    return beside(path, "pdm.toml", "pyproject.toml")


def pipenv_files(path: str) -> tuple[str, ...]:
    """Return the manifest that holds Pipenv's sources."""
    return beside(path, "Pipfile")


def pixi_files(path: str) -> tuple[str, ...]:
    """Return what holds pixi's ``pypi-options``."""
    return beside(path, "pixi.toml", "pyproject.toml")


def no_files(_path: str) -> tuple[str, ...]:
    """Return none: nothing in a repository configures who installs the lock."""
    return ()
