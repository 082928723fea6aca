"""Every step of the predictions for one pin, in the words that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from fallback_review import prediction
from fallback_review.model import Conclusion, Edition, ReviewedChange
from fallback_review.pipeline.ask import ask_all, ask_for_remarks
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.context import addresses_of, prepare_all
from fallback_review.prediction.remarks import remark
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from packaging.requirements import Requirement

    from fallback_review.lockfiles import Text
    from fallback_review.model import Change, LockedPackage
    from fallback_review.pipeline.ask import Ask
    from fallback_review.prediction import Answers, Explanation
    from fallback_review.settings.schema import Settings


def explain(
    text: Text, pin: Requirement, settings: Settings, ask: Ask, *, today: date | None = None
) -> list[tuple[Explanation, str]]:
    """Explain every prediction for one pin of a lockfile, with the cause in words; none if it is not there.

    Without `today`, a remark does not say how old a release is.

    Raises:
        LockfileError: the file can't be read.
    """
    (prepared,) = prepare_all([whole(text)], settings, ask, today=today)
    targets = prepared.targets
    found = [
        (change, package)
        for change in prepared.diff.changes
        for package in change.gained
        if package.name == canonicalize_name(pin.name) and _pinned(package, pin)
    ]
    wanted = [(package, prepared.diff.head, prepared.context_of(package), targets) for _, package in found]
    answers = ask_all(wanted, ask, prediction.Derivations())
    explained = [
        (change, where, prediction.explain(package, prepared.diff.head, target, where, answers))
        for change, package in found
        for where in (prepared.context_of(package),)
        for target in targets
    ]
    told = [_alone(change, explanation) for change, _, explanation in explained]
    known = ask_for_remarks(told, answers, addresses_of(settings.indexes), ask)
    layout = f"layout: {prepared.context.because}"
    return [
        (
            replace(explanation, facts=(*explanation.facts, layout, *_remark_facts(reviewed, known, today))),
            prediction.describe(explanation.verdict, change, where, answers, targets=targets)
            if explanation.verdict
            else "",
        )
        for (change, where, explanation), reviewed in zip(explained, told, strict=True)
    ]


def _alone(change: Change, explanation: Explanation) -> ReviewedChange:
    return ReviewedChange(change=change, verdicts=(explanation.verdict,) if explanation.verdict else ())


def _remark_facts(reviewed: ReviewedChange, answers: Answers, today: date | None) -> Iterator[str]:
    """Yield what the VEX feed said, for whoever misses a remark, and the remark."""
    heard = answers.get(reviewed.change.name, {})
    feed = next((each for index, each in heard.items() if index.edition is Edition.VEX), None)
    if feed is not None:
        said = feed.problem or f"remediated versions: {len(feed.remediations)}"
        yield f"vex: {said}" + (f" ({feed.message})" if feed.message else "")
    if note := remark(reviewed, answers, today):
        yield f"remark: {note}"


def _pinned(package: LockedPackage, pin: Requirement) -> bool:
    """Whether a pin asks for an entry's version; ``==1.0`` asks for ``1.0+local`` too (PEP 440)."""
    try:
        return not pin.specifier or (
            package.version is not None and pin.specifier.contains(package.version, prereleases=True)
        )
    except ValueError:  # InvalidVersion, or a number of more digits than Python reads
        return False


def conclude_explained(explanations: Iterable[Explanation], settings: Settings) -> Conclusion:
    """Return what the policy makes of explained predictions, without the allow list."""
    return policy.conclude(
        policy.judge(each.verdict.outcome, each.verdict.cause, settings.policy)
        for each in explanations
        if each.verdict is not None and not each.verdict.informational
    )
