"""One input: read it within bounds of time and memory, and keep count in a file that outlives the process."""

from __future__ import annotations

import resource
import signal
import struct
import time
from typing import TYPE_CHECKING

from benchmarks.measure import peak

from tests.lockfiles.fuzz import survive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

SECONDS_EACH = 5.0
MEGABYTES = 1_024
COUNTS = struct.Struct("<QQdQ")
"""Tried, read without an error, the slowest input's seconds, and the most memory in kilobytes."""


class TooSlowError(BaseException):
    """An input that takes longer than any may; no parser may catch it."""


class Trial:
    """Tries inputs of one format; raises whatever is a finding."""

    def __init__(self, path: str, base: str, counts: Path, target: Callable[..., str] = survive) -> None:
        self._path = path
        self._base = base
        self._target = target
        self._tried = self._read = 0
        self._slowest = 0.0
        self._counts = counts.open("wb", buffering=0)

    def __call__(self, data: bytes) -> None:
        """Read one input, alone and against the base.

        Raises:
            TooSlowError: It takes more than `SECONDS_EACH`.
            Exception: Any other finding, `MemoryError` among them.
        """
        signal.setitimer(signal.ITIMER_REAL, SECONDS_EACH)
        started = time.perf_counter()
        try:
            outcome = self._target(self._path, data, self._base)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._tried += 1
        self._read += outcome == "read"
        self._slowest = max(self._slowest, time.perf_counter() - started)
        if self._tried % 64 == 1:
            self.save()

    def save(self) -> None:
        """Write the counts down."""
        memory = peak()
        self._counts.seek(0)
        self._counts.write(COUNTS.pack(self._tried, self._read, self._slowest, memory))


def set_limits() -> None:
    """Bound this process: the memory it can have, and what happens when an input takes too long."""
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))
    signal.signal(signal.SIGALRM, _too_slow)


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"an input takes more than {SECONDS_EACH} s")
