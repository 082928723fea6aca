"""Whose bytes are they? Evidence in, an outcome out; there is no other place that decides an origin.

In this order (DESIGN, "A green is earned"):

1. the file's SHA-256 on the pages of Chainguard and PyPI. Bytes that PyPI lists are PyPI's, wherever else
   they stand: `upstream` through Chainguard, else `pypi`;
2. what its URL is: a file on PyPI's host is PyPI's, one on a host that nobody named is nobody's; a page that
   came from another address is that address's page;
3. the tier that Chainguard's path tells.

A URL in a lock is a claim: the page of the index that it belongs to has to list it. Evidence that disagrees
is said, and never resolved towards green.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.names import is_sha256
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
from fallback_review.prediction.install_request import named_index
from fallback_review.prediction.installation import files_of, name_of
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.same_file import (
    any_has_bytes,
    at_its_address,
    entry_of,
    is_at,
    is_called,
    same_name,
    same_version,
    side_by_side,
    with_any_bytes,
    with_bytes,
)

if TYPE_CHECKING:
    from fallback_review.model import Answer, Artifact
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


def _silent(missing: Unanswered, *evidence: Evidence) -> FileOrigin:
    return FileOrigin(
        outcome=Outcome.UNKNOWN,
        cause=missing.cause,
        evidence=(missing.evidence, *evidence),
        needs=missing.needs,
    )


# ── A file of a page ────────────────────────────────────────────────────────────────────────────────


def of_listed(listed: ListedFile, subject: Installation) -> FileOrigin:
    """Return the origin of a file that the installer takes from a page."""
    index, file = listed.index, listed.file
    if index is None:  # pragma: no cover - only locks name files that stand on no page
        raise AssertionError("a listed file stands on some page")
    seen = Evidence(EvidenceKind.LISTED, f"{name_of(index)} lists {file.filename}{_told(file)}", index.url)
    if index.owner is Owner.PYPI:
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen,))
    at = subject.context.addresses.home(file.url)
    if at is not None and at.owner is Owner.PYPI:
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen, _on_pypis_host(file.url)))
    if index.owner is Owner.CHAINGUARD:
        return _of_chainguard(replace(file, sha256=listed.bytes_sha256), index, subject, seen)
    if index.owner is Owner.OWN:
        return _of_bytes(listed.bytes_sha256, subject, seen)
    return unknown(seen, reason="index")


def _of_chainguard(file: ProjectFile, index: Index, subject: Installation, seen: Evidence) -> FileOrigin:
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
        return unknown(seen, _on_a_strangers_host(file.url), reason="hosts")
    return None


def _uncompared(file: ProjectFile, index: Index, missing: Unanswered, seen: Evidence) -> FileOrigin:
    """Return the origin of a file that PyPI, which did not answer, may list too."""
    if file.sha256 is None:
        return _silent(missing, seen)
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


def _of_bytes(sha256: str | None, subject: Installation, seen: Evidence) -> FileOrigin:
    """Return the origin of a file of the organisation's own index: who else lists these bytes."""
    pypi = subject.context.addresses.pypi
    if sha256 is None:
        said = "no index gives its sha256, so its origin is not known"
        return unknown(seen, Evidence(EvidenceKind.UNANSWERED, said), cause=Cause.MALFORMED_INDEX)
    for index in subject.chainguards:
        answer = subject.answers.get(index)
        own = with_bytes(sha256, files_of(answer))
        if own is not None and _page_index(index, answer, subject) == index:
            also = Evidence(EvidenceKind.LISTED, f"{name_of(index)} lists these bytes{_told(own)}", index.url)
            found = _of_chainguard(own, index, subject, also)
            return replace(found, evidence=(seen, *found.evidence))
    theirs = with_bytes(sha256, files_of(subject.answers.get(pypi)))
    if theirs is not None:
        same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists these bytes ({theirs.filename})", pypi.url)
        return FileOrigin(outcome=Outcome.PYPI, evidence=(seen, same))
    for index in (*subject.context.addresses.chainguards, pypi):
        if (missing := subject.unanswered(index)) is not None:
            return _silent(missing, seen)
    said = "neither Chainguard nor PyPI lists these bytes: they are your organisation's own"
    return FileOrigin(outcome=Outcome.PRIVATE, evidence=(seen, Evidence(EvidenceKind.NOT_LISTED, said)))


