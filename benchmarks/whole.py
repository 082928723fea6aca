"""The whole command beside installers that are asked the same: what will be installed for these pins?

Each program starts anew, asks the same local index (`benchmarks.world`) and keeps no cache. uv and pip ask
one index, ours both; uv and pip say which version they would take, and neither says whose file it is. The
runs of the programs alternate, so that a disturbance of the machine meets all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Cost, Row, child, least, milliseconds
from benchmarks.world import World, pinned, serving
from fallback_review.settings.schema import SETTINGS_PATH

LAB = Path(__file__).resolve().parent.parent / ".lab" / "installers" / "bin"
PROGRAM = str(Path(sys.executable).parent / "fallback-review")
SIZES = (1, 100, 500)
RUNS = 5
BUDGET = 3.0
MEGABYTES = 130
START = 3.0
LOCKFILES, ALIKE = 100, 1.5
OURS, UV, PIP = "fallback-review review", "uv pip compile", "pip install --dry-run --report"


def measure(sizes: tuple[int, ...] = SIZES, forms: tuple[str, ...] = ("json", "html")) -> list[Row]:
    """Return rows for processor time, wall time and memory of the whole command, and of its start."""
    if not (LAB / "uv").exists():
        return [
            Row(work="against installers", measured="left out (make lab)", against="", ratio=0, budget=None)
        ]
    rows = [_start()]
    with serving() as world, tempfile.TemporaryDirectory() as folder:
        for form in forms:
            for size in sizes:
                rows.extend(_rows(size, form, _measured(size, form, world, Path(folder))))
        rows.append(_many(world, Path(folder)))
        rows.append(_with_settings(world, Path(folder)))
    return rows


def _measured(size: int, form: str, world: World, folder: Path) -> dict[str, Cost]:
    old, new = _sides(folder, size)
    report = str(folder / "report.json")
    index = world.url("pypi", form)
    commands = {
        OURS: [PROGRAM, "review", str(old), str(new), "--format", "json", "--output", report,
               *indexes(world, form)],
        UV: [str(LAB / "uv"), "pip", "compile", "--quiet", "--no-cache", "--no-header", "--python",
             sys.executable, "--index-url", index, str(new)],
        PIP: [str(LAB / "pip"), "install", "--quiet", "--dry-run", "--ignore-installed", "--no-cache-dir",
              "--disable-pip-version-check", "--report", report, "--index-url", index, "-r", str(new)],
    }  # fmt: skip
    taken: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(RUNS):
        for name, command in commands.items():
            if name != PIP or not turn:  # pip takes minutes where uv takes a second
                taken[name].append(child(command, environ(), folder))
    return {name: least(costs) for name, costs in taken.items()}


def _sides(folder: Path, size: int) -> tuple[Path, Path]:
    """Write both sides of a lockfile with so many changes, under the name that most have."""
    sides = folder / "old" / "requirements.txt", folder / "new" / "requirements.txt"
    for path, newest in zip(sides, (False, True), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(pinned(size, newest=newest))
    return sides


def indexes(world: World, form: str) -> list[str]:
    """Return the options that name both indexes."""
    return ["--index-url", world.url("chainguard", form), "--pypi-url", world.url("pypi", form)]


def environ() -> dict[str, str]:
    """Return the environment without anything that configures one of the programs."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "FALLBACK_REVIEW_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **plain,
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "NO_PROXY": "*",
        "FALLBACK_REVIEW_CACHE_DIR": "none",
    }


def _rows(size: int, form: str, taken: dict[str, Cost]) -> list[Row]:
    ours, work = taken[OURS], f"{size} changed, two indexes, {form.upper()}"
    rows = [
        Row(
            work=f"{work}: CPU",
            measured=milliseconds(ours.cpu),
            against=f"{UV}, one index = {milliseconds(taken[UV].cpu)}",
            ratio=ours.cpu / taken[UV].cpu,
            budget=BUDGET,
        )
    ]
    rows += [
        Row(
            work=f"{work}: wall",
            measured=milliseconds(ours.wall),
            against=f"{name} = {milliseconds(taken[name].wall)}",
            ratio=ours.wall / taken[name].wall,
            budget=None,
        )
        for name in (UV, PIP)
    ]
    rows.append(
        Row(
            work=f"{work}: peak memory",
            measured=f"{ours.peak:.0f} MB",
            against=f"{MEGABYTES} MB ({UV}: {taken[UV].peak:.0f} MB)",
            ratio=ours.peak / MEGABYTES,
            budget=1.0,
        )
    )
    return rows


def _start() -> Row:
    bare = least(child([sys.executable, "-c", "import click"], environ()) for _ in range(2 * RUNS))
    ours = least(child([PROGRAM, "--version"], environ()) for _ in range(2 * RUNS))
    return Row(
        work="start (--version): CPU",
        measured=milliseconds(ours.cpu),
        against=f"import click = {milliseconds(bare.cpu)}",
        ratio=ours.cpu / bare.cpu,
        budget=START,
    )


def _many(world: World, folder: Path) -> Row:
    """Return what a hundred lockfiles with the same changes cost against one of them."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for number in range(LOCKFILES):
            path = Path(place, f"app{number}", "requirements.txt")
            path.parent.mkdir()
            path.write_text(pinned(100, newest=True))
        one, every = (
            least(
                child(
                    [
                        PROGRAM,
                        "scan",
                        "--format",
                        "json",
                        "--output",
                        os.devnull,
                        *indexes(world, "json"),
                        at,
                    ],
                    environ(),
                    folder,
                )
                for _ in range(RUNS)
            )
            for at in (str(Path(place, "app0")), place)
        )
    return Row(
        work=f"{LOCKFILES} lockfiles with the same 100 packages: CPU",
        measured=milliseconds(every.cpu),
        against=f"one of them = {milliseconds(one.cpu)}",
        ratio=every.cpu / one.cpu,
        budget=ALIKE,
    )


def _with_settings(world: World, folder: Path) -> Row:
    """Return what a settings file adds: what it says is checked, by a library that is imported for that."""
    old, new = _sides(folder, 1)
    command = [PROGRAM, "review", str(old), str(new), "--format", "json", "--output", os.devnull]
    settings = folder / SETTINGS_PATH
    taken = []
    for text in ("", '[indexes]\nlayout = "virtual-file"\n'):
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(text)
        run = [*command, *indexes(world, "json")]
        taken.append(least(child(run, environ(), folder) for _ in range(RUNS)))
    settings.unlink()
    without, with_it = taken
    return Row(
        work="1 changed, with a settings file: CPU",
        measured=milliseconds(with_it.cpu),
        against=f"without = {milliseconds(without.cpu)}",
        ratio=with_it.cpu / without.cpu,
        budget=None,
    )


if __name__ == "__main__":
    from benchmarks.table import show

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--form", action="append", choices=("json", "html"))
    given = parser.parse_args()
    show(measure(tuple(given.sizes), tuple(given.form or ("json", "html"))))
