"""How the cost of a review grows with the number of changes, and how much memory it takes."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from functools import partial
from itertools import count as count_from
from typing import TYPE_CHECKING

from benchmarks.measure import Row, best, peak
from fallback_review.lockfiles import Text
from fallback_review.model import Answer, Index, Owner, ProjectFile, Tier
from fallback_review.pipeline import review
from fallback_review.pipeline.compare import compare
from fallback_review.report import render
from fallback_review.runtime.memory import collect_rarely
from fallback_review.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers

SMALL, LARGE = 100, 10_000
AT_LEAST, TURNS = 5_000, 3
"""Changes that are reviewed in one turn of each size, and turns."""
MEGABYTES = 130


def measure() -> list[Row]:
    """Return cost per change at 10,000 against 100, and peak memory against its budget."""
    collect_rarely()  # as the command and the Action do
    cost = _costs()
    peak = int(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.growth"], capture_output=True, check=True, text=True
        ).stdout
    )
    figures = ", ".join(f"{count:,}: {seconds * 1e6:.0f} µs" for count, seconds in cost.items())
    return [
        Row(
            work="growth: parse to comment, per change",
            measured=figures,
            against=f"cost per change at {SMALL}",
            ratio=cost[LARGE] / cost[SMALL],
            budget=1.0,
        ),
        Row(
            work=f"peak memory, {LARGE:,} changes",
            measured=f"{peak} MB",
            against=f"{MEGABYTES} MB",
            ratio=peak / MEGABYTES,
            budget=1.0,
        ),
    ]


def _costs() -> dict[int, float]:
    """Return the seconds per change, by the number of changes.

    What is small is done again and again: the best of short moments falls between the disturbances of a
    machine, and a long run does not. The sizes take turns for the same reason. Each run is of other packages,
    since what is remembered of lines and names would serve the small ones alone.
    """
    edition = count_from(1)
    costs: dict[int, list[float]] = {count: [] for count in (10, SMALL, 1_000, LARGE)}
    for _ in range(TURNS):
        for count, seconds in costs.items():
            times = max(1, AT_LEAST // count)
            seconds.append(best(partial(_repeat, count, times, edition), runs=1) / (count * times))
    return {count: min(seconds) for count, seconds in costs.items()}


def _repeat(count: int, times: int, edition: Iterator[int]) -> None:
    for _ in range(times):
        run(count, next(edition))


def run(count: int, edition: int = 0) -> str:
    """Review a lockfile in which every package is bumped; return the comment. Editions share no package."""
    diff = compare(side(count, "1.0", edition), side(count, "1.1", edition))
    return render(review.review([diff], Settings(), answer, today=date(2026, 1, 1)), "markdown")


def side(count: int, version: str, edition: int = 0) -> Text:
    """Return one side: hashed requirements, each name once."""
    lines = [f"made{edition}-{number}=={version} --hash=sha256:{number:064x}" for number in range(count)]
    return Text(path="requirements.txt", text="\n".join(lines) + "\n")


def answer(wanted: Wanted) -> Answers:
    """Play both indexes: every tenth package is only on PyPI."""
    found: dict[str, dict[Index, Answer]] = {}
    for index, names in wanted.items():
        for name in names:
            found.setdefault(name, {})[index] = Answer(index=index, name=name, files=_listed(index, name))
    return found


def _listed(index: Index, name: str) -> tuple[ProjectFile, ...]:
    """Return one wheel, which is the lock's: Chainguard's, else PyPI's; the other index has other bytes."""
    number = int(name.rpartition("-")[2])
    pypis = index.owner is Owner.PYPI
    built = bool(number % 10)
    if not (pypis or built):
        return ()
    filename = f"{name.replace('-', '_')}-1.1-py3-none-any.whl"
    host = "files.pypi.test" if pypis else "libraries.cgr.dev/python/simple"
    file = ProjectFile(
        filename=filename,
        url=f"https://{host}/{name}/1.1/{filename}",
        version="1.1",
        sha256=f"{number if built is not pypis else number + LARGE:064x}",
        tier=None if pypis else Tier.BUILT,
    )
    return (file,)


if __name__ == "__main__":
    collect_rarely()
    run(LARGE)
    sys.stdout.write(str(peak() // 1024))
