"""What Chainguard lacks for one entry on one target: the cause behind a fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Role
from fallback_review.prediction.candidates import drop_misfits, matching, read

if TYPE_CHECKING:
    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import Pages
    from fallback_review.prediction.situation import Book


def lacking(request: Request, pages: Pages, book: Book) -> Cause | None:
    """Return why Chainguard's own index can't serve the entry; None when it has a file that fits."""
    answer = book.get((Role.CHAINGUARD, request.name))
    if answer is None:
        return Cause.NOT_CONFIGURED
    if answer.problem is not None and not pages[1]:
        return answer.problem
    sieve = read(request, pages[:2])
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: c.version in versions)
    if not sieve.kept:
        return Cause.VERSION_MISSING if pages[0] or pages[1] else Cause.PROJECT_MISSING
    drop_misfits(request, sieve)
    if not sieve.kept:
        return Cause.NO_COMPATIBLE_FILE
    if request.version is None and all(c.listed.file.yanked for c in sieve.kept):
        return Cause.YANKED
    return None if any(c.wheel for c in sieve.kept) else Cause.ONLY_SDIST


def fitting(request: Request, pages: Pages) -> list[Candidate]:
    """Return Chainguard's files that fit entry and target, whatever the hashes."""
    sieve = read(request, pages[:2])
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: c.version in versions)
    drop_misfits(request, sieve)
    return sieve.kept
