"""Which targets a lock is for."""

from __future__ import annotations

import pytest

from fallback_review.model import Target
from fallback_review.prediction.requires_python import fitting


@pytest.mark.parametrize(
    ("pythons", "requires", "expected"),
    [
        (["3.11", "3.12"], None, ["3.11", "3.12"]),
        (["3.11", "3.12"], ">=3.12", ["3.12"]),
        (["3.11", "3.12"], "<3.12", ["3.11"]),
        (["3.11"], ">=3.11.5", ["3.11"]),
        (["3.11", "3.12"], "==3.12.*", ["3.12"]),
        (["3.12"], ">=3.13", ["3.13"]),
        (["3.11", "3.12"], ">=3.13,<4", ["3.13"]),
        (["3.12t"], ">=3.13", ["3.13t"]),
        (["3.12"], "<3.10", ["3.6"]),
        (["3.12"], ">=4", ["3.12"]),
        (["3.12"], "no specifier", ["3.12"]),
    ],
)
def test_a_lock_is_judged_on_the_pythons_that_it_allows(
    pythons: list[str], requires: str | None, expected: list[str]
) -> None:
    targets = [Target(python=python, platform="linux", arch="x86_64") for python in pythons]

    assert [target.python for target in fitting(targets, requires)] == expected
