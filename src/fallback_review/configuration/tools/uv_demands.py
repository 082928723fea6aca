"""What a project asks of its uv.lock: uv locks again where the lock does not hold it.

A uv.lock keeps no hash of its project. Rules, measured with uv 0.13: `uv sync` locks again, and installs what
it finds then, where an entry's index is none of those that are configured (one at least is), where an entry
is not what the project's requirements, `[tool.uv.sources]`, overrides and constraints ask for, and where
options of the resolution are others; `--frozen` installs the lock as it stands, and `--locked` fails. A
``uv.toml`` takes the place of `[tool.uv]`, but for sources, overrides and constraints. What
makes uv write the lock again with the same files (another order, a wider ``requires-python``, an index whose
address ends otherwise: with a slash or without) is no matter to a verdict.
Whatever is configured outside the repository may take the place of an implicit default index, so that a lock
is only compared with a default index that the repository names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from fallback_review.configuration.constraints import MOST, requirement
from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.timestamps import end_of_day, is_date, iso_moment, span
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import registry_key
from fallback_review.model import Demand, Demands, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fallback_review.configuration.documents import Section
    from fallback_review.configuration.values import ConfiguredIndex
    from fallback_review.model import Lockfile

_AGAIN = "`uv sync` locks again, and `uv sync --frozen` does not"
_OPTIONS = {
    "resolution": ("resolution-mode", "highest"),
    "prerelease": ("prerelease-mode", "if-necessary-or-explicit"),
    "fork-strategy": ("fork-strategy", "requires-python"),
}
"""Options of the resolution: what a lock calls them, and the default, which it does not name."""
_OTHER_ZONES = 14 * 3600
"""Seconds: a date ends when the day ends where uv ran."""


def demands_of(
    lockfile: Lockfile, document: Section, tool: Section, indexes: Sequence[ConfiguredIndex]
) -> Demands:
    """Return what a project asks of its lock.

    Args:
        lockfile: The lock, as far as it was read.
        document: The project's ``pyproject.toml``, or a script's own block.
        tool: Its ``[tool.uv]``.
        indexes: All indexes that are configured, with their names.
    """
    by_name: dict[str, list[Demand]] = defaultdict(list)
    overridden = {normalise_name(each.name) for _, each in _listed(tool, "override-dependencies")}
    excluded = {normalise_name(each.name) for _, each in _listed(tool, "exclude-dependencies")}
    sources = _sources(tool, indexes)
    for section, key, text in _asked(document, tool):
        wanted = requirement(text)
        name = normalise_name(wanted.name) if wanted else ""
        if wanted is None or wanted.marker is not None or name in overridden | excluded:
            continue
        registries, elsewhere = sources.get(name, (None, False))
        by_name[name].append(
            Demand(
                specifier=str(wanted.specifier) if not elsewhere else "",
                registries=registries,
                past_indexes=elsewhere or wanted.url is not None,
                asked=True,
                key=key,
                path=section.path,
                line=section.line_of(text),
            )
        )
    for key in ("override-dependencies", "constraint-dependencies"):
        for text, limit in _listed(tool, key):
            name = normalise_name(limit.name)
            if (
                limit.marker is None
                and name not in excluded
                and (key.startswith("o") or name not in overridden)
            ):
                by_name[name].append(
                    Demand(
                        specifier=str(limit.specifier),
                        past_indexes=limit.url is not None,
                        key=key,
                        path=tool.path,
                        line=tool.line_of(text),
                    )
                )
    own = document.table("project").data.get("name")
    if isinstance(own, str):
        by_name.pop(normalise_name(own), None)
    return Demands(
        registries=_registries(lockfile, tool, indexes),
        spelled=frozenset((*(each.url for each in indexes), *_named_by_members(lockfile))),
        by_name={name: tuple(every) for name, every in by_name.items()},
        path=document.path,
        again=_AGAIN,
    )


def other_options(lockfile: Lockfile, layers: Iterable[Section]) -> Iterator[NotModelled]:
    """Give the options with which the lock was not made: uv resolves everything anew (measured).

    `layers`: the tables of options that count, the first of which does where several have a key.
    """
    given = {key: section for section in reversed([*layers]) for key in section.data}
    told = lockfile.header.get("options")
    locked: Mapping[str, Any] = told if isinstance(told, dict) else {}
    changed = [
        key
        for key, (name, default) in _OPTIONS.items()
        if key in given and given[key].data[key] != locked.get(name, default)
    ]
    bound = given["exclude-newer"].data["exclude-newer"] if "exclude-newer" in given else None
    if isinstance(bound, str) and not _same_bound(bound, locked):
        changed.append("exclude-newer")
    for key in changed:
        yield NotModelled(
            key=key,
            path=given[key].path,
            line=given[key].line_of_key(key),
            effect=f"the lock was made without it, so {_AGAIN}",
            locked_urls=True,
            outdated=True,
        )


def _same_bound(bound: str, locked: Mapping[str, Any]) -> bool:
    """Whether a lock has a bound of upload times; what can't be compared counts as the same."""
    text, ago = locked.get("exclude-newer"), locked.get("exclude-newer-span")
    if text is None and ago is None:
        return False
    if isinstance(ago, str):
        return span(ago) == span(bound)
    if span(bound) is not None:  # which older versions wrote as a moment
        return True
    there, here = (iso_moment(each) if isinstance(each, str) else None for each in (text, bound))
    if is_date(bound) and here is not None:
        here = end_of_day(here)
    if there is None or here is None:
        return True
    return abs((there - here).total_seconds()) <= (_OTHER_ZONES if is_date(bound) else 0)


