"""Renderings of a `Verification`: terminal, Markdown, JSON, HTML and SARIF; one module a format.

Like those of a review they are functions of the value alone, and everything in it is somebody else's text.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.model.installed import Verification

FORMATS: dict[str, str] = {
    name: f"fallback_review.report.verification.{name}"
    for name in ("terminal", "markdown", "json", "html", "sarif")
}
"""The module behind each format's name."""


def render(
    verifications: Sequence[Verification],
    format: str,  # noqa: A002 - the word users know from --format
    **options: object,
) -> str:
    """Render what was found in one or several places.

    Args:
        verifications: what to show.
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
    text: str = import_module(FORMATS[format]).render(verifications, **options)
    return text
