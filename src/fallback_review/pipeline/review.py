"""The pipeline: two sides of lockfiles and whatever the indexes answer in, a `Review` out.

Pure but for `ask`, which the caller brings: the command line and the Action ask real indexes, tests a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review import prediction
from fallback_review.model import (
    Cause,
    Conclusion,
    Notice,
    Outcome,
    Review,
    ReviewedChange,
    ReviewedLockfile,
    Role,
    deciding,
)
from fallback_review.pipeline.ask import ask_all, ask_for_remarks
from fallback_review.pipeline.context import cases_of
from fallback_review.prediction.remarks import remark
from fallback_review.settings import policy
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from fallback_review.model import Change, LockedPackage, LockfileDiff, Target, Verdict
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import Compared
    from fallback_review.pipeline.context import Case
    from fallback_review.prediction import Book, Derivations, Situation
    from fallback_review.settings.schema import Settings

_COVERED_BY_ALLOWANCE = frozenset({Outcome.PYPI, Outcome.UPSTREAM, Outcome.DIRECT, Outcome.PRIVATE})
"""An allowance says where a package may come from: it can't make an install work or an index answer.

Nor does it let malware in: whoever allowed a name did not know of that.
"""
_NO_ANSWER = frozenset({Cause.UNAUTHORIZED, Cause.FORBIDDEN, Cause.UNREACHABLE, Cause.MALFORMED_INDEX})
"""Causes that lie with an index, not with the package."""
_MANY = 5
"""Projects of which an index that works has one at least, most likely."""


def review(
    compared: Sequence[Compared],
    settings: Settings,
    ask: Ask,
    *,
    today: date,
    unreadable: Iterable[Notice] = (),
    scope: str = "changes",
) -> Review:
    """Predict every change of some lockfiles on every target and judge it by the settings' policy.

    `unreadable` names files that look like lockfiles and could not be read: with one of them, the whole is
    not a pass. Indexes are asked once for each project, and PyPI only where an answer needs it.
    """

    def allowed(change: Change) -> bool:
        return policy.allowance(change, settings.allow, today) is not None

    cases = cases_of(compared, settings, ask, allowed=allowed)
    wanted = [question for case in cases for question in case.questions()]
    derive = prediction.Derivations()
    judge = _Judge(settings, today, ask_all(wanted, ask, derive), derive)
    judged = [_reviewed_lockfile(case, judge) for case in cases]
    book = ask_for_remarks((change for lockfile in judged for change in lockfile.changes), judge.book, ask)
    lockfiles = tuple(_with_remarks(lockfile, book, today) for lockfile in judged)
    unread = (*unreadable, *(notice for case in cases for notice in _newly_unread(case)))
    conclusions = [change.conclusion for lockfile in lockfiles for change in lockfile.changes]
    conclusions += [policy.could_not_check(settings.policy)] * len(unread)
    if any(_newly_unnamed(case.diff) for case in cases):
        conclusions.append(policy.judge(Outcome.DIRECT, None, settings.policy))
    findings = dict.fromkeys(_unanswered(judged, judge.book))
    findings |= dict.fromkeys(_nothing_found(judge.book))
    findings |= dict.fromkeys(notice for case in cases for notice in case.surroundings.findings)
    return Review(
        conclusion=policy.conclude(conclusions),
        lockfiles=lockfiles,
        targets=settings.targets.expand(),
        unreadable=unread,
        findings=(*findings, *policy.expiry_notices(settings.allow, today, path=SETTINGS_PATH)),
        scope=scope,
    )


def _unanswered(lockfiles: Iterable[ReviewedLockfile], book: Book) -> Iterator[Notice]:
    """Give in full what an index said instead of an answer, where a verdict is unknown for it."""
    said = set()
    for change in (change for lockfile in lockfiles for change in lockfile.changes):
        causes = {verdict.cause for verdict in change.verdicts} & _NO_ANSWER
        answers = (book.get((role, change.change.name)) for role in Role)
        said |= {answer.message for answer in answers if answer is not None and answer.problem in causes}
    told = ""
    for message in sorted(said - {""}):
        # What was not asked any more says the same, and that.
        if not told or not message.startswith(told):
            told = message
            yield Notice(text=message)


def _nothing_found(book: Book) -> Iterator[Notice]:
    """Say it where Chainguard's index has none of many projects: its address may be another index's.

    That is what a path that is not quite right looks like, and a token that is entitled to nothing.
    """
    asked = [answer for (role, _), answer in book.items() if role is Role.CHAINGUARD]
    if len(asked) >= _MANY and all(answer.problem is Cause.PROJECT_MISSING for answer in asked):
        yield Notice(
            text=f"Chainguard's index has none of the {len(asked):,} packages that it was asked for; if that "
            "surprises you, check its address (index-url) and what its token is entitled to"
        )


def _newly_unnamed(diff: LockfileDiff) -> set[str]:
    """Return the requirements without a name that the base did not have: an archive's URL, a folder."""
    return {notice.text for notice in diff.head.unnamed} - {notice.text for notice in diff.base.unnamed}


