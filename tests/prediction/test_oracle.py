"""Every measured row that the product makes a claim about, from a lockfile's text to the verdict."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.index.tiers import tier_of_file
from fallback_review.lockfiles import Text
from fallback_review.model import Answer, Cause, Index, Outcome, Owner, ProjectFile
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.review import review
from fallback_review.prediction.targets import tags
from fallback_review.settings import schema
from tests.prediction.oracle import HOST, rows, universe
from tests.prediction.oracle.written import Written, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.model import Verdict
    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers
    from tests.prediction.oracle import Row

    Result = tuple[Outcome, str]
    """An outcome, and the file that is installed or how the install fails."""

TODAY = date(2026, 11, 21)
NO_LOCK = "locking failed: there is no lockfile"
VARIABLE = "a variable names another index for that one call of uv"
NO_DIGEST = "Chainguard's link has no sha256, and PyPI lists that name too: whose bytes it brings is unknown"
ASSUMED = "nothing names an index: the arrangement is assumed, and every report says so"
OLDER_PIP = "an older pip, which ranks plain linux tags last: the newest is assumed"
TODAY_ONLY = "not pinned: what is taken today is right, and no pass"
LEFT: Mapping[str, Mapping[str, int]] = {
    "pip": {NO_DIGEST: 87, OLDER_PIP: 30, TODAY_ONLY: 4},
    "uv pip": {NO_DIGEST: 160, TODAY_ONLY: 4},
    "uv project": {VARIABLE: 140, NO_DIGEST: 78, NO_LOCK: 11},
    "poetry": {NO_DIGEST: 62, NO_LOCK: 4, ASSUMED: 3},
    "pdm": {NO_DIGEST: 63, NO_LOCK: 6, ASSUMED: 3},
    "pipenv": {NO_LOCK: 10},
}
"""The rows of which the product claims nothing, by tool and reason."""


class Indexes:
    """What the two indexes answer; Chainguard's links carry no hash under flag h0."""

    def __init__(self, row: Row, *, pypi_silent: bool = False) -> None:
        self._hashes = row["flags"] != "h0"
        self._pypi_silent = pypi_silent

    def __call__(self, wanted: Wanted) -> Answers:
        found: dict[str, dict[Index, Answer]] = {}
        for index, names in wanted.items():
            side = {Owner.CHAINGUARD: "c", Owner.PYPI: "p"}.get(index.owner)
            for name in names:
                found.setdefault(name, {})[index] = self._answer(index, side, name)
        return found

    def _answer(self, index: Index, side: str | None, name: str) -> Answer:
        if side == "p" and self._pypi_silent:
            return Answer(index=index, name=name, problem=Cause.UNREACHABLE)
        known = side is not None and name in universe().projects
        files = tuple(
            ProjectFile(
                filename=file.filename,
                url=file.url,
                version=file.version,
                sha256=file.sha256 if self._hashes or file.side == "p" else None,
                tier=tier_of_file(file.url, file.version) if file.side == "c" else None,
            )
            for file in (universe().page(name, str(side)) if known else ())
        )
        return Answer(index=index, name=name, files=files, problem=None if files else Cause.PROJECT_MISSING)


def reviewed(written: Written, indexes: Indexes) -> Verdict:
    head = Text(path=written.path, text=written.text, read=written.beside.get)
    settings = schema.parse(written.settings.encode())
    result = review([compare(None, head)], settings, indexes, today=TODAY)
    [change] = [each for each in result.lockfiles[0].changes if each.change.name != "app"]
    [verdict] = change.verdicts
    return verdict


def measured(row: Row) -> Result:
    took = row["outcome"]
    if "fails" in took:
        # pip's message for it is not one of the oracle's words
        unfit = row["tool"] == "pip -r pylock" and took["fails"] == "error"
        return Outcome.INSTALL_FAILS, "no-compatible" if unfit else took["fails"]
    origin = {"C": Outcome.CHAINGUARD, "P": Outcome.PYPI}[took["origin"]]
    kind = f"{took['tags']}.whl" if took["kind"] == "wheel" else ".tar.gz"
    return Outcome.REMEDIATED if "+" in took["version"] else origin, f"-{took['version']}…{kind}"


