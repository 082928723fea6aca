"""pip: ``pip.conf`` or ``pip.ini``, and the index lines of a requirements file.

Rules, from pip's documentation ("Configuration", "Requirements file format") and its source: ``[install]``
outranks ``[global]``, key by key; an ``--index-url`` line of a requirements file replaces every index known
so far, an ``--extra-index-url`` line adds one; without any ``index-url`` PyPI is asked, and ``no-index`` asks
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.installer_files import pip_files

if TYPE_CHECKING:
    from fallback_review.configuration.documents import Files, Section
    from fallback_review.model import Lockfile, LockIndex

_YES = frozenset({"1", "yes", "true", "on", "y", "t"})


def read(lockfile: Lockfile, files: Files) -> Configuration:
    """Return pip's configuration: the first configuration file that names an index, then the lock's lines."""
    indexes: list[ConfiguredIndex] = []
    no_index = False
    named: list[str] = []
    for path in pip_files(lockfile.path):
        section = files.ini(path)
        options = _options(section) if section else {}
        if section and options.keys() & {"index-url", "extra-index-url", "no-index"}:
            indexes += _indexes(section, options)
            no_index = options.get("no-index", "").strip().lower() in _YES
            named.append(path)
            break
    for line in lockfile.indexes[:MOST_INDEXES]:
        if line.role == "index-url":
            indexes = [index for index in indexes if index.flat]
        indexes.append(from_line(line, lockfile.path))
    return Configuration(
        installer="pip",
        indexes=tuple(indexes),
        builtin_pypi=not any(index.default for index in indexes),
        no_index=no_index or lockfile.options.no_index,
        files=(*named, *([lockfile.path] if lockfile.indexes else [])),
    )


def from_line(line: LockIndex, path: str) -> ConfiguredIndex:
    """Return the index that a line or a source of a lockfile names."""
    return ConfiguredIndex(
        url=line.url,
        key=f"--{line.role}" if line.role != "source" else "_meta.sources",
        name=line.name,
        default=line.role == "index-url",
        flat=line.role == "find-links",
        path=line.path or path,
        line=line.line,
    )


def _options(section: Section) -> dict[str, str]:
    options: dict[str, str] = {}
    for name in ("global", "install"):
        for key, value in section.data.get(name, {}).items():
            options[key.lower().replace("_", "-").removeprefix("--")] = value
    return options


def _indexes(section: Section, options: dict[str, str]) -> list[ConfiguredIndex]:
    found = []
    for key in ("index-url", "extra-index-url", "find-links"):
        for given in options.get(key, "").split()[:MOST_INDEXES]:
            url, line = section.address(given)
            if url:
                index = ConfiguredIndex(
                    url=url,
                    key=key,
                    default=key == "index-url",
                    flat=key == "find-links",
                    path=section.path,
                    line=line,
                )
                found.append(index)
    return found
