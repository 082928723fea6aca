"""Every step of the predictions for one pin, in the words that people read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from fallback_review import prediction
from fallback_review.model import Conclusion, ReviewedChange, Role
from fallback_review.pipeline.ask import ask_all, ask_for_remarks
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.context import cases_of
from fallback_review.prediction.remarks import remark
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from packaging.requirements import Requirement

    from fallback_review.lockfiles import Text
    from fallback_review.model import Change, LockedPackage
    from fallback_review.pipeline.ask import Ask
    from fallback_review.prediction import Book, Explanation
    from fallback_review.settings.schema import Settings


def explain(
    text: Text, pin: Requirement, settings: Settings, ask: Ask, *, today: date | None = None
) -> list[tuple[Explanation, str]]:
    """Explain every prediction for one pin of a lockfile, with the cause in words; none if it is not there.

    Without `today`, a remark does not say how old a release is.

    Raises:
        LockfileError: the file can't be read.
    """
    (case,) = cases_of([whole(text)], settings, ask)
    targets = case.surroundings.targets
    found = [
        (change, package)
        for change in case.diff.changes
        for package in change.gained
        if package.name == canonicalize_name(pin.name) and _pinned(package, pin)
    ]
    wanted = [(package, case.diff.head, case.surroundings.of(package), targets) for _, package in found]
    book = ask_all(wanted, ask, prediction.Derivations())
    explained = [
        (change, where, prediction.explain(package, case.diff.head, target, where, book))
        for change, package in found
        for where in (case.surroundings.of(package),)
        for target in targets
    ]
    told = [_alone(change, explanation) for change, _, explanation in explained]
    known = ask_for_remarks(told, book, ask)
    layout = f"layout: {case.surroundings.because}"
    return [
        (
            replace(explanation, facts=(*explanation.facts, layout, *_remark_facts(reviewed, known, today))),
            prediction.describe(explanation.verdict, change, where, book) if explanation.verdict else "",
        )
        for (change, where, explanation), reviewed in zip(explained, told, strict=True)
    ]


def _alone(change: Change, explanation: Explanation) -> ReviewedChange:
    return ReviewedChange(change=change, verdicts=(explanation.verdict,) if explanation.verdict else ())


def _remark_facts(reviewed: ReviewedChange, book: Book, today: date | None) -> Iterator[str]:
    """Yield what the VEX feed said, for whoever misses a remark, and the remark."""
    feed = book.get((Role.VEX, reviewed.change.name))
    if feed is not None:
        said = feed.problem or f"remediated versions: {len(feed.remediations)}"
        yield f"{feed.role.value}: {said}" + (f" ({feed.message})" if feed.message else "")
    if note := remark(reviewed, book, today):
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
