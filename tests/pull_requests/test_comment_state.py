"""When a look finds a comment as before, by what its marker remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.index.session import Remembering
from fallback_review.model import Cause, Outcome
from fallback_review.pipeline.context import addresses_of
from fallback_review.pull_requests.comment_state import as_before, state_of
from fallback_review.settings import validation
from fallback_review.settings.schema import Settings
from tests.prediction.build import answer, file
from tests.report.build import lockfile, review, reviewed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fallback_review.model import Answer, Index
    from fallback_review.prediction import Answers

SETTINGS = validation.validate({"policy": {"cooldown-days": 7}})
ADDRESSES = addresses_of(SETTINGS.indexes)
UPLOADED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
TROUBLE = review(lockfile(reviewed("aa", "1.0", "1.1", Outcome.PYPI, cause=Cause.VERSION_MISSING)))
WHEEL = "aa-1.1-py3-none-any.whl"


def asked(*, chainguard_has_it: bool = False) -> Remembering:
    """Indexes of which PyPI has the version, and Chainguard only where it is said."""

    def ask(wanted: Mapping[Index, Collection[str]]) -> Answers:
        found: dict[str, dict[Index, Answer]] = {}
        for index, names in wanted.items():
            for name in names:
                theirs = replace(file(WHEEL), upload_time=UPLOADED)
                has = chainguard_has_it or index == ADDRESSES.pypi
                problem = None if has else Cause.PROJECT_MISSING
                found.setdefault(name, {})[index] = answer(index, *([theirs] if has else ()), problem=problem)
        return found

    remembering = Remembering(ask)
    remembering({index: ["aa"] for index in (ADDRESSES.chainguard, ADDRESSES.pypi) if index})
    return remembering


@pytest.mark.parametrize(
    ("settings", "today", "same"),
    [
        (SETTINGS, date(2026, 11, 26), True),
        (SETTINGS, date(2026, 11, 27), False),  # the day from which the version is served
        (SETTINGS, date(2026, 12, 24), False),
        (Settings(), date(2026, 12, 24), True),  # nobody speaks of a cooldown
    ],
)
def test_a_comment_is_looked_at_again_once_a_cooldown_ends(
    settings: Settings, today: date, same: bool
) -> None:
    state = state_of(TROUBLE, settings, date(2026, 11, 21), asked())
    assert as_before(state, settings, today, asked()) is same


def test_a_comment_is_looked_at_again_once_chainguard_has_the_version() -> None:
    state = state_of(TROUBLE, SETTINGS, date(2026, 11, 21), asked())
    assert not as_before(state, SETTINGS, date(2026, 11, 21), asked(chainguard_has_it=True))
