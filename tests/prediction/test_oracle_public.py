"""The measured rows once more, through the public functions: lock entries, answers and settings in, verdicts out.

Each row is also predicted before PyPI was asked: then the verdict is the same, or says that it needs PyPI.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from fallback_review.model import (
    Answer,
    Artifact,
    Cause,
    InstallOptions,
    LockedPackage,
    Lockfile,
    Outcome,
    Role,
    Source,
    SourceKind,
    Verdict,
)
from fallback_review.prediction import Situation, further_questions, predict, questions

from .oracle import (
    HOST,
    ONLY_C,
    ONLY_P,
    PIP_LAYOUTS,
    SERVERS,
    SIDE,
    UV_LAYOUTS,
    UV_STRATEGIES,
    Row,
    Universe,
    measured,
    rows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fallback_review.prediction import Book

URLS = {"c": "https://c.test/", "p": "https://p.test/", "own": "https://corp.test/simple/"}
PDM_LAYOUTS = {
    "c + p": "pdm",
    "c + p rso": "pdm-respect-source-order",
    "c + builtin": "pdm-builtin-pypi",
    "p + c": "pdm-builtin-pypi",
    "c + builtin rso": "pdm-builtin-pypi-respect-source-order",
    "p + c rso": "pdm-builtin-pypi-respect-source-order",
}
TOOLS = {"pip": "pip", "uv pip": "uv", "poetry": "poetry", "pdm": "pdm", "pipenv": "pipenv"}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "oracle"


def test_the_public_way_agrees_with_every_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    universe = Universe.read(folder)
    counted: Counter[str] = Counter()
    misses = []
    for row in rows(folder):
        if row["tool"] not in TOOLS or row["phase"] == "lock" or row["option"] == "static":
            continue
        wrong = check(universe, row, counted)
        if wrong:
            misses.append(
                f"{[row[k] for k in ('tool', 'project', 'setup', 'hashes', 'flags', 'option')]}: {wrong}"
            )
    with capsys.disabled():
        sys.stdout.write(
            "\n   ".join((f"\npublic way: {dict(counted)}, {len(misses)} misses", *misses)) + "\n"
        )
    assert counted["rows"] > 9_000
    assert counted["pypi not needed"] > 500
    assert misses == []


def check(universe: Universe, row: Row, counted: Counter[str]) -> str | None:
    """Say what is wrong with a row's prediction, with and without PyPI's answer."""
    counted["rows"] += 1
    package, lockfile, situation = entry(universe, row)
    assert questions(package, situation) == {Role.CHAINGUARD}
    book = answers(universe, row)
    verdict = predict(package, lockfile, HOST, situation, book)
    assert verdict is not None
    if not agrees(verdict, row):
        return f"{verdict}, measured {measured(row)}"
    before = {key: answer for key, answer in book.items() if key[0] is Role.CHAINGUARD}
    first = predict(package, lockfile, HOST, situation, before)
    more = further_questions(package, lockfile, [HOST], situation, before)
    if not more:
        counted["pypi not needed"] += 1
    if first is not None and first.outcome is not Outcome.UNKNOWN and not agrees(first, row):
        return f"before PyPI was asked: {first}"
    if (
        first is not None
        and first.outcome is Outcome.UNKNOWN
        and not (more or first.cause is Cause.NOT_PINNED)
    ):
        return "unknown without PyPI, and PyPI is not asked for"
    return None


def agrees(verdict: Verdict, row: Row) -> bool:
    expected = measured(row)
    if isinstance(expected, str):
        return verdict.outcome is Outcome.INSTALL_FAILS
    origin, kind, version, tags = expected
    local = "+" in version
    outcome = Outcome.PYPI if origin == "P" else Outcome.REMEDIATED if local else Outcome.CHAINGUARD
    same = verdict.file is not None and f"-{version}" in verdict.file
    same = same and (verdict.file or "").endswith(f"{tags}.whl" if kind == "wheel" else ".tar.gz")
    if verdict.cause is Cause.NOT_PINNED:
        return same and verdict.outcome in (outcome, Outcome.UNKNOWN)
    return same and verdict.outcome is outcome


def answers(universe: Universe, row: Row) -> Book:
    book = {}
    for side, role in (("c", Role.CHAINGUARD), ("p", Role.PYPI)):
        files = tuple(f.file for f in universe.page(row["project"], side, linked=row["flags"] != "h0"))
        problem = None if files else Cause.PROJECT_MISSING
        book[role, row["project"]] = Answer(role=role, name=row["project"], files=files, problem=problem)
    return book


def entry(universe: Universe, row: Row) -> tuple[LockedPackage, Lockfile, Situation]:
    """Put a row as a lockfile entry and a situation."""
    tool = TOOLS[row["tool"]]
    setup = row["setup"]
    location = None
    strategy = None
    if " then " in setup:
        location = URLS["p"] if setup.startswith("PIPENV_PYPI_MIRROR") else URLS["own"]
        setup = setup.rpartition(" ")[2]
    elif tool == "poetry":
        location = {"cgr": URLS["c"], "pub": URLS["p"], "one": URLS["own"], None: None}[row["lock"]["source"]]
    elif tool == "pipenv":
        single = setup in SERVERS or setup in ("c", "p")
        location = URLS["own"] if single else {"cgr": URLS["c"], "pypi": URLS["p"]}[row["lock"]["index"]]
    if tool == "uv" and setup.rpartition(" ")[2] in UV_STRATEGIES:
        setup, _, short = setup.rpartition(" ")
        strategy = UV_STRATEGIES[short]
    options = InstallOptions(
        only_binary=frozenset({":all:"} if row["option"] == "onlybin" else ()),
        prefer_binary=row["option"] == "preferbin",
    )
    situation = Situation(
        installer=tool,
        layout=layout_of(tool, setup),
        chainguard_url=URLS["c"],
        pypi_url=URLS["p"],
        own_hosts=frozenset({"corp.test"}),
        installer_version=row["tool_version"] if tool == "pip" else None,
        uv_strategy=strategy,
    )
    version, specifier, digests = pin(universe, row)
    package = LockedPackage(
        name=row["project"],
        version=version,
        specifier=specifier,
        source=Source(kind=SourceKind.REGISTRY, location=location),
        artifacts=tuple(Artifact(filename=name, hashes=(f"sha256:{digest}",)) for name, digest in digests),
        line=1,
    )
    return package, Lockfile(path="lock", format="lock", options=options), situation


def layout_of(tool: str, setup: str) -> str:
    if setup in SERVERS:
        return SERVERS[setup]
    if setup in ONLY_C:
        return "chainguard-only"
    if setup in ONLY_P:
        return "explicit"
    client = {"pip": PIP_LAYOUTS, "uv": UV_LAYOUTS, "pdm": PDM_LAYOUTS}.get(tool, {})
    return client.get(setup, "poetry-primary" if tool == "poetry" else "pipenv")


def pin(universe: Universe, row: Row) -> tuple[str | None, str | None, list[tuple[str | None, str]]]:
    """The version that is locked, or what is asked for; and the hashes, with file names where the lock has them."""
    if "lock" in row:
        files = [universe.locked(row["project"], each)[1:] for each in row["lock"]["files"]]
        named = row["tool"] != "pipenv"  # Pipfile.lock lists hashes alone
        hashes = [(name if named else None, digest) for name, digest in files if digest]
        return row["lock"]["version"].removeprefix("=="), None, hashes
    case = universe.projects[row["project"]]
    asked = case["requirement"]
    if row["hashes"] == "none":
        return (asked[2:], None, []) if asked.startswith("==") else (None, asked, [])
    version = asked[2:] if asked.startswith("==") else ("1.0" if row["hashes"] == "c" else "2.0")
    listed = [f for side in SIDE if row["hashes"] in (side, "both") for f in case[SIDE[side]]]
    return version, None, [(None, f["sha256"]) for f in listed if Version(f["version"]).public == version]
