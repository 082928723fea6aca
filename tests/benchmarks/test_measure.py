"""What a program took is that program's own."""

from __future__ import annotations

import os
import sys

import pytest
from benchmarks.measure import child


def test_the_peak_is_not_that_of_who_measures() -> None:
    held = bytearray(300_000_000)
    cost = child([sys.executable, "-c", "print('said')"], os.environ)
    assert 0 < cost.peak < len(held) / 1_000_000
    assert cost.cpu > 0
    assert cost.wall > 0


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        child([sys.executable, "-c", "1 / 0"], os.environ)
