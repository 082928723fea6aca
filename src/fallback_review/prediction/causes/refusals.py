"""Causes that lie with what the installer is told: it refuses its configuration, or a lock with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause, EvidenceKind
from fallback_review.prediction.causes.record import CauseRecord, Words

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts

REFUSED = Cause("installer-refuses")


def _said(facts: Facts) -> str:
    """Return what the evidence says, without the step that stands behind it."""
    said = (
        each.said
        for each in facts.verdict.evidence
        if each.kind in (EvidenceKind.CONFIGURED, EvidenceKind.LOCKED)
    )
    return next(said, "the installer refuses it").partition(". ")[0]


def _step(facts: Facts) -> Advice:
    said = next((each.said for each in facts.verdict.evidence), "")
    _, _, step = said.partition(". ")
    return Advice(text=step or "fix the installer's configuration, or lock again")


RECORDS = (
    CauseRecord(
        cause=REFUSED,
        title="The installer refuses its configuration or the lock",
        meaning="The installer stops before it looks for a file: it can't use its configuration, or the lock "
        "does not fit the project, the target or the installer's options.",
        words=Words(why=_said, step=_step),
        reasons={
            "outdated": Words(why=_said, step=lambda facts: facts.lock_again),
            "source": Words(
                why=_said,
                step=lambda facts: Advice(text="lock this package again", command=facts.relock),
            ),
            "hash": Words(
                why=_said,
                step=lambda facts: Advice(text="lock this package again", command=facts.relock),
            ),
            "lock": Words(
                why=_said, step="lock again for this target, or take the target out of the settings"
            ),
        },
    ),
)
