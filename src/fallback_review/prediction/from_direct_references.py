"""Verdicts on what comes past the indexes: from URLs, repositories and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.direct_references import A_MACHINE, place_of
from fallback_review.lockfiles.urls import has_variable
from fallback_review.model import Artifact, Cause, Evidence, EvidenceKind, Outcome, Owner, SourceKind
from fallback_review.prediction.addresses import host
from fallback_review.prediction.locked_origin import of_locked
from fallback_review.prediction.locked_urls import filename_in

if TYPE_CHECKING:
    from fallback_review.model import Verdict
    from fallback_review.prediction.installation import Installation

_OURS = (Outcome.CHAINGUARD, Outcome.REMEDIATED)


def of_direct_reference(subject: Installation) -> Verdict:
    """Return the verdict on an entry that comes from a URL, a repository or a folder."""
    package = subject.package
    kind, location = package.source.kind, package.source.location or ""
    at = host(location)
    if package.local:
        said = Evidence(EvidenceKind.LOCKED, "part of this project")
        return subject.verdict(Outcome.DIRECT, evidence=(said,))
    said = Evidence(
        EvidenceKind.LOCKED,
        f"the lock takes it from {kind.value}{f' on {at}' if at else ''}, not from an index",
        location,
    )
    if has_variable(location) and not _named_or_pypis(subject, location):
        return _hidden(subject, said, "variable", "a variable of the environment decides where it comes from")
    if at and kind is SourceKind.URL:
        return _archive(subject, said, location)
    return _past_indexes(subject, said, location)


def _archive(subject: Installation, said: Evidence, location: str) -> Verdict:
    """A direct reference to an archive: it may lie on an index's own host."""
    home, at = subject.context.addresses.home(location), host(location)
    if home is not None and home.owner is Owner.PYPI:
        known = Evidence(EvidenceKind.FILE_HOST, f"{at} is PyPI's", location)
        return subject.verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL, url=location, evidence=(said, known))
    if home is not None and home.owner is Owner.CHAINGUARD:
        return _direct_to_chainguard(subject, said)
    if home is None and not subject.context.pypi_hosts_known:
        untold = Evidence(EvidenceKind.UNANSWERED, f"PyPI did not say whether {at} is its own", location)
        return subject.verdict(
            Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="hosts", url=location, evidence=(said, untold)
        )
    return _past_indexes(subject, said, location)


def _past_indexes(subject: Installation, said: Evidence, location: str) -> Verdict:
    at = place_of(subject.package.source)
    if at == A_MACHINE and at in subject.context.new_hosts:
        return _hidden(
            subject, said, "machine", "it lies on the machine that installs, not in the repository"
        )
    if at in subject.context.new_hosts and subject.context.addresses.home(location) is None:
        new = Evidence(EvidenceKind.FILE_HOST, f"the lockfile takes nothing else from {at} yet", location)
        return subject.verdict(
            Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="new-host", url=location, evidence=(said, new)
        )
    return subject.verdict(Outcome.DIRECT, url=location or None, evidence=(said,))


def _named_or_pypis(subject: Installation, location: str) -> bool:
    """Whether somebody named the host of a URL, or it is PyPI's: a variable behind it changes no host."""
    home = subject.context.addresses.home(location)
    return home is not None and home.owner in (Owner.OWN, Owner.PYPI)


def _hidden(subject: Installation, said: Evidence, reason: str, why: str) -> Verdict:
    """A direct reference to a place that can't be seen from here."""
    location = subject.package.source.location or ""
    return subject.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason=reason,
        url=location,
        evidence=(said, Evidence(EvidenceKind.FILE_HOST, why, location)),
    )


def _direct_to_chainguard(subject: Installation, said: Evidence) -> Verdict:
    """A direct reference to a file on Chainguard's address is held to the page, as a locked URL is."""
    location = subject.package.source.location
    hashes = tuple(sorted(subject.package.hashes))
    artifact = Artifact(url=location, filename=filename_in(location or ""), hashes=hashes)
    origin = of_locked(artifact, subject, subject.request.hashes)
    outcome = Outcome.DIRECT if origin.outcome in _OURS else origin.outcome
    return subject.verdict(
        outcome,
        Cause.UPSTREAM_TIER if outcome is Outcome.UPSTREAM else origin.cause,
        reason=origin.reason,
        url=location,
        evidence=(said, *origin.evidence),
        assumptions=origin.assumptions,
    )
