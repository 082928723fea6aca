"""PDM: sources and their order from ``[tool.pdm]`` of ``pyproject.toml``, ``[pypi]`` of ``pdm.toml``.

Rules, from pdm-project.org/en/latest/usage/config ("Configure the package indexes") and PDM 2.29's
`Project.get_sources`: PyPI is put in front of every other source unless one is named ``pypi`` or
``pypi.ignore_stored_index`` is set; sources of ``pdm.toml`` come behind those of ``pyproject.toml``;
``include_packages`` and ``exclude_packages`` are patterns, and the first outranks the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.installer_files import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import Files, Section
    from fallback_review.model import Lockfile


def read(lockfile: Lockfile, files: Files) -> Configuration:
    """Return PDM's configuration for a lockfile."""
    own, manifest = beside(lockfile.path, "pdm.toml", "pyproject.toml")
    project, config = files.toml(manifest), files.toml(own)
    indexes: list[ConfiguredIndex] = []
    respect = ignore_stored = False
    default_url: ConfiguredIndex | None = None
    if project is not None:
        pdm = project.table("tool", "pdm")
        indexes += _sources(pdm)
        respect = pdm.table("resolution").flag("respect-source-order")
    if config is not None:
        stored = config.table("pypi")
        ignore_stored = stored.flag("ignore_stored_index")
        default_url = _index(stored, "[pypi]", "pypi") if stored.word("url") else None
        if not ignore_stored:
            known = {index.name for index in indexes}
            tables = (
                (name, table) for name, table in stored.each() if name not in known and table.word("url")
            )
            indexes += [_index(table, f"[pypi.{name}]", name) for name, table in tables]
    named_pypi = any(index.name == "pypi" for index in indexes)
    if default_url and not named_pypi and not ignore_stored:
        indexes.insert(0, default_url)
        named_pypi = True
    return Configuration(
        installer="pdm",
        indexes=tuple(indexes),
        respect_source_order=respect,
        builtin_pypi=not named_pypi and not ignore_stored,
        files=tuple(path for path, document in ((manifest, project), (own, config)) if document is not None),
    )


def _sources(pdm: Section) -> Iterator[ConfiguredIndex]:
    for table in pdm.tables("source"):
        if table.word("url") or table.word("name") == "pypi":
            yield _index(table, "[[tool.pdm.source]]", table.word("name"))


def _index(table: Section, key: str, name: str | None) -> ConfiguredIndex:
    url, line = table.address(table.word("url") or "")
    return ConfiguredIndex(
        url=url,
        key=key,
        name=name,
        flat=table.word("type") == "find_links",
        include=table.words("include_packages"),
        exclude=table.words("exclude_packages"),
        path=table.path,
        line=line,
    )
