"""Run as many cases as you like: `python -m tests.prediction.differential pip --cases 1000 --seed 7`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from .comparing import compare
from .forms import FORMS
from .installers import running
from .origins import serving_origins


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("installer", choices=sorted(FORMS))
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first case's number")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.cases)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_origins() as origins,
        running(options.installer, Path(folder)) as runner,
    ):
        count = compare(options.installer, numbers, options.seed, runner, origins)
    for miss in count.misses:
        sys.stdout.write(f"{miss}\n\n")
    sys.stdout.write(f"{options.installer}, seed {options.seed}: {count}\n")
    return bool(count.misses)


if __name__ == "__main__":
    sys.exit(main())
