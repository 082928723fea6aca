"""Run by the lab's interpreter: what the tools' own readers make of a lockfile, as JSON on standard output.

Each row has name, version, source (the reader's own words for kind and place), hashes and URLs.
"""

from __future__ import annotations

import json
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]


def row(
    name: str, version: object, source: Iterable[Any], hashes: Iterable[str] = (), urls: Iterable[Any] = ()
) -> Row:
    return {
        "name": name,
        "version": None if version is None else str(version),
        "source": list(source),
        "hashes": sorted(set(hashes)),
        "urls": sorted(set(filter(None, urls))),
    }


def pylock(path: Path) -> Iterator[Row]:
    """By packaging.pylock, which pip has inside as well."""
    reader: Any = import_module("packaging.pylock")
    for package in reader.Pylock.from_dict(tomllib.loads(path.read_text("utf-8"))).packages:
        files = [*(package.wheels or ()), *filter(None, (package.sdist, package.archive))]
        source: tuple[Any, ...] = ("registry", package.index)
        if package.vcs:
            source = (package.vcs.type, package.vcs.url or package.vcs.path, package.vcs.commit_id)
        elif package.directory:
            source = ("editable" if package.directory.editable else "directory", package.directory.path)
        elif package.archive:
            source = ("url", package.archive.url)
        hashes = [f"{kind}:{value}" for file in files for kind, value in file.hashes.items()]
        yield row(package.name, package.version, source, hashes, [file.url for file in files])


def poetry(path: Path) -> Iterator[Row]:
    """By Poetry's own Locker, into poetry-core's packages; a folder is given as the lock names it."""
    reader: Any = import_module("poetry.packages.locker")
    for package in reader.Locker(path, {}).locked_repository().packages:
        kind, place = package.source_type or "registry", package.source_url
        if kind == "legacy":
            kind = "registry"
        elif kind == "directory":
            kind = "editable" if package.develop else kind
            place = str(Path(place).relative_to(path.parent.resolve()))
        source = (kind, place, package.source_resolved_reference)
        yield row(package.name, package.version, source, [file["hash"] for file in package.files])


def pdm(path: Path) -> Iterator[Row]:
    """By PDM's own reader of its lockfile."""
    core: Any = import_module("pdm.core")
    project = core.Core().create_project(path.parent)
    for package in project.get_locked_repository().packages.values():
        candidate, wanted = package.candidate, package.candidate.req
        source: tuple[Any, ...] = ("registry",)
        if wanted.is_vcs:
            source = (wanted.vcs, wanted.repo, candidate.get_revision())
        elif wanted.is_file_or_url:
            place = getattr(wanted, "str_path", None)
            kind = "editable" if wanted.editable else "directory"
            source = (kind, place) if place else ("url", wanted.url)
        files = candidate.hashes
        hashes, urls = [file["hash"] for file in files], [file.get("url") for file in files]
        yield row(candidate.name, candidate.version, source, hashes, urls)


def pipenv(path: Path) -> Iterator[Row]:
    """By plette, which Pipenv reads its lockfiles with."""
    reader: Any = import_module("pipenv.vendor.plette")
    with path.open(encoding="utf-8") as file:
        lock = reader.Lockfile.load(file)
    sources = {source.name: source.url for source in lock.meta.sources}
    first = next(iter(sources.values()))
    for section in ("default", "develop"):
        for name, entry in lock[section].items():
            data = entry._data
            source = ("registry", sources.get(data.get("index"), first))
            if "file" in data:
                source = ("url", data["file"])
            version = data.get("version")
            yield row(name, version and version.removeprefix("=="), source, data.get("hashes", []))


READERS = {"pylock": pylock, "poetry": poetry, "pdm": pdm, "pipenv": pipenv}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(list(READERS[sys.argv[1]](Path(sys.argv[2])))))
