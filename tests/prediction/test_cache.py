"""Remembering what was derived changes no prediction."""

from __future__ import annotations

from dataclasses import replace

from fallback_review.model import Cause, Role
from fallback_review.prediction import Derivations, further_questions, predict
from fallback_review.prediction.verdicts import derive
from tests.prediction.build import LINUX, LOCK, MAC, answer, book, package, situation

WHEEL = "x-1.0-py3-none-any.whl"
NOTHING = answer(Role.CHAINGUARD, problem=Cause.PROJECT_MISSING)


def test_what_is_known_is_not_derived_again() -> None:
    remembering, entry, known = Derivations(), package(), book(answer(Role.CHAINGUARD, WHEEL))
    first = remembering(entry, LOCK, LINUX, situation(), known)
    derived = derive(entry, LOCK, LINUX, situation(), known)
    assert derived is not None
    assert derived.steps
    assert first == replace(derived, steps=())
    assert remembering(entry, LOCK, LINUX, situation(), known) is first
    others = (
        remembering(package(), LOCK, LINUX, situation(), known),
        remembering(entry, LOCK, MAC, situation(), known),
        remembering(entry, LOCK, LINUX, situation(layout="chainguard-only"), known),
    )
    assert all(other is not first for other in others)


def test_a_further_answer_is_taken_in() -> None:
    remembering, entry, where = Derivations(), package(), situation()
    known = dict(book(NOTHING))
    assert further_questions(entry, LOCK, [LINUX], where, known, derive=remembering) == {Role.PYPI}
    pypi = answer(Role.PYPI, WHEEL)
    known[pypi.role, pypi.name] = pypi
    told = predict(entry, LOCK, LINUX, where, known, derive=remembering)
    assert told == predict(entry, LOCK, LINUX, where, known)
    assert told is not None
    assert told.cause is Cause.PROJECT_MISSING
