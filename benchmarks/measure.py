"""Small means of measuring: the best of several runs, and a row of the table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; a budget of None is a fact without a budget."""

    work: str
    measured: str
    against: str
    ratio: float
    budget: float | None

    @property
    def within(self) -> bool:
        """Whether the ratio is within its budget."""
        return self.budget is None or self.ratio <= self.budget

    @property
    def budget_text(self) -> str:
        """The budget as people read it."""
        return "none" if self.budget is None else f"at most {self.budget:g}"


def best(work: Callable[[], object], *, runs: int = 5) -> float:
    """Return the seconds of the fastest of several runs: the least disturbed one."""
    durations = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return min(durations)


def milliseconds(seconds: float) -> str:
    """Return a duration as text."""
    return f"{seconds * 1000:.0f} ms"
