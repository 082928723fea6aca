"""The fault matrix, run: no green without an answer, no credential anywhere, no row that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles import FORMATS, parse
from fallback_review.model import Owner, SourceKind
from tests.conftest import ROOT
from tests.faults import of_github, of_indexes
from tests.faults.locks import Pin, Sample, samples
from tests.faults.rows import Row, leaks, table

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://index.example/simple/"
GREEN = {of_indexes.HEALTHY, of_indexes.PAGE_OF_50_MB}


@pytest.mark.lab
@pytest.mark.parametrize("owner", [Owner.CHAINGUARD, Owner.PYPI, None])
def test_every_row(owner: Owner | None, tmp_path: Path) -> None:
    found = list(of_indexes.rows(tmp_path, owner) if owner else of_github.rows(tmp_path))
    assert [fault for row in found for fault in row.faults] == []
    assert {row.fault for row in found if row.exit_code == 0} <= GREEN
    if owner:
        every: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for row in found:
            every.setdefault((row.counterpart, row.fault), set()).add((row.lock, row.kind))
        indirect = {(sample.format, sample.kind) for sample in samples() if not sample.direct}
        assert all(indirect <= locks for locks in every.values())
        # What each lock says is true while both indexes answer: nothing but the fault changes that.
        answered = {row.conclusion for row in found if row.fault == of_indexes.HEALTHY}
        assert answered == {"pass" if owner is Owner.CHAINGUARD else "fail"}
    committed = (ROOT / "docs/faults.md").read_text()
    for part in table(found).split("### ")[1:]:
        assert f"### {part.strip()}\n" in committed, "make the table anew: see docs/faults.md"


@pytest.mark.lab
def test_a_format_without_a_lock_in_the_matrix_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {sample.format for sample in samples()} == FORMATS.keys()
    monkeypatch.setitem(FORMATS, "hatch.lock", replace(FORMATS["uv.lock"], name="hatch.lock"))
    with pytest.raises(LookupError, match=r"needs a sample of hatch\.lock"):
        list(samples())


def test_a_format_that_locks_urls_has_a_lock_of_urls_in_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "poetry.lock", replace(FORMATS["poetry.lock"], locks_urls=True))
    with pytest.raises(LookupError, match=r"needs a sample of poetry\.lock"):
        list(samples())


@pytest.mark.parametrize("sample", [*samples()], ids=lambda sample: f"{sample.format}, {sample.kind}")
def test_a_sample_is_what_it_says(sample: Sample) -> None:
    pin = Pin(name="made", url=f"{URL}made-1.0-py3-none-any.whl", sha256="0" * 64, index=URL)
    read = parse(sample.text(pin))
    (package,) = read.packages
    assert package.name == "made"
    assert package.hashes == {f"sha256:{'0' * 64}"}
    assert (read.notices, read.unread) == ((), ())
    if sample.direct:
        assert (package.source.kind, package.source.location) == (SourceKind.URL, pin.url)
    else:
        assert package.source.kind is SourceKind.REGISTRY
        assert package.urls_locked is sample.locks_url
        assert {each.url for each in package.artifacts} == {pin.url if sample.locks_url else None}


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


def test_locks_that_fare_alike_share_a_line() -> None:
    kinds = {"uv.lock": "lock of URLs", "pixi.lock": "lock of URLs", "poetry.lock": "lock without URLs"}
    alike = [row(lock=lock, kind=kind) for lock, kind in kinds.items()]
    assert "| 401 | every one | no |" in table(alike)
    apart = table([*alike[1:], row(lock="uv.lock", kind="lock of URLs", words="other words")])
    assert "| 401 | lock of URLs: pixi.lock; every lock without URLs | no |" in apart
    assert "| 401 | lock of URLs: uv.lock | no |" in apart


def test_passwords_are_found_in_every_spelling() -> None:
    texts = {"plain": "x p/w x", "url": "//u:p%2Fw@", "basic": "Basic dTpwL3c=", "none": "p w"}
    assert leaks(texts, "u", "p/w") == ("plain", "url", "basic")
