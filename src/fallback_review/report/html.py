"""A page of its own that looks like the comment on GitHub, for people without a pull request at hand.

It is made from the same sections as the comment, by a template that escapes every value. It has no script,
and a policy (https://www.w3.org/TR/CSP3/) that would run none.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from fallback_review.report.escape import destination
from fallback_review.report.sections import TOTALS, arrange
from fallback_review.report.templating import environment
from fallback_review.report.text import readable

if TYPE_CHECKING:
    from fallback_review.model import Review


def render(review: Review, *, about_url: str | None = None) -> str:
    """Render the page; `about_url` is that of the comment (`markdown.render`)."""
    arrangement = arrange(review)
    style = environment().get_template("page.css").render()
    return (
        environment()
        .get_template("page.html")
        .render(
            report=arrangement,
            footer=arrangement.footer(),
            headings=TOTALS,
            run_url=destination(review.run_url),
            about=destination(about_url),
            commit=readable(review.head, 40)[:7] if review.head else None,
            style=style,
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )
