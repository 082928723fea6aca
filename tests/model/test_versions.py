"""Versions in one spelling: plain ones are spelled without a parser, and as the parser does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

from fallback_review.model.versions import public_version

NUMBERS = st.sampled_from(["0", "00", "1", "01", "2", "10", "22", "2026", "99999999999"])
ENDS = st.sampled_from(
    ["", "", "", ".0", ".0.0", "a1", "rc0", ".post0", ".dev1", "+cgr.1", "-1", "x", ".", " "]
)
BEGINS = st.sampled_from(["", "", "", "v", "1!", "0!"])


@given(BEGINS, st.lists(NUMBERS, min_size=1, max_size=4), ENDS)
def test_every_version_is_spelled_as_the_library_does(begin: str, numbers: list[str], end: str) -> None:
    text = f"{begin}{'.'.join(numbers)}{end}"
    try:
        expected = canonicalize_version(Version(text).public)
    except InvalidVersion:
        expected = None
    assert public_version(text) == expected


@pytest.mark.parametrize("text", [None, "", "latest", "1" * 5000])
def test_what_is_no_version(text: str | None) -> None:
    assert public_version(text) is None
