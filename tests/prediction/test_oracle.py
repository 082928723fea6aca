"""Every measured row, through the ordinary installers' code: how many, and each miss."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from fallback_review.model import Answer, Cause, Outcome, Role
from fallback_review.prediction import INSTALLERS, Situation, locked_urls, predict
from fallback_review.prediction.install_request import request_for
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.locking import relock
from fallback_review.prediction.targets import tags

from .oracle import (
    HOST,
    SIDE,
    Result,
    Row,
    Universe,
    described,
    indexes,
    locked_package,
    lockfile,
    measured,
    request,
    rows,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TOOL: dict[str, str] = {"uv project": "uv", "uv pip": "uv"}
_URL_TOOLS = ("pip -r pylock", "uv pip sync", "uv pip install -r")


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "oracle"


@pytest.fixture(scope="module")
def universe(folder: Path) -> Universe:
    return Universe.read(folder)


def test_the_hosts_own_tags_are_computed_from_the_target(universe: Universe) -> None:
    assert [str(tag) for tag in tags(HOST, plain_linux_first=True)] == universe.tags_pip_26_3
    older = [str(tag) for tag in tags(HOST, plain_linux_first=False)]
    assert [tag for tag in older if tag != "cp312-none-any"] == universe.tags_older_pip


def test_every_row_is_reproduced(
    folder: Path, universe: Universe, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed: Counter[str] = Counter()
    misses = []
    for row in rows(folder):
        predicted = replay(universe, row)
        replayed[row["tool"]] += 1
        if predicted != measured(row):
            misses.append(f"{_place(row)}: predicted {predicted}, measured {measured(row)}")
    with capsys.disabled():
        sys.stdout.write(
            "\n   ".join(
                (
                    f"\noracle: {replayed.total()} rows replayed {dict(replayed)}, {len(misses)} misses",
                    *misses,
                )
            )
            + "\n"
        )
    assert replayed.total() > 10_000
    assert misses == []


def test_what_locking_records_is_reproduced(
    folder: Path, universe: Universe, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = 0
    misses = []
    for row in rows(folder):
        tool = str(_TOOL.get(row["tool"], row["tool"]))
        fresh = row["hashes"] == "own" and row["phase"] in ("own", "sync --frozen") and row.get("lock")
        if not fresh or tool == "pdm":  # PDM's lock merges origins under one version: read off the file names
            continue
        lock = row["lock"][0] if isinstance(row["lock"], list) else row["lock"]
        where, options = indexes(universe, row, row["setup"], tool)
        found = relock(
            tool,
            request(row, tool, universe.projects[row["project"]]["requirement"], frozenset()),
            where,
            options,
        )
        recorded = {universe.locked(row["project"], each)[:2] for each in lock["files"]}
        predicted = {("c" if f.owner is Role.CHAINGUARD else "p", f.file.filename) for f in found.files}
        checked += 1
        if predicted != recorded:
            misses.append(f"{_place(row)}: predicted {sorted(predicted)}, recorded {sorted(recorded)}")
    with capsys.disabled():
        sys.stdout.write(
            "\n   ".join((f"\noracle: {checked} locks compared, {len(misses)} misses", *misses)) + "\n"
        )
    assert checked > 500
    assert misses == []


def replay(universe: Universe, row: Row) -> Result:
    """Predict one row."""
    if row["phase"] == "lock":
        return _locking(universe, row)
    if row["tool"] in _URL_TOOLS:
        return _pylock(universe, row)
    by_tool: dict[str, Callable[[Universe, Row], Result]] = {
        "pip": _requirement,
        "uv pip": _requirement,
        "uv project": _uv_sync,
        "poetry": _looked_up,
        "pdm": _static if row["option"] == "static" else _looked_up,
        "pipenv": _looked_up,
    }
    return by_tool[row["tool"]](universe, row)


def _place(row: Row) -> str:
    keys = ("tool", "tool_version", "project", "setup", "hashes", "flags", "option", "phase")
    return " | ".join(str(row[key]) for key in keys)


def _requirement(universe: Universe, row: Row) -> Result:
    """`pip install` and `uv pip install` of one requirement, with or without hashes."""
    tool = str(_TOOL.get(row["tool"], row["tool"]))
    case = universe.projects[row["project"]]
    specifier = case["requirement"]
    hashes: frozenset[str] = frozenset()
    if row["hashes"] != "none":
        if specifier.startswith(">="):
            specifier = "==1.0" if row["hashes"] == "c" else "==2.0"
        pin = specifier.removeprefix("==")
        sides = [side for side in SIDE if row["hashes"] in (side, "both")]
        listed = [file for side in sides for file in case[SIDE[side]]]
        hashes = frozenset(file["sha256"] for file in listed if Version(file["version"]).public == pin)
    where, options = indexes(universe, row, row["setup"], tool)
    return said(INSTALLERS[tool].choose(request(row, tool, specifier, hashes), where, options))


def _looked_up(universe: Universe, row: Row) -> Result:
    """Poetry, PDM and Pipenv: the lock's version and hashes, looked up where the set-up says."""
    lock = row["lock"]
    digests = (universe.locked(row["project"], each)[2] for each in lock["files"])
    hashes = frozenset(digest for digest in digests if digest)
    setup = row["setup"]
    if " then " in setup:  # the locked source serves something else now; Pipenv does not heed the mirror
        setup = "p" if setup.startswith("PIPENV_PYPI_MIRROR") else setup.rpartition(" ")[2]
    elif row["tool"] == "poetry" and setup not in ("c", "p") and lock["source"] != "one":
        setup = {"cgr": "c", "pub": "p", None: "p"}[lock["source"]]
    where, options = indexes(universe, row, setup, row["tool"])
    if row["tool"] == "pipenv":
        where = where[:1]
    asked = request(row, row["tool"], f"=={lock['version'].removeprefix('==')}", hashes)
    return said(INSTALLERS[row["tool"]].choose(asked, where, options))


