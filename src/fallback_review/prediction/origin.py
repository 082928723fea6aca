"""Whose bytes are they? Evidence in, an outcome out; there is no other rule that decides an origin.

In this order (DESIGN, "A green is earned"):

1. the file's SHA-256 on the pages of Chainguard and PyPI. Bytes that PyPI lists are PyPI's, wherever else
   they stand: `upstream` through Chainguard, else `pypi`;
2. what its URL is: a file on PyPI's host is PyPI's, one on a host that nobody named is nobody's; a page that
   came from another address is that address's page;
3. the tier that Chainguard's path tells.

A URL in a lock is a claim, which `locked_origin` holds to the pages before this rule decides. Evidence that
disagrees is said, and never resolved towards green.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import (
    Assumption,
    AssumptionKind,
    Cause,
    Edition,
    Evidence,
    EvidenceKind,
    Index,
    Outcome,
    Owner,
    ProjectFile,
    Tier,
)
from fallback_review.prediction.addresses import host, owner_of_page
from fallback_review.prediction.candidates import parse_filename
from fallback_review.prediction.installation import files_of, name_of
from fallback_review.prediction.same_file import (
    same_name,
    with_bytes,
)

if TYPE_CHECKING:
    from fallback_review.model import Answer
    from fallback_review.prediction.installation import Installation, Unanswered
    from fallback_review.prediction.listing import ListedFile

_OF_TIER = {
    Tier.BUILT: Outcome.CHAINGUARD,
    Tier.REMEDIATED: Outcome.REMEDIATED,
    Tier.UPSTREAM: Outcome.UPSTREAM,
}
_GREEN = (Outcome.CHAINGUARD, Outcome.REMEDIATED)
_NOT_COMPARED = Assumption(
    AssumptionKind.TIER,
    "Assumed: Chainguard built from source what its index lists without saying how it was made; PyPI did "
    "not answer, so the bytes could not be compared with PyPI's.",
)


class FileOrigin(Struct, frozen=True, kw_only=True):
    """Where a file comes from, as far as it can be told."""

    outcome: Outcome
    cause: Cause | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    needs: frozenset[Index] = frozenset()
    """Indexes whose answers would tell more."""

    def __post_init__(self) -> None:
        """Hold a green to its proof: some index of Chainguard's lists these very bytes."""
        if self.outcome in _GREEN and not any(each.kind is EvidenceKind.LISTED for each in self.evidence):
            raise ValueError(f"{self.outcome.value} without an index that lists the bytes")


def unknown(
    *evidence: Evidence, cause: Cause = Cause.NOT_CONFIGURED, reason: str | None = None
) -> FileOrigin:
    """Return the origin of a file of which nothing tells whose it is."""
    return FileOrigin(outcome=Outcome.UNKNOWN, cause=cause, reason=reason, evidence=evidence)


def silent(missing: Unanswered, *evidence: Evidence) -> FileOrigin:
    """Return the origin of a file for which an answer is missing."""
    return FileOrigin(
        outcome=Outcome.UNKNOWN,
        cause=missing.cause,
        evidence=(missing.evidence, *evidence),
        needs=missing.needs,
    )


def of_listed(listed: ListedFile, subject: Installation) -> FileOrigin:
    """Return the origin of a file that the installer takes from a page."""
    index, file = listed.index, listed.file
    if index is None:  # pragma: no cover - only locks name files that stand on no page
        raise AssertionError("a listed file stands on some page")
    seen = Evidence(EvidenceKind.LISTED, f"{name_of(index)} lists {file.filename}{told(file)}", index.url)
    if index.owner is Owner.PYPI:
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen,))
    at = subject.context.addresses.home(file.url)
    if at is not None and at.owner is Owner.PYPI:
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen, _on_pypis_host(file.url)))
    if index.owner is Owner.CHAINGUARD:
        return of_chainguard(replace(file, sha256=listed.bytes_sha256), index, subject, seen)
    if index.owner is Owner.OWN:
        return of_bytes(listed.bytes_sha256, subject, seen)
    return unknown(seen, reason="index")


def of_chainguard(file: ProjectFile, index: Index, subject: Installation, seen: Evidence) -> FileOrigin:
    """Return the origin of a file that Chainguard's index lists: PyPI is compared before it is a green."""
    elsewhere = _not_at_chainguard(file, index, subject, seen)
    if elsewhere is not None:
        return elsewhere
    pypi = subject.context.addresses.pypi
    missing = subject.unanswered(pypi)
    if missing is not None:
        return _uncompared(file, index, missing, seen)
    public = files_of(subject.answers.get(pypi))
    theirs = with_bytes(file.sha256, public)
    if theirs is not None:
        same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists the same bytes ({theirs.filename})", pypi.url)
        return FileOrigin(outcome=Outcome.UPSTREAM, evidence=(seen, same))
    if file.sha256 is None and any(same_name(file, other) for other in public):
        said = "its link has no sha256, and PyPI lists a file of that name: it may be PyPI's own"
        return unknown(seen, Evidence(EvidenceKind.SAME_BYTES, said, index.url), cause=Cause.MALFORMED_INDEX)
    return FileOrigin(outcome=_made_by_chainguard(file, index), evidence=(seen,))


