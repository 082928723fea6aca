"""A configuration -> the indexes that the tool asks, in the order in which each tool really asks them.

The orders were measured: pip pools every index and asks the default one first; uv and pixi ask the default
one last; Poetry goes by priority; PDM puts its built-in PyPI in front; Pipenv looks in the first source only.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import has_variable
from fallback_review.model import Index, Owner
from fallback_review.prediction.installers import INSTALLERS
from fallback_review.prediction.listing import AskedIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fallback_review.configuration.values import Configuration, ConfiguredIndex
    from fallback_review.prediction.addresses import Addresses

_PRIORITIES = ("default", "primary", "secondary", "supplemental")
_PRIMARY = _PRIORITIES.index("primary")


class Asked(Struct, frozen=True, kw_only=True):
    """One index that a tool asks; `configured` is None for the tool's built-in PyPI."""

    configured: ConfiguredIndex | None
    index: Index

    @property
    def ours(self) -> bool:
        """Whether it is Chainguard's."""
        return self.index.owner is Owner.CHAINGUARD

    @property
    def pypi(self) -> bool:
        """Whether it is PyPI."""
        return self.index.owner is Owner.PYPI


class Arrangement(Struct, frozen=True, kw_only=True):
    """The indexes that a configuration amounts to."""

    indexes: tuple[AskedIndex, ...]
    """In the order in which the tool asks them; empty where it asks none."""
    named: bool
    """Whether any file names an index: else nothing is known but what the tool does by itself."""
    because: str
    """One sentence with file and key."""
    overrides: Mapping[str, tuple[AskedIndex, ...]] = field(default_factory=dict)
    """Name patterns to the indexes for them alone (PDM's include_packages and exclude_packages)."""


def whose(configured: ConfiguredIndex, addresses: Addresses) -> Index:
    """Return the index that a configuration names."""
    if not configured.url:
        return addresses.pypi
    if has_variable(configured.url) and configured.default:
        return Index(configured.url, Owner.OWN)  # whatever a variable says: a question of the settings
    if configured.flat:  # a list of files: no simple index, wherever it lies
        found = addresses.index_at(configured.url)
        return Index(configured.url, found.owner if found.owner is Owner.LOCAL else Owner.NOBODY)
    return addresses.index_at(configured.url)


def sources_by_name(configuration: Configuration, addresses: Addresses) -> dict[str, Index]:
    """Return the index that each name stands for, in lower case: Poetry's lock goes by these names."""
    return {
        index.name.lower(): whose(index, addresses)
        for index in configuration.indexes
        if index.name is not None
    }


def asked(configuration: Configuration, addresses: Addresses) -> tuple[Asked, ...]:
    """Return the simple indexes that the tool asks for a package that names none, in the tool's own order."""
    return tuple(
        each for each in _places(configuration, addresses) if not (each.configured and each.configured.flat)
    )


def _places(configuration: Configuration, addresses: Addresses) -> tuple[Asked, ...]:
    """Return every place that the tool looks at: its indexes in order, then flat lists of files."""
    named = [index for index in configuration.indexes if not index.explicit]
    flat = [index for index in named if index.flat]
    simple = [] if configuration.no_index else [index for index in named if not index.flat]
    builtin: list[ConfiguredIndex | None] = (
        [None] if configuration.builtin_pypi and not configuration.no_index else []
    )
    default = [index for index in simple if index.default]
    plain = [index for index in simple if not index.default]
    order: list[ConfiguredIndex | None]
    kind = INSTALLERS.get(configuration.installer, INSTALLERS["pip"]).index_order
    match kind:
        case "default-last":
            order = [*plain, *default[:1], *builtin]
        case "by-priority":
            order = [*builtin, *sorted(simple, key=_priority)]
        case "built-in-first":
            order = [*builtin, *simple]
        case "first-source":
            order = [*(simple or builtin)]
        case _:
            order = [*builtin, *default, *plain]
    every = [
        Asked(configured=each, index=addresses.pypi if each is None else whose(each, addresses))
        for each in (*order, *flat)
    ]
    if kind != "pooled":
        return tuple(every)
    # Of one address the first position counts, the built-in index's too (measured with pip).
    first: dict[Index, Asked] = {}
    for each in every:
        first.setdefault(each.index, each)
    return tuple(first.values())


def _priority(index: ConfiguredIndex) -> int:
    return _PRIORITIES.index(index.priority) if index.priority in _PRIORITIES else _PRIMARY


def arrange(configuration: Configuration, addresses: Addresses) -> Arrangement:
    """Return the indexes that a configuration amounts to.

    Args:
        configuration: what `read` found.
        addresses: whose addresses are whose.
    """
    places = _places(configuration, addresses)
    return Arrangement(
        indexes=_asked_indexes(places),
        named=bool(configuration.indexes) or configuration.no_index,
        because=_because(configuration, places),
        overrides=_overrides(configuration, addresses),
    )


def _asked_indexes(places: Iterable[Asked]) -> tuple[AskedIndex, ...]:
    return tuple(
        AskedIndex(
            parts=(each.index,),
            default=each.configured is None or each.configured.default,
            supplemental=each.configured is not None and each.configured.priority == "supplemental",
        )
        for each in places
    )


def _because(configuration: Configuration, places: tuple[Asked, ...]) -> str:
    if not configuration.indexes:
        files = " or ".join(configuration.files) or "the repository"
        return f"Nothing in {files} names an index."
    if not places:
        return f"{configuration.installer} is configured to ask no index."
    shown = [
        f"{each.configured.shown} ({each.configured.where})"
        if each.configured
        else f"{configuration.installer}'s built-in PyPI"
        for each in places
    ]
    return f"{configuration.installer} asks, in this order: {', '.join(shown)}."


def _overrides(configuration: Configuration, addresses: Addresses) -> Mapping[str, tuple[AskedIndex, ...]]:
    """Return PDM's patterns: its lock names no index, so that the configuration decides at each install.

    The other tools write into the lock where each package comes from, and the lock's word counts.
    """
    patterns = dict.fromkeys(
        normalise_name(each) for index in configuration.indexes for each in (*index.include, *index.exclude)
    )
    rules = [(index, _any_of(index.include), _any_of(index.exclude)) for index in configuration.indexes]
    # Names come before patterns: the first that fits a package counts.
    ordered = sorted(patterns, key=lambda each: any(sign in each for sign in "*?["))
    return {
        pattern: _asked_indexes(_places(_left_for(pattern, configuration, rules), addresses))
        for pattern in ordered
    }


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return the patterns as one, which is tried once for each name."""
    return re.compile("|".join(fnmatch.translate(normalise_name(each)) for each in patterns) or r"(?!)")


def _left_for(
    name: str,
    configuration: Configuration,
    rules: list[tuple[ConfiguredIndex, re.Pattern[str], re.Pattern[str]]],
) -> Configuration:
    """Return PDM's configuration for a name: the sources that include it, else those that don't exclude it.

    Source: PDM 2.29, `pdm.utils.filtered_sources`.
    """
    including = [index for index, include, _ in rules if include.match(name)]
    left = including or [index for index, _, exclude in rules if not exclude.match(name)]
    return replace(
        configuration,
        indexes=tuple(replace(each, include=(), exclude=()) for each in left),
        builtin_pypi=configuration.builtin_pypi and not including,
    )