def _locking(universe: Universe, row: Row) -> Result:
    tool = str(_TOOL.get(row["tool"], row["tool"]))
    where, options = indexes(universe, row, row["setup"], tool)
    asked = request(row, tool, universe.projects[row["project"]]["requirement"], frozenset())
    found = relock(tool, asked, where, options)
    if found.failure is None:
        return "a lock"
    # PDM tells a version that is missing ("error") from a project that is ("no-version")
    return "error" if tool == "pdm" and any(index.page for index in where) else found.failure.value


def _from_lock(universe: Universe, row: Row, spelt: list[str], version: str) -> Result:
    package = locked_package(universe, row, spelt, version)
    asked = request_for(package, lockfile(row), HOST, _situation(row), ((), (), ()))
    artifact = locked_urls.choose(package, asked, HOST).artifact
    if artifact is None:
        return Failure.NO_COMPATIBLE.value
    side = "c" if str(artifact.url).startswith("https://c.") else "p"
    file = next(f for f in universe.page(row["project"], side) if f.file.filename == artifact.filename)
    return described(file)


def _static(universe: Universe, row: Row) -> Result:
    return _from_lock(universe, row, row["lock"]["files"], row["lock"]["version"])


def _uv_sync(universe: Universe, row: Row) -> Result:
    """`uv sync`: the lock's URLs; a registry that is no longer configured makes uv lock again first."""
    lock = row["lock"][0]
    spelt, version = lock["files"], lock["version"]
    replaced = row["phase"].partition("UV_DEFAULT_INDEX=")[2]
    if not replaced or "--frozen" in row["phase"]:
        return _from_lock(universe, row, spelt, version)
    where, options = indexes(universe, row, replaced, "uv")
    hashes = frozenset(d for each in spelt if (d := universe.locked(row["project"], each)[2]))
    asked = request(row, "uv", universe.projects[row["project"]]["requirement"], hashes)
    found = relock("uv", asked, where, options, keep=Version(version))
    if found.failure is not None:
        return found.failure.value
    if "--locked" in row["phase"]:
        return "lock-outdated"
    again = [f"{'C' if f.owner is Role.CHAINGUARD else 'P'}:{f.file.filename}" for f in found.files]
    return _from_lock(universe, row, again, str(found.version))


def _pylock(universe: Universe, row: Row) -> Result:
    """A pylock.toml from one origin; `swapped`: the other origin's hash stands beside the URL."""
    side = row["setup"].partition("lock from ")[2][0].lower()
    page = universe.page(row["project"], side)
    newest = max(Version(str(f.file.version)) for f in page)
    files = [f for f in page if Version(str(f.file.version)) == newest]
    package = locked_package(universe, row, [f"{side.upper()}:{f.file.filename}" for f in files], str(newest))
    if row["hashes"] == "swapped":
        other = universe.page(row["project"], "p" if side == "c" else "c")
        swapped = tuple(replace(a, hashes=(f"sha256:{other[0].digest}",)) for a in package.artifacts)
        package = replace(package, artifacts=swapped)
    verdict = predict(package, lockfile(row), HOST, _situation(row), _book(universe, row))
    assert verdict is not None
    if verdict.outcome is Outcome.INSTALL_FAILS:
        assert verdict.reason is not None
        nothing = verdict.reason == Failure.NO_COMPATIBLE.value and row["tool"] == "pip -r pylock"
        return "error" if nothing else verdict.reason  # pip's message for it is not one of the oracle's words
    chosen = next(f for f in files if f.file.filename == verdict.file)
    assert verdict.outcome is (Outcome.CHAINGUARD if side == "c" else Outcome.PYPI)
    return described(chosen)


def _situation(row: Row) -> Situation:
    return Situation(
        installer="pip" if row["tool"].startswith("pip") else "uv",
        layout="virtual-file",
        chainguard_url="https://c.test/",
        pypi_url="https://p.test/",
    )


def _book(universe: Universe, row: Row) -> dict[tuple[Role, str], Answer]:
    book = {}
    for side, role in (("c", Role.CHAINGUARD), ("p", Role.PYPI)):
        files = tuple(listed.file for listed in universe.page(row["project"], side))
        problem = None if files else Cause.PROJECT_MISSING
        book[role, row["project"]] = Answer(role=role, name=row["project"], files=files, problem=problem)
    return book
