"""Pipenv: the sources of ``Pipfile.lock``, which `pipenv sync` uses, else those of the ``Pipfile``.

Rules, from pipenv.pypa.io ("Specifying package indexes") and measured: a package without ``index`` is looked
up in the first source only; without any source there is PyPI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.tools.pip import from_line
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name

if TYPE_CHECKING:
    from fallback_review.configuration.documents import Files, Section
    from fallback_review.model import Lockfile

_NO_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts", "build-system"})


def read(lockfile: Lockfile, files: Files) -> Configuration:
    """Return Pipenv's configuration for a lockfile."""
    (path,) = beside(lockfile.path, "Pipfile")
    document = files.toml(path)
    indexes = [from_line(line, lockfile.path) for line in lockfile.indexes[:MOST_INDEXES]]
    named = [lockfile.path] if indexes else []
    package_index: dict[str, str] = {}
    if document is not None:
        indexes = indexes or _sources(document)
        package_index = _package_index(document)
        named.append(path)
    return Configuration(
        installer="pipenv",
        indexes=tuple(indexes),
        package_index=package_index,
        builtin_pypi=not indexes,
        files=tuple(named),
    )


def _sources(document: Section) -> list[ConfiguredIndex]:
    found = []
    for table in document.tables("source"):
        url, line = table.address(table.word("url") or "")
        if url:
            found.append(
                ConfiguredIndex(
                    url=url, key="[[source]]", name=table.word("name"), path=document.path, line=line
                )
            )
    return found


def _package_index(document: Section) -> dict[str, str]:
    return {
        normalise_name(name): value["index"]
        for category, packages in document.each()
        if category not in _NO_PACKAGES
        for name, value in packages.data.items()
        if isinstance(value, dict) and isinstance(value.get("index"), str)
    }
