"""The memory of a process that makes much, in many threads, and throws little away."""

from __future__ import annotations

import gc
import sys

_M_ARENA_MAX = -8
"""glibc's malloc.h; mallopt(3)."""


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


def share_one_arena() -> bool:
    """Let all threads take large blocks from one place; return whether the C library does so.

    glibc gives threads places of their own, in which what one page leaves behind does not serve the next:
    a quarter of all memory. Python's lock makes the threads take turns anyway. To be called before there are
    many threads, as those that are there keep their places; other C libraries have nothing of the kind.
    """
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - only who asks for many projects has many threads

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1
