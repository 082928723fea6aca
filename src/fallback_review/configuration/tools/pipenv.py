"""Pipenv: the sources of ``Pipfile.lock``, which `pipenv sync` uses, else those of the ``Pipfile``.

Rules, from pipenv.pypa.io ("Specifying package indexes") and measured: a package without ``index`` is looked
up in the first source only, unless ``install_search_all_sources`` pools them all as pip does; without any
source there is PyPI. pip's own configuration files don't count. A lock whose hash does not fit the
``Pipfile`` is installed by `pipenv sync`, refused by `pipenv install --deploy`, and made again by
`pipenv install`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.keys import Keys, not_comparable
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.tools.pip import from_line
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.content_hashes import is_content_hash, pipenv_hashes
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import InstallOptions, NotModelled, Prereleases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Lockfile

_NO_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts", "build-system"})
KEYS = Keys(
    installer="pipenv",
    place="[pipenv] of the Pipfile",
    modelled={
        "install_search_all_sources": "asks every source for every package",
        "allow_prereleases": "takes pre-releases too",
    },
    harmless=frozenset({
        "cool-down-period", "disable_pip_input", "keep_outdated", "package_name_case",
        "prefetch_index_manifests", "pylock_name", "resolver", "resolver_backend",
        "resolver_timeout_seconds", "sort_pipfile", "use_default_constraints", "use_pylock",
    }),
    unknown="Pipenv ignores keys that it does not know; a newer version may know it",
)  # fmt: skip
VARIABLES = frozenset({"PIPENV_PIPFILE", "PIPENV_PYPI_MIRROR", "PIPENV_TEST_INDEX"})


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return Pipenv's configuration for a lockfile."""
    (path,) = beside(lockfile.path, "Pipfile")
    document = files.toml(path)
    indexes = [from_line(line, lockfile.path) for line in lockfile.indexes[:MOST_INDEXES]]
    named = [lockfile.path] if indexes else []
    settings = document.table("pipenv") if document else None
    if document is not None:
        indexes = indexes or _sources(document)
        named.append(path)
    pre = settings is not None and settings.flag("allow_prereleases")
    return Configuration(
        installer="pipenv",
        indexes=tuple(indexes),
        package_index=_package_index(document) if document else {},
        builtin_pypi=not indexes,
        search_all_sources=settings is not None and settings.flag("install_search_all_sources"),
        options=InstallOptions(prereleases=Prereleases.ALLOW) if pre else InstallOptions(),
        not_modelled=tuple(_stale(lockfile, document)) if document else (),
        unknown_keys=(
            *(KEYS.strange(settings) if settings else ()),
            *(not_comparable(_content_hash(lockfile), lockfile, document.path) if document else ()),
        ),
        refused=next(iter(files.broken), None),
        files=tuple(named),
    )


def _stale(lockfile: Lockfile, document: Section) -> Iterator[NotModelled]:
    """Give the hash of a lock that its Pipfile has left behind."""
    digest = _content_hash(lockfile)
    if is_content_hash(digest) and digest not in pipenv_hashes(document.data):
        yield NotModelled(
            key="_meta.hash",
            path=lockfile.path,
            effect="the Pipfile changed since the last `pipenv lock`: `pipenv install --deploy` refuses it, "
            "and `pipenv install` locks again",
            outdated=True,
        )


def _content_hash(lockfile: Lockfile) -> object:
    meta = lockfile.header.get("_meta")
    said = meta.get("hash") if isinstance(meta, dict) else None
    return said.get("sha256") if isinstance(said, dict) else None


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


TOOL = Tool(read=read, keys=(KEYS,), variables=VARIABLES)
