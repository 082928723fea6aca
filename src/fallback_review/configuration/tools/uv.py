"""uv: ``uv.toml``, ``[tool.uv]`` of ``pyproject.toml``, a script's own block, index lines of requirements.

Rules, from docs.astral.sh/uv ("Package indexes", "Configuration files", "Settings"): the nearest folder with
a ``uv.toml``, else with ``[tool.uv]``, counts, and of two in one folder ``uv.toml`` does; ``[tool.uv.pip]``
outranks ``[tool.uv]`` for `uv pip`; the index that says ``default = true``, or else ``index-url``, stands for
PyPI and is asked last; a script's ``[tool.uv]`` (PEP 723) comes before both. uv reads no ``pip.conf``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.tools.pip import from_line
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles import format_of
from fallback_review.lockfiles.installer_files import folders, script_of, within
from fallback_review.lockfiles.names import normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import Files, Section
    from fallback_review.model import Lockfile

_INDEX_KEYS = ("index", "index-url", "extra-index-url", "index-strategy", "no-index", "find-links")


class _Options(NamedTuple):
    options: Section
    prefix: str
    sources: Section


def read(lockfile: Lockfile, files: Files) -> Configuration:
    """Return uv's configuration for a lockfile."""
    is_pip = format_of(lockfile).by_pip_interface
    layers = list(_layers(lockfile.path, files))
    indexes: list[ConfiguredIndex] = []
    late: list[ConfiguredIndex] = []
    strategy: str | None = None
    no_index = lockfile.options.no_index
    package_index: dict[str, str] = {}
    for layer in layers:
        merged = _with_pip(layer.options) if is_pip else layer.options
        plain, pip_style = _indexes(merged, layer.prefix)
        indexes += plain
        late += pip_style
        strategy = strategy or merged.word("index-strategy")
        no_index = no_index or merged.flag("no-index")
        package_index = {**_sources(layer.sources), **package_index}
    late += [from_line(line, lockfile.path) for line in lockfile.indexes[:MOST_INDEXES]]
    every = (*indexes, *late)
    return Configuration(
        installer="uv",
        indexes=every,
        strategy=strategy,
        package_index=package_index,
        builtin_pypi=not any(index.default for index in every),
        no_index=no_index,
        files=tuple(dict.fromkeys((*(each.options.path for each in layers), *(each.path for each in every)))),
    )


def _layers(path: str, files: Files) -> Iterator[_Options]:
    """Give the script's own block, then the nearest folder's options."""
    script = script_of(path)
    block = files.script(script) if script else None
    if block:
        options = block.table("tool", "uv")
        yield _Options(options, "tool.uv.", options.table("sources"))
    for folder in folders(path):
        own = files.toml(within(folder, "uv.toml"))
        project = files.toml(within(folder, "pyproject.toml"))
        tool = project.table("tool", "uv") if project and "uv" in project.table("tool").data else None
        if own:
            yield _Options(own, "", (tool or own).table("sources"))
            return
        if tool:
            yield _Options(tool, "tool.uv.", tool.table("sources"))
            return


def _with_pip(options: Section) -> Section:
    """Return the options that `uv pip` sees: those of the ``pip`` table over the others, key by key."""
    pip = options.table("pip").data
    return options.holding({**options.data, **{key: pip[key] for key in _INDEX_KEYS if key in pip}})


def _indexes(options: Section, prefix: str) -> tuple[list[ConfiguredIndex], list[ConfiguredIndex]]:
    """Return the indexes of ``index`` tables, and those of the pip-style keys, which come behind them."""
    tables = []
    for table in options.tables("index"):
        url, line = table.address(table.word("url") or "")
        if url:
            index = ConfiguredIndex(
                url=url,
                key=f"[[{prefix}index]]",
                name=table.word("name"),
                default=table.flag("default"),
                explicit=table.flag("explicit"),
                flat=table.word("format") == "flat",
                path=options.path,
                line=line,
            )
            tables.append(index)
    pip_style = []
    for key in ("extra-index-url", "index-url", "find-links"):
        for given in options.words(key):
            url, line = options.address(given)
            if url:
                index = ConfiguredIndex(
                    url=url,
                    key=prefix + key,
                    default=key == "index-url",
                    flat=key == "find-links",
                    path=options.path,
                    line=line,
                )
                pip_style.append(index)
    return tables, pip_style


def _sources(sources: Section) -> dict[str, str]:
    """Return the index that each package of ``[tool.uv.sources]`` names, the first where several."""
    found = {}
    for name, value in sources.data.items():
        choices = value if isinstance(value, list) else [value]
        named = (each.get("index") for each in choices[:MOST_INDEXES] if isinstance(each, dict))
        index = next((each for each in named if isinstance(each, str)), None)
        if index:
            found[normalise_name(name)] = index
    return found
