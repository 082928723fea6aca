"""What a marker lets in: an entry that stays in the lock, and is installed on a target only now."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text
from fallback_review.model import ChangeKind, Conclusion, Outcome
from tests.pipeline.test_review import BOTH, Table, judged, lock, outcomes

WINDOWS = 'a==1.0 ; sys_platform == "win32"'
ARM = 'a==1.0 ; platform_machine == "aarch64"'
POETRY = """[[package]]
name = "a"
version = "1.0"
optional = false
python-versions = ">=3.8"
groups = ["main"]
markers = "sys_platform == '{}'"
files = []

[metadata]
lock-version = "2.1"
python-versions = ">=3.12"
content-hash = "0"
"""


@pytest.mark.parametrize(("old", "new"), [(WINDOWS, "a==1.0"), (WINDOWS, ARM), (ARM, "a==1.0")])
def test_an_entry_is_judged_where_its_marker_lets_it_in(old: str, new: str) -> None:
    result = judged(Table(**BOTH), (lock("requirements.txt", old), lock("requirements.txt", new)))

    (lockfile,) = result.lockfiles
    (change,) = lockfile.changes
    assert (change.change.kind, change.outcome) == (ChangeKind.ARTIFACTS_CHANGED, Outcome.PYPI)
    assert not lockfile.metadata_only
    assert result.conclusion is Conclusion.FAIL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a==1.0", WINDOWS),
        (WINDOWS, 'a==1.0 ; sys_platform == "darwin"'),
        ("a==1.0", ARM),
        ('a==1.0 ; python_version >= "3.9"', "a==1.0"),
    ],
)
def test_an_entry_that_no_target_gains_is_no_change(old: str, new: str) -> None:
    table = Table(**BOTH)

    result = judged(table, (lock("requirements.txt", old), lock("requirements.txt", new)))

    assert outcomes(result) == {}
    assert not table.asked


def test_poetrys_markers_let_in_as_well() -> None:
    old, new = (Text(path="poetry.lock", text=POETRY.format(each)) for each in ("win32", "linux"))

    result = judged(Table(**BOTH), (old, new))

    assert outcomes(result) == {"a": Outcome.PYPI}
    assert not result.lockfiles[0].metadata_only


def test_an_entry_that_changes_otherwise_is_judged_together_with_the_one_let_in() -> None:
    old = lock("requirements.txt", WINDOWS, 'a==1.5 ; sys_platform != "win32"')
    new = lock("requirements.txt", 'a==1.0 ; sys_platform != "win32"', 'a==2.0 ; sys_platform == "win32"')

    result = judged(Table(**BOTH), (old, new))

    (change,) = result.lockfiles[0].changes
    assert [package.version for package in change.change.gained] == ["2.0", "1.0"]
    assert change.outcome is Outcome.PYPI
    assert {verdict.version for verdict in change.verdicts} == {"1.0"}
