"""Prediction against fact: whether what a lock was predicted to bring is what is installed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.names import version_in_filename
from fallback_review.lockfiles.registry import FORMATS
from fallback_review.lockfiles.usual_names import only_constrains
from fallback_review.model import Conclusion, Notice, Outcome
from fallback_review.model.installed import Origin, PredictionCheck
from fallback_review.model.versions import parse_version
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from fallback_review.model import LockedPackage, Review, ReviewedChange, Verdict
    from fallback_review.model.installed import Verification, VerifiedDistribution
    from fallback_review.settings.schema import Policy

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
_SHOWN = 5
"""Absent packages that a sentence names."""
_BY_NAME = {Origin.PRIVATE}
"""Known by their names alone on both sides: nothing is proved by that."""


def hold_against(verification: Verification, review: Review, rules: Policy) -> Verification:
    """Return what was verified with the prediction for each distribution, and whether it held.

    `review` is that of a whole lock on the one target that the place was installed for. What is installed
    and not in the lock has no prediction. Where nothing of the lock is installed, nothing was checked: that
    is no pass by the team's `rules`.
    """
    (lockfile,) = review.lockfiles
    entries: defaultdict[str, list[tuple[ReviewedChange, LockedPackage]]] = defaultdict(list)
    for change in lockfile.changes:
        for package in change.change.gained:
            entries[package.name].append((change, package))
    distributions = tuple(_held(each, entries.get(each.name, [])) for each in verification.distributions)
    installed = {each.name for each in verification.distributions}
    brought = sorted(
        name
        for name, found in entries.items()
        if any(change.outcome is not None and not package.local for change, package in found)
    )
    here = [name for name in brought if name in installed]
    absent = tuple(name for name in brought if name not in installed)
    known = FORMATS[lockfile.format]
    whole = known.installs_all and not only_constrains(lockfile.path)
    findings, conclusions = verification.findings, [verification.conclusion]
    if absent:
        findings = (*findings, Notice(path=lockfile.path, text=_said(absent, here, whole=whole)))
    if absent and not here:
        conclusions.append(policy.could_not_check(rules))
    if (absent and whole) or any(each.prediction and each.prediction.held is False for each in distributions):
        conclusions.append(Conclusion.WARN)
    label = review.targets[0].label if review.targets else None
    return replace(
        verification,
        distributions=distributions,
        findings=findings,
        conclusion=policy.conclude(conclusions),
        target=label,
        lockfile=lockfile.path,
        absent=absent if whole or not here else (),
    )


def _said(absent: Sequence[str], here: Sequence[str], *, whole: bool) -> str:
    shown = ", ".join(absent[:_SHOWN]) + (f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else "")
    if not here:
        return (
            f"none of the lock's packages is installed ({shown}), so nothing was compared: name the "
            "environment that the lock was installed into"
        )
    text = (
        f"{len(absent)} of the lock's packages {'is' if len(absent) == 1 else 'are'} not installed: {shown}"
    )
    return (
        text if whole else f"{text}. Groups or extras that were not chosen, or markers that don't hold here"
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
