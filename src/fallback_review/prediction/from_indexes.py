"""Entries that the installer looks up: what it sees on its indexes, what it chooses, whose bytes that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.model import MALWARE_DETECTED, Cause, Evidence, EvidenceKind, Outcome, Owner, Tier
from fallback_review.prediction.availability import fitting, lacking, upstream_reason
from fallback_review.prediction.candidates import may_match, parse_filename
from fallback_review.prediction.install_request import indexes_for, installer_of, named_index, options_of
from fallback_review.prediction.installation import Derivation, Installation, files_of, name_of
from fallback_review.prediction.installers import Choice, Failure
from fallback_review.prediction.listing import seen
from fallback_review.prediction.origin import FileOrigin, of_listed
from fallback_review.prediction.strongest_page import strongest_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fallback_review.model import Index, Verdict
    from fallback_review.prediction.installation import Unanswered
    from fallback_review.prediction.listing import AskedIndex, ListedFile, Pages

_HASH_FAILURES = (Failure.HASH_MISMATCH, Failure.HASH_NOT_IN_LOCK)
_MEANINGLESS = (None, Cause.ONLY_SDIST, Cause.NOT_CONFIGURED)
"""What `lacking` may say that does not explain why nothing can be installed."""
_FELL_THROUGH = (
    Evidence(
        EvidenceKind.NOT_LISTED,
        "your index lists none of Chainguard's files for this project, although Chainguard has them",
    ),
    Evidence(
        EvidenceKind.UNANSWERED,
        "repository managers do this when their Chainguard credentials have expired",
    ),
)


def looked_up(subject: Installation) -> Derivation:
    """Predict an entry that the installer looks up in its indexes."""
    asked = indexes_for(subject.package, subject.lockfile, subject.context)
    sources = tuple(dict.fromkeys(index for each in asked for index in each.sources))
    if not sources:
        said = Evidence(EvidenceKind.CONFIGURED, "the installer is configured to ask no index (no-index)")
        verdict = subject.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="index", evidence=(said,))
        return Derivation(verdict=verdict)
    for index in sources:
        if index.owner is Owner.CHAINGUARD and (missing := subject.unanswered(index)) is not None:
            return _not_told(subject, missing)
    if any(_fell_through(index, subject) for index in sources):
        return Derivation(
            verdict=subject.verdict(Outcome.UNKNOWN, Cause.MANAGER_FELL_THROUGH, evidence=_FELL_THROUGH)
        )
    if (odd := _read_otherwise(sources, subject)) is not None:
        return Derivation(verdict=odd)
    choice = choose(subject, asked, subject.pages)
    open_ones = [
        missing
        for index in sources
        if (missing := subject.unanswered(index)) is not None
        if _hangs_on(index, subject, asked, choice)
    ]
    if open_ones:
        needs = frozenset(index for missing in open_ones for index in missing.needs)
        first = next((each for each in open_ones if not each.needs), open_ones[0])
        return replace(_not_told(subject, first), steps=choice.steps, needs=needs)
    return _judged(subject, choice, asked)


def _read_otherwise(sources: Iterable[Index], subject: Installation) -> Verdict | None:
    """Return what there is to say where a file may be meant whose entry installers do not read alike."""
    for index in sources:
        for listed in subject.pages.get(index, ()):
            file, oddity = listed.file, listed.file.oddity
            if oddity is None or oddity.said is None:
                continue
            if any(map(subject.request.may_be_called, (file.filename, *oddity.names))):
                said = f"{name_of(index)} lists {file.filename}, and {oddity.said}"
                return subject.verdict(
                    Outcome.UNKNOWN,
                    Cause.MALFORMED_INDEX,
                    reason="entry",
                    file=file.filename,
                    url=file.url,
                    evidence=(Evidence(EvidenceKind.UNANSWERED, said, index.url),),
                )
    return None


def _stopped_at(asked: Sequence[AskedIndex], subject: Installation) -> Verdict | None:
    """Return what there is to say where the installer reads a page at which it may stop.

    Such a page may be no danger to the choice; but it is what the installer gets as well, whenever it asks.
    """
    refused = {index for index, answer in subject.answers.items() if answer.refused}
    if not refused:
        return None
    pages = seen(asked, subject.pages)
    read = installer_of(subject.context).reads(subject.request, pages, options_of(subject.context))
    looked_at = [each for each, page in zip(asked, pages, strict=True) if any(page is one for one in read)]
    index = next((index for each in looked_at for index in each.sources if index in refused), None)
    missing = subject.unanswered(index) if index is not None else None
    if missing is None:
        return None
    return subject.verdict(Outcome.UNKNOWN, missing.cause, reason="page", evidence=(missing.evidence,))


def choose(subject: Installation, asked: Sequence[AskedIndex], pages: Pages) -> Choice:
    """Return what the installer does with these pages."""
    context = subject.context
    return installer_of(context).choose(subject.request, seen(asked, pages), options_of(context))


def _not_told(subject: Installation, missing: Unanswered) -> Derivation:
    """The verdict depends on an index that said nothing; malware found by Chainguard is said all the same."""
    cause, reason = missing.cause, None if missing.asked or missing.can_be_asked else "index"
    also = Evidence(EvidenceKind.UNANSWERED, "its answer could change what is installed", missing.index.url)
    evidence: tuple[Evidence, ...] = (missing.evidence, also)
    if subject.block_reason == MALWARE_DETECTED:
        cause, reason = Cause.BLOCKED, MALWARE_DETECTED
        evidence = (Evidence(EvidenceKind.BLOCKED, "Chainguard blocks this package"), *evidence)
    verdict = subject.verdict(Outcome.UNKNOWN, cause, reason=reason, evidence=evidence)
    return Derivation(verdict=verdict, needs=missing.needs)


def _hangs_on(index: Index, subject: Installation, asked: Sequence[AskedIndex], choice: Choice) -> bool:
    """Whether a missing answer could change the choice.

    A link without hash, of a package whose lock has hashes, depends on PyPI too: what PyPI's files do not
    explain of the lock's hashes is Chainguard's.
    """
    if any(not each.startswith("sha256:") for each in subject.package.hashes):
        return True  # pages tell SHA-256 alone: another hash may admit whatever it has
    bare = choice.file is not None and choice.file.bytes_sha256 is None
    if bare and subject.request.hashes and index.owner is Owner.PYPI:
        return True
    pages, alone = subject.pages, _chainguards_alone(subject)
    for page in strongest_pages(index, subject.request, pages):
        again = choose(subject, asked, {**pages, index: page})
        if not _same(again, choice, alone):
            return True
    return False


def _chainguards_alone(subject: Installation) -> frozenset[str]:
    """Return the lock's hashes where each is of a file of Chainguard's own: no other file passes the check.

    None of them where one is of no such file, where PyPI has not said what it lists, or where pages disagree.
    """
    request = subject.request
    hashes = request.hashes | request.own_hashes
    pinned = request.hashed_version is None or request.hashed_version in request.lone_pins
    # Hashes that constraints alone give may stand beside some of another kind, which pages do not tell.
    if not (request.hashes and subject.package.hashes and pinned):
        return frozenset()
    if subject.unanswered(subject.context.addresses.pypi) is not None:
        return frozenset()
    found = [
        (each.bytes_sha256, of_listed(each, subject).outcome)
        for page in subject.pages.values()
        for each in page
        if each.bytes_sha256 in hashes and each.index is not None and each.index.owner is Owner.CHAINGUARD
    ]
    outcomes = {outcome for _, outcome in found}
    alike = len(outcomes) == 1 and outcomes <= {Outcome.CHAINGUARD, Outcome.REMEDIATED}
    return hashes if alike and {digest for digest, _ in found} == hashes else frozenset()


def _same(one: Choice, other: Choice, alone: frozenset[str]) -> bool:
    """Whether a choice, made once more with another page, brings the same bytes, or is refused alike.

    `alone`: hashes that are all of Chainguard's own files, whichever of them it brings.
    """
    return all(
        here is there or (here is not None and there is not None and _same_file(here, there, alone))
        for here, there in ((one.file, other.file), (one.refused, other.refused))
    )


def _same_file(again: ListedFile, before: ListedFile, alone: frozenset[str]) -> bool:
    """Whether the bytes are the same, and come the same way where they may be PyPI's."""
    digest = before.bytes_sha256
    if digest in alone and again.bytes_sha256 in alone:
        return True
    if digest is None or again.bytes_sha256 != digest:
        return False
    ours = before.index is not None and before.index.owner is Owner.CHAINGUARD
    return again.index == before.index or not (ours and before.file.tier in (Tier.UPSTREAM, None))


def _fell_through(index: Index, subject: Installation) -> bool:
    """Whether a virtual index lists none of the files that are Chainguard's own."""
    answer = subject.answers.get(index)
    if index.owner is not Owner.OWN or answer is None or not answer.answered:
        return False
    theirs = files_of(subject.answers.get(subject.context.addresses.pypi)).whole.digests
    digests = {
        file.sha256
        for each in subject.chainguards
        for file in files_of(subject.answers[each]).whole
        if file.tier is not Tier.UPSTREAM and file.sha256 is not None and file.sha256 not in theirs
    }
    return bool(digests) and not digests & files_of(answer).whole.digests


def _judged(subject: Installation, choice: Choice, asked: Sequence[AskedIndex]) -> Derivation:
    """Turn an installer's choice into a verdict."""
    if choice.file is None:
        return _failed(subject, choice, asked)
    if (stop := _stopped_at(asked, subject)) is not None:
        return Derivation(verdict=stop, steps=choice.steps)
    file = choice.file.file
    if _hash_left_open(choice.file, subject):
        said = "its link has no sha256, and the lock has more or fewer hashes than there are such files"
        verdict = subject.verdict(
            Outcome.UNKNOWN,
            Cause.MALFORMED_INDEX,
            file=file.filename,
            url=file.url,
            evidence=(Evidence(EvidenceKind.UNANSWERED, said),),
        )
        return Derivation(verdict=verdict, steps=choice.steps)
    origin = of_listed(choice.file, subject)
    cause, reason = _cause(origin, subject)
    about = tuple(_about(choice.file, subject))
    if reason is None and any(each.said.startswith("a source distribution") for each in about):
        reason = "sdist"
    verdict = subject.verdict(
        origin.outcome,
        cause,
        reason=reason,
        file=file.filename,
        url=file.url,
        evidence=(*origin.evidence, *about),
        assumptions=(*subject.context.assumptions, *origin.assumptions),
    )
    return Derivation(verdict=verdict, steps=choice.steps, needs=origin.needs)


