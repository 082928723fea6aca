"""The rows as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.measure import Row

BEGIN, END = "<!-- made by `make bench WRITE=--write` -->", "<!-- end of the table -->"
_HEADINGS = ("work", "measured", "against", "ratio", "budget")


def show(rows: Iterable[Row]) -> None:
    """Print rows as a table."""
    table = Table(title="Fallback Review: budgets", title_justify="left")
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*_cells(row))
    Console().print(table)


def written(page: str, rows: Iterable[Row]) -> str:
    """Return a document with the rows between its marks, in place of those that stand there.

    Raises:
        ValueError: it has not the marks.
    """
    before, mark, rest = page.partition(BEGIN)
    _, other, after = rest.partition(END)
    if not (mark and other):
        raise ValueError(f"the page needs {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{markdown(rows)}\n{END}{after}"


def markdown(rows: Iterable[Row]) -> str:
    """Return rows as a table of a document."""
    lines = [_HEADINGS, tuple("---" for _ in _HEADINGS), *(_cells(row) for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    mark = "" if row.within else " ✗"
    return row.work, row.measured, row.against, f"{row.ratio:.2f}{mark}", row.budget_text
