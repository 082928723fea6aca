"""The garbage collector of a process that makes much and throws little away."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Let the collector look less often: what a review makes lives until its end.

    Each look walks all that is alive, so that the cost of a change would grow with their number
    (docs/performance.md has the figures).
    """
    gc.set_threshold(50_000, 20, 100)
