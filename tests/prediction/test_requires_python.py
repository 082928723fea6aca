"""What a page says in `requires-python`, whatever it is, has an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.prediction.requires_python import fits, reaches, readable

OPERATORS = st.sampled_from(["", ">=", ">", "<=", "<", "==", "!=", "~=", "==="])
VERSIONS = st.from_regex(
    r"\d{1,2}(\.\d{1,2}){0,2}(\.\*|\.?(a|b|rc|post|dev)\d)?(\+[a-z]{1,3})?", fullmatch=True
)
CLAUSES = st.builds("{}{}".format, OPERATORS, VERSIONS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("==3.8+local", True), ("==3.13+local", False), ("==3.8.*", True), ("~=3.13", False), ("<3.8", True)],
)
def test_only_the_lower_bound_counts(said: str, expected: bool) -> None:
    assert reaches(said, "3.12") is expected


def test_a_number_that_nobody_reads_is_unreadable() -> None:
    endless = ">=" + "9" * 5_000
    assert (readable(endless), fits(endless, "3.12"), reaches(endless, "3.12")) == (False, True, True)


@given(st.lists(CLAUSES, max_size=3).map(",".join) | st.text(max_size=20))
def test_no_text_is_without_an_answer(said: str) -> None:
    assert {type(each) for each in (readable(said), fits(said, "3.12"), reaches(said, "3.12"))} == {bool}