def said(verdict: Verdict, like: str) -> Result:
    """What a verdict says; a file is given as the measurement gives it, where it is that one."""
    if verdict.outcome is Outcome.INSTALL_FAILS:
        return verdict.outcome, str(verdict.reason)
    version, _, kind = like.partition("…")
    file = str(verdict.file)
    return verdict.outcome, like if kind and version in file and file.endswith(kind) else file


def no_claim(row: Row, verdict: Verdict) -> str | None:
    """Return why a verdict that differs is no claim about this row."""
    if row["tool"] == "pip" and row["tool_version"] != "26.3" and row["project"] == "eta":
        return OLDER_PIP
    if verdict.assumptions:
        return ASSUMED
    unknown = verdict.outcome is Outcome.UNKNOWN
    return NO_DIGEST if unknown and verdict.cause is Cause.MALFORMED_INDEX else None


def replay(row: Row, left: Counter[str]) -> str | None:
    """Review one row; return what is wrong, and count it in `left` where the product claims nothing of it."""
    written = write(row)
    if isinstance(written, str):
        left[written] += 1
        return None
    verdict = reviewed(written, Indexes(row))
    expected = measured(row)
    if said(verdict, expected[1]) == expected:
        return None
    if verdict.cause is Cause.NOT_PINNED and said(verdict, expected[1])[1] == expected[1]:
        left[TODAY_ONLY] += 1
        return None
    reason = no_claim(row, verdict)
    if reason is not None:
        left[reason] += 1
        return None
    return f"{named(row)}: {verdict}, measured {expected}"


def without_pypi(row: Row, said_all_the_same: Counter[str]) -> str | None:
    """Review one row while PyPI is silent; return what is wrong."""
    written = write(row)
    if isinstance(written, str):
        return None
    verdict = reviewed(written, Indexes(row, pypi_silent=True))
    if verdict.outcome is Outcome.UNKNOWN:
        return None
    said_all_the_same[verdict.outcome] += 1
    expected = measured(row)
    found = said(verdict, expected[1])
    failing = found[0] is expected[0] is Outcome.INSTALL_FAILS  # PyPI's page may give another reason
    today = verdict.cause is Cause.NOT_PINNED and found[1] == expected[1]
    if failing or today or found == expected or no_claim(row, verdict):
        return None
    return f"{named(row)}: {verdict}, measured {expected}"


def named(row: Row) -> str:
    keys = ("id", "tool", "tool_version", "project", "setup", "hashes", "flags", "option", "phase")
    return " | ".join(row[key] for key in keys)


@pytest.mark.oracle
@pytest.mark.parametrize("tool", sorted({row["tool"] for row in rows()}))
def test_every_row_agrees_with_the_review(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    left: Counter[str] = Counter()
    of_tool = [row for row in rows() if row["tool"] == tool]
    misses = [wrong for row in of_tool if (wrong := replay(row, left))]
    claims = len(of_tool) - left.total()
    lines = [
        f"oracle, {tool}: {claims - len(misses)} of {claims} claims right, {left.total()} rows without one"
    ]
    lines += [f"{count}: {reason}" for reason, count in left.most_common()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n   ".join([*lines, *misses]) + "\n")
    assert misses == []
    assert left == LEFT.get(tool, {})


@pytest.mark.oracle
@pytest.mark.parametrize("tool", sorted({row["tool"] for row in rows()}))
def test_what_is_said_while_pypi_is_silent_agrees_too(tool: str) -> None:
    """A quarter of the rows: the silence must not turn a failing install, or PyPI's file, into a green."""
    said_all_the_same: Counter[str] = Counter()
    some = [row for row in rows() if row["tool"] == tool][::4]
    assert [wrong for row in some if (wrong := without_pypi(row, said_all_the_same))] == []
    assert said_all_the_same[Outcome.CHAINGUARD] > 0


def test_the_hosts_own_tags_are_computed_from_the_target() -> None:
    assert [str(tag) for tag in tags(HOST, plain_linux_first=True)] == universe().tags_pip_26_3
    older = [str(tag) for tag in tags(HOST, plain_linux_first=False)]
    assert [tag for tag in older if tag != "cp312-none-any"] == universe().tags_older_pip