def _cause(origin: FileOrigin, subject: Installation) -> tuple[Cause | None, str | None]:
    if origin.outcome is Outcome.PYPI:
        return _why_pypi(subject)
    if origin.outcome is Outcome.UPSTREAM:
        return Cause.UPSTREAM_TIER, upstream_reason(origin.outcome, subject)
    return origin.cause, origin.reason


def _about(listed: ListedFile, subject: Installation) -> Iterator[Evidence]:
    file = listed.file
    parsed = parse_filename(file.filename)
    if parsed is not None and not parsed.wheel:
        yield Evidence(
            EvidenceKind.CHOSEN,
            "a source distribution: it is built on the target, and what is built is not verified",
        )
    if file.yanked:
        yield Evidence(EvidenceKind.CHOSEN, "the file is yanked; an exact pin may still take it (PEP 592)")
    if subject.request.hashes and listed.bytes_sha256 is None:
        yield Evidence(
            EvidenceKind.CHOSEN,
            "its link has no sha256: assumed to have a hash of the lock that no other index explains",
        )


def _hash_left_open(chosen: ListedFile, subject: Installation) -> bool:
    """Whether the lock has a hash for some link without one, and nobody can say that it is this link's."""
    request = subject.request
    if not request.hashes or chosen.bytes_sha256 is not None or request.trusted_names:
        return False
    listed = [each for page in subject.pages.values() for each in page]
    bare = [each for each in listed if each.bytes_sha256 is None and may_match(request, each)]
    return len(request.hashes - {each.bytes_sha256 for each in listed}) != len(bare)


