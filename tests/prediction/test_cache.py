"""Remembering what was derived changes no prediction."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fallback_review.model import Cause
from fallback_review.prediction import Derivations, further_questions, predict
from fallback_review.prediction.verdicts import derive
from tests.prediction.build import LINUX, LOCK, MAC, C, P, answer, answers, context, package

WHEEL = "x-1.0-py3-none-any.whl"
NOTHING = answer(C, problem=Cause.PROJECT_MISSING)


def test_what_is_known_is_not_derived_again() -> None:
    remembering, entry, known = Derivations(), package(), answers(answer(C, WHEEL))
    where, elsewhere = context(), context(layout="chainguard-only")
    first = remembering(entry, LOCK, LINUX, where, known)
    derived = derive(entry, LOCK, LINUX, where, known)
    assert derived is not None
    assert derived.steps
    assert first == replace(derived, steps=())
    assert remembering(entry, LOCK, LINUX, where, known) is first
    others = (
        remembering(replace(entry, own=("==1.0", frozenset())), LOCK, LINUX, where, known),
        remembering(replace(entry, marker="os_name == 'posix'"), LOCK, LINUX, where, known),
        remembering(entry, replace(LOCK, requires_python=">=3.12"), LINUX, where, known),
        remembering(entry, LOCK, MAC, where, known),
        remembering(entry, LOCK, LINUX, elsewhere, known),
    )
    assert all(other is not first for other in others)


def test_the_same_entry_of_another_lockfile_is_not_derived_again() -> None:
    remembering, entry, known = Derivations(), package(), answers(answer(C, WHEEL))
    first = remembering(entry, LOCK, LINUX, context(), known)
    moved = replace(entry, line=entry.line + 7, path="more.txt")
    another = replace(LOCK, path="elsewhere/requirements.txt", packages=(moved,))
    assert remembering(moved, another, replace(LINUX), context(), known) is first


def test_what_holds_a_mapping_is_known_by_itself() -> None:
    remembering, entry, known = Derivations(), package(), answers(answer(C, WHEEL))
    mapping: Any = {"host": "no field of a context is one"}
    one, other = (replace(context(), new_hosts=mapping) for _ in range(2))
    first = remembering(entry, LOCK, LINUX, one, known)
    assert first == remembering(entry, LOCK, LINUX, other, known)
    assert first is not remembering(entry, LOCK, LINUX, other, known)
    assert first is remembering(entry, LOCK, LINUX, one, known)


def test_a_further_answer_is_taken_in() -> None:
    remembering, entry, where = Derivations(), package(), context()
    known = answers(NOTHING)
    assert further_questions(entry, LOCK, [LINUX], where, known, derive=remembering) == {P}
    known = answers(NOTHING, answer(P, WHEEL))
    told = predict(entry, LOCK, LINUX, where, known, derive=remembering)
    assert told == predict(entry, LOCK, LINUX, where, known)
    assert told is not None
    assert told.cause is Cause.PROJECT_MISSING
