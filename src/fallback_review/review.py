"""The pipeline: two sides of lockfiles and whatever the indexes answer in, a `Review` out.

Pure but for `ask`, which the caller brings: the command line and the Action ask real indexes, tests a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from fallback_review import policy, prediction
from fallback_review.inquiry import ask_all, ask_for_remarks, learn_hosts, with_hosts
from fallback_review.model import (
    Cause,
    Conclusion,
    Notice,
    Outcome,
    Review,
    ReviewedChange,
    ReviewedLockfile,
    Role,
)
from fallback_review.prediction.remarks import remark
from fallback_review.settings import SETTINGS_PATH
from fallback_review.surroundings import survey, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from packaging.requirements import Requirement

    from fallback_review.inquiry import Ask, Question
    from fallback_review.lockfiles import Text
    from fallback_review.model import Change, LockedPackage, LockfileDiff, Target, Verdict
    from fallback_review.prediction import Book, Derivations, Explanation, Situation
    from fallback_review.settings import Settings
    from fallback_review.surroundings import Compared, Surroundings

_COVERED_BY_ALLOWANCE = frozenset({Outcome.PYPI, Outcome.UPSTREAM, Outcome.DIRECT, Outcome.PRIVATE})
"""An allowance says where a package may come from: it can't make an install work or an index answer.

Nor does it let malware in: whoever allowed a name did not know of that.
"""
_NO_ANSWER = frozenset({Cause.UNAUTHORIZED, Cause.FORBIDDEN, Cause.UNREACHABLE, Cause.MALFORMED_INDEX})
"""Causes that lie with an index, not with the package."""


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
    cases = _with_learned_hosts([_Case(each.diff, survey(each, settings)) for each in compared], ask)
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


def _newly_unnamed(diff: LockfileDiff) -> set[str]:
    """Return the requirements without a name that the base did not have: an archive's URL, a folder."""
    return {notice.text for notice in diff.head.unnamed} - {notice.text for notice in diff.base.unnamed}


def _newly_unread(case: _Case) -> Iterator[Notice]:
    """Give what may hide packages at the head and did not at the base: an include, a line, an index."""
    before = {notice.text for notice in case.diff.base.unread}
    for notice in case.diff.head.unread:
        if notice.text not in before:
            yield replace(notice, path=notice.path or case.diff.path)
    yield from case.surroundings.opened


def explain(
    text: Text, pin: Requirement, settings: Settings, ask: Ask, *, today: date | None = None
) -> list[tuple[Explanation, str]]:
    """Explain every prediction for one pin of a lockfile, with the cause in words; none if it is not there.

    Without `today`, a remark does not say how old a release is.

    Raises:
        LockfileError: the file can't be read.
    """
    compared = whole(text)
    (case,) = _with_learned_hosts([_Case(compared.diff, survey(compared, settings))], ask)
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
        said = feed.problem.value if feed.problem else f"remediated versions: {len(feed.remediations)}"
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


@dataclass(frozen=True, slots=True)
class _Case:
    diff: LockfileDiff
    surroundings: Surroundings

    def questions(self) -> Iterator[Question]:
        for change in self.diff.changes:
            for package in change.gained:
                yield package, self.diff.head, self.surroundings.of(package), self.surroundings.targets


def _with_learned_hosts(cases: list[_Case], ask: Ask) -> list[_Case]:
    hosts = learn_hosts((question for case in cases for question in case.questions()), ask)
    if not hosts:
        return cases
    return [
        _Case(
            case.diff,
            replace(case.surroundings, situation=with_hosts(case.surroundings.situation, hosts)),
        )
        for case in cases
    ]


@dataclass(frozen=True, slots=True)
class _Judge:
    settings: Settings
    today: date
    book: Book
    derive: Derivations

    def predict(
        self, package: LockedPackage, target: Target, case: _Case, where: Situation
    ) -> Verdict | None:
        return prediction.predict(package, case.diff.head, target, where, self.book, derive=self.derive)


def _reviewed_lockfile(case: _Case, judge: _Judge) -> ReviewedLockfile:
    each, situation = case.diff, case.surroundings.situation
    return ReviewedLockfile(
        path=each.path,
        format=each.format,
        installer=situation.installer,
        layout=situation.layout,
        changes=tuple(_reviewed_change(change, case, judge) for change in each.changes),
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


def _reviewed_change(change: Change, case: _Case, judge: _Judge) -> ReviewedChange:
    situation = case.surroundings.of(change.gained[0]) if change.gained else case.surroundings.situation
    verdicts = tuple(
        verdict
        for package in change.gained
        for target in case.surroundings.targets
        if (verdict := judge.predict(package, target, case, situation)) is not None
    )
    deciding = [verdict for verdict in verdicts if not verdict.informational] or list(verdicts)
    if not deciding:
        return ReviewedChange(change=change)
    worst = min(deciding, key=lambda verdict: verdict.outcome.rank)
    conclusion = policy.judge(worst.outcome, worst.cause, judge.settings.policy)
    reviewed = ReviewedChange(
        change=change,
        outcome=worst.outcome,
        cause=worst.cause,
        reason=worst.reason,
        why=prediction.describe(worst, change, situation, judge.book),
        advice=prediction.advise(
            change, verdicts, situation, judge.book, format=case.diff.format, path=case.diff.path
        ),
        verdicts=verdicts,
        differs_on=tuple(dict.fromkeys(v.target for v in verdicts if v.outcome is not worst.outcome)),
        conclusion=conclusion,
    )
    if conclusion is Conclusion.PASS or worst.outcome not in _COVERED_BY_ALLOWANCE or reviewed.malware:
        return reviewed
    allowance = policy.allowance(change, judge.settings.allow, judge.today)
    return replace(reviewed, conclusion=Conclusion.PASS, allowance=allowance) if allowance else reviewed
