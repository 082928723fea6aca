"""A verification as a page of its own: no script, and a policy that would run none."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from fallback_review.report.templating import environment
from fallback_review.report.text import readable
from fallback_review.report.verification import sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.model.installed import Verification


def render(verifications: Sequence[Verification]) -> str:
    """Render the page."""
    style = environment().get_template("page.css").render()
    places = [
        {
            "headline": sections.headline(each),
            "place": readable(each.place, 300),
            "lines": [line for line in (sections.coverage(each), sections.prediction(each)) if line],
            "notices": [
                (f"{readable(one.path, 300)}: " if one.path else "") + readable(one.text, 600)
                for one in (*each.unreadable, *each.findings)
            ]
            + [sections.file_line(one) for one in each.strays],
            "trouble": sections.trouble(each),
            "quiet": sections.quiet(each),
            "startup": [readable(path, 300) for path in each.startup],
            "proof": sections.proof(each),
        }
        for each in verifications
    ]
    return (
        environment()
        .get_template("verification.html")
        .render(places=places, style=style, style_hash=b64encode(sha256(style.encode()).digest()).decode())
    )
