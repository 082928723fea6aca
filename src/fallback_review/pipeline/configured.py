"""How a lockfile's installer is configured in one tree, and every other installer that may read the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review import configuration
from fallback_review.pipeline.compare import installer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from fallback_review.configuration import Configuration
    from fallback_review.model import Lockfile
    from fallback_review.settings.schema import Settings


class Configured(Struct, frozen=True):
    """The configurations that count for a lockfile."""

    first: Configuration
    """Of the installer that the settings name, else of the one that the lock, or its format, stands for."""
    others: tuple[Configuration, ...] = ()
    """Of other installers that may read the lock, as far as the repository configures them."""

    def alike(self, other: Configured) -> bool:
        """Whether both make every installer do the same."""
        mine, theirs = (self.first, *self.others), (other.first, *other.others)
        return len(mine) == len(theirs) and all(map(configuration.alike, mine, theirs))


def configured(
    lockfile: Lockfile,
    read: Callable[[str], str | None],
    settings: Settings,
    *,
    installer: str | None = None,
    now: datetime | None = None,
    named: Iterable[str] = (),
) -> Configured:
    """Return how a lockfile's installers are configured.

    `installer` is who installs it, where the lockfile itself is not to say; the rest as `configuration.read`.
    """
    named, known = tuple(named), installer or installer_of(lockfile, settings)
    others_too = lockfile.read_by if settings.indexes.installer is None else ()
    first, *others = (
        configuration.read(lockfile, read, installer=name, now=now, named=named)
        for name in dict.fromkeys((known, *others_too))
    )
    return Configured(first, tuple(each for each in others if {*each.files} - {lockfile.path}))
