"""The fuzzing runner counts, bounds and reports; and a short run of it finds nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import FORMATS
from tests.fuzz import run
from tests.fuzz.seeds import SEEDS, WORDS
from tests.fuzz.trial import COUNTS, MEGABYTES
from tests.lockfiles.fuzz import survive

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"(\S+) +([\d,]+) +([\d,]+) +([\d,]+) +(\d+) ms +(\d+) MB")


def rows(said: str) -> dict[str, Sequence[int]]:
    found = (ROW.fullmatch(line) for line in said.splitlines())
    return {one[1]: [int(part.replace(",", "")) for part in one.groups()[1:]] for one in found if one}


def test_every_format_is_fuzzed_from_seeds_that_are_read() -> None:
    assert set(SEEDS) == set(WORDS) == set(FORMATS)
    for name, texts in SEEDS.items():
        for text in texts:
            assert survive(name, text.encode(), texts[0]) == "read"


def test_a_short_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--seconds", "0.8", "--format", "uv.lock", "--format", "requirements.txt"]) == 0
    said = capsys.readouterr().out
    found = rows(said)
    assert set(found) == {"uv.lock", "requirements.txt"}
    for tried, read, refused, slowest, memory in found.values():
        assert tried == read + refused > 0
        assert slowest < 5_000
        assert 0 < memory < MEGABYTES
    total = sum(row[0] for row in found.values())
    assert said.splitlines()[-1] == f"{total:,} inputs tried, 0 findings"


def test_an_engine_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(run.ENGINES, "atheris", tmp_path / "python")
    with pytest.raises(SystemExit) as caught:
        run.main(["--engine", "atheris", "--seconds", "1"])
    assert caught.value.code == 2


TARGETS = {
    "an exception": ("raise KeyError('of the parser')", "KeyError"),
    "endless": ("while True: pass", "TooSlowError"),
    "hungry": ("bytes(2 << 30)", "MemoryError"),
}


@pytest.mark.parametrize(("body", "error"), TARGETS.values(), ids=TARGETS.keys())
def test_what_is_a_finding(tmp_path: Path, body: str, error: str) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.fuzz import trial\n"
        "trial.SECONDS_EACH = 0.2\ntrial.set_limits()\n"
        f"def target(path, data, base):\n    {body}\n"
        "trial.Trial('uv.lock', '', Path(sys.argv[1]), target)(b'')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "counts")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert error in done.stderr


def test_a_finding_ends_with_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def found(_engine: str, _python: Path, _name: str, _seconds: float, counts: Path) -> str:
        counts.write_bytes(COUNTS.pack(3, 1, 0.5, 2048))
        return "KeyError: of the parser"

    monkeypatch.setattr(run, "_fuzz", found)
    assert run.main(["--format", "pdm.lock"]) == 1
    said = capsys.readouterr().out
    assert rows(said) == {"pdm.lock": [3, 1, 2, 500, 2]}
    assert "3 inputs tried, 1 findings" in said
    assert "pdm.lock: KeyError: of the parser" in said
