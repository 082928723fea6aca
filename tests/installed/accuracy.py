"""Accuracy in public: predict, install with the real tools, verify what is there, and compare.

``python -m tests.installed.accuracy --cases 200 --locks 12 --write`` renews the table in docs/prediction.md. Random
projects are those of the differential; the others are the names and versions of real lockfiles (../shared/corpus),
whose wheels are made here, some of them by both origins and some by PyPI alone.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fallback_review.index.open import Secrets
from fallback_review.installed.judge import Verifying
from fallback_review.installed.places import place
from fallback_review.installed.sources import open_sources
from fallback_review.installed.verify import verify
from fallback_review.lockfiles import LockfileError, Text, decode, parse, recognise
from fallback_review.model import Ecosystem, Outcome
from fallback_review.model.installed import Integrity
from fallback_review.model.versions import parse_version
from fallback_review.settings import validation
from fallback_review.settings.schema import Settings
from tests.conftest import ROOT, SHARED, lab_tool
from tests.installed.builds import rebuilt, wheel
from tests.installed.indexes import two_indexes
from tests.prediction.differential.cases import draw
from tests.prediction.differential.comparing import predicted
from tests.prediction.differential.forms import project_for
from tests.prediction.differential.installers import running
from tests.prediction.differential.origins import serving_origins
from tests.prediction.differential.projects import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.model.installed import Verification
    from tests.installed.indexes import Indexes
    from tests.prediction.differential.projects import Project

DOCUMENT = ROOT / "docs" / "prediction.md"
BEGIN, END = "<!-- accuracy: made by `make accuracy WRITE=--write` -->", "<!-- end of accuracy -->"
INSTALLERS = ("pip", "uv", "poetry", "pdm", "pipenv")


@dataclass(slots=True)
class Tally:
    """What one row of the table counts."""

    projects: int = 0
    packages: int = 0
    held: int = 0
    missed: int = 0
    refused: int = 0
    """Installs that were predicted to fail, and did."""
    untold: int = 0
    """Unknown beforehand, or built from source here, so that the bytes are nobody's."""

    def count(self, found: Verification, names: frozenset[str]) -> Iterator[str]:
        """Add what was verified; yield the misses."""
        for each in found.distributions:
            if each.name not in names:
                continue
            self.packages += 1
            # Nobody has changed what was installed a moment ago: such a distribution was built from source here.
            built = each.integrity is Integrity.CHANGED
            if each.prediction is None or each.prediction.held is None or built:
                self.untold += 1
            elif each.prediction.held:
                self.held += 1
            else:
                self.missed += 1
                yield f"{each.name} {each.version}: {each.prediction.why}; {each.why}"

    def row(self, name: str) -> str:
        cells = (self.projects, self.packages, self.held, self.refused, self.untold, self.missed)
        return f"| {name} | {' | '.join(f'{cell:,}' for cell in cells)} |"


def random_projects(installer: str, cases: int, seed: int) -> tuple[Tally, list[str]]:
    """The differential's projects, installed one after the other."""
    tally, misses = Tally(), list[str]()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_origins() as origins,
        running(installer, Path(folder)) as runner,
    ):
        for number in range(cases):
            case = draw(seed, number, unpinned=False)
            project = project_for(installer, case, origins)
            if project is None or project.targets != HERE:  # another platform's can't be looked at here
                continue
            origins.cases[case.normalised] = case
            look = partial(
                _look, project, case.normalised, tally, (misses, f"{installer}, seed {seed}, case {number}")
            )
            tally.projects += 1
            verdict = predicted(project, case, origins)
            taken = runner.install(project, look=look)
            fails = verdict is None or verdict.outcome is Outcome.INSTALL_FAILS
            if taken.mark is None:
                tally.packages += 1
                if fails:
                    tally.refused += 1
                elif verdict is not None and verdict.outcome is Outcome.UNKNOWN:
                    tally.untold += 1
                else:
                    tally.missed += 1
                    misses.append(
                        f"{installer}, seed {seed}, case {number}: predicted {verdict}, and the install failed"
                    )
            del origins.cases[case.normalised]
    return tally, misses


def _look(project: Project, name: str, tally: Tally, told: tuple[list[str], str], site: Path) -> None:
    settings = Settings(targets=project.targets, indexes=project.indexes)
    lock = Text(path=project.lock, text=project.files[project.lock], read=project.files.get)
    with open_sources(settings.indexes, Secrets(environ={})) as sources:
        run = Verifying(settings=settings, sources=sources, today=datetime.now(UTC).date())
        found = verify(place(site), run, lock)
    misses, case = told
    misses += [f"{case}: {each}" for each in tally.count(found, frozenset({name}))]


