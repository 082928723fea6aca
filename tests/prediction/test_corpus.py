"""Real locks: a prediction for every entry, on every kind of target, and nothing said of an index that was not asked."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import FORMATS, parse
from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.model import Cause, Ecosystem, Outcome
from fallback_review.prediction import further_questions, predict, questions

from .build import LINUX, MAC, WINDOWS, C, answer, answers, context

if TYPE_CHECKING:
    from pathlib import Path

HEADS = {
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pylock": "pylock.toml",
    "pipfile": "Pipfile.lock",
    "pixi": "pixi.lock",
    "conda-lock": "conda-lock.yml",
}


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_every_entry_of_the_real_locks_is_predicted(
    shared: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = HEADS[kind]
    counted: Counter[str] = Counter()
    for path in sorted((shared / "corpus" / kind).glob("*/head*")):
        if path.is_dir():
            continue
        try:
            lock = parse(Text(path=name, text=path.read_text()))
        except LockfileError:
            counted["unreadable"] += 1
            continue
        where = context(FORMATS[name].installer)
        for entry in lock.packages:
            asked = questions(entry, lock, where)
            silent = answer(C, name=entry.name, problem=Cause.UNAUTHORIZED)
            known = answers(silent) if asked else {}
            further_questions(entry, lock, [LINUX, MAC], where, known)
            for target in (LINUX, MAC, WINDOWS):
                verdict = predict(entry, lock, target, where, known)
                if verdict is None:
                    continue
                counted[verdict.outcome.value] += 1
                assert entry.ecosystem is Ecosystem.PYPI
                assert verdict.outcome not in (Outcome.CHAINGUARD, Outcome.REMEDIATED, Outcome.UPSTREAM)
                if verdict.outcome is Outcome.PYPI:
                    assert entry.urls_locked or entry.source.location, entry
    with capsys.disabled():
        sys.stdout.write(f"\n{kind}: {dict(counted)}\n")
    assert counted.total() > 0
