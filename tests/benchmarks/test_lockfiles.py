"""What `make bench` reads is what it says: so many packages, in every format."""

from __future__ import annotations

import pytest
from benchmarks.lockfiles import FORMATS, MeasuredFormat

from fallback_review.lockfiles import FORMATS as KNOWN
from fallback_review.lockfiles import Text, parse


def test_every_format_is_measured() -> None:
    assert {each.name for each in FORMATS} == set(KNOWN)


@pytest.mark.parametrize("measured", FORMATS, ids=lambda each: each.name)
def test_a_made_file_holds_what_was_asked_for(measured: MeasuredFormat) -> None:
    read = parse(Text(path=measured.name, text=measured.made(12)))
    assert len({(package.name, package.version) for package in read.packages}) == 12
    assert not read.notices
    measured.bare(measured.made(12))
