"""What Chainguard lacks for one entry on one target: the cause behind a fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, Tier
from fallback_review.prediction.candidates import drop_misfits, matching, read

if TYPE_CHECKING:
    from fallback_review.prediction.candidates import Candidate, Sieve
    from fallback_review.prediction.installation import Installation


def lacking(subject: Installation) -> Cause | None:
    """Return why Chainguard's own indexes can't serve the entry; None when they have a wheel that fits."""
    listed = any(subject.pages.get(index) for index in subject.chainguards)
    problems = [subject.answers[index].problem for index in subject.chainguards]
    if not listed:
        told = [problem for problem in problems if problem not in (None, Cause.PROJECT_MISSING)]
        if told or not problems:
            return told[0] if told else Cause.NOT_CONFIGURED
    sieve = _of_the_version(subject)
    if not sieve.kept:
        return Cause.VERSION_MISSING if listed else Cause.PROJECT_MISSING
    drop_misfits(subject.request, sieve)
    if not sieve.kept:
        return Cause.NO_COMPATIBLE_FILE
    if subject.request.version is None and all(c.listed.file.yanked for c in sieve.kept):
        return Cause.YANKED
    return None if any(c.wheel for c in sieve.kept) else Cause.ONLY_SDIST


def fitting(subject: Installation) -> list[Candidate]:
    """Return Chainguard's files that fit entry and target, whatever the hashes."""
    sieve = _of_the_version(subject)
    drop_misfits(subject.request, sieve)
    return sieve.kept


def upstream_reason(outcome: Outcome, subject: Installation) -> str | None:
    """Tell an upstream file whose version Chainguard has built since: the organisation is pinned to it."""
    if outcome is not Outcome.UPSTREAM:
        return None
    own = (Tier.BUILT, Tier.REMEDIATED)
    theirs = {file.sha256 for file in subject.files(subject.context.addresses.pypi)} - {None}
    built = any(
        c.wheel and c.listed.file.tier in own and c.listed.bytes_sha256 not in theirs
        for c in fitting(subject)
    )
    return "built-available" if built else None


def _of_the_version(subject: Installation) -> Sieve:
    sieve = read(subject.request, (subject.pages.get(index, ()) for index in subject.chainguards))
    versions = matching(subject.request, sieve.kept)
    sieve.keep("another version", lambda c: str(c.version) in versions)
    return sieve
