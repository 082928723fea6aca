"""Annotations for a workflow run: plain values within GitHub's limits, worst first.

How they become workflow commands, and the escaping that this needs, is the business of whoever writes them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.report import ascii_json, limits
from fallback_review.report.findings import findings
from fallback_review.report.text import count, visible

if TYPE_CHECKING:
    from fallback_review.model import Review


class Annotation(Struct, frozen=True, kw_only=True):
    """One annotation."""

    level: str
    """``error``, ``warning`` or ``notice``."""
    path: str | None
    line: int | None
    title: str
    message: str


def annotate(review: Review, *, elsewhere: str = "the job summary") -> tuple[Annotation, ...]:
    """Return the annotations: at most ten of a type, the tenth counting the others where there are more.

    `elsewhere` is what has the others.
    """
    found = findings(review)
    totals = Counter(finding.level for finding in found)
    given: Counter[str] = Counter()
    made = []
    for finding in found:
        total, given[finding.level] = totals[finding.level], given[finding.level] + 1
        if given[finding.level] > limits.ANNOTATIONS:
            continue
        if given[finding.level] == limits.ANNOTATIONS < total:
            others = count(total - limits.ANNOTATIONS + 1, "more finding")
            text = f"There are {others} of this kind: see {elsewhere}."
            made.append(
                Annotation(level=finding.level, path=None, line=None, title="Fallback Review", message=text)
            )
            continue
        message = finding.message
        if len(message) > limits.ANNOTATION_MESSAGE:
            message = message[: limits.ANNOTATION_MESSAGE - 1] + "…"
        path = visible(finding.path) if finding.path else None
        made.append(
            Annotation(
                level=finding.level, path=path, line=finding.line, title=finding.title, message=message
            )
        )
    return tuple(made)


def render(review: Review) -> str:
    """Render the annotations as a JSON list."""
    return ascii_json.dumps(annotate(review))
