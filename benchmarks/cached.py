"""A second run over the same pages, with a cache whose pages the indexes confirm, and without any."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, Row, child, least, milliseconds
from benchmarks.whole import PROGRAM, RUNS, environ, indexes
from benchmarks.world import pinned, serving

if TYPE_CHECKING:
    from benchmarks.world import World

SIZE = 100
WITH, WITHOUT = "with --cache-dir", "without"


def measure(forms: tuple[str, ...] = ("json", "html")) -> list[Row]:
    """Return rows for bytes, processor time and wall time of a second run."""
    rows: list[Row] = []
    with serving() as world, tempfile.TemporaryDirectory() as folder:
        for form in forms:
            rows.extend(_rows(form, *_measured(form, world, Path(folder))))
    return rows


def _measured(form: str, world: World, folder: Path) -> tuple[dict[str, Cost], dict[str, int]]:
    old, new, kept = folder / "old.txt", folder / "new.txt", str(folder / form)
    old.write_text(pinned(SIZE, newest=False))
    new.write_text(pinned(SIZE, newest=True))
    plain = [
        PROGRAM,
        "review",
        str(old),
        str(new),
        "--format",
        "json",
        "--output",
        str(folder / "report.json"),
    ]
    commands = {
        WITHOUT: [*plain, *indexes(world, form)],
        WITH: [*plain, *indexes(world, form), "--cache-dir", kept],
    }
    child(commands[WITH], environ())
    taken: dict[str, list[Cost]] = {name: [] for name in commands}
    sent: dict[str, int] = {}
    for _ in range(RUNS):
        for name, command in commands.items():
            before = world.sent()
            taken[name].append(child(command, environ()))
            sent[name] = world.sent() - before
    return {name: least(costs) for name, costs in taken.items()}, sent


def _rows(form: str, taken: dict[str, Cost], sent: dict[str, int]) -> list[Row]:
    work = f"{SIZE} changed, a second run with a cache, {form.upper()}"
    measured = {
        "bytes": (sent[WITH], sent[WITHOUT], "{:.3f} MB"),
        "CPU": (taken[WITH].cpu, taken[WITHOUT].cpu, ""),
        "wall": (taken[WITH].wall, taken[WITHOUT].wall, ""),
    }
    return [
        Row(
            work=f"{work}: {what}",
            measured=shape.format(ours / 1e6) if shape else milliseconds(ours),
            against=f"{WITHOUT} = {shape.format(other / 1e6) if shape else milliseconds(other)}",
            ratio=ours / other,
            budget=None,
        )
        for what, (ours, other, shape) in measured.items()
    ]


if __name__ == "__main__":
    from benchmarks.table import show

    show(measure())
