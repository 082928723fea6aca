"""The same question asked of installers: what will be installed for a hundred pins, and from where?

Each program starts anew, asks the same local index and keeps no cache. uv and pip say which version they
would take; neither says whose file it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.measure import Row, best, milliseconds
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import PURE, Release, Shelf, Universe

LAB = Path(__file__).resolve().parent.parent / ".lab" / "installers" / "bin"
COUNT = 100
RUNS = 3


def measure() -> list[Row]:
    """Return a row for uv and one for pip, or one that says that they are not there."""
    if not (LAB / "uv").exists():
        return [
            Row(work="against installers", measured="left out (make lab)", against="", ratio=0, budget=None)
        ]
    on = {Shelf.BUILT: (PURE,), Shelf.PYPI: (PURE,)}
    releases = tuple(
        Release(name=f"made-{number}", version=version, on=on)
        for number in range(COUNT)
        for version in ("1.0", "2.0")
    )
    with DemoIndex(Universe(releases=releases)) as index, tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.txt"), Path(folder, "new.txt")
        for path, version in ((old, "1.0"), (new, "2.0")):
            path.write_text("".join(f"made-{number}=={version}\n" for number in range(COUNT)))
        ours = best(partial(_review, index, old, new), runs=RUNS)
        others = {
            "uv pip compile": [str(LAB / "uv"), "pip", "compile", "--quiet", "--no-cache", "--no-header",
                               "--python", sys.executable, "--index-url", f"{index.pypi}/simple/", str(new)],
            "pip install --dry-run --report": [
                str(LAB / "pip"), "install", "--quiet", "--dry-run", "--ignore-installed", "--no-cache-dir",
                "--disable-pip-version-check", "--report", str(Path(folder, "report.json")),
                "--index-url", f"{index.pypi}/simple/", "-r", str(new)],
        }  # fmt: skip
        taken = {name: best(partial(_run, command), runs=RUNS) for name, command in others.items()}
    return [
        Row(
            work=f"{COUNT} changed pins, from start to report",
            measured=milliseconds(ours),
            against=f"{name} = {milliseconds(seconds)}",
            ratio=ours / seconds,
            budget=None,
        )
        for name, seconds in taken.items()
    ]


def _review(index: DemoIndex, old: Path, new: Path) -> None:
    program = str(Path(sys.executable).parent / "fallback-review")
    _run(
        [program, "review", str(old), str(new), "--format", "json", "--layout", "chainguard-only",
         "--index-url", f"{index.chainguard}/python/simple/", "--index-username", index.username,
         "--pypi-url", f"{index.pypi}/simple/"],
        FALLBACK_REVIEW_INDEX_PASSWORD=index.password,
    )  # fmt: skip


def _run(command: list[str], **environ: str) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**plain, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "NO_PROXY": "*", **environ},
    )
