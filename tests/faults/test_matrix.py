"""The fault matrix, run: no green without an answer, no credential anywhere, no row that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.faults import of_github, of_indexes
from tests.faults.rows import Row, leaks, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GREEN = {of_indexes.HEALTHY, of_indexes.PAGE_OF_50_MB}


@pytest.mark.lab
@pytest.mark.parametrize("rows", [of_indexes.rows, of_github.rows], ids=["indexes", "GitHub"])
def test_every_row(rows: Callable[[Path], Iterator[Row]], tmp_path: Path) -> None:
    found = list(rows(tmp_path))
    assert [fault for row in found for fault in row.faults] == []
    assert {row.fault for row in found if row.exit_code == 0} <= GREEN
    committed = (ROOT / "docs/faults.md").read_text()
    for part in table(found).split("### ")[1:]:
        assert f"### {part.strip()}\n" in committed, "make the table anew: see docs/faults.md"


def row(**more: object) -> Row:
    values: dict[str, object] = {
        "counterpart": "GitHub",
        "fault": "401",
        "answered": False,
        "conclusion": "unknown",
        "exit_code": 3,
        "words": "the token is wrong",
        "leaks": (),
    }
    return Row(**{**values, **more})  # type: ignore[arg-type]  # the values are of the fields' types


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"conclusion": "pass"}, "pass (exit code 3) without an answer"),
        ({"exit_code": 0}, "unknown (exit code 0) without an answer"),
        ({"words": ""}, "it says nothing"),
        ({"leaks": ("log",)}, "a credential is in the log"),
    ],
)
def test_what_is_wrong_is_found(wrong: dict[str, object], said: str) -> None:
    (fault,) = row(**wrong).faults
    assert said in fault
    assert row().faults == []


def test_passwords_are_found_in_every_spelling() -> None:
    texts = {"plain": "x p/w x", "url": "//u:p%2Fw@", "basic": "Basic dTpwL3c=", "none": "p w"}
    assert leaks(texts, "u", "p/w") == ("plain", "url", "basic")
