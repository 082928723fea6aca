"""One lockfile with everything that predictions need -> its changes, judged by the settings' policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review import prediction
from fallback_review.model import ChangeKind, Conclusion, Outcome, ReviewedChange, ReviewedLockfile, deciding
from fallback_review.prediction.nearest import Nearest
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from datetime import date

    from fallback_review.model import Advice, Change, LockedPackage, Lockfile, Target, Verdict
    from fallback_review.pipeline.context import LockfileSide, Prepared
    from fallback_review.prediction import Answers, Context, Derivations
    from fallback_review.settings.schema import Settings

_COVERED_BY_ALLOWANCE = frozenset({Outcome.PYPI, Outcome.UPSTREAM, Outcome.DIRECT, Outcome.PRIVATE})
"""An allowance says where a package may come from: it can't make an install work or an index answer.

Nor does it let malware in: whoever allowed a name did not know of that.
"""
_ELSEWHERE = frozenset({"manager", "new-host", "machine", "variable"})
"""Reasons of `unknown` that say no more than that nobody named where the package comes from."""


class Judge:
    """Judges the changes of lockfiles: once for all that are alike, over all lockfiles.

    Changes are alike whose entries differ in nothing but their places, in lockfiles that predictions find
    alike. They share their verdicts, which are one object, and all else but the advice: it names a place. Of
    changes of the very same entries, as a reader with a memory gives them, even the whole is one object.
    """

    def __init__(self, settings: Settings, today: date, answers: Answers, derive: Derivations) -> None:
        self.answers = answers
        self._settings, self._today, self._derive = settings, today, derive
        self._nearest = Nearest(answers)
        self._alike: dict[Hashable, ReviewedChange] = {}
        self._same: dict[Hashable, ReviewedChange] = {}
        """By the identity of entries, which live as long as the changes that hold them."""

    @property
    def distinct(self) -> tuple[ReviewedChange, ...]:
        """One of all changes that are alike, in the order in which they were met."""
        return tuple(self._alike.values())

    def lockfile(self, prepared: Prepared) -> ReviewedLockfile:
        """Return a lockfile with its changes as they are judged, yet without remarks."""
        each, context = prepared.diff, prepared.context
        changes = (*each.changes, *self._moved(prepared))
        return ReviewedLockfile(
            path=each.path,
            format=each.format,
            installer=context.installer,
            layout=context.layout,
            changes=tuple(self._change(change, prepared) for change in changes),
            targets=prepared.targets,
            metadata_only=each.metadata_only,
            unnamed=each.head.unnamed,
            notices=each.notices,
            base_path=each.base_path,
            base_format=each.base_format,
            header_changed=each.header_changed,
            base_entries=len(each.base.packages) + len(each.base.nameless) + each.base.omitted,
            head_entries=len(each.head.packages) + len(each.head.nameless) + each.head.omitted,
        )

    def _moved(self, prepared: Prepared) -> tuple[Change, ...]:
        """Return what comes from elsewhere than before, or no longer installs, although it did not change."""
        again = prepared.unchanged
        if again is None:
            return ()
        return tuple(
            change
            for change in again.changes
            if self._outcomes(change.before, again.before, prepared.targets)
            != self._outcomes(change.gained, again.after, prepared.targets)
        )

    def _outcomes(
        self, packages: Iterable[LockedPackage], side: LockfileSide, targets: Iterable[Target]
    ) -> dict[str, Outcome]:
        """Return the worst outcome of some entries of one side, by the target's label."""
        found: dict[str, Outcome] = {}
        for package in packages:
            for target in targets:
                verdict = self._predict(package, target, side.lockfile, side.context_of(package))
                if verdict is not None:
                    worst = min(verdict.outcome, found.get(target.label, verdict.outcome), key=_rank)
                    found[target.label] = worst
        return found

    def _predict(
        self, package: LockedPackage, target: Target, lockfile: Lockfile, context: Context
    ) -> Verdict | None:
        return prediction.predict(package, lockfile, target, context, self.answers, derive=self._derive)

    def _change(self, change: Change, prepared: Prepared) -> ReviewedChange:
        again = prepared.unchanged
        stayed = change.kind is ChangeKind.ORIGIN_CHANGED
        head = again.after.lockfile if again is not None and stayed else prepared.diff.head
        context = prepared.context_of(change.gained[0]) if change.gained else prepared.context
        around = self._derive.around(head, context, prepared.targets), prepared.diff.base_format, change.kind
        sides = change.before, change.after, change.gained
        same = (around, *(tuple(map(id, entries)) for entries in sides))
        judged = self._same.get(same)
        if judged is not None:
            return judged
        alike = (around, *map(self._derive.entries, sides))
        judged = self._alike.get(alike)
        if judged is None:
            judged = self._alike[alike] = self._judged(change, head, context, prepared.targets)
        elif judged.advice is None:
            judged = replace(judged, change=change)
        else:
            advice = self._advice(change, judged.verdicts, head, context, prepared.targets)
            judged = replace(judged, change=change, advice=advice)
        if judged.advice is None:
            self._same[same] = judged
        return judged

    def _judged(
        self, change: Change, head: Lockfile, context: Context, targets: tuple[Target, ...]
    ) -> ReviewedChange:
        verdicts = tuple(
            verdict
            for package in change.gained
            for target in targets
            if (verdict := self._predict(package, target, head, context)) is not None
        )
        worst = deciding(verdicts)
        if worst is None:
            return ReviewedChange(change=change)
        conclusion = policy.judge(worst.outcome, worst.cause, self._settings.policy)
        assumed = any(each.assumptions for each in verdicts if not each.informational)
        if conclusion is Conclusion.PASS and assumed:
            conclusion = Conclusion.WARN
        reviewed = ReviewedChange(
            change=change,
            outcome=worst.outcome,
            cause=worst.cause,
            reason=worst.reason,
            why=prediction.describe(worst, change, context, self.answers, targets=targets),
            advice=self._advice(change, verdicts, head, context, targets),
            verdicts=verdicts,
            differs_on=tuple(dict.fromkeys(v.target for v in verdicts if v.outcome is not worst.outcome)),
            conclusion=conclusion,
        )
        if conclusion is Conclusion.PASS or not _may_be_allowed(worst) or reviewed.malware:
            return reviewed
        allowance = policy.allowance(change, self._settings.allow, self._today)
        return replace(reviewed, conclusion=Conclusion.PASS, allowance=allowance) if allowance else reviewed

    def _advice(
        self,
        change: Change,
        verdicts: tuple[Verdict, ...],
        head: Lockfile,
        context: Context,
        targets: tuple[Target, ...],
    ) -> Advice | None:
        return prediction.advise(
            change,
            verdicts,
            context,
            self.answers,
            lockfile=head,
            targets=targets,
            nearest=self._nearest,
        )


def _rank(outcome: Outcome) -> int:
    return outcome.rank


def _may_be_allowed(worst: Verdict) -> bool:
    """Whether an allowance, which says that a package may come from elsewhere, is about this verdict."""
    elsewhere = worst.outcome is Outcome.UNKNOWN and worst.reason in _ELSEWHERE
    return worst.outcome in _COVERED_BY_ALLOWANCE or elsewhere
