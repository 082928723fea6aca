"""No attempt to pass a stranger's file, or PyPI's, for Chainguard's is green; the document tells all of them."""

from __future__ import annotations

from pathlib import Path

from tests.faults.attempts import attempts, table

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def test_no_attempt_is_green_and_the_document_has_the_table() -> None:
    found = list(attempts())
    assert len(found) > 150
    assert [each for each in found if each.green] == []
    assert table(found) in DOCUMENT.read_text("utf-8")