def pins(path: Path) -> dict[str, str]:
    """The names and versions that a real lockfile pins, one version a name."""
    data = path.read_bytes()
    text = decode(str(path), data)
    if recognise(str(path), text) is None:
        return {}
    found: dict[str, str] = {}
    for package in parse(Text(path=path.name, text=text)).packages:
        version = parse_version(package.version)
        if (
            package.ecosystem is Ecosystem.PYPI
            and package.source.kind.from_index
            and version
            and not version.local
        ):
            found.setdefault(package.name, str(version))
    return found


def real_locks(most: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Real lockfiles' pins, of different repositories."""
    seen: set[str] = set()
    for path in sorted((SHARED / "corpus").glob("*/*/*")):
        repository = path.parent.name.rpartition("__")[0]
        if not path.is_file() or repository in seen or len(seen) >= most:
            continue
        try:
            found = pins(path)
        except (LockfileError, UnicodeDecodeError):
            continue
        if len(found) >= 20:
            seen.add(repository)
            yield repository, found


def corpus_projects(installer: str, most: int, seed: int) -> tuple[Tally, list[str]]:
    """Real sets of names and versions, from wheels of both origins made here."""
    tally, misses = Tally(), list[str]()
    for name, wanted in real_locks(most):
        with tempfile.TemporaryDirectory() as folder:
            tally.projects += 1
            found = _installed(installer, Path(folder), wanted, random.Random(f"{seed} {name}"))
            misses += [f"{installer}, {name}: {each}" for each in tally.count(found, frozenset(wanted))]
    return tally, misses


def _installed(installer: str, folder: Path, wanted: dict[str, str], chance: random.Random) -> Verification:
    for name, version in wanted.items():
        made = wheel(folder / "pypi", name, version)
        if chance.random() < 0.7:
            rebuilt(made, folder / "chainguard" / "built")
    lock = folder / "requirements.txt"
    lock.write_text("".join(f"{name}=={version}\n" for name, version in wanted.items()))
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    sides = (sorted((folder / side).rglob("*.whl")) for side in ("chainguard", "pypi"))
    with two_indexes(folder / "served", *sides) as indexes:
        _install(installer, environment, lock, indexes)
        settings = validation.validate(
            {
                "indexes": {
                    "chainguard": indexes.chainguard,
                    "pypi": indexes.pypi,
                    "layout": "uv-chainguard-first" if installer == "uv" else "extra-index",
                    "installer": installer,
                }
            }
        )
        with open_sources(settings.indexes, Secrets(environ={})) as sources:
            run = Verifying(
                settings=settings, sources=sources, today=datetime.now(UTC).date(), bytecode=False
            )
            return verify(place(environment), run, Text(path=lock.name, text=lock.read_text()))


def _install(installer: str, environment: Path, lock: Path, indexes: Indexes) -> None:
    python = str(environment / "bin/python")
    flags = ["--no-deps", "--quiet", "-r", str(lock)]
    command = {
        "uv": [
            "pip",
            "install",
            "--no-config",
            "--no-cache",
            "--python",
            python,
            *flags,
            "--index",
            indexes.chainguard,
            "--default-index",
            indexes.pypi,
        ],
        "pip": [
            "--isolated",
            "--python",
            python,
            "install",
            "--no-cache-dir",
            "--no-compile",
            *flags,
            "--index-url",
            indexes.chainguard,
            "--extra-index-url",
            indexes.pypi,
        ],
    }[installer]
    subprocess.run([lab_tool(installer, "installers"), *command], check=True, stdin=subprocess.DEVNULL)


def table(rows: Iterable[tuple[str, Tally]]) -> str:
    heads = ("projects", "packages", "held", "failed as predicted", "could not be told", "did not hold")
    lines = [
        f"| | {' | '.join(heads)} |",
        f"|---|{'---:|' * len(heads)}",
        *(tally.row(name) for name, tally in rows),
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--locks", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--write", action="store_true", help="put the table into docs/prediction.md")
    options = parser.parse_args()
    rows: list[tuple[str, Tally]] = []
    misses: list[str] = []
    for installer in INSTALLERS:
        tally, missed = random_projects(installer, options.cases, options.seed)
        rows.append((f"{installer}, random projects", tally))
        misses += missed
    for installer in ("pip", "uv"):
        tally, missed = corpus_projects(installer, options.locks, options.seed)
        rows.append((f"{installer}, real locks' names and versions", tally))
        misses += missed
    made = table(rows)
    sys.stdout.write("".join(f"{miss}\n" for miss in misses) + f"seed {options.seed}\n{made}\n")
    if options.write:
        text = DOCUMENT.read_text("utf-8")
        block = f"{BEGIN}\n\n{made}\n\n{END}"
        DOCUMENT.write_text(
            re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.DOTALL), "utf-8"
        )
    return bool(misses)


if __name__ == "__main__":
    sys.exit(main())
