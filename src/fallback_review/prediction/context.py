"""What a prediction knows besides the entry: installer, layout, addresses; and whose an address is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fallback_review.lockfiles.urls import Address, address_of
from fallback_review.model import Answer, Ecosystem, Role, SourceKind

if TYPE_CHECKING:
    from fallback_review.model import InstallOptions, LockedPackage

_TIER_FOLDER = re.compile(r"python(?:-upstream|-remediated)?|cu\d{2,4}")

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
    """PyPI's index as it is asked: itself, or a mirror."""
    pypi_itself: str | None = None
    """PyPI's own index, which locks name also where a mirror is asked."""
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
    options: InstallOptions | None = None
    """What the installer's configuration says besides; None leaves it to the lockfile's own lines."""
    unasked: tuple[str, ...] = ()
    """Indexes that the installer asks too, for any name, and that nobody asks from here."""


class Place(StrEnum):
    """Whose an address is."""

    CHAINGUARD = "chainguard"
    REMEDIATED = "remediated"
    PYPI = "pypi"
    OWN = "own"
    NEIGHBOUR = "neighbour"
    """On the host of a configured index, beside it: the same manager's, and no setting says what it holds."""
    OTHER = "other"
    LOCAL = "local"
    UNSTATED = "unstated"


_OURS = {Place.CHAINGUARD, Place.REMEDIATED}


class Standing(StrEnum):
    """What kind of entry this is, before any index is asked."""

    INDEX = "index"
    DIRECT = "direct"
    PRIVATE = "private"
    UNTOLD = "untold"
    """Its files lie on a host that may be PyPI's or a private index's: the settings do not say."""
    OUT_OF_SCOPE = "out-of-scope"


def host(url: str) -> str:
    """Return host and port of a URL, lower case; empty for a path or what is no URL."""
    at = address_of(url)
    return at.host if at else ""


def place(url: str | None, situation: Situation) -> Place:
    """Say whose an index or file address is: by the longest configured index URL, then by host.

    A host alone tells PyPI and the organisation's own. Chainguard's index may lie in a repository manager:
    what else its host has is Chainguard's only beside that index (`_beside`), else the organisation's.
    """
    if url is None:
        return Place.UNSTATED
    at = address_of(url)
    if at is None or at.scheme == "file":
        return Place.LOCAL
    roots = _roots(situation)
    under = [(len(root.path), owner) for root, owner in roots if _below(at, root)]
    return max(under)[1] if under else _by_host(at, roots, situation)


def _roots(situation: Situation) -> list[tuple[Address, Place]]:
    named = (
        (situation.chainguard_url, Place.CHAINGUARD),
        (situation.remediated_url, Place.REMEDIATED),
        (situation.pypi_url, Place.PYPI),
        (situation.pypi_itself, Place.PYPI),
        (situation.resolver_url, Place.OWN),
    )
    found = ((address_of(f"{root.rstrip('/')}/"), owner) for root, owner in named if root)
    return [(root, owner) for root, owner in found if root]


def _below(at: Address, root: Address) -> bool:
    return (at.scheme, at.host) == (root.scheme, root.host) and f"{at.path.rstrip('/')}/".startswith(
        root.path
    )


def _by_host(at: Address, roots: list[tuple[Address, Place]], situation: Situation) -> Place:
    names = {at.host, at.host.partition(":")[0]}
    if names & situation.own_hosts:
        return Place.OWN
    if names & situation.pypi_hosts:
        return Place.PYPI
    owners = {owner for root, owner in roots if root.host == at.host}
    if len(owners) == 1 and not owners & _OURS:
        return owners.pop()
    if any(owner in _OURS and _beside(at, root) for root, owner in roots):
        return Place.CHAINGUARD
    # Without TLS anybody on the way may answer, so that such an address is nobody's.
    near = any((root.scheme, root.host) == (at.scheme, at.host) for root, _ in roots)
    return Place.NEIGHBOUR if near else Place.OTHER


def _beside(at: Address, root: Address) -> bool:
    """Whether a file may be of the index at `root`: managers keep files beside ``simple/``.

    On Chainguard's own host each tier has such a folder, beside that of the index:
    ``/python/``, ``/python-upstream/``, ``/python-remediated/``, ``/cu126/``.
    """
    folder = root.path.removesuffix("simple/")
    above, _, last = folder.rstrip("/").rpartition("/")
    if _TIER_FOLDER.fullmatch(last) is None:
        return folder != "/" and _below(at, replace(root, path=folder))
    tail = at.path.removeprefix(f"{above}/")
    return (
        (at.scheme, at.host) == (root.scheme, root.host)
        and tail != at.path
        and _TIER_FOLDER.fullmatch(tail.partition("/")[0]) is not None
    )


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
    if where is Place.NEIGHBOUR:
        return Standing.UNTOLD
    files = {place(artifact.url, situation) for artifact in package.artifacts if artifact.url}
    if where is Place.UNSTATED and files and files <= {Place.OTHER, Place.NEIGHBOUR}:
        return Standing.PRIVATE if situation.pypi_hosts and files == {Place.OTHER} else Standing.UNTOLD
    return Standing.INDEX