def _not_at_chainguard(
    file: ProjectFile, index: Index, subject: Installation, seen: Evidence
) -> FileOrigin | None:
    """Return the origin of a file that Chainguard only passes on, or whose place nobody named."""
    if file.tier is Tier.UPSTREAM:
        return FileOrigin(outcome=Outcome.UPSTREAM, evidence=(seen,))
    at = subject.context.addresses.home(file.url)
    if at is not None and at.owner is Owner.PYPI:
        return FileOrigin(outcome=Outcome.UPSTREAM, evidence=(seen, _on_pypis_host(file.url)))
    if at is None and host(file.url) != host(index.url):
        return unknown(seen, on_a_strangers_host(file.url), reason="hosts")
    return None


def _uncompared(file: ProjectFile, index: Index, missing: Unanswered, seen: Evidence) -> FileOrigin:
    """Return the origin of a file that PyPI, which did not answer, may list too."""
    if file.sha256 is None:
        return silent(missing, seen)
    return FileOrigin(
        outcome=_made_by_chainguard(file, index),
        evidence=(seen, missing.evidence),
        assumptions=() if file.tier is not None else (_NOT_COMPARED,),
        needs=missing.needs,
    )


def _made_by_chainguard(file: ProjectFile, index: Index) -> Outcome:
    """A ``+cgr.N`` version is remediated wherever it is served from."""
    parsed = parse_filename(file.filename)
    local = (parsed.version.local if parsed else None) or ""
    if index.edition is Edition.REMEDIATED or local.startswith("cgr"):
        return Outcome.REMEDIATED
    return _OF_TIER[file.tier] if file.tier else Outcome.CHAINGUARD


def of_bytes(sha256: str | None, subject: Installation, seen: Evidence) -> FileOrigin:
    """Return the origin of a file of the organisation's own index: who else lists these bytes."""
    pypi = subject.context.addresses.pypi
    if sha256 is None:
        said = "no index gives its sha256, so its origin is not known"
        return unknown(seen, Evidence(EvidenceKind.UNANSWERED, said), cause=Cause.MALFORMED_INDEX)
    for index in subject.chainguards:
        answer = subject.answers.get(index)
        own = with_bytes(sha256, files_of(answer))
        if own is not None and page_index(index, answer, subject) == index:
            also = Evidence(EvidenceKind.LISTED, f"{name_of(index)} lists these bytes{told(own)}", index.url)
            found = of_chainguard(own, index, subject, also)
            return replace(found, evidence=(seen, *found.evidence))
    theirs = with_bytes(sha256, files_of(subject.answers.get(pypi)))
    if theirs is not None:
        same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists these bytes ({theirs.filename})", pypi.url)
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen, same))
    for index in (*subject.context.addresses.chainguards, pypi):
        if (missing := subject.unanswered(index)) is not None:
            return silent(missing, seen)
    said = "neither Chainguard nor PyPI lists these bytes: they are your organisation's own"
    return FileOrigin(outcome=Outcome.PRIVATE, evidence=(seen, Evidence(EvidenceKind.NOT_LISTED, said)))


def page_index(index: Index, answer: Answer | None, subject: Installation) -> Index:
    """Return the index whose page an answer is: a redirect to another address makes it that address's."""
    if answer is None or answer.url is None:
        return index
    return owner_of_page(index, answer.url, subject.context.addresses)


def _on_pypis_host(url: str) -> Evidence:
    return Evidence(EvidenceKind.FILE_HOST, f"the file lies on {host(url)}, which is PyPI's", url)


def on_a_strangers_host(url: str) -> Evidence:
    """Say that a file lies where nobody named anything."""
    said = f"the file lies on {host(url) or url}, which no setting names and no page of the index explains"
    return Evidence(EvidenceKind.FILE_HOST, said, url)


def told(file: ProjectFile) -> str:
    """Return what an index tells of a file beside its name, for the end of a clause."""
    digest = f" (sha256 {file.sha256[:12]}…)" if file.sha256 else " (no sha256)"
    return f"{digest}, {file.tier.value}" if file.tier else digest
