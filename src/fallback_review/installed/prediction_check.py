"""Prediction against fact: whether what a lock was predicted to bring is what is installed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.names import version_in_filename
from fallback_review.model import Conclusion, Notice, Origin, Outcome, PredictionCheck
from fallback_review.model.versions import parse_version
from fallback_review.settings import policy

if TYPE_CHECKING:
    from packaging.version import Version

    from fallback_review.model import (
        LockedPackage,
        Review,
        ReviewedChange,
        Verdict,
        Verification,
        VerifiedDistribution,
    )

_AS_PREDICTED = {
    Outcome.CHAINGUARD: {Origin.CHAINGUARD},
    Outcome.REMEDIATED: {Origin.REMEDIATED},
    # Bytes that both serve are PyPI's, whoever they came through: from the disk it can't be told.
    Outcome.UPSTREAM: {Origin.UPSTREAM, Origin.PYPI},
    Outcome.PYPI: {Origin.PYPI, Origin.UPSTREAM},
    Outcome.DIRECT: {Origin.LOCAL_BUILD},
}
_FROM_AN_INDEX = {Outcome.CHAINGUARD, Outcome.REMEDIATED, Outcome.UPSTREAM, Outcome.PYPI}
_NOT_TOLD = {Origin.UNVERIFIABLE, Origin.SYSTEM}
_BY_NAME = {Origin.PRIVATE}
"""Known by their names alone on both sides: nothing is proved by that."""


def hold_against(verification: Verification, review: Review) -> Verification:
    """Return what was verified with the prediction for each distribution, and whether it held.

    `review` is that of a whole lock on the one target that the place was installed for. What is installed
    and not in the lock has no prediction.
    """
    (lockfile,) = review.lockfiles
    entries: defaultdict[str, list[tuple[ReviewedChange, LockedPackage]]] = defaultdict(list)
    for change in lockfile.changes:
        for package in change.change.gained:
            entries[package.name].append((change, package))
    distributions = tuple(_held(each, entries.get(each.name, [])) for each in verification.distributions)
    installed = {each.name for each in verification.distributions}
    absent = sorted(
        name
        for name, found in entries.items()
        if name not in installed and any(change.outcome is not None for change, _ in found)
    )
    findings = verification.findings
    if absent:
        shown = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")  # noqa: PLR2004 - as many as are shown
        findings = (
            *findings,
            Notice(
                path=lockfile.path,
                text=f"{len(absent)} of the lock's packages are not installed: {shown}. Groups or extras "
                "that were not chosen, or markers that don't hold here",
            ),
        )
    missed = any(each.prediction and each.prediction.held is False for each in distributions)
    conclusion = policy.conclude([verification.conclusion, *[Conclusion.WARN] * missed])
    label = review.targets[0].label if review.targets else None
    return replace(
        verification,
        distributions=distributions,
        findings=findings,
        conclusion=conclusion,
        target=label,
        lockfile=lockfile.path,
    )


def _held(
    found: VerifiedDistribution, entries: list[tuple[ReviewedChange, LockedPackage]]
) -> VerifiedDistribution:
    if not entries or found.origin in _BY_NAME:
        return found
    verdicts = [(change, package, verdict) for change, package in entries for verdict in change.verdicts]
    same = [each for each in verdicts if _version(each[2]) == parse_version(found.version)]
    line = entries[0][1].line
    if not verdicts:
        return replace(found, line=line)
    if not same:
        locked = ", ".join(
            dict.fromkeys(str(_version(verdict) or verdict.version) for *_, verdict in verdicts)
        )
        held = PredictionCheck(
            held=False, predicted=None, why=f"the lock brings {locked}, and {found.version} is installed"
        )
        return replace(found, prediction=held, line=line)
    change, package, verdict = same[0]
    return replace(found, prediction=_compared(found, change, verdict), line=package.line)


def _version(verdict: Verdict) -> Version | None:
    """Return the version that is predicted: ``==1.0`` may bring ``1.0+cgr.1`` (PEP 440)."""
    return parse_version(version_in_filename(verdict.file or "") or verdict.version)


def _compared(found: VerifiedDistribution, change: ReviewedChange, verdict: Verdict) -> PredictionCheck:
    predicted = verdict.outcome
    if predicted is Outcome.UNKNOWN:
        return PredictionCheck(held=None, predicted=predicted, why=change.why or "it could not be predicted")
    if found.origin in _NOT_TOLD:
        return PredictionCheck(held=None, predicted=predicted, why=found.why or found.origin.value)
    if found.origin in _AS_PREDICTED.get(predicted, set()):
        return PredictionCheck(held=True, predicted=predicted)
    if found.origin is Origin.LOCAL_BUILD and predicted in _FROM_AN_INDEX:
        return PredictionCheck(
            held=None, predicted=predicted, why=f"{found.why}, so its bytes are no other index's"
        )
    return PredictionCheck(
        held=False,
        predicted=predicted,
        why=f"{predicted.value} was predicted, and it is {found.origin.value}",
    )
