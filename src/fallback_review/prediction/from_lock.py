"""Entries whose lock names the files' URLs: choose among those, then tell the file's origin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fallback_review.lockfiles import format_of
from fallback_review.model import Cause, Outcome, Role
from fallback_review.prediction import locked_urls
from fallback_review.prediction.availability import lacking, upstream_reason
from fallback_review.prediction.case import Case, Derivation, Unanswered
from fallback_review.prediction.install_request import installer_of
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.origin import by_sha256, of_locked
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from fallback_review.model import Artifact
    from fallback_review.prediction.candidates import Step
    from fallback_review.prediction.origin import Origin


def from_lock(case: Case) -> Derivation | None:
    """Predict an entry from the URLs in its lock; None where it is for other platforms than the target's.

    A universal lock holds packages that a dependency's marker keeps to one platform (pywin32): the markers of
    the dependencies that lead to it say so, where they are known; for a package that comes along with such a
    one, its wheels do: one without any file for the target's system is not installed there.
    """
    per_platform = format_of(case.lockfile).per_platform
    chosen = locked_urls.choose(
        case.package,
        case.request,
        case.target,
        build_tags=installer_of(case.situation).locked_build_tags,
        per_platform=per_platform,
    )
    needed = case.package.needed_when
    if chosen.artifact is None and (
        per_platform
        or not applies(needed, case.target)
        or (needed is None and locked_urls.for_another_system(case.package, case.target))
    ):
        return None
    if chosen.artifact is None:
        verdict = case.verdict(
            Outcome.INSTALL_FAILS,
            Cause.NO_COMPATIBLE_FILE,
            reason=Failure.NO_COMPATIBLE.value,
            evidence=("the lock names no file that fits this target",),
        )
        return Derivation(verdict=verdict, steps=chosen.steps)
    taken = dict.fromkeys((chosen.artifact, *chosen.others))
    derived = [_taken(artifact, case, chosen.steps) for artifact in taken]
    worst = min(derived, key=lambda each: each.verdict.outcome.rank)
    return replace(worst, needs_pypi=any(each.needs_pypi for each in derived))


def _taken(locked: Artifact, case: Case, steps: tuple[Step, ...]) -> Derivation:
    artifact = replace(locked, filename=locked_urls.filename_of(locked))
    origin = of_locked(artifact, case.package, case.situation, case.book)
    pypi_unasked = case.answer(Role.PYPI) is None
    if origin.mismatch:
        verdict = case.verdict(
            Outcome.INSTALL_FAILS,
            Cause.HASH_MISMATCH,
            reason=Failure.HASH_MISMATCH.value,
            file=artifact.filename,
            url=artifact.url,
            evidence=origin.evidence,
        )
        return Derivation(verdict=verdict, steps=steps, needs_pypi=pypi_unasked)
    unclear = _unclear(origin, case)
    if unclear is not None or origin.outcome is None:
        why = unclear or Unanswered(cause=Cause.NOT_CONFIGURED, said="no index knows this file")
        verdict = case.unknown(why, *origin.evidence, file=artifact.filename, url=artifact.url)
        if origin.stray and why.cause is Cause.NOT_CONFIGURED:
            verdict = replace(verdict, reason="hosts")
        known_ours = by_sha256(case.package.name, artifact.sha256, case.book)[0] is not None
        return Derivation(verdict=verdict, steps=steps, needs_pypi=pypi_unasked and not known_ours)
    cause = _cause(origin.outcome, case)
    upstream = upstream_reason(origin.outcome, case.request, case.pages)
    verdict = case.verdict(
        origin.outcome,
        cause,
        reason=case.block_reason if cause is Cause.BLOCKED else upstream,
        file=artifact.filename,
        url=artifact.url,
        evidence=origin.evidence,
    )
    return Derivation(verdict=verdict, steps=steps)


def _unclear(origin: Origin, case: Case) -> Unanswered | None:
    """Return the index whose silence leaves the origin open; none where the evidence stands without it."""
    if origin.outcome not in (None, Outcome.PRIVATE):
        return None
    return case.unanswered((Role.CHAINGUARD, Role.REMEDIATED, Role.PYPI))


def _cause(outcome: Outcome, case: Case) -> Cause | None:
    if outcome is Outcome.UPSTREAM:
        return Cause.UPSTREAM_TIER
    if outcome is not Outcome.PYPI:
        return None
    if case.unanswered((Role.CHAINGUARD,)) is not None:
        return Cause.LOCK_PINS_PYPI_URL
    return lacking(case.request, case.pages, case.book) or Cause.LOCK_PINS_PYPI_URL