# ── A file that a lock names by its URL ─────────────────────────────────────────────────────────────


def of_locked(artifact: Artifact, subject: Installation, accepted: frozenset[str]) -> FileOrigin:
    """Return the origin of a file that the lock names by URL; `artifact.filename` is given.

    Args:
        artifact: The file.
        subject: The installation.
        accepted: The SHA-256 digests that the installer takes for this file; empty where it checks none.
    """
    url = artifact.url or ""
    index = _whose(url, subject)
    locked = Evidence(EvidenceKind.LOCKED, f"the lock names a file on {host(url) or url}", url)
    if accepted and not any(map(is_sha256, accepted)):
        return _mismatch(locked, Evidence(EvidenceKind.LOCKED, "no file can have the lock's sha256"))
    if index is None:
        return _on_no_known_host(artifact, subject, accepted, locked)
    if index.owner is Owner.PYPI:
        return _on_pypi(artifact, index, subject, accepted, locked)
    if not subject.context.addresses.can_be_asked(index):
        return _of_any_bytes(accepted, subject, locked)
    return _claimed(artifact, index, subject, accepted, locked)


def _of_any_bytes(accepted: frozenset[str], subject: Installation, locked: Evidence) -> FileOrigin:
    """Return the worst origin of a file of an index that nobody asks, which may have any of these bytes."""
    found = [_of_bytes(each, subject, locked) for each in sorted(accepted)]
    return min(found, key=lambda each: each.outcome.rank, default=unknown(locked, reason="no-sha256"))


def _on_no_known_host(
    artifact: Artifact, subject: Installation, accepted: frozenset[str], locked: Evidence
) -> FileOrigin:
    """A file that the lock takes from PyPI's index, or whose bytes PyPI lists, is PyPI's wherever it lies."""
    pypi = subject.context.addresses.pypi
    named = named_index(subject.package, subject.context)
    theirs = with_any_bytes(accepted, files_of(subject.answers.get(pypi)))
    if theirs is not None:
        same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists these bytes ({theirs.filename})", pypi.url)
        return FileOrigin(outcome=Outcome.PYPI, evidence=(locked, same))
    if named == pypi:
        source = Evidence(EvidenceKind.LOCKED, "the lock names PyPI as its index", pypi.url)
        return FileOrigin(outcome=Outcome.PYPI, evidence=(locked, source))
    return unknown(locked, _on_a_strangers_host(artifact.url or ""), reason="hosts")


def _whose(url: str, subject: Installation) -> Index | None:
    """Return the index that a URL belongs to: by its address, else one on its host that lists it."""
    home = subject.context.addresses.home(url)
    if home is not None:
        return home
    for index, answer in subject.answers.items():
        near = index.edition is not Edition.VEX and host(url) == host(index.url)
        if near and any(file.url == url for file in files_of(answer)):
            return index
    return None


def _on_pypi(
    artifact: Artifact, pypi: Index, subject: Installation, accepted: frozenset[str], locked: Evidence
) -> FileOrigin:
    """The URL brings PyPI's bytes, if any: the lock's hash may not allow them."""
    answer = subject.answers.get(pypi)
    listed = files_of(answer)
    there = entry_of(artifact, listed)
    if there is not None and accepted and there.sha256 not in (None, *accepted):
        return _mismatch(locked, _otherwise(pypi, there))
    if there is None and accepted:
        ours = _others_bytes(artifact, accepted, subject)
        if ours is not None and not any_has_bytes(accepted, listed):
            missing = subject.unanswered(pypi)
            if missing is not None:
                return _silent(missing, locked, ours)
            return _mismatch(locked, ours)
    known = Evidence(EvidenceKind.FILE_HOST, f"{host(artifact.url or '')} is PyPI's", artifact.url or "")
    listing = (
        ()
        if there is None
        else (Evidence(EvidenceKind.LISTED, f"PyPI lists {there.filename}{_told(there)}", pypi.url),)
    )
    return FileOrigin(outcome=Outcome.PYPI, evidence=(*listing, locked, known))


