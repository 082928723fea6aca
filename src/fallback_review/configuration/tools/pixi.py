"""pixi: ``pypi-options`` of ``pixi.toml`` or of ``[tool.pixi]`` in ``pyproject.toml``.

Rules, from pixi.sh ("The pypi-options table"): ``index-url`` replaces PyPI and ``extra-index-urls`` come
before it, as in uv, which pixi resolves with; the table may stand in the manifest, its workspace and its
features; a dependency's ``index`` is the address of the one index to look in. `pixi.toml` goes before
`pyproject.toml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.keys import Keys, Unmodelled
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Lockfile


_SOLVED = Unmodelled(effect="the next lock may hold other versions or files", locked_urls=False)
KEYS = Keys(
    installer="pixi",
    place="[pypi-options] of pixi.toml, or [tool.pixi.pypi-options]",
    modelled={
        "index-url": "the index that is asked in PyPI's place",
        "extra-index-urls": "more indexes, which are asked before it",
        "index-strategy": "which index counts where several have a project",
        "no-index": "asks no index",
    },
    not_modelled={
        "find-links": _SOLVED,
        "no-build": _SOLVED,
        "no-binary": _SOLVED,
        "prerelease-mode": _SOLVED,
        "dependency-overrides": _SOLVED,
        "exclude-newer": _SOLVED,
    },
    harmless=frozenset({"no-build-isolation", "skip-wheel-filename-check"}),
    measured=False,
)


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return pixi's configuration for a lockfile."""
    own, manifest = beside(lockfile.path, "pixi.toml", "pyproject.toml")
    root = files.toml(own)
    if root is None:
        project = files.toml(manifest)
        root = project.table("tool", "pixi") if project else None
    if root is None:
        return Configuration(installer="pixi", refused=next(iter(files.broken), None))
    parts = list(_parts(root))
    options = [part.table("pypi-options") for part in parts]
    indexes = tuple(dict.fromkeys(index for table in options for index in _indexes(table)))
    return Configuration(
        installer="pixi",
        indexes=indexes,
        strategy=next((word for table in options if (word := table.word("index-strategy"))), None),
        package_index=dict(pair for part in parts for pair in _package_index(part)),
        builtin_pypi=not any(index.default for index in indexes),
        no_index=any(table.flag("no-index") for table in options),
        not_modelled=tuple(each for table in options for each in KEYS.passed_over(table)),
        unknown_keys=tuple(each for table in options for each in KEYS.strange(table)),
        refused=next(iter(files.broken), None),
        files=(root.path,),
    )


def _parts(root: Section) -> Iterator[Section]:
    yield root
    yield root.table("workspace")
    yield root.table("project")
    yield from (feature for _, feature in root.table("feature").each())


def _indexes(options: Section) -> Iterator[ConfiguredIndex]:
    for key in ("extra-index-urls", "index-url"):
        for given in options.words(key):
            url, line = options.address(given)
            if url:
                yield ConfiguredIndex(
                    url=url,
                    key=f"pypi-options.{key}",
                    default=key == "index-url",
                    path=options.path,
                    line=line,
                )


def _package_index(part: Section) -> Iterator[tuple[str, str]]:
    for name, value in part.table("pypi-dependencies").data.items():
        if isinstance(value, dict) and isinstance(value.get("index"), str):
            yield normalise_name(name), part.address(value["index"])[0]


TOOL = Tool(read=read, keys=(KEYS,))
