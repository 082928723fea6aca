"""The pipeline: two sides of lockfiles and whatever the indexes answer in, a `Review` out.

Pure but for `ask`, which the caller brings: the command line and the Action ask real indexes, tests a table.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review import prediction
from fallback_review.model import (
    Cause,
    ChangeKind,
    Edition,
    Notice,
    Outcome,
    Owner,
    Review,
)
from fallback_review.pipeline.ask import ask_all, ask_for_remarks
from fallback_review.pipeline.context import addresses_of, prepare_all
from fallback_review.pipeline.judge import Judge
from fallback_review.prediction.remarks import remark
from fallback_review.settings import policy
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from fallback_review.model import LockfileDiff, ReviewedChange, ReviewedLockfile
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.pipeline.context import Prepared
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Settings

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
    judge = Judge(settings, today, ask_all(wanted, ask, derive), derive)
    judged = [judge.lockfile(each) for each in prepared]
    answers = ask_for_remarks(judge.distinct, judge.answers, addresses_of(settings.indexes), ask)
    lockfiles = _with_remarks(judged, judge.distinct, partial(remark, answers=answers, today=today))
    unread = (*unreadable, *(notice for each in prepared for notice in _newly_unread(each)))
    conclusions = [change.conclusion for change in judge.distinct]
    conclusions += [policy.could_not_check(settings.policy)] * len(unread)
    if any(_newly_unnamed(each.diff) for each in prepared):
        conclusions.append(policy.judge(Outcome.DIRECT, None, settings.policy))
    findings = dict.fromkeys(_unanswered(judge.distinct, judge.answers))
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


def _with_remarks(
    lockfiles: Iterable[ReviewedLockfile],
    distinct: Iterable[ReviewedChange],
    remark: Callable[[ReviewedChange], str | None],
) -> tuple[ReviewedLockfile, ...]:
    """Return lockfiles whose changes have their remarks; those that are alike get the same one.

    What is one object stays one.
    """
    notes = {id(each.verdicts): remark(each) for each in distinct}
    noted: dict[int, ReviewedChange] = {}

    def with_note(change: ReviewedChange) -> ReviewedChange:
        note = notes[id(change.verdicts)]
        if note is None:
            return change
        found = noted.get(id(change))
        if found is None:
            found = noted[id(change)] = replace(change, note=note)
        return found

    return tuple(replace(each, changes=tuple(map(with_note, each.changes))) for each in lockfiles)


def _unanswered(changes: Iterable[ReviewedChange], answers: Answers) -> Iterator[Notice]:
    """Give in full what an index said instead of an answer, where a verdict is unknown for it."""
    said = set()
    for change in changes:
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
