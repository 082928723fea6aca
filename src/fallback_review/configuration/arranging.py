"""A configuration -> the index layout that it amounts to, in the order in which each tool really asks.

The orders were measured: pip pools every index and asks the default one first; uv and pixi ask the default
one last; Poetry goes by priority; PDM puts its built-in PyPI in front; Pipenv looks in the first source only.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review.configuration.values import Arrangement
from fallback_review.lockfiles.names import normalise_name
from fallback_review.prediction.context import Place, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.configuration.values import Configuration, ConfiguredIndex
    from fallback_review.prediction.context import Situation

OURS = frozenset({Place.CHAINGUARD, Place.REMEDIATED})
ONE_SOURCE = frozenset({"poetry", "pipenv"})
"""Installers that ask the one source that an entry names."""
_UNASKED = frozenset({Place.OTHER, Place.NEIGHBOUR, Place.OWN})
_PRIORITIES = ("default", "primary", "secondary", "supplemental")
_PRIMARY = _PRIORITIES.index("primary")
_PYPI_ALONE = "explicit"
_BY_STRATEGY = frozenset({"uv", "pixi"})
_STRATEGIES = frozenset({"unsafe-first-match", "unsafe-best-match"})
_POOLED = ("extra-index", "extra-index-pypi-first")
_BOTH: Mapping[str, tuple[str, str]] = {
    "uv": ("uv-chainguard-first", "uv-pypi-first"),
    "pixi": ("uv-chainguard-first", "uv-pypi-first"),
    "poetry": ("poetry-primary", "poetry-primary-pypi-first"),
    "pdm": ("pdm", "pdm-builtin-pypi"),
    "pipenv": ("pipenv", _PYPI_ALONE),
}
"""Each installer's layout with Chainguard's index in front of PyPI, and behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One index of those that a tool asks, and whose it is; `index` is None for the tool's built-in PyPI."""

    index: ConfiguredIndex | None
    place: Place

    @property
    def ours(self) -> bool:
        """Whether it is Chainguard's."""
        return self.place in OURS


def whose(index: ConfiguredIndex, situation: Situation) -> Place:
    """Say whose an index is, by the addresses of the settings."""
    return place(index.url, situation) if index.url else Place.PYPI


def asked(configuration: Configuration, situation: Situation) -> tuple[Asked, ...]:
    """Return the indexes that the tool asks for a package that names none, in the tool's own order."""
    if configuration.no_index:
        return ()
    named = [index for index in configuration.indexes if not index.explicit and not index.flat]
    builtin: list[ConfiguredIndex | None] = [None] if configuration.builtin_pypi else []
    default = [index for index in named if index.default]
    plain = [index for index in named if not index.default]
    order: list[ConfiguredIndex | None]
    match configuration.installer:
        case "uv" | "pixi":
            order = [*plain, *default[:1], *builtin]
        case "poetry":
            order = [*builtin, *sorted(named, key=_priority)]
        case "pdm":
            order = [*builtin, *named]
        case "pipenv":
            order = [*(named or builtin)]
        case _:
            order = [*builtin, *default, *plain]
    return tuple(
        Asked(index=index, place=Place.PYPI if index is None else whose(index, situation)) for index in order
    )


def unasked(configuration: Configuration, situation: Situation) -> tuple[str, ...]:
    """Return the indexes that the tool asks for any name and that nobody asks from here.

    They are so beside Chainguard's or PyPI's: alone, such an index is the manager that the layout describes.
    Poetry and Pipenv ask the one source that an entry names.
    """
    if configuration.installer in ONE_SOURCE:
        return ()
    order = asked(configuration, situation)
    if not any(each.ours or each.place is Place.PYPI for each in order):
        return ()
    return tuple(each.index.url for each in order if each.index and each.place in _UNASKED)


def _priority(index: ConfiguredIndex) -> int:
    return _PRIORITIES.index(index.priority) if index.priority in _PRIORITIES else _PRIMARY


def arrange(configuration: Configuration, situation: Situation) -> Arrangement:
    """Return the layout that a configuration amounts to.

    Args:
        configuration: what `read` found.
        situation: whose addresses are whose; its own layout plays no part.

    The layout is None where the files do not tell: nothing names Chainguard's index, or what is named is a
    repository manager, behind which nobody can look from here. Then the settings decide.
    """
    order = asked(configuration, situation)
    explicit = [
        index for index in configuration.indexes if index.explicit and whose(index, situation) in OURS
    ]
    ours = next((each for each in order if each.ours), None)
    overrides, private = _overrides(configuration, situation)
    layout, because = None, ""
    if ours is None and not explicit:
        layout, because = _without_chainguard(configuration, order)
    elif ours is None or ours.index is None:
        layout, because = _explicit(configuration, order, explicit[0])
    else:
        layout, because = _with_chainguard(configuration, order, ours.index)
    return Arrangement(layout=layout, because=because, overrides=overrides, private=private)


