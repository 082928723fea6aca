"""A cause and a report format that nobody has: each is what one new module would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause
from fallback_review.prediction.causes import CauseRecord, Words
from fallback_review.report.sections import arrange

if TYPE_CHECKING:
    from fallback_review.model import Review
    from fallback_review.prediction.causes import Facts

QUARANTINED = Cause("quarantined")


def _ask(facts: Facts) -> Advice:
    return Advice(text=f"ask security about {facts.change.name}", command=facts.update_hashes())


RECORD = CauseRecord(
    cause=QUARANTINED,
    title="Chainguard holds this project in quarantine",
    words=Words(why="it is in quarantine", step=_ask),
    reasons={"audit": Words(why="it is in quarantine until the audit", step="wait for the audit")},
)


def render(review: Review) -> str:
    return "".join(
        f"{row.name};{row.comes_from};{row.why};{row.advice}\n"
        for table in arrange(review).trouble()
        for row in table.rows()
    )
