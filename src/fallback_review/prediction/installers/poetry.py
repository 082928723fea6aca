"""Poetry, 2.5 (measured); `poetry/installation/chooser.py` says the same.

- The one source that the lock names for the package is asked (none: the default index).
- The version is the locked one exactly: `1.0` never becomes `1.0+cgr.1`.
- `installer.no-binary` and `only-binary` leave out kinds of files, a name before `:all:`.
- Sdists are `.tar.gz`, `.zip` and `.tar.bz2`; a `.tar`, `.tar.xz` or `.tar.Z` is chosen too, and then fails.
  The version stands behind the last dash, or where no digit follows, behind the first dash before a digit.
- Files whose SHA-256 is not in the lock are passed over (Poetry hashes a file whose link has none); an empty
  list verifies nothing.
- Best by: not yanked, build tag, tag, sdist last; where the lock has no hashes, links that have none come
  first. Equal ones: the first listed. `requires-python` of a file is not looked at. Plain `linux_<arch>`
  stands first, as in packaging 26.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fallback_review.lockfiles.names import normalise_name
from fallback_review.prediction.candidates import Archives, drop_unfit_kinds, read
from fallback_review.prediction.installers.interface import (
    Choice,
    Failure,
    Installer,
    InstallerOptions,
    fail,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import IndexPage


def choose(request: Request, indexes: Sequence[IndexPage], _options: InstallerOptions) -> Choice:
    """Return the file that `poetry install` takes."""
    sieve = read(request, (index.page for index in indexes))
    sieve.keep("another version", lambda c: c.version == request.version)
    drop_unfit_kinds(request, sieve)
    if not sieve.kept:
        return fail(Failure.NO_COMPATIBLE, sieve)
    sieve.keep("its hash is not in the lock", lambda c: request.allows_bytes(c.listed))
    if not sieve.kept:
        return fail(Failure.HASH_NOT_IN_LOCK, sieve)
    best = max(sieve.kept, key=lambda c: _key(c, request))
    return take(best, request, sieve)


def _key(candidate: Candidate, request: Request) -> tuple[bool, bool, tuple[int, str] | tuple[()], int, int]:
    file = candidate.listed.file
    foreign = file.oddity is not None and file.oddity.foreign_hash
    return (
        not foreign and (file.sha256 is None or bool(request.hashes)),
        not file.yanked,
        candidate.build,
        -(candidate.rank or 0),
        -candidate.position,
    )


_STANDARD = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*?)(?:\.sdist)?")
_OTHERWISE = re.compile(r"(?P<name>[a-z0-9_\-.]+?)-(?P<version>\d[a-z0-9_.!+-]*)", re.IGNORECASE)


def version_of(stem: str, project: str) -> str | None:
    """Return the version that Poetry reads off a sdist's name (its `patterns` and `LinkSource`)."""
    found = _STANDARD.fullmatch(stem) or _OTHERWISE.match(stem)
    return found["version"] if found and normalise_name(found["name"]) == project else None


_NO_SDISTS = frozenset({".tar.xz", ".tar.Z", ".tar"})
"""Archives that Poetry chooses and does not know as source distributions (measured with 2.5)."""
ARCHIVES = Archives(
    ends=(".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tar.Z", ".tar"),
    version=version_of,
    broken=_NO_SDISTS,
    no_sdists=_NO_SDISTS,
)
POETRY = Installer(
    name="poetry",
    choose=choose,
    archives=ARCHIVES,
    index_order="by-priority",
    plain_linux_first=lambda _version: True,
    one_source=True,
    doubled_underscores=True,
    empty_mark_yanks=True,
)
