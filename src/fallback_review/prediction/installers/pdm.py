"""PDM, 2.29 (measured): `pdm sync` and `pdm install`.

- Its sources are asked together, unless `respect-source-order`: then the first source with a fitting file.
- Files whose SHA-256 is not in the lock are passed over first (PDM hashes a file whose link has none).
- Best by: not yanked, version (a pin `1.0` admits `1.0+cgr.1`), tag in PDM's own order (`targets.pdm_ranks`),
  sdist last; build tags are not compared. Equal ones: the first listed. Nothing left: the install fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.prediction.candidates import Archives, behind_last_dash, drop_misfits, matching, read
from fallback_review.prediction.installers.interface import (
    Choice,
    Failure,
    Installer,
    InstallerOptions,
    fail,
    take,
)
from fallback_review.prediction.targets import pdm_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import IndexPage


def choose(request: Request, indexes: Sequence[IndexPage], options: InstallerOptions) -> Choice:
    """Return the file that `pdm sync` takes."""
    if options.respect_source_order:
        for index in indexes:
            choice = _from(request, [index])
            if choice.file is not None:
                return choice
    return _from(request, indexes)


def pages_read(
    request: Request, indexes: Sequence[IndexPage], options: InstallerOptions
) -> Sequence[IndexPage]:
    """Return the pages that PDM reads: in the order of its sources none behind the one that serves."""
    if options.respect_source_order:
        for count, index in enumerate(indexes, 1):
            if _from(request, [index]).file is not None:
                return indexes[:count]
    return indexes


def _from(request: Request, indexes: Sequence[IndexPage]) -> Choice:
    sieve = read(request, (index.page for index in indexes))
    sieve.keep("its hash is not in the lock", lambda c: request.allows_bytes(c.listed))
    drop_misfits(request, sieve)
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: str(c.version) in versions)
    if request.version is None:
        sieve.keep("yanked", lambda c: not c.listed.file.yanked)
    if not sieve.kept:
        return fail(Failure.ENVIRONMENT_OR_HASH, sieve)
    return take(max(sieve.kept, key=_key), request, sieve)


def _key(candidate: Candidate) -> tuple[bool, Version, int, int]:
    return (not candidate.listed.file.yanked, candidate.version, -(candidate.rank or 0), -candidate.position)


ARCHIVES = Archives(
    ends=(".tar.gz", ".zip", ".tar.bz2", ".tbz", ".tgz", ".tar.xz", ".txz", ".tlz", ".tar.lzma", ".tar"),
    version=behind_last_dash,
)
PDM = Installer(
    name="pdm",
    dated_urls=True,
    choose=choose,
    reads=pages_read,
    archives=ARCHIVES,
    tag_order=pdm_ranks,
    index_order="built-in-first",
    any_hash_of_entry=lambda _version: True,
)
