"""The memory of a process that makes much and throws little away."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Let the collector look less often: what a review makes lives until its end.

    Each look walks all that is alive, so that the cost of a change would grow with their number
    (docs/performance.md has the figures).
    """
    gc.set_threshold(200_000, 20, 100)


def end_without_looking() -> None:
    """Let the end of the process be quick: Python would look for cycles among all that is alive, twice.

    That is a sixth of a small review. The system takes the memory back anyway; `atexit` still runs.
    """
    gc.freeze()
