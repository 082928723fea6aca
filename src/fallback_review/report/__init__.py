"""Renderings of a `Review`: comment, job summary, terminal, JSON, HTML, SARIF and annotations.

Every renderer is one module with a function ``render(review, **options) -> str``; a new one is a new module
and a line in `FORMATS`. They are imported when asked for, so that no face pays for another's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fallback_review.model import Review

FORMATS: dict[str, str] = {
    "terminal": "fallback_review.report.terminal",
    "markdown": "fallback_review.report.markdown",
    "summary": "fallback_review.report.summary",
    "json": "fallback_review.report.json",
    "html": "fallback_review.report.html",
    "sarif": "fallback_review.report.sarif",
    "annotations": "fallback_review.report.annotations",
    "github": "fallback_review.report.github",
}
"""The module behind each format's name."""


def render(review: Review, format: str, **options: object) -> str:  # noqa: A002 - the word users know from --format
    """Render a review.

    Args:
        review: what to show; nothing else is looked at, neither network nor clock.
        format: one of `FORMATS`.
        options: the keyword arguments of that format's own ``render``.

    Returns:
        The text, ending with a newline.

    Raises:
        ValueError: the format is not one of `FORMATS`.
        TypeError: the format has no such option.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown report format {format!r}: use one of {', '.join(FORMATS)}")
    text: str = import_module(FORMATS[format]).render(review, **options)
    return text
