"""The hidden line is found again whatever it holds, and nothing in it can close it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.github.marker import Marker

MARKER = Marker("fallback-review:v1")
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["-->", "--!>", "<!--", "\n", "\r\n", "\u2028", "{}", "<b>@octocat"]),
)


@given(
    st.dictionaries(
        HOSTILE, st.one_of(HOSTILE, st.integers(), st.none(), st.lists(HOSTILE, max_size=2)), max_size=4
    )
)
def test_no_value_closes_the_line_and_all_read_back(values: dict[str, object]) -> None:
    line = MARKER.write(values)
    inside = line.removeprefix("<!-- ").removesuffix(" -->")
    assert "--" not in inside
    assert ">" not in inside
    assert line.isprintable()
    # JSON itself joins two halves of a surrogate pair.
    assert MARKER.read(f"{line}\n### All is well") == json.loads(json.dumps(values))


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("no marker", None),
        ('text <!-- fallback-review:v1 {"head":1} -->', None),
        ('<!-- fallback-review-line:v1 {"head":1} -->', None),
        ('<!-- fallback-review:v1 {"head":1} -->', {"head": 1}),
        ('\n  <!-- fallback-review:v1 {"head":1} -->\r\ntext', {"head": 1}),
        ("<!-- fallback-review:v1 {} -->", {}),
        ("<!-- fallback-review:v1 {head} -->", {}),
    ],
)
def test_what_counts(body: str, values: dict[str, object] | None) -> None:
    assert MARKER.read(body) == values


def test_the_rest_of_the_text() -> None:
    for end in ("\n", "\r\n"):
        assert MARKER.visible(f"{MARKER.write({'a': 1})}{end}### Title\n{MARKER.write({})}") == (
            f"### Title\n{MARKER.write({})}"
        )
    assert MARKER.visible("### Title") == "### Title"
