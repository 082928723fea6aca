"""Entries that the installer looks up: the layout's listing, the installer's choice, the choice's origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, ProjectFile, Role, Verdict
from fallback_review.prediction.availability import fitting, lacking, upstream_reason
from fallback_review.prediction.best_pypi_page import strongest_page
from fallback_review.prediction.candidates import may_match, parse_filename
from fallback_review.prediction.case import Case, Derivation
from fallback_review.prediction.context import Place, place
from fallback_review.prediction.install_request import indexes_for, installer_of, options_of
from fallback_review.prediction.installers import Choice, Failure
from fallback_review.prediction.listing import Layout, ListedFile, Page
from fallback_review.prediction.origin import OURS, files, of_listed

if TYPE_CHECKING:
    from fallback_review.prediction.listing import Index, Pages

_PAGE_ROLES = (Role.CHAINGUARD, Role.REMEDIATED, Role.PYPI)
_HASH_FAILURES = (Failure.HASH_MISMATCH, Failure.HASH_NOT_IN_LOCK)
_MEANINGLESS = (None, Cause.ONLY_SDIST, Cause.NOT_CONFIGURED)
"""What `lacking` may say that does not explain why nothing can be installed."""


def looked_up(case: Case, layout: Layout) -> Derivation:
    """Predict an entry that the installer looks up in the layout's indexes."""
    roles = roles_of(case, layout)
    silent = case.unanswered(role for role in OURS if role in roles)
    if silent is not None:
        return Derivation(verdict=case.unknown(silent))
    choice = choose(case, indexes_for(case.package, case.lockfile, case.situation, layout, case.pages))
    silent = case.unanswered((Role.PYPI,))
    if silent is not None and _hangs_on_pypi(case, layout, choice, roles):
        verdict = case.unknown(silent, "its answer could change what is installed")
        return Derivation(verdict=verdict, steps=choice.steps, needs_pypi=True)
    return Derivation(
        verdict=judged(choice, case), steps=choice.steps, needs_pypi=would_explain(choice, case)
    )


def choose(case: Case, indexes: tuple[Index, ...]) -> Choice:
    """Return what the installer does with these indexes."""
    return installer_of(case.situation).choose(case.request, indexes, options_of(case.situation))


def roles_of(case: Case, layout: Layout) -> frozenset[Role]:
    """Return which indexes the installer can come to for this entry: a marked page is followed through."""
    found = set()
    for role in _PAGE_ROLES:
        marked = [_mark(role) if each is role else () for each in _PAGE_ROLES]
        pages: Pages = (marked[0], marked[1], marked[2])
        arranged = indexes_for(case.package, case.lockfile, case.situation, layout, pages)
        if any(index.page for index in arranged):
            found.add(role)
    return frozenset(found)


def _mark(role: Role) -> Page:
    return (ListedFile(file=ProjectFile(filename="", url="", version=None), owner=role),)


def _hangs_on_pypi(case: Case, layout: Layout, choice: Choice, roles: frozenset[Role]) -> bool:
    """Whether PyPI's missing answer could change the choice.

    A link without hash, of a package whose lock has hashes, hangs on it too: what PyPI's files do not explain
    of the lock's hashes is Chainguard's.
    """
    if case.request.hashes and choice.file is not None and choice.file.bytes_sha256 is None:
        return True
    if Role.PYPI not in roles:
        return False
    strongest = (case.pages[0], case.pages[1], strongest_page(case.request, case.pages))
    indexes = indexes_for(case.package, case.lockfile, case.situation, layout, strongest)
    again = choose(case, indexes)
    return (again.file, again.refused) != (choice.file, choice.refused)


def would_explain(choice: Choice, case: Case) -> bool:
    """Whether PyPI's answer, not needed for the outcome, would show whose hashes the lock holds."""
    refused = choice.failure in (*_HASH_FAILURES, Failure.ENVIRONMENT_OR_HASH)
    return refused and bool(case.request.hashes) and case.answer(Role.PYPI) is None


