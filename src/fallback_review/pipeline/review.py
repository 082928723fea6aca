"""The pipeline: two sides of lockfiles and whatever the indexes answer in, a `Review` out.

Pure but for `ask`, which the caller brings: the command line and the Action ask real indexes, tests a table.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review import prediction
from fallback_review.model import (
    Cause,
    ChangeKind,
    Conclusion,
    Edition,
    Notice,
    Outcome,
    Owner,
    Review,
    ReviewedChange,
    ReviewedLockfile,
    deciding,
)
from fallback_review.pipeline.ask import ask_all, ask_for_remarks
from fallback_review.pipeline.context import addresses_of, prepare_all
from fallback_review.prediction.remarks import remark
from fallback_review.settings import policy
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from fallback_review.model import Change, LockedPackage, Lockfile, LockfileDiff, Target, Verdict
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.pipeline.context import LockfileSide, Prepared
    from fallback_review.prediction import Answers, Context, Derivations
    from fallback_review.settings.schema import Settings

_COVERED_BY_ALLOWANCE = frozenset({Outcome.PYPI, Outcome.UPSTREAM, Outcome.DIRECT, Outcome.PRIVATE})
"""An allowance says where a package may come from: it can't make an install work or an index answer.

Nor does it let malware in: whoever allowed a name did not know of that.
"""
_ELSEWHERE = frozenset({"manager", "new-host", "machine", "variable"})
"""Reasons of `unknown` that say no more than that nobody named where the package comes from."""
_NO_ANSWER = frozenset({Cause.UNAUTHORIZED, Cause.FORBIDDEN, Cause.UNREACHABLE, Cause.MALFORMED_INDEX})
"""Causes that lie with an index, not with the package."""
_MANY = 5
"""Projects of which an index that works has one at least, most likely."""


def review(
    compared: Sequence[ComparedLockfile],
    settings: Settings,
    ask: Ask,
    *,
    today: date,
    unreadable: Iterable[Notice] = (),
    scope: str = "changes",
) -> Review:
    """Predict every change of some lockfiles on every target and judge it by the settings' policy.

    `unreadable` names files that look like lockfiles and could not be read: with one of them, the whole is
    not a pass. Each index is asked once for each project.
    """
    prepared = prepare_all(compared, settings, ask, today=today)
    wanted = [question for each in prepared for question in each.questions()]
    derive = prediction.Derivations()
    judge = _Judge(settings, today, ask_all(wanted, ask, derive), derive)
    judged = [_reviewed_lockfile(each, judge) for each in prepared]
    changes = (change for lockfile in judged for change in lockfile.changes)
    answers = ask_for_remarks(changes, judge.answers, addresses_of(settings.indexes), ask)
    lockfiles = tuple(_with_remarks(lockfile, answers, today) for lockfile in judged)
    unread = (*unreadable, *(notice for each in prepared for notice in _newly_unread(each)))
    conclusions = [change.conclusion for lockfile in lockfiles for change in lockfile.changes]
    conclusions += [policy.could_not_check(settings.policy)] * len(unread)
    if any(_newly_unnamed(each.diff) for each in prepared):
        conclusions.append(policy.judge(Outcome.DIRECT, None, settings.policy))
    findings = dict.fromkeys(_unanswered(judged, judge.answers))
    findings |= dict.fromkeys(_nothing_found(judge.answers))
    for each, lockfile in zip(prepared, judged, strict=True):
        moved = [change for change in lockfile.changes if change.change.kind is ChangeKind.ORIGIN_CHANGED]
        findings |= dict.fromkeys((*_by_configuration(each, moved), *each.findings))
    return Review(
        conclusion=policy.conclude(conclusions),
        lockfiles=lockfiles,
        targets=settings.targets.expand(),
        unreadable=unread,
        findings=(*findings, *policy.expiry_notices(settings.allow, today, path=SETTINGS_PATH)),
        scope=scope,
        project_pages=settings.report.pages(),
    )


def _unanswered(lockfiles: Iterable[ReviewedLockfile], answers: Answers) -> Iterator[Notice]:
    """Give in full what an index said instead of an answer, where a verdict is unknown for it."""
    said = set()
    for change in (change for lockfile in lockfiles for change in lockfile.changes):
        causes = {verdict.cause for verdict in change.verdicts} & _NO_ANSWER
        heard = answers.get(change.change.name, {}).values()
        said |= {answer.message for answer in heard if answer.problem in causes}
    told = ""
    for message in sorted(said - {""}):
        # What was not asked any more says the same, and that.
        if not told or not message.startswith(told):
            told = message
            yield Notice(text=message)


def _nothing_found(answers: Answers) -> Iterator[Notice]:
    """Say it where Chainguard's index has none of many projects: its address may be another index's.

    That is what a path that is not quite right looks like, and a token that is entitled to nothing.
    """
    asked = [
        answer
        for heard in answers.values()
        for index, answer in heard.items()
        if (index.owner, index.edition) == (Owner.CHAINGUARD, Edition.MAIN)
    ]
    if len(asked) >= _MANY and all(answer.problem is Cause.PROJECT_MISSING for answer in asked):
        yield Notice(
            text=f"Chainguard's index has none of the {len(asked):,} packages that it was asked for. Check "
            "its address (index-url) and what its token is entitled to"
        )


def _newly_unnamed(diff: LockfileDiff) -> set[str]:
    """Return the folders and archives of the own tree that have no name, and that the base did not have."""
    judged = {(package.path, package.line) for package in diff.head.nameless}
    left = {notice.text for notice in diff.head.unnamed if (notice.path, notice.line) not in judged}
    return left - {notice.text for notice in diff.base.unnamed}


def _newly_unread(prepared: Prepared) -> Iterator[Notice]:
    """Give what may hide packages at the head and did not at the base: an include, a line, an index."""
    before = {notice.text for notice in prepared.diff.base.unread}
    for notice in prepared.diff.head.unread:
        if notice.text not in before:
            yield replace(notice, path=notice.path or prepared.diff.path)
    yield from prepared.opened
    again = prepared.unchanged
    if again is not None and again.left_out:
        number = again.left_out
        unjudged = "1 unchanged entry was" if number == 1 else f"{number:,} unchanged entries were"
        text = (
            f"the installer's configuration changed, and {unjudged} not judged: check the whole file with "
            "`fallback-review scan`"
        )
        yield Notice(path=prepared.diff.path, text=text)


class _Judge(Struct, frozen=True):
    settings: Settings
    today: date
    answers: Answers
    derive: Derivations

    def predict(
        self, package: LockedPackage, target: Target, lockfile: Lockfile, context: Context
    ) -> Verdict | None:
        return prediction.predict(package, lockfile, target, context, self.answers, derive=self.derive)

    def outcomes(
        self, packages: Iterable[LockedPackage], side: LockfileSide, targets: Iterable[Target]
    ) -> dict[str, Outcome]:
        """Return the worst outcome of some entries of one side, by the target's label."""
        found: dict[str, Outcome] = {}
        for package in packages:
            for target in targets:
                verdict = self.predict(package, target, side.lockfile, side.context_of(package))
                if verdict is not None:
                    worst = min(verdict.outcome, found.get(target.label, verdict.outcome), key=_rank)
                    found[target.label] = worst
        return found