def _others_bytes(artifact: Artifact, accepted: frozenset[str], subject: Installation) -> Evidence | None:
    """Say where the lock's hash belongs to a file of Chainguard's own, which PyPI's URL does not bring."""
    for index in subject.chainguards:
        own = (
            file
            for file in files_of(subject.answers.get(index))
            if file.tier is not Tier.UPSTREAM and file.url != artifact.url
        )
        if any_has_bytes(accepted, own):
            said = f"the lock's hash is that of a file of {name_of(index)}, not of the URL that it names"
            return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)
    return None


def _claimed(
    artifact: Artifact, index: Index, subject: Installation, accepted: frozenset[str], locked: Evidence
) -> FileOrigin:
    """Hold a URL of an index that can be asked to the index's page."""
    answer = subject.answers.get(index)
    if answer is not None and answer.problem is Cause.BLOCKED:
        said = answer.message or f"{name_of(index)} blocks this package"
        return FileOrigin(
            outcome=Outcome.INSTALL_FAILS,
            cause=Cause.BLOCKED,
            reason=answer.reason,
            evidence=(Evidence(EvidenceKind.BLOCKED, said, index.url), locked),
        )
    missing = subject.unanswered(index)
    if missing is not None:
        return _silent(missing, locked)
    page_of = _page_index(index, answer, subject)
    listed = files_of(answer)
    named = tuple(file for file in listed if is_called(artifact, file))
    there = at_its_address(artifact, listed) or with_any_bytes(accepted, named) or next(iter(named), None)
    if there is None or page_of != index:
        return _unlisted(artifact, index, page_of, subject, locked)
    return _held_to(artifact, there, index, subject, accepted, locked)


def _held_to(  # noqa: PLR0917 - a step of `_claimed`, with all that it holds
    artifact: Artifact,
    there: ProjectFile,
    index: Index,
    subject: Installation,
    accepted: frozenset[str],
    locked: Evidence,
) -> FileOrigin:
    """Return the origin of a locked file that its index's page lists, under its URL or its name."""
    # Elsewhere under the same name, it takes a hash on both sides to tell that it is the same file.
    if not (accepted and there.sha256) and not is_at(artifact, there):
        other = _elsewhere(index, there)
        return (
            unknown(other, locked, cause=Cause.MALFORMED_INDEX)
            if accepted
            else unknown(other, locked, reason="no-sha256")
        )
    if not accepted and artifact.hashes and f"sha256:{there.sha256}" not in artifact.hashes:
        said = "the lock's hashes are not of a kind that the index tells, so they can't be compared"
        return unknown(locked, Evidence(EvidenceKind.LOCKED, said), reason="no-sha256")
    if accepted and there.sha256 not in (None, *accepted):
        return _another_file(artifact, there, index, subject, accepted, locked)
    seen = Evidence(EvidenceKind.LISTED, f"{name_of(index)} lists {there.filename}{_told(there)}", index.url)
    possible: list[str | None] = [there.sha256] if there.sha256 else [*sorted(accepted)] or [None]
    found = [
        _of_bytes(digest, subject, seen)
        if index.owner is Owner.OWN
        else _of_chainguard(replace(there, sha256=digest), index, subject, seen)
        for digest in possible
    ]
    worst = min(found, key=lambda each: each.outcome.rank)
    return replace(worst, evidence=(*worst.evidence, locked))


