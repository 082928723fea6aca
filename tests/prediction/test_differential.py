"""Live: random cases with a fixed seed, each installed for real; what is taken is what was predicted.

`make differential` runs as many as you like, with a new seed each time; a miss names seed and case.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from .differential.cases import draw
from .differential.comparing import compare
from .differential.installers import running
from .differential.origins import serving_origins

if TYPE_CHECKING:
    from pathlib import Path

CASES = {"pip": 40, "uv": 60, "poetry": 14, "pdm": 14, "pipenv": 8}
SEED = 4
DECIDED = 0.75
"""The share of cases that must be predicted as something else than unknown."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="wheels for Linux x86_64"
)


@pytest.mark.lab
@pytest.mark.parametrize("installer", CASES)
def test_random_cases(installer: str, tmp_path: Path) -> None:
    with serving_origins() as origins, running(installer, tmp_path) as runner:
        count = compare(installer, range(CASES[installer]), SEED, runner, origins)
    assert not count.misses, "\n\n".join(count.misses)
    assert count.cases > CASES[installer] / 2, count
    assert count.decided >= DECIDED * (count.cases - count.odd), count
    assert count.cases - count.outcomes["install-fails"] >= count.cases / 4, count


def test_a_case_is_the_same_whenever_it_is_drawn() -> None:
    assert [draw(SEED, number) for number in range(20)] == [draw(SEED, number) for number in range(20)]
    assert draw(SEED, 1) != draw(SEED + 1, 1)