def _listed(tool: Section, key: str) -> Iterator[tuple[str, Any]]:
    for text in tool.texts(key, most=MOST):
        parsed = requirement(text)
        if parsed is not None:
            yield text, parsed


def _asked(document: Section, tool: Section) -> Iterator[tuple[Section, str, str]]:
    """Give each requirement with its table and key; of groups that exclude each other, none."""
    project = document.table("project")
    for section in (document, project):
        yield from ((section, "dependencies", text) for text in section.texts("dependencies", most=MOST))
    if "conflicts" in tool.data:
        return
    tables = ((project, "optional-dependencies"), (document, "dependency-groups"))
    for section, key in tables:
        table = section.table(key)
        for group in table.data.values():
            every = group if isinstance(group, list) else []
            yield from ((table, key, text) for text in every[:MOST] if isinstance(text, str))
    yield from ((tool, "dev-dependencies", text) for text in tool.texts("dev-dependencies", most=MOST))


def _sources(
    tool: Section, indexes: Iterable[ConfiguredIndex]
) -> dict[str, tuple[frozenset[str] | None, bool]]:
    """Return where packages come from by ``[tool.uv.sources]``, of those that come from one place alone."""
    if tool.flag("no-sources"):
        return {}
    left_out = {normalise_name(each) for each in tool.texts("no-sources-package", most=MOST)}
    addresses = {index.name: registry_key(index.url) for index in indexes if index.name}
    found: dict[str, tuple[frozenset[str] | None, bool]] = {}
    for name, value in tool.table("sources").data.items():
        choice = value[0] if isinstance(value, list) and len(value) == 1 else value
        if not isinstance(choice, dict) or choice.keys() & {"marker", "extra", "group"}:
            continue
        if normalise_name(name) in left_out:
            continue
        index = choice.get("index")
        if isinstance(index, str) and index in addresses:
            found[normalise_name(name)] = (frozenset({addresses[index]}), False)
        elif choice.keys() & {"git", "url", "path", "workspace"}:
            found[normalise_name(name)] = (None, choice.get("workspace") is not False)
    return found


def _registries(
    lockfile: Lockfile, tool: Section, indexes: Sequence[ConfiguredIndex]
) -> frozenset[str] | None:
    """Return the indexes that uv finds configured; None where the default may come from outside.

    Members of a workspace may name indexes of their own; their entries in the lock repeat them.
    """
    if not any(index.default for index in indexes) or len(indexes) >= MOST_INDEXES:
        return None
    found = {registry_key(index.url) for index in indexes}
    if "workspace" in tool.data:
        if lockfile.omitted:
            return None
        found |= set(map(registry_key, _named_by_members(lockfile)))
    return frozenset(found)


def _named_by_members(lockfile: Lockfile) -> Iterator[str]:
    for package in lockfile.packages:
        metadata = package.extra.get("metadata")
        if not package.local or not isinstance(metadata, dict):
            continue
        groups = metadata.get("requires-dev")
        lists = [metadata.get("requires-dist"), *(groups.values() if isinstance(groups, dict) else ())]
        for every in lists:
            for each in every if isinstance(every, list) else ():
                if isinstance(each, dict) and isinstance(each.get("index"), str):
                    yield each["index"]
