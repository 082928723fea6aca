"""Causes: why an outcome is not `chainguard`, and what to do about it, in words.

Everything that people are told about a cause is one `CauseRecord`. A new cause is a record and a line in
`CAUSES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Outcome, SourceKind, deciding
from fallback_review.prediction.causes import locked, missing, refusals, unanswered
from fallback_review.prediction.causes.missing import BLOCK_REASONS
from fallback_review.prediction.causes.record import (
    DOCUMENTATION,
    CauseRecord,
    Facts,
    Words,
    move_to_remediated,
)
from fallback_review.prediction.nearest import Nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Advice, Cause, Change, Lockfile, Target, Verdict
    from fallback_review.prediction.context import Answers, Context

CAUSES: dict[Cause, CauseRecord] = {
    record.cause: record
    for record in (*missing.RECORDS, *locked.RECORDS, *unanswered.RECORDS, *refusals.RECORDS)
}
"""Every cause by its name."""
_DIRECT = {
    SourceKind.GIT: "the lock takes it from a Git repository",
    SourceKind.HG: "the lock takes it from a Mercurial repository",
    SourceKind.SVN: "the lock takes it from a Subversion repository",
    SourceKind.BZR: "the lock takes it from a Bazaar repository",
    SourceKind.URL: "the lock takes it from a URL",
}
_PRIVATE = "its name or its index is private: no index was asked for it"


def describe(
    verdict: Verdict, change: Change, context: Context, answers: Answers, *, targets: Iterable[Target] = ()
) -> str:
    """Return why a verdict is not `chainguard`, as one short clause of plain text; empty where it is."""
    if verdict.outcome is Outcome.DIRECT:
        kinds = [package.source.kind for package in change.gained]
        return next((_DIRECT[kind] for kind in kinds if kind in _DIRECT), "the lock takes it from a folder")
    if verdict.outcome is Outcome.PRIVATE:
        return _PRIVATE
    if verdict.cause is None:
        return ""
    facts = Facts(
        verdict=verdict,
        change=change,
        context=context,
        answers=answers,
        nearest=Nearest(answers),
        targets=tuple(targets),
    )
    return CAUSES[verdict.cause].why(facts)


def advise(
    change: Change,
    verdicts: Iterable[Verdict],
    context: Context,
    answers: Answers,
    *,
    lockfile: Lockfile,
    targets: Iterable[Target],
    nearest: Nearest | None = None,
) -> Advice | None:
    """Return what to do about the worst of a change's verdicts; None where nothing is to be done.

    Commands are written for the lockfile's format and path, as pasted at the repository's root; a version is
    only advised where it would come from Chainguard on every one of the targets that decides. `nearest` is
    what remembers, for the same answers, what was looked up for other changes.
    """
    worst = deciding(verdicts)
    if worst is None:
        return None
    every, nearest = tuple(targets), nearest or Nearest(answers)
    if worst.otherwise is not None:
        below = advise(
            change, [worst.otherwise], context, answers, lockfile=lockfile, targets=every, nearest=nearest
        )
        if below is not None and below.command is not None:
            return below
    facts = Facts(
        verdict=worst,
        change=change,
        context=context,
        answers=answers,
        nearest=nearest,
        lockfile=lockfile,
        targets=tuple(target for target in every if not target.informational) or every,
    )
    better = worst.outcome in (Outcome.CHAINGUARD, Outcome.UPSTREAM)
    if better and facts.fixed not in (None, facts.wanted):
        return move_to_remediated(facts)
    return CAUSES[worst.cause].advice(facts) if worst.cause is not None else None


__all__ = ["BLOCK_REASONS", "CAUSES", "DOCUMENTATION", "CauseRecord", "Facts", "Words", "advise", "describe"]
