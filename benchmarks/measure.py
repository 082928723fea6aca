"""Small means of measuring: the best of several runs, and a row of the table."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What running a program took."""

    cpu: float
    """Seconds of processor time, its own children's too."""
    wall: float
    peak: float
    """Megabytes."""


_STARTER = """
import json, os, sys, time
started = time.perf_counter()
silent = [(os.POSIX_SPAWN_DUP2, os.open(os.devnull, os.O_WRONLY), 1)]
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, used = os.wait4(process, 0)
wall = time.perf_counter() - started
code, cpu = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
print(json.dumps([code, cpu, wall, used.ru_maxrss / 1024]))
"""
"""Starts a program from a small process: the peak of a new one counts from what its parent holds."""


def peak() -> int:
    """Return the most memory that this program had, in kilobytes.

    `getrusage` counts from what the process held that has started it, until the program began.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(
            next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def child(
    command: Iterable[str], environ: Mapping[str, str], folder: Path | None = None, *, ends: int = 0
) -> Cost:
    """Run a program to its end, in a folder, and return what it took.

    Raises:
        RuntimeError: it ended with another code than `ends`; what it wrote is the text.
    """
    started = [sys.executable, "-S", "-c", _STARTER, *command]
    done = subprocess.run(started, env=dict(environ), cwd=folder, capture_output=True, text=True, check=True)
    code, cpu, wall, peak = json.loads(done.stdout)
    if code != ends:
        raise RuntimeError(f"{started[4:]} failed:\n{done.stderr}")
    return Cost(cpu=cpu, wall=wall, peak=peak)


def least(costs: Iterable[Cost]) -> Cost:
    """Return the least of each, of several runs."""
    every = [*costs]
    return Cost(
        cpu=min(cost.cpu for cost in every),
        wall=min(cost.wall for cost in every),
        peak=min(cost.peak for cost in every),
    )
