"""The pictures are made, and what to do is on a narrow screen."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from fallback_review.report import render
from tests.report import pictures
from tests.report.github import page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


def test_the_pictures_are_made(tmp_path: Path) -> None:
    pictures.main(tmp_path, everything=False)
    sizes = {path.name: struct.unpack(">II", path.read_bytes()[16:24]) for path in tmp_path.iterdir()}
    assert sizes == {
        "comment.png": (900, 620),
        "comment-dark.png": (900, 620),
        "comment-narrow.png": (390, 1100),
        "terminal.png": (900, 660),
        "scan.png": (900, 1060),
    }


@pytest.mark.parametrize("width", [390, 900])
def test_no_table_is_wider_than_the_screen(width: int) -> None:
    shown = page(render(pictures.comment(), "markdown"), "light").replace("<details>", "<details open>")
    assert pictures.too_wide(shown, width=width) == 0


def test_a_narrow_screen_shows_what_a_scan_covers() -> None:
    """The totals may be scrolled; their share stands in front."""
    report = render(pictures.scanned(), "html")
    assert "<th>Lockfile</th><th>Covered</th>" in report
    assert "<td>web/uv.lock</td><td>25.0 %</td><td>4</td>" in report
    assert "uv lock --directory web --upgrade-package orjson==3.10.6" in report
