"""A case as one installer's own files: a lock, the configuration of its indexes, and the settings to review it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fallback_review.settings import validation
from fallback_review.settings.schema import Indexes, Targets

from .cases import CHAINGUARD, PYPI, REMEDIATED
from .origins import sha256_of

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from .cases import Case
    from .origins import Origins

MERGED = (
    "virtual-project",
    "virtual-version",
    "virtual-file",
    "virtual-file-pypi-first",
    "virtual-concat",
    "virtual-concat-pypi-first",
)
FOREIGN = "0" * 64
HERE = Targets(
    python=(platform.python_version(),),
    platforms=("linux-x86_64",),
    glibc=platform.libc_ver()[1] or "2.36",
)
"""The machine that the installers run on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What lies in the folder that an installer runs in."""

    form: str
    """Which lock and which kind of configuration, for the count."""
    keys: tuple[str, ...] = ()
    """The keys of configuration that it holds, for the count."""
    lock: str
    files: Mapping[str, str]
    command: tuple[str, ...]
    """After the installer's name; ``{target}`` is the folder to install into."""
    environment: Mapping[str, str] = field(default_factory=dict)
    indexes: Indexes
    """The settings of the review."""
    targets: Targets = HERE
    through_manager: bool = False
    """Whether links lead through a manager: then bytes alone tell the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """The indexes that a client is configured with: Chainguard's and PyPI's in some order, or a manager."""

    addresses: tuple[str, ...]
    whose: tuple[str, ...]
    """The shelf that each lists; a manager's layout."""
    indexes: Indexes
    """The settings of the review."""
    merged: bool
    """Whether it is a manager, which merges both."""
    locked: int
    """Which of them the lock names, where it names one."""


def arranged(case: Case, origins: Origins, chance: random.Random) -> Arranged:
    """Draw how the client comes to the indexes."""
    own = (*((REMEDIATED,) if case.remediated_apart else ()), CHAINGUARD)
    known = {
        "chainguard": origins.index(CHAINGUARD),
        "remediated": origins.index(REMEDIATED) if case.remediated_apart else None,
        "pypi": origins.index(PYPI),
        "pypi-hosts": (origins.pypi.base.partition("://")[2],),
    }
    if chance.random() < 0.35:
        layout = chance.choice(MERGED)
        manager = {"layout": layout} if chance.random() < 0.5 else {"resolver": origins.index(layout)}
        hosts = (origins.manager.base.partition("://")[2],)
        said = validation.validate({"indexes": known | manager | {"own-hosts": hosts}})
        return Arranged(
            addresses=(origins.index(layout),), whose=(layout,), indexes=said.indexes, merged=True, locked=0
        )
    whose = chance.choice((own, (*own, PYPI), (*own, PYPI), (PYPI, *own)))
    return Arranged(
        addresses=tuple(map(origins.index, whose)),
        whose=whose,
        indexes=validation.validate({"indexes": known}).indexes,
        merged=False,
        locked=chance.randrange(len(whose)),
    )


def hashes_of(case: Case) -> list[str]:
    """The SHA-256 digests that a lock without file names allows."""
    digests = dict.fromkeys(sha256_of(each) for each in case.locked)
    return [*digests, *([FOREIGN] if case.foreign_hash and digests else [])]
