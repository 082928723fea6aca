"""Poetry: ``[[tool.poetry.source]]`` and the ``source`` of dependencies in ``pyproject.toml``.

Rules, from python-poetry.org/docs/repositories and Poetry 2.5's `Factory.create_pool`: a source without a
priority is primary; PyPI stays in, as a primary source, while no source is primary and none is named PyPI;
the name PyPI, in any case and without a URL, is PyPI itself. Before 2.0: ``default = true`` or the priority
``default`` shuts PyPI out, ``secondary = true`` comes behind the primary ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import Files, Section
    from fallback_review.model import Lockfile

PRIMARY = frozenset({"default", "primary"})


def read(lockfile: Lockfile, files: Files) -> Configuration:
    """Return Poetry's configuration for a lockfile."""
    (path,) = beside(lockfile.path, "pyproject.toml")
    document = files.toml(path)
    if document is None:
        return Configuration(installer="poetry")
    poetry = document.table("tool", "poetry")
    indexes = tuple(_indexes(poetry))
    return Configuration(
        installer="poetry",
        indexes=indexes,
        package_index=_package_index(poetry),
        builtin_pypi=not any(
            index.priority in PRIMARY or (index.name or "").lower() == "pypi" for index in indexes
        ),
        files=(path,),
    )


def _indexes(poetry: Section) -> Iterator[ConfiguredIndex]:
    for table in poetry.tables("source"):
        name = table.word("name")
        url, line = table.address(table.word("url") or "")
        is_pypi = name is not None and name.lower() == "pypi"
        if not url and not is_pypi:
            continue
        priority = _priority(table)
        yield ConfiguredIndex(
            url=url,
            key="[[tool.poetry.source]]",
            name=name,
            priority=priority,
            default=priority == "default",
            explicit=priority == "explicit",
            path=poetry.path,
            line=line or table.line_of(name or ""),
        )


def _priority(table: Section) -> str:
    given = table.word("priority")
    if given:
        return given.lower()
    if table.flag("default"):
        return "default"
    return "secondary" if table.flag("secondary") else "primary"


def _package_index(poetry: Section) -> dict[str, str]:
    groups = [group.table("dependencies") for _, group in poetry.table("group").each()]
    found: dict[str, str] = {}
    for section in (poetry.table("dependencies"), poetry.table("dev-dependencies"), *groups):
        for name, value in section.data.items():
            for choice in value if isinstance(value, list) else [value]:
                if isinstance(choice, dict) and isinstance(choice.get("source"), str):
                    found.setdefault(normalise_name(name), choice["source"])
    return found
