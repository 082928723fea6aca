"""What a change does to the settings is shown, whatever it holds."""

from __future__ import annotations

import pytest

from fallback_review.settings.changes import settings_changes
from fallback_review.settings.policy import unused_notices
from fallback_review.settings.schema import SETTINGS_PATH, parse

LATER = "it counts once it is on the base branch"
SIX = b'[[allow]]\npackage = "six"\nreason = "old"\n'


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (SIX, SIX, []),
        (None, None, []),
        (SIX, None, ["this change deletes the settings"]),
        (None, SIX, [f"this change allows six (reason: old); {LATER}"]),
        (SIX, b"", [f"this change no longer allows six (reason: old); {LATER}"]),
        (SIX, b"= nonsense", [f"this change edits the settings; {LATER}"]),
        (b"\xff\xfe", SIX, [f"this change edits the settings; {LATER}"]),
        (b"", b'[targets]\npython = ["3.13"]\n', [f"this change edits [targets] in the settings; {LATER}"]),
        (b"", b"allow = [5]\n", [f"this change allows something; {LATER}"]),
        (b"", b'[allow]\npackage = "x"\n', [f"this change edits [allow] in the settings; {LATER}"]),
        (b"", b"x = 1\n[y]\n", [f"this change edits [x] in the settings; {LATER}", f"this change edits [y] in the settings; {LATER}"]),
    ],
)  # fmt: skip
def test_what_is_said(before: bytes | None, after: bytes | None, said: list[str]) -> None:
    found = settings_changes(before, after)
    assert [each.text for each in found] == said
    assert {each.path for each in found} <= {SETTINGS_PATH}


def test_many_changes_are_counted() -> None:
    many = b"".join(SIX.replace(b"six", b"p%d" % n) for n in range(30))
    found = settings_changes(b"", many)
    assert len(found) == 11
    assert found[-1].text == "this change edits 20 more settings"


def test_an_allowance_that_matches_nothing_is_named() -> None:
    allow = parse(SIX + SIX.replace(b"six", b"Acme_*")).allow
    assert unused_notices(allow, ["acme.tool", "six"]) == ()
    assert [each.text for each in unused_notices(allow, ["attrs"])] == [
        "[[allow]] six matches no package here: remove it",
        "[[allow]] acme-* matches no package here: remove it",
    ]