def _newly_unread(case: Case) -> Iterator[Notice]:
    """Give what may hide packages at the head and did not at the base: an include, a line, an index."""
    before = {notice.text for notice in case.diff.base.unread}
    for notice in case.diff.head.unread:
        if notice.text not in before:
            yield replace(notice, path=notice.path or case.diff.path)
    yield from case.surroundings.opened


@dataclass(frozen=True, slots=True)
class _Judge:
    settings: Settings
    today: date
    book: Book
    derive: Derivations

    def predict(self, package: LockedPackage, target: Target, case: Case, where: Situation) -> Verdict | None:
        return prediction.predict(package, case.diff.head, target, where, self.book, derive=self.derive)


def _reviewed_lockfile(case: Case, judge: _Judge) -> ReviewedLockfile:
    each, situation = case.diff, case.surroundings.situation
    return ReviewedLockfile(
        path=each.path,
        format=each.format,
        installer=situation.installer,
        layout=situation.layout,
        changes=tuple(_reviewed_change(change, case, judge) for change in each.changes),
        targets=case.surroundings.targets,
        metadata_only=each.metadata_only,
        unnamed=each.head.unnamed,
        notices=each.notices,
        base_path=each.base_path,
        base_format=each.base_format,
        header_changed=each.header_changed,
        base_entries=len(each.base.packages) + each.base.omitted,
        head_entries=len(each.head.packages) + each.head.omitted,
    )


def _with_remarks(lockfile: ReviewedLockfile, book: Book, today: date) -> ReviewedLockfile:
    changes = (replace(change, note=remark(change, book, today)) for change in lockfile.changes)
    return replace(lockfile, changes=tuple(changes))


def _reviewed_change(change: Change, case: Case, judge: _Judge) -> ReviewedChange:
    situation = case.surroundings.of(change.gained[0]) if change.gained else case.surroundings.situation
    verdicts = tuple(
        verdict
        for package in change.gained
        for target in case.surroundings.targets
        if (verdict := judge.predict(package, target, case, situation)) is not None
    )
    worst = deciding(verdicts)
    if worst is None:
        return ReviewedChange(change=change)
    conclusion = policy.judge(worst.outcome, worst.cause, judge.settings.policy)
    reviewed = ReviewedChange(
        change=change,
        outcome=worst.outcome,
        cause=worst.cause,
        reason=worst.reason,
        why=prediction.describe(worst, change, situation, judge.book),
        advice=prediction.advise(
            change,
            verdicts,
            situation,
            judge.book,
            lockfile=case.diff.head,
            targets=case.surroundings.targets,
        ),
        verdicts=verdicts,
        differs_on=tuple(dict.fromkeys(v.target for v in verdicts if v.outcome is not worst.outcome)),
        conclusion=conclusion,
    )
    if conclusion is Conclusion.PASS or worst.outcome not in _COVERED_BY_ALLOWANCE or reviewed.malware:
        return reviewed
    allowance = policy.allowance(change, judge.settings.allow, judge.today)
    return replace(reviewed, conclusion=Conclusion.PASS, allowance=allowance) if allowance else reviewed