def _rank(outcome: Outcome) -> int:
    return outcome.rank


def _moved(prepared: Prepared, judge: _Judge) -> tuple[Change, ...]:
    """Return what comes from elsewhere than before, or no longer installs, although it did not change."""
    again = prepared.unchanged
    if again is None:
        return ()
    return tuple(
        change
        for change in again.changes
        if judge.outcomes(change.before, again.before, prepared.targets)
        != judge.outcomes(change.gained, again.after, prepared.targets)
    )


def _by_configuration(prepared: Prepared, moved: Sequence[ReviewedChange]) -> Iterator[Notice]:
    """Say how many entries the configuration moves, and which of its changes may do so."""
    again = prepared.unchanged
    if again is None or not moved:
        return
    counted = Counter(change.outcome.value for change in moved if change.outcome is not None)
    now = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
    entries = f"package{'' if len(again.changes) == 1 else 's'} that did not change in {prepared.diff.path}"
    text = (
        f"{len(moved)} of {len(again.changes)} {entries} {'is' if len(moved) == 1 else 'are'} installed "
        f"differently now, because the installer's configuration changed: {now}"
    )
    at = prepared.changes_of_configuration[0] if prepared.changes_of_configuration else None
    yield Notice(text=text, path=at.path if at else prepared.diff.path, line=at.line if at else None)


def _reviewed_lockfile(prepared: Prepared, judge: _Judge) -> ReviewedLockfile:
    each, context = prepared.diff, prepared.context
    changes = (*each.changes, *_moved(prepared, judge))
    return ReviewedLockfile(
        path=each.path,
        format=each.format,
        installer=context.installer,
        layout=context.layout,
        changes=tuple(_reviewed_change(change, prepared, judge) for change in changes),
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


def _with_remarks(lockfile: ReviewedLockfile, answers: Answers, today: date) -> ReviewedLockfile:
    changes = (replace(change, note=remark(change, answers, today)) for change in lockfile.changes)
    return replace(lockfile, changes=tuple(changes))


def _reviewed_change(change: Change, prepared: Prepared, judge: _Judge) -> ReviewedChange:
    again = prepared.unchanged
    stayed = change.kind is ChangeKind.ORIGIN_CHANGED
    head = again.after.lockfile if again is not None and stayed else prepared.diff.head
    context = prepared.context_of(change.gained[0]) if change.gained else prepared.context
    verdicts = tuple(
        verdict
        for package in change.gained
        for target in prepared.targets
        if (verdict := judge.predict(package, target, head, context)) is not None
    )
    worst = deciding(verdicts)
    if worst is None:
        return ReviewedChange(change=change)
    conclusion = policy.judge(worst.outcome, worst.cause, judge.settings.policy)
    if conclusion is Conclusion.PASS and any(each.assumptions for each in verdicts if not each.informational):
        conclusion = Conclusion.WARN
    reviewed = ReviewedChange(
        change=change,
        outcome=worst.outcome,
        cause=worst.cause,
        reason=worst.reason,
        why=prediction.describe(worst, change, context, judge.answers, targets=prepared.targets),
        advice=prediction.advise(
            change,
            verdicts,
            context,
            judge.answers,
            lockfile=head,
            targets=prepared.targets,
        ),
        verdicts=verdicts,
        differs_on=tuple(dict.fromkeys(v.target for v in verdicts if v.outcome is not worst.outcome)),
        conclusion=conclusion,
    )
    if conclusion is Conclusion.PASS or not _may_be_allowed(worst) or reviewed.malware:
        return reviewed
    allowance = policy.allowance(change, judge.settings.allow, judge.today)
    return replace(reviewed, conclusion=Conclusion.PASS, allowance=allowance) if allowance else reviewed


def _may_be_allowed(worst: Verdict) -> bool:
    """Whether an allowance, which says that a package may come from elsewhere, is about this verdict."""
    elsewhere = worst.outcome is Outcome.UNKNOWN and worst.reason in _ELSEWHERE
    return worst.outcome in _COVERED_BY_ALLOWANCE or elsewhere
