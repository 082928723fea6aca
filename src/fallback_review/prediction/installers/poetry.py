"""Poetry, 2.5 (measured); `poetry/installation/chooser.py` says the same.

- The one source that the lock names for the package is asked (none: the default index).
- The version is the locked one exactly: `1.0` never becomes `1.0+cgr.1`.
- Files whose SHA-256 is not in the lock are passed over (Poetry hashes a file whose link has none); an empty
  list verifies nothing.
- Best by: not yanked, build tag, tag, sdist last; where the lock has no hashes, links that have none come
  first. Equal ones: the first listed. `requires-python` of a file is not looked at. Plain `linux_<arch>`
  stands first, as in packaging 26.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.prediction.candidates import read
from fallback_review.prediction.installers.interface import Choice, Failure, Installer, Options, fail, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import Index


def choose(request: Request, indexes: Sequence[Index], _options: Options) -> Choice:
    """Return the file that `poetry install` takes."""
    sieve = read(request, (index.page for index in indexes))
    sieve.keep("another version", lambda c: c.version == request.version)
    sieve.keep("the wheel's tags do not fit the target", lambda c: c.rank is not None)
    if not sieve.kept:
        return fail(Failure.NO_COMPATIBLE, sieve)
    sieve.keep("its hash is not in the lock", lambda c: request.allows_bytes(c.listed))
    if not sieve.kept:
        return fail(Failure.HASH_NOT_IN_LOCK, sieve)
    best = max(sieve.kept, key=lambda c: _key(c, request))
    return take(best, request, sieve)


def _key(candidate: Candidate, request: Request) -> tuple[bool, bool, tuple[int, str] | tuple[()], int, int]:
    file = candidate.listed.file
    return (
        file.sha256 is None or bool(request.hashes),
        not file.yanked,
        candidate.build,
        -(candidate.rank or 0),
        -candidate.position,
    )


POETRY = Installer(
    name="poetry",
    choose=choose,
    plain_linux_first=lambda _version: True,
    one_source=True,
    doubled_underscores=True,
)