def _why_pypi(subject: Installation) -> tuple[Cause, str | None]:
    if not any(subject.answers[index].answered for index in subject.chainguards):
        return Cause.LOCK_PINS_PYPI_URL, None
    cause = lacking(subject)
    if cause is Cause.BLOCKED:
        return cause, subject.block_reason
    if cause is not None:
        return cause, None
    named = named_index(subject.package, subject.context)
    if named is not None and named.owner is Owner.PYPI:
        return Cause.LOCK_PINS_PYPI_URL, None
    asked = indexes_for(subject.package, subject.lockfile, subject.context)
    if not any(index.owner is not Owner.PYPI for each in asked for index in each.sources):
        every = {index.owner for each in subject.context.indexes for index in each.sources}
        return (Cause.CONFIGURED_FOR_PYPI if every <= {Owner.PYPI} else Cause.LOCK_PINS_PYPI_URL), None
    allowed = [c for c in fitting(subject) if subject.request.allows_bytes(c.listed)]
    return (Cause.INSTALLER_PREFERS_PYPI if allowed else Cause.LOCK_PINS_PYPI_HASH), None


def _failed(subject: Installation, choice: Choice, asked: Sequence[AskedIndex]) -> Derivation:
    verdict = replace(_failure(subject, choice, asked), assumptions=subject.context.assumptions)
    return Derivation(verdict=verdict, steps=choice.steps, needs=_would_explain(choice, subject))


def _failure(subject: Installation, choice: Choice, asked: Sequence[AskedIndex]) -> Verdict:
    failure = choice.failure or Failure.NO_VERSION
    lack = lacking(subject)
    by_hash = failure is Failure.ENVIRONMENT_OR_HASH and bool(subject.request.hashes) and lack in _MEANINGLESS
    if failure in _HASH_FAILURES or by_hash:
        refused = choice.refused.file if choice.refused else None
        return subject.verdict(
            Outcome.INSTALL_FAILS,
            Cause.HASH_MISMATCH,
            reason=failure.value,
            file=refused.filename if refused else None,
            url=refused.url if refused else None,
            evidence=tuple(_hash_evidence(choice, subject)),
        )
    if lack is Cause.BLOCKED:
        said = Evidence(EvidenceKind.BLOCKED, "Chainguard blocks this package")
        return subject.verdict(Outcome.INSTALL_FAILS, lack, reason=subject.block_reason, evidence=(said,))
    if _may_be_elsewhere(subject, asked):
        said = Evidence(
            EvidenceKind.UNANSWERED,
            "neither Chainguard nor PyPI has it; your own index may, and was not asked",
        )
        return subject.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="own", evidence=(said,))
    cause = Cause.NO_CANDIDATE if lack is None or lack in _MEANINGLESS else lack
    names = ", ".join(dict.fromkeys(name_of(index) for each in asked for index in each.sources))
    said = Evidence(EvidenceKind.NOT_LISTED, f"no index that is asked has a file to install ({names})")
    return subject.verdict(Outcome.INSTALL_FAILS, cause, reason=failure.value, evidence=(said,))


def _may_be_elsewhere(subject: Installation, asked: Sequence[AskedIndex]) -> bool:
    """Whether what no page lists may lie in an index of the organisation's, which nobody asks from here.

    A virtual index may hold files of its own: the settings name such hosts, or nobody says what is asked.
    """
    listed = any(may_match(subject.request, each) for page in subject.pages.values() for each in page)
    own = bool(subject.context.addresses.own) or bool(subject.context.assumptions)
    return own and not listed and any(each.modelled for each in asked)


def _would_explain(choice: Choice, subject: Installation) -> frozenset[Index]:
    """Return PyPI where its answer, not needed for the outcome, would show whose hashes the lock holds."""
    refused = choice.failure in (*_HASH_FAILURES, Failure.ENVIRONMENT_OR_HASH)
    missing = subject.unanswered(subject.context.addresses.pypi)
    return missing.needs if missing is not None and refused and subject.request.hashes else frozenset()


def _hash_evidence(choice: Choice, subject: Installation) -> Iterator[Evidence]:
    if choice.refused is not None and choice.refused.index is not None:
        index, file = choice.refused.index, choice.refused.file
        said = (
            f"the installer chooses a file that the lock does not allow: {file.filename} of {name_of(index)}"
        )
        yield Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)
    hashes = subject.request.hashes
    if hashes & {file.sha256 for file in subject.files(subject.context.addresses.pypi)}:
        yield Evidence(EvidenceKind.LOCKED, "the lock holds hashes of PyPI's files")
    if not hashes & {file.sha256 for file in subject.files(*subject.chainguards)}:
        yield Evidence(EvidenceKind.LOCKED, "the lock holds no hash of a file that Chainguard lists")
