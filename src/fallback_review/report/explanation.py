"""The derivation of one prediction, for a terminal: facts, filters, the chosen file, the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.report.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.prediction import Explanation

_LISTED = 12
"""Files named of each side of a filter; the rest is counted."""


def render_explanation(explanation: Explanation, why: str = "") -> str:
    """Return an explanation as plain text, ending with a newline; nothing in it can style a terminal."""
    return "\n".join(_lines(explanation, why)) + "\n"


def _lines(explanation: Explanation, why: str) -> Iterator[str]:
    yield f"{readable(explanation.package)} on {readable(explanation.target)}"
    yield from (f"  {readable(fact)}" for fact in explanation.facts)
    for number, step in enumerate(explanation.steps, start=1):
        yield f"  {number}. {readable(step.title)}"
        yield from _files("keeps", step.kept)
        yield from _files("drops", step.dropped)
    verdict = explanation.verdict
    if verdict is None:
        return
    because = f" ({verdict.cause})" if verdict.cause else ""
    yield f"  → {verdict.outcome.value}{because}" + (f": {readable(why)}" if why else "")
    if verdict.file:
        at = f" from {readable(verdict.url_host)}" if verdict.url_host else ""
        yield f"    file: {readable(verdict.file)}{at}"
    yield from (f"    evidence: {readable(sentence)}" for sentence in verdict.evidence)


def _files(verb: str, files: Iterable[str]) -> Iterator[str]:
    names = list(files)
    for name in names[:_LISTED]:
        yield f"     {verb} {readable(name)}"
    if len(names) > _LISTED:
        yield f"     {verb} {len(names) - _LISTED} more"
