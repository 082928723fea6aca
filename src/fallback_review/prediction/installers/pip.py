"""pip, 23.2 to 26.3 (measured); `pip/_internal/index/package_finder.py` says the same.

- All indexes are pooled: index-url's page, then each extra-index-url's. None has priority.
- Candidates: the requirement's versions, wheels whose tags fit, sdists unless `--only-binary`.
- Where the requirement has hashes and some link carries an allowed one, links that carry one that is not
  allowed vanish; links that carry none stay.
- Best by: allowed hash on the link, not yanked, (`--prefer-binary`: wheel), version, tag, build tag.
  Equal ones: the last listed. Yanked files only for an exact pin that has nothing else (PEP 592).
- Then the bytes are checked: a hash that is not allowed fails the whole install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from fallback_review.prediction.candidates import ALLOWED, drop_misfits, matching, read
from fallback_review.prediction.installers.interface import Choice, Failure, Installer, Options, fail, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import Index


def choose(request: Request, indexes: Sequence[Index], _options: Options) -> Choice:
    """Return the file that pip installs."""
    ordered = sorted(indexes, key=lambda index: not index.default)
    sieve = read(request, (index.page for index in ordered))
    drop_misfits(request, sieve)
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: c.version in versions)
    if any(request.link_state(c.listed) == ALLOWED for c in sieve.kept):
        sieve.keep("the link's hash is not among the lock's", lambda c: request.link_state(c.listed) > 0)
    pinned = any(s.operator in ("==", "===") and not s.version.endswith(".*") for s in request.specifier)
    if not (pinned and all(c.listed.file.yanked for c in sieve.kept)):
        sieve.keep("yanked", lambda c: not c.listed.file.yanked)
    if not sieve.kept:
        return fail(Failure.NO_VERSION, sieve)
    best = max(sieve.kept, key=lambda c: (*_key(c, request), c.position))
    return take(best, request, sieve)


def _key(
    candidate: Candidate, request: Request
) -> tuple[bool, bool, Version, int, tuple[int, str] | tuple[()]]:
    return (
        request.link_state(candidate.listed) == ALLOWED,
        request.prefer_binary and candidate.wheel,
        candidate.version,
        -(candidate.rank or 0),
        candidate.build,
    )


def plain_linux_first(version: str | None) -> bool:
    """Return whether this pip ranks `linux_<arch>` first: since 26.3 (its packaging is 26.3)."""
    return version is None or Version(version) >= Version("26.3")


PIP = Installer(name="pip", choose=choose, plain_linux_first=plain_linux_first)
