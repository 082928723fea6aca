"""The job summary: the comment's content with more room, and a chart of where the packages come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fallback_review.report import limits
from fallback_review.report.markdown import compose
from fallback_review.report.sections import arrange
from fallback_review.report.words import COLORS, COMES_FROM

if TYPE_CHECKING:
    from fallback_review.model import Review
    from fallback_review.report.tally import Tally

LIMIT = limits.SUMMARY - 16_384
"""The rest is kept for what else the step has to say."""


def render(review: Review, *, limit: int = LIMIT, about_url: str | None = None) -> str:
    """Render the summary; the arguments are those of the comment (`markdown.render`).

    Raises:
        ValueError: not even the frame fits into `limit`.
    """
    arrangement = arrange(review)
    return compose(
        arrangement,
        limit=limit,
        chart=_chart(arrangement.numbers),
        elsewhere=", see the JSON report",
        about_url=about_url,
    )


def _chart(numbers: Tally) -> str:
    """Return a Mermaid pie chart (https://mermaid.js.org/syntax/pie.html), made of our own words alone.

    Mermaid colours slices by position, in some versions after sorting them by size: so they come sorted.
    """
    slices = sorted(numbers.outcomes.items(), key=lambda item: (-item[1], -item[0].rank))
    if len(slices) < 2:  # noqa: PLR2004 - a pie of one slice tells nothing
        return ""
    colors = {f"pie{number}": COLORS[outcome] for number, (outcome, _) in enumerate(slices, start=1)}
    theme = json.dumps({"themeVariables": colors | {"pieOpacity": "1", "pieSectionTextColor": "#1f2328"}})
    lines = [f'    "{COMES_FROM[outcome]}" : {number}' for outcome, number in slices]
    title = "    title Where the packages come from"
    return "\n".join(["```mermaid", f"%%{{init: {theme}}}%%", "pie showData", title, *lines, "```"])
