"""The places that can be verified, told apart by what they hold.

An environment (a folder with ``pyvenv.cfg``, or one that Python imports from), wheels, what pip says that it
installed (``pip install --report``), and an image.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fallback_review.installed.distributions import is_of_the_system
from fallback_review.installed.image import looks_like_image
from fallback_review.installed.source_archives import source_archive
from fallback_review.installed.tree import TreeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.installed.tree import Listed, Tree

_SITES = (
    "lib*/python*/site-packages",
    "lib*/pypy*/site-packages",
    "lib*/python*/dist-packages",
    "local/lib*/python*/dist-packages",
    "Lib/site-packages",
)
_ENVIRONMENTS = (".venv", "venv", "env")
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", re.MULTILINE)
_PYTHON = re.compile(r"(?:python|pypy)(\d+\.\d+)(t?)")
MOST_REPORT = 256 * 1024 * 1024


class Place(Struct, frozen=True, kw_only=True):
    """Something to verify."""

    shown: str
    """As it was named."""
    kind: str
    """``environment``, ``wheels``, ``pip-report`` or ``image``."""
    path: Path
    sites: tuple[Path, ...] = ()
    """Of an environment: the folders that Python imports from."""
    python: str | None = None
    """Of an environment: major and minor, where it says so."""


def place(path: Path) -> Place:
    """Return what a path is.

    Raises:
        TreeError: there is nothing there, or nothing that this can verify.
    """
    shown = str(path)
    if not path.exists():
        raise TreeError(f"{shown}: there is no such file or folder")
    if path.is_file():
        return _file(path, shown)
    sites = _sites(path)
    if sites:
        return Place(shown=shown, kind="environment", path=path, sites=sites, python=_python(path, sites))
    if looks_like_image(path):
        return Place(shown=shown, kind="image", path=path)
    if any(path.glob("*.whl")):
        return Place(shown=shown, kind="wheels", path=path)
    for name in _ENVIRONMENTS:
        if (path / name / "pyvenv.cfg").is_file():
            return place(path / name)
    if any(source_archive(each.name) for each in path.iterdir()):
        return Place(shown=shown, kind="wheels", path=path)
    raise TreeError(
        f"{shown}: it holds no installed distribution, no wheel and no image; name an environment, "
        "a folder of wheels, a pip report, or an archive of docker save"
    )


def _file(path: Path, shown: str) -> Place:
    if path.suffix == ".whl":
        return Place(shown=shown, kind="wheels", path=path)
    # Of an image only a plain archive can be read.
    if source_archive(path.name) and path.suffix != ".tar":
        return Place(shown=shown, kind="wheels", path=path)
    if looks_like_image(path):
        return Place(shown=shown, kind="image", path=path)
    with path.open("rb") as stream:
        start = stream.read(1)
    if path.suffix == ".json" or start == b"{":
        return Place(shown=shown, kind="pip-report", path=path)
    raise TreeError(f"{shown}: it is not a wheel, a pip report or an archive of an image (docker save, OCI)")


def active(environ: Mapping[str, str]) -> Place:
    """Return the active environment: ``VIRTUAL_ENV``, conda's, else that of the running interpreter."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            return place(Path(environ[variable]))
    paths = dict.fromkeys(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
    return Place(
        shown=sys.prefix,
        kind="environment",
        path=Path(sys.prefix),
        sites=tuple(paths),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
    )


def _sites(path: Path) -> tuple[Path, ...]:
    if (path / "pyvenv.cfg").is_file() or not _holds_distributions(path):
        found = dict.fromkeys(
            each.resolve() for pattern in _SITES for each in sorted(path.glob(pattern)) if each.is_dir()
        )
        return tuple(found)
    return (path.resolve(),)


def _holds_distributions(path: Path) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(each.name.endswith((".dist-info", ".egg-info")) for each in entries)
    except OSError:
        return False


def _python(path: Path, sites: tuple[Path, ...]) -> str | None:
    for site in sites:
        named = _PYTHON.fullmatch(site.parent.name)
        if named:
            return f"{named[1]}{named[2]}"
    try:
        found = _VERSION.search((path / "pyvenv.cfg").read_text("utf-8", "replace"))
    except OSError:
        return None
    return found[1] if found else None


def sites_of_image(tree: Tree) -> Iterator[str]:
    """Yield the folders of an image that distributions are installed in, the outermost of each path.

    One that Python imports from by its place counts without any distribution too.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        listed = tree.names(folder)
        if _is_site(folder, listed):
            yield folder
            continue
        waiting += [f"{folder}/{each.name}".lstrip("/") for each in listed if each.kind == "folder"]


def _is_site(folder: str, listed: Iterable[Listed]) -> bool:
    if any(each.name.endswith(".dist-info") and each.kind == "folder" for each in listed):
        return True
    if is_of_the_system(folder):  # whose packages bring modules without metadata too
        return any(each.name.endswith(".egg-info") for each in listed)
    return folder.endswith(("/site-packages", "/dist-packages")) and bool(listed)


class Reported(Struct, frozen=True, kw_only=True):
    """One item of a pip report."""

    name: str
    version: str | None
    url: str
    sha256: str | None
    local: bool


def read_pip_report(path: Path) -> list[Reported]:
    """Return what ``pip install --report`` says that it installed (or would).

    Raises:
        TreeError: it is no such report.
    """
    try:
        if path.stat().st_size > MOST_REPORT:
            raise TreeError(f"{path}: it is too large for a pip report")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise TreeError(f"{path}: it is not JSON that can be read") from None
    items = found.get("install") if isinstance(found, dict) else None
    if not isinstance(items, list) or "pip_version" not in found:
        raise TreeError(f"{path}: it is not a pip report (pip install --report FILE)")
    return [_reported(item, path) for item in items]


def _reported(item: Any, path: Path) -> Reported:
    info = item.get("download_info") if isinstance(item, dict) else None
    metadata = item.get("metadata") if isinstance(item, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(info, dict) or not isinstance(metadata, dict) or not isinstance(name, str):
        raise TreeError(f"{path}: one of its items names no distribution or no file")
    archive = info.get("archive_info")
    hashes = archive.get("hashes") if isinstance(archive, dict) else None
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    version = metadata.get("version")
    return Reported(
        name=name,
        version=version if isinstance(version, str) else None,
        url=str(info.get("url", "")),
        sha256=sha256.lower() if isinstance(sha256, str) else None,
        local=not isinstance(archive, dict),
    )
