"""What a prediction knows besides the entry: installer, layout, addresses; and whose an address is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fallback_review.model import Answer, Ecosystem, Role, SourceKind

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage

Book = Mapping[tuple[Role, str], Answer]
"""Every answer so far, by index and normalised project name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One lockfile's surroundings."""

    installer: str
    """``pip``, ``uv``, ``poetry``, ``pdm``, ``pipenv`` or ``pixi``; any other name is predicted as pip."""
    layout: str
    """A registered layout's name."""
    chainguard_url: str | None
    remediated_url: str | None = None
    pypi_url: str
    pypi_hosts: frozenset[str] = frozenset()
    """Hosts of PyPI's index and files."""
    resolver_url: str | None = None
    """The organisation's own virtual index, asked instead of modelling the layout."""
    private: tuple[str, ...] = ()
    """`fnmatch` patterns of names that are never asked for anywhere."""
    own_hosts: frozenset[str] = frozenset()
    """Hosts of the organisation's repository manager, beside the resolver's."""
    installer_version: str | None = None
    """None is the newest measured version."""
    uv_strategy: str | None = None
    """uv's ``index-strategy``; None leaves it to the layout."""


class Place(StrEnum):
    """Whose an address is."""

    CHAINGUARD = "chainguard"
    REMEDIATED = "remediated"
    PYPI = "pypi"
    OWN = "own"
    OTHER = "other"
    LOCAL = "local"
    UNSTATED = "unstated"


class Standing(StrEnum):
    """What kind of entry this is, before any index is asked."""

    INDEX = "index"
    DIRECT = "direct"
    PRIVATE = "private"
    UNTOLD = "untold"
    """Its files lie on a host that may be PyPI's or a private index's: PyPI's own hosts are not known."""
    OUT_OF_SCOPE = "out-of-scope"


@lru_cache(maxsize=16384)
def host(url: str) -> str:
    """Return host and port of a URL, lower case; empty for a path or what is no URL."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def place(url: str | None, situation: Situation) -> Place:
    """Say whose an index or file address is: by the longest configured index URL, then by host."""
    if url is None:
        return Place.UNSTATED
    if "://" not in url or url.startswith("file:"):
        return Place.LOCAL
    roots = _roots(situation)
    under = [(len(root), owner) for root, owner in roots if f"{url.rstrip('/')}/".startswith(root)]
    return max(under)[1] if under else _by_host(url, roots, situation)


def _roots(situation: Situation) -> list[tuple[str, Place]]:
    named = (
        (situation.chainguard_url, Place.CHAINGUARD),
        (situation.remediated_url, Place.REMEDIATED),
        (situation.pypi_url, Place.PYPI),
        (situation.resolver_url, Place.OWN),
    )
    return [(f"{root.rstrip('/')}/", owner) for root, owner in named if root]


def _by_host(url: str, roots: list[tuple[str, Place]], situation: Situation) -> Place:
    at = host(url)
    names = {at, at.partition(":")[0]}
    if names & situation.own_hosts:
        return Place.OWN
    if names & situation.pypi_hosts:
        return Place.PYPI
    owners = {owner for root, owner in roots if host(root) == at}
    if owners == {Place.CHAINGUARD, Place.REMEDIATED}:
        return Place.CHAINGUARD
    return owners.pop() if len(owners) == 1 else Place.OTHER


def is_private(name: str, situation: Situation) -> bool:
    """Whether a name is one that nobody outside may learn of."""
    return any(fnmatchcase(name, pattern.lower()) for pattern in situation.private)


def standing(package: LockedPackage, situation: Situation) -> Standing:
    """Say whether an entry is to be judged by its index at all (DESIGN: direct and private are not)."""
    if package.ecosystem is not Ecosystem.PYPI or package.source.kind is SourceKind.CHANNEL:
        return Standing.OUT_OF_SCOPE
    where = place(package.source.location, situation)
    if package.local or not package.source.kind.from_index or where is Place.LOCAL:
        return Standing.DIRECT
    if where is Place.OTHER or is_private(package.name, situation):
        return Standing.PRIVATE
    if where is Place.UNSTATED and _files_elsewhere(package, situation):
        return Standing.PRIVATE if situation.pypi_hosts else Standing.UNTOLD
    return Standing.INDEX


def _files_elsewhere(package: LockedPackage, situation: Situation) -> bool:
    """Whether every locked URL lies on a host that no setting names."""
    files = {place(artifact.url, situation) for artifact in package.artifacts if artifact.url}
    return files == {Place.OTHER}
