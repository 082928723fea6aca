"""Run every benchmark and print one table: `make bench`; `WRITE=--write` puts it into docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    bot,
    cached,
    container,
    github,
    growth,
    hostile,
    latency,
    lockfiles,
    monorepo,
    parsing,
    stopping,
    verify,
    whole,
)
from benchmarks.table import show, written

if TYPE_CHECKING:
    from benchmarks.measure import Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main() -> int:
    """Measure, print, and return 1 when a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    given = parser.parse_args()
    rows: list[Row] = []
    for benchmark in (
        whole,
        cached,
        latency,
        parsing,
        lockfiles,
        growth,
        hostile,
        monorepo,
        github,
        stopping,
        bot,
        verify,
        container,
    ):
        rows.extend(benchmark.measure())
    show(rows)
    if given.write:
        PAGE.write_text(written(PAGE.read_text(), rows))
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
