"""`fallback-review verify` of 200 installed packages, against indexes that take 50 ms for each answer."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.installed.builds import wheel
from tests.installed.indexes import two_indexes

from benchmarks.measure import Row, best

PACKAGES = 200
LATENCY = 0.05
_MINUTE = 60
_FILES = 30


def measure() -> list[Row]:
    """Return the time against a minute; how many requests and bytes it takes stands beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = [_wheel(folder / "wheels", number) for number in range(PACKAGES)]
        site = folder / "site-packages"
        for path in wheels:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(site)
        served = folder / "served"
        served.mkdir()
        with two_indexes(served, wheels, [], latency=LATENCY) as indexes:
            program = Path(sys.executable).with_name("fallback-review")
            command = [str(program), "verify", str(site), *indexes.options(), "--format", "json"]
            environment = {"CHAINGUARD_PYTHON_IDENTITY_ID": "reader", "CHAINGUARD_PYTHON_TOKEN": "entity"}

            def run() -> None:
                done = subprocess.run(command, capture_output=True, env=environment, check=False, cwd=folder)
                if done.returncode not in (0, 1) or done.stdout.count(b'"origin": "chainguard"') < PACKAGES:
                    raise RuntimeError(f"verify said {done.returncode}: {done.stderr[-500:]!r}")

            taken = best(run, runs=1)
            asked = [line.split('"')[2].split() for line in indexes.asked()]
    sent = sum(int(size) for _, size in asked)
    each = f"{len(asked) / PACKAGES:.1f} requests and {sent / PACKAGES / 1000:.0f} kB a package"
    return [
        Row(
            work=f"verify, {PACKAGES} packages, indexes at 50 ms",
            measured=f"{taken:.1f} s",
            against=f"a minute; {each}",
            ratio=taken / _MINUTE,
            budget=1,
        )
    ]


def _wheel(folder: Path, number: int) -> Path:
    """A wheel of some 100 kB: text that packs badly, as code with its data does."""
    chance = random.Random(number)
    stem = f"package_{number}"
    files = {
        f"{stem}/module_{each}.py": f"DATA = {chance.randbytes(2_000).hex()!r}\n" for each in range(_FILES)
    }
    return wheel(folder, stem.replace("_", "-"), files={**files, f"{stem}/__init__.py": ""})