def _page_index(index: Index, answer: Answer | None, subject: Installation) -> Index:
    """Return the index whose page an answer is: a redirect to another address makes it that address's."""
    if answer is None or answer.url is None:
        return index
    return owner_of_page(index, answer.url, subject.context.addresses)


def _unlisted(
    artifact: Artifact, index: Index, page_of: Index, subject: Installation, locked: Evidence
) -> FileOrigin:
    if page_of != index:
        said = (
            f"the page of {name_of(index)} came from {name_of(page_of)}, so it says nothing about this index"
        )
        return unknown(
            Evidence(EvidenceKind.REDIRECTED, said, page_of.url), locked, cause=Cause.MALFORMED_INDEX
        )
    answer = subject.answers.get(index)
    if answer is not None and answer.problem is Cause.PROJECT_MISSING:
        cause, what = Cause.PROJECT_MISSING, "this project"
    elif not any(same_version(artifact, file) for file in files_of(answer)):
        cause, what = Cause.VERSION_MISSING, "this version"
    else:
        cause, what = Cause.NO_CANDIDATE, "this file"
    not_listed = Evidence(EvidenceKind.NOT_LISTED, f"{name_of(index)} does not list {what}", index.url)
    return FileOrigin(
        outcome=Outcome.INSTALL_FAILS,
        cause=cause,
        reason=Failure.NOT_LISTED.value,
        evidence=(not_listed, locked),
    )


def _another_file(  # noqa: PLR0917 - a step of `_claimed`, with all that it holds
    artifact: Artifact,
    there: ProjectFile,
    index: Index,
    subject: Installation,
    accepted: frozenset[str],
    locked: Evidence,
) -> FileOrigin:
    """The index lists the file with another SHA-256 than the lock allows.

    A file of another tier is another file: an organisation keeps the upstream one that it pulled first after
    Chainguard has built that version (Chainguard's documentation, "Build pinning").
    """
    otherwise = _otherwise(index, there)
    if side_by_side(there.url, artifact.url or ""):
        return _mismatch(locked, otherwise)
    pypi = subject.context.addresses.pypi
    theirs = with_any_bytes(accepted, files_of(subject.answers.get(pypi)))
    if theirs is not None:
        same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists the lock's bytes ({theirs.filename})", pypi.url)
        return FileOrigin(outcome=Outcome.UPSTREAM, evidence=(locked, same, otherwise))
    missing = subject.unanswered(pypi)
    if missing is not None:
        return _silent(missing, locked, otherwise)
    return _mismatch(locked, otherwise)


def _mismatch(*evidence: Evidence) -> FileOrigin:
    return FileOrigin(
        outcome=Outcome.INSTALL_FAILS,
        cause=Cause.HASH_MISMATCH,
        reason=Failure.HASH_MISMATCH.value,
        evidence=evidence,
    )


def _otherwise(index: Index, file: ProjectFile) -> Evidence:
    said = f"{name_of(index)} lists {file.filename} with another sha256 than the lock allows"
    return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)


def _on_pypis_host(url: str) -> Evidence:
    return Evidence(EvidenceKind.FILE_HOST, f"the file lies on {host(url)}, which is PyPI's", url)


def _on_a_strangers_host(url: str) -> Evidence:
    said = f"the file lies on {host(url) or url}, which no setting names and no page of the index explains"
    return Evidence(EvidenceKind.FILE_HOST, said, url)


def _told(file: ProjectFile) -> str:
    digest = f" (sha256 {file.sha256[:12]}…)" if file.sha256 else " (no sha256)"
    return f"{digest}, {file.tier.value}" if file.tier else digest


def _elsewhere(index: Index, file: ProjectFile) -> Evidence:
    """Say that an index lists a file of that name at another address than the lock's."""
    said = (
        f"{name_of(index)} lists {file.filename} at another address, and no hash tells whether it is the same"
    )
    return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)
