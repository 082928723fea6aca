"""The table of `make bench` in its document."""

from __future__ import annotations

import pytest
from benchmarks.__main__ import PAGE
from benchmarks.measure import Row
from benchmarks.table import BEGIN, END, written

ROW = Row(work="reading", measured="2 ms", against="bare reading = 1 ms", ratio=2.0, budget=1.0)


def test_the_table_is_put_in_place_of_the_one_before() -> None:
    page = written(f"# Words\n\n{BEGIN}\n\n| old |\n\n{END}\n\nMore.\n", [ROW])
    assert "| reading | 2 ms | bare reading = 1 ms | 2.00 ✗ | at most 1 |" in page
    assert "| old |" not in page
    assert (page.startswith("# Words\n"), page.endswith("More.\n")) == (True, True)
    assert written(page, [ROW]) == page


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="needs"):
        written("# Words\n", [ROW])


def test_the_document_holds_a_table() -> None:
    part = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    assert len(rows) > 2
    assert any("two indexes" in row for row in rows)
