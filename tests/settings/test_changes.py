"""What a change does to the settings is shown, whatever it holds."""

from __future__ import annotations

import pytest

from fallback_review.settings.changes import settings_changes
from fallback_review.settings.policy import unused_notices
from fallback_review.settings.schema import SETTINGS_PATH, parse

LATER = "it counts once merged"
SIX = b'[[allow]]\npackage = "six"\nreason = "old"\n'


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (SIX, SIX, []),
        (None, None, []),
        (SIX, None, ["this change deletes the settings"]),
        (None, SIX, [f"this change adds an allowance: six (reason: old); {LATER}"]),
        (SIX, b"", ["this change removes an allowance: six (reason: old); it counts until it is merged"]),
        (SIX, b"= nonsense", [f"this change edits the settings; {LATER}"]),
        (b"\xff\xfe", SIX, [f"this change edits the settings; {LATER}"]),
        (b"", b'[targets]\npython = ["3.13"]\n', [f"this change edits python of [targets] in the settings; {LATER}"]),
        (b"", b"allow = [5]\n", [f"this change adds an allowance: something; {LATER}"]),
        (b"", b'[allow]\npackage = "x"\n', [f"this change edits package of [allow] in the settings; {LATER}"]),
        (b"", b"x = 1\n[y]\n", [f"this change edits [x] in the settings; {LATER}", f"this change edits [y] in the settings; {LATER}"]),
    ],
)  # fmt: skip
def test_what_is_said(before: bytes | None, after: bytes | None, said: list[str]) -> None:
    found = settings_changes(before, after)
    assert [each.text for each in found] == said
    assert {each.path for each in found} <= {SETTINGS_PATH}


def test_allowances_are_counted_and_named() -> None:
    two = SIX + SIX.replace(b"six", b"attrs").replace(b'"old"', b'"%s"' % (b"x" * 100))
    [added] = settings_changes(None, two)
    shown = f"six (reason: old), attrs (reason: {'x' * 60}…)"
    assert added.text == f"this change adds 2 allowances: {shown}; they count once merged"
    [removed] = settings_changes(two, b"")
    assert removed.text == f"this change removes 2 allowances: {shown}; they count until it is merged"


def test_many_changes_are_counted() -> None:
    [many] = settings_changes(b"", b"".join(SIX.replace(b"six", b"p%d" % n) for n in range(30)))
    assert many.text.startswith("this change adds 30 allowances: p0 (reason: old), p1 ")
    assert many.text.endswith("p9 (reason: old) and 20 more; they count once merged")
    tables = settings_changes(b"", b"".join(b"[t%d]\n" % n for n in range(30)))
    assert len(tables) == 11
    assert tables[-1].text == "and 20 more changes of the settings"


def test_an_allowance_that_matches_nothing_is_named() -> None:
    allow = parse(SIX + SIX.replace(b"six", b"Acme_*")).allow
    assert unused_notices(allow, ["acme.tool", "six"]) == ()
    assert [each.text for each in unused_notices(allow, ["attrs"])] == [
        "[[allow]] six matches no package here: remove it",
        "[[allow]] acme-* matches no package here: remove it",
    ]


def test_the_order_of_keys_means_nothing() -> None:
    one, other = b'[[allow]]\npackage = "a"\nreason = "b"\n', b'[[allow]]\nreason = "b"\npackage = "a"\n'
    assert settings_changes(one, other) == ()
