"""Run every benchmark and print one table: `make bench`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks import (
    bot,
    container,
    github,
    growth,
    hostile,
    latency,
    lockfiles,
    monorepo,
    parsing,
    stopping,
    whole,
)
from benchmarks.table import show

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
        whole,
        container,
    ):
        rows.extend(benchmark.measure())
    show(rows)
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
