"""Run every benchmark and print one table: `make bench`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bot,
    container,
    github,
    growth,
    hostile,
    installers,
    latency,
    lockfiles,
    monorepo,
    parsing,
    stopping,
)

if TYPE_CHECKING:
    from benchmarks.measure import Row


def main() -> int:
    """Measure, print, and return 1 when a budget is exceeded."""
    rows: list[Row] = []
    for benchmark in (
        latency,
        parsing,
        lockfiles,
        growth,
        hostile,
        monorepo,
        github,
        stopping,
        bot,
        installers,
        container,
    ):
        rows.extend(benchmark.measure())
    table = Table(title="Fallback Review: budgets", title_justify="left")
    for heading in ("work", "measured", "against", "ratio", "budget"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        mark = "" if row.within else " ✗"
        table.add_row(row.work, row.measured, row.against, f"{row.ratio:.2f}{mark}", row.budget_text)
    Console().print(table)
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
