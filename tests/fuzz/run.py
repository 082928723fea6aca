"""Fuzz every lockfile parser, each in a process of its own, and print how many inputs were tried.

    python -m tests.fuzz.run --seconds 60 --engine hypothesis
    python -m tests.fuzz.run --seconds 60 --engine atheris     (made by `make fuzz`)

The seconds are shared out evenly. Exit code 1 is a finding: an exception that is no clear error, an input
that takes too long, or too much memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import SEEDS
from tests.fuzz.trial import COUNTS, MEGABYTES, SECONDS_EACH

ROOT = Path(__file__).resolve().parent.parent.parent
ENGINES = {"hypothesis": Path(sys.executable), "atheris": ROOT / ".lab" / "fuzz" / "bin" / "python"}
STARTING = 60.0
"""Seconds that a process has beside its own: to start, to make a finding small, and to end."""


def main(arguments: list[str] | None = None) -> int:
    """Fuzz as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    parser.add_argument("--seconds", type=float, default=60.0, help="in all, shared out over the formats")
    parser.add_argument("--engine", choices=ENGINES, default="hypothesis")
    parser.add_argument(
        "--format", action="append", choices=SEEDS, help="may be repeated; default: every format"
    )
    options = parser.parse_args(arguments)
    formats: list[str] = options.format or list(SEEDS)
    python = ENGINES[options.engine]
    if not python.exists():
        parser.error(f"{options.engine} is not installed: make fuzz")
    _say(f"{options.engine}: at most {SECONDS_EACH:g} s and {MEGABYTES:,} MB for an input")
    _say(f"{'format':<18}{'tried':>10}{'read':>10}{'refused':>10}{'slowest':>12}{'memory':>10}")
    total, findings = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for name in formats:
            counts = Path(folder, name)
            said = _fuzz(options.engine, python, name, options.seconds / len(formats), counts)
            if said is not None:
                findings.append(f"{name}: {said}")
            data = counts.read_bytes() if counts.exists() else b""
            tried, read, slowest, memory = COUNTS.unpack(data or bytes(COUNTS.size))
            total += tried
            _say(
                f"{name:<18}{tried:>10,}{read:>10,}{tried - read:>10,}{slowest * 1000:>9.0f} ms{memory >> 10:>7} MB"
            )
    _say(f"{total:,} inputs tried, {len(findings)} findings")
    for finding in findings:
        _say(f"\n{finding}")
    return 1 if findings else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fuzz(engine: str, python: Path, name: str, seconds: float, counts: Path) -> str | None:
    """Fuzz one format; return what was found, None where nothing was."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONHASHSEED": "0"}
    command = [str(python), "-m", f"tests.fuzz.by_{engine}", name, str(seconds), str(counts)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds + STARTING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "an input that no signal could stop"
    return done.stdout.decode(errors="replace")[-4_000:] if done.returncode else None


if __name__ == "__main__":
    sys.exit(main())