def judged(choice: Choice, case: Case) -> Verdict:
    """Turn an installer's choice into a verdict."""
    if choice.file is None:
        return _failed(choice, case)
    if _hash_left_open(choice.file, case):
        return _unverifiable(choice.file, case)
    origin = of_listed(choice.file)
    outcome = origin.outcome or Outcome.UNKNOWN
    file = choice.file.file
    evidence = [*origin.evidence]
    cause: Cause | None = None
    reason: str | None = None
    if outcome is Outcome.PYPI:
        cause, reason = _why_pypi(case)
    elif outcome is Outcome.UPSTREAM:
        cause, reason = Cause.UPSTREAM_TIER, upstream_reason(outcome, case.request, case.pages)
    parsed = parse_filename(file.filename)
    if parsed is not None and not parsed.wheel:
        evidence.append("a source distribution: it is built on the target, and what is built is not verified")
        reason = reason or "sdist"
    if file.yanked:
        evidence.append("the file is yanked; an exact pin may still take it (PEP 592)")
    if case.request.hashes and choice.file.bytes_sha256 is None:
        evidence.append("its link has no sha256: taken for a hash of the lock that no other index explains")
    return case.verdict(
        outcome, cause, reason=reason, file=file.filename, url=file.url, evidence=tuple(evidence)
    )


def _hash_left_open(chosen: ListedFile, case: Case) -> bool:
    """Whether the lock has a hash for some link without one, and nobody can say that it is this link's."""
    request = case.request
    if not request.hashes or chosen.bytes_sha256 is not None or request.trusted_names:
        return False
    listed = [each for page in case.pages for each in page]
    bare = [each for each in listed if each.bytes_sha256 is None and may_match(request, each)]
    return len(request.hashes - {each.bytes_sha256 for each in listed}) < len(bare)


def _unverifiable(chosen: ListedFile, case: Case) -> Verdict:
    said = (
        "its link has no sha256, and the lock has fewer hashes than there are such files: it may be refused"
    )
    file = chosen.file
    return case.verdict(
        Outcome.UNKNOWN, Cause.MALFORMED_INDEX, file=file.filename, url=file.url, evidence=(said,)
    )


def _why_pypi(case: Case) -> tuple[Cause, str | None]:
    if case.unanswered((Role.CHAINGUARD,)) is not None:
        return Cause.LOCK_PINS_PYPI_URL, None
    cause = lacking(case.request, case.pages, case.book)
    if cause is Cause.BLOCKED:
        return cause, case.block_reason
    if cause is not None:
        return cause, None
    if place(case.package.source.location, case.situation) is Place.PYPI:
        return Cause.LOCK_PINS_PYPI_URL, None
    allowed = [c for c in fitting(case.request, case.pages) if case.request.allows_bytes(c.listed)]
    return (Cause.INSTALLER_PREFERS_PYPI if allowed else Cause.LOCK_PINS_PYPI_HASH), None


def _failed(choice: Choice, case: Case) -> Verdict:
    failure = choice.failure or Failure.NO_VERSION
    lack = lacking(case.request, case.pages, case.book)
    by_hash = failure is Failure.ENVIRONMENT_OR_HASH and bool(case.request.hashes) and lack in _MEANINGLESS
    if failure in _HASH_FAILURES or by_hash:
        refused = choice.refused.file if choice.refused else None
        return case.verdict(
            Outcome.INSTALL_FAILS,
            Cause.HASH_MISMATCH,
            reason=failure.value,
            file=refused.filename if refused else None,
            url=refused.url if refused else None,
            evidence=_hash_evidence(choice, case),
        )
    if lack is Cause.BLOCKED:
        evidence: tuple[str, ...] = ("Chainguard blocks this package",)
        return case.verdict(Outcome.INSTALL_FAILS, lack, reason=case.block_reason, evidence=evidence)
    cause = Cause.NO_CANDIDATE if lack is None or lack in _MEANINGLESS else lack
    evidence = ("no index that is asked has a file to install",)
    return case.verdict(Outcome.INSTALL_FAILS, cause, reason=failure.value, evidence=evidence)


def _hash_evidence(choice: Choice, case: Case) -> tuple[str, ...]:
    said = []
    if choice.refused is not None:
        listed = of_listed(choice.refused).evidence[0]
        said.append(f"the installer chooses a file that the lock does not allow: {listed}")
    hashes = case.request.hashes
    if hashes & {file.sha256 for file in files(Role.PYPI, case.package.name, case.book)}:
        said.append("the lock holds hashes of PyPI's files")
    if not hashes & {file.sha256 for role in OURS for file in files(role, case.package.name, case.book)}:
        said.append("the lock holds no hash of a file that Chainguard lists")
    return tuple(said)
