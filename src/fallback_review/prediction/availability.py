"""What Chainguard lacks for one entry on one target: the cause behind a fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, Role, Tier
from fallback_review.prediction.candidates import drop_misfits, matching, read

if TYPE_CHECKING:
    from fallback_review.prediction.candidates import Candidate, Request, Sieve
    from fallback_review.prediction.context import Book
    from fallback_review.prediction.listing import Pages


def lacking(request: Request, pages: Pages, book: Book) -> Cause | None:
    """Return why Chainguard's own indexes can't serve the entry; None when they have a wheel that fits."""
    answer = book.get((Role.CHAINGUARD, request.name))
    problem = answer.problem if answer is not None else Cause.NOT_CONFIGURED
    if problem is not None and not pages[1]:
        return problem
    sieve = _of_the_version(request, pages)
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
    sieve = _of_the_version(request, pages)
    drop_misfits(request, sieve)
    return sieve.kept


def upstream_reason(outcome: Outcome, request: Request, pages: Pages) -> str | None:
    """Tell an upstream file whose version Chainguard has built since: the organisation is pinned to it."""
    if outcome is not Outcome.UPSTREAM:
        return None
    own = (Tier.BUILT, Tier.REMEDIATED)
    built = any(c.wheel and c.listed.file.tier in own for c in fitting(request, pages))
    return "built-available" if built else None


def _of_the_version(request: Request, pages: Pages) -> Sieve:
    sieve = read(request, pages[:2])
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: c.version in versions)
    return sieve