def _without_chainguard(configuration: Configuration, order: tuple[Asked, ...]) -> tuple[str | None, str]:
    """Only an index line of the lock itself outranks what the environment says: it is taken at its word."""
    stated = next((each for each in order if each.index), None)
    if stated is None or stated.index is None:
        files = " or ".join(configuration.files) or "the repository"
        return None, f"Nothing in {files} names an index of Chainguard's, so the settings decide."
    where = stated.index.where
    if stated.place is not Place.PYPI:
        return None, (
            f"{stated.index.shown} ({where}) is neither Chainguard's nor PyPI's: "
            "what it serves can't be seen from here, so the settings decide."
        )
    if stated.index.key.startswith(("--", "_meta")) and all(each.place is Place.PYPI for each in order):
        return _PYPI_ALONE, f"The lock itself names PyPI as its only index ({where})."
    return None, f"Only PyPI is named ({where}), nothing of Chainguard's, so the settings decide."


def _explicit(
    configuration: Configuration, order: tuple[Asked, ...], index: ConfiguredIndex
) -> tuple[str | None, str]:
    if any(each.place is not Place.PYPI for each in order):
        return None, (
            f"Chainguard's index is explicit ({index.where}) beside an index that can't be seen from here, "
            "so the settings decide."
        )
    name = "poetry-explicit" if configuration.installer == "poetry" else _PYPI_ALONE
    return (
        name,
        f"Chainguard's index is explicit ({index.where}): a package that does not name it comes from PyPI.",
    )


def _with_chainguard(
    configuration: Configuration, order: tuple[Asked, ...], index: ConfiguredIndex
) -> tuple[str, str]:
    others = [
        each.index.shown for each in order if each.index and not each.ours and each.place is not Place.PYPI
    ]
    aside = f" Left out of account: {', '.join(others)}." if others else ""
    first_of_both = next(each for each in order if each.ours or each.place is Place.PYPI)
    pypi = next((each for each in order if each.place is Place.PYPI), None)
    if pypi is None and configuration.installer in _BY_STRATEGY and {each.place for each in order} >= OURS:
        layout = _by_strategy("uv-chainguard-only", configuration)
        return layout, f"Chainguard's two indexes are the only ones that are asked ({index.where}).{aside}"
    if pypi is None:
        return "chainguard-only", f"Chainguard's index is the only one that is asked ({index.where}).{aside}"
    named = f"PyPI ({pypi.index.where})" if pypi.index else f"{configuration.installer}'s built-in PyPI"
    layout = _layout(configuration, index, pypi.index, pypi_first=not first_of_both.ours)
    relation = "behind" if not first_of_both.ours else "before"
    how = " (pip gives neither the priority)" if configuration.installer not in _BOTH else ""
    return layout, f"Chainguard's index ({index.where}) stands {relation} {named}{how}.{aside}"


def _layout(
    configuration: Configuration, index: ConfiguredIndex, pypi: ConfiguredIndex | None, *, pypi_first: bool
) -> str:
    """Return the layout of a client that asks both."""
    installer = configuration.installer
    layout = _BOTH.get(installer, _POOLED)[pypi_first]
    if installer in _BY_STRATEGY:
        return _by_strategy(layout, configuration)
    if installer == "poetry" and _priority(index) > _PRIMARY and pypi_first:
        # Chainguard's answers only for what PyPI has not, and the lock names it as the source of those.
        return "poetry-explicit"
    if installer == "poetry" and pypi is not None and _priority(pypi) > _priority(index):
        return "poetry-supplemental"
    if installer == "pdm" and configuration.respect_source_order:
        return f"{layout}-respect-source-order"
    return layout


def _by_strategy(layout: str, configuration: Configuration) -> str:
    return f"{layout}-{configuration.strategy}" if configuration.strategy in _STRATEGIES else layout


def _overrides(
    configuration: Configuration, situation: Situation
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return PDM's patterns: its lock names no index, so that the configuration decides at each install.

    The other tools write into the lock where each package comes from, and the lock's word counts.
    """
    patterns = dict.fromkeys(
        normalise_name(each) for index in configuration.indexes for each in (*index.include, *index.exclude)
    )
    rules = [(index, _any_of(index.include), _any_of(index.exclude)) for index in configuration.indexes]
    layouts: dict[str, str] = {}
    private: list[str] = []
    # Names come before patterns: the first that fits a package counts.
    for pattern in sorted(patterns, key=lambda each: any(sign in each for sign in "*?[")):
        left = _left_for(pattern, configuration, rules)
        whose_left = {each.place for each in asked(left, situation)}
        if whose_left == {Place.OTHER}:
            private.append(pattern)
        elif Place.PYPI in whose_left and not whose_left & OURS:
            layouts[pattern] = _PYPI_ALONE
        elif (layout := arrange(left, situation).layout) is not None:
            layouts[pattern] = layout
    return layouts, tuple(private)


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
