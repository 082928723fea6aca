"""The derivation of one prediction, for a terminal: facts, filters, the chosen file, the evidence."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

from fallback_review.report.github import inert
from fallback_review.report.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.prediction import Explanation

FORMATS = ("github", "html", "json", "markdown", "summary", "terminal")
"""Those of the reports' formats that an explanation has too."""
_LISTED = 12
"""Files named of each side of a filter; the rest is counted."""
_FACT = 400
"""The longest fact: one that was cut would lose what to do."""


def render_explanations(
    explained: Iterable[tuple[Explanation, str]],
    format: str,  # noqa: A002 - the option's name
    *,
    brief: bool = False,
) -> str:
    """Render explanations with the cause in words, for one of `FORMATS`.

    JSON is a list with one object for each target; the others hold the text as it is for a terminal: `brief`
    is one line for each target.
    """
    every = list(explained)
    if format == "json":
        return json.dumps([_record(*each) for each in every], indent=2) + "\n"
    if brief:
        text = "".join(f"{_place(each)}{_outcome(each, why)}\n" for each, why in every)
    else:
        text = "\n".join(render_explanation(*each) for each in every)
    if format == "github":
        return inert(text)
    if format in ("markdown", "summary"):
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"{fence}text\n{text}{fence}\n"
    if format == "html":
        title = "<title>Fallback Review</title>"
        return (
            f'<!DOCTYPE html><html lang="en"><meta charset="utf-8">{title}<pre>{escape(text)}</pre></html>\n'
        )
    return text


def _record(explanation: Explanation, why: str) -> dict[str, Any]:
    verdict = explanation.verdict
    return {
        "package": explanation.package,
        "target": explanation.target,
        "facts": explanation.facts,
        "steps": [
            {"title": step.title, "kept": step.kept, "dropped": step.dropped} for step in explanation.steps
        ],
        "outcome": verdict.outcome if verdict else None,
        "cause": verdict.cause if verdict else None,
        "why": why,
        "file": verdict.file if verdict else None,
        "url_host": verdict.url_host if verdict else None,
        "evidence": [str(fact) for fact in verdict.evidence] if verdict else [],
    }


def render_explanation(explanation: Explanation, why: str = "") -> str:
    """Return an explanation as plain text, ending with a newline; nothing in it can style a terminal."""
    return "\n".join(_lines(explanation, why)) + "\n"


def _lines(explanation: Explanation, why: str) -> Iterator[str]:
    yield _place(explanation)
    yield from (f"  {readable(fact, _FACT)}" for fact in explanation.facts)
    for number, step in enumerate(explanation.steps, start=1):
        yield f"  {number}. {readable(step.title)}"
        yield from _files("keeps", step.kept)
        yield from _files("drops", step.dropped)
    verdict = explanation.verdict
    if verdict is None:
        return
    yield f" {_outcome(explanation, why)}"
    if verdict.file:
        at = f" from {readable(verdict.url_host)}" if verdict.url_host else ""
        yield f"    file: {readable(verdict.file)}{at}"
    yield from (f"    evidence: {readable(each.said, _FACT)}" for each in verdict.evidence)
    yield from (f"    assumed: {readable(each.said, _FACT)}" for each in verdict.assumptions)


def _place(explanation: Explanation) -> str:
    return f"{readable(explanation.package)} on {readable(explanation.target)}"


def _outcome(explanation: Explanation, why: str) -> str:
    verdict = explanation.verdict
    if verdict is None:
        return " → not installed there"
    because = f" ({verdict.cause})" if verdict.cause else ""
    return f" → {verdict.outcome.value}{because}" + (f": {readable(why)}" if why else "")


def _files(verb: str, files: Iterable[str]) -> Iterator[str]:
    names = list(files)
    for name in names[:_LISTED]:
        yield f"     {verb} {readable(name)}"
    if len(names) > _LISTED:
        yield f"     {verb} {len(names) - _LISTED} more"
