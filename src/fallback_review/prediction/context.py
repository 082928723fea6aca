"""The context of a prediction: the installer, the indexes that it asks, whose an address is."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model import Answer, Index

if TYPE_CHECKING:
    from datetime import date

    from fallback_review.model import Assumption, Demands, InstallOptions, Notice, NotModelled
    from fallback_review.prediction.addresses import Addresses
    from fallback_review.prediction.listing import AskedIndex

Answers = Mapping[str, Mapping[Index, Answer]]
"""Every answer so far, by normalised project name and index."""


class Context(Struct, frozen=True, kw_only=True, eq=False):
    """What holds for every prediction about one lockfile, for one package or for all that have no own one.

    Two are equal by all but `because`.
    """

    installer: str
    """A registered installer's name, for example ``pip``; any other name is predicted as pip."""
    indexes: tuple[AskedIndex, ...]
    """What the installer asks for a package that names no index, in its configuration's order."""
    addresses: Addresses
    alternatives: tuple[tuple[str, tuple[AskedIndex, ...]], ...] = ()
    """What `indexes` may be, each with its title, where it is not known which it is."""
    assumptions: tuple[Assumption, ...] = ()
    """What `indexes` takes for granted."""
    private: tuple[str, ...] = ()
    """`fnmatch` patterns of names that are never asked for anywhere."""
    installer_version: str | None = None
    """None is the newest measured version."""
    options: InstallOptions | None = None
    """What the installer's configuration says besides; None leaves it to the lockfile's own lines."""
    not_modelled: tuple[NotModelled, ...] = ()
    """Keys of that configuration whose effect is not predicted: what depends on them is not known."""
    others: tuple[Context, ...] = ()
    """The same for each other installer that may read the lock, and that the repository configures."""
    demands: Demands | None = None
    """What the project's files ask of the lock's entries; None where that is not compared."""
    unknown_keys: tuple[Assumption, ...] = ()
    """Keys of it that nobody here knows, and files that the lockfile includes and nobody here reads."""
    refused: Notice | None = None
    """Why the installer refuses its configuration, or the lock with it, and installs nothing."""
    search_all_sources: bool = False
    """Pipenv's setting: every source is asked for every package."""
    sources: Mapping[str, Index] | None = None
    """Poetry: each source of the project by its name in lower case, by which a lock's entries go; None where
    the address in the lock is all that is known."""
    uv_strategy: str = "first-index"
    """uv's ``index-strategy``."""
    respect_source_order: bool = False
    """PDM's setting."""
    new_hosts: frozenset[str] = frozenset()
    """Hosts that the pull request takes direct references from and that the base did not."""
    pypi_hosts_known: bool = True
    """Whether it is known which hosts PyPI's files lie on."""
    cooldown_days: int | None = None
    """For how many days the organisation's index holds back what is new on PyPI; None where nobody said."""
    today: date | None = None
    """The day of the review."""
    layout: str = ""
    """What the report calls the way in which the indexes are arranged."""
    because: str = ""
    """Who says so, in one sentence."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and _told(self) == _told(other)

    def __hash__(self) -> int:
        return hash(_told(self))


_told = attrgetter(*(name for name in Context.__struct_fields__ if name != "because"))
