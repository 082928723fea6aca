"""What a verdict takes for granted is said in every report, once, however many verdicts rest on it."""

from __future__ import annotations

import html
import json

import pytest

from fallback_review.model import Assumption, AssumptionKind, Conclusion, Outcome, ReviewedChange, Verdict
from fallback_review.report import FORMATS, render
from tests.report.build import lockfile, review, reviewed

SAID = "Assumed: one index that merges both, Chainguard's first. Set layout in [indexes]."


def resting(name: str) -> ReviewedChange:
    verdicts = tuple(
        Verdict(
            version="1.0",
            target=f"py3.{minor} linux-x86_64",
            outcome=Outcome.CHAINGUARD,
            assumptions=(Assumption(AssumptionKind.LAYOUT, SAID),),
        )
        for minor in (12, 13)
    )
    return reviewed(name, "1.0", "1.1", Outcome.CHAINGUARD, verdicts=verdicts, conclusion=Conclusion.WARN)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_it_is_said_once(name: str) -> None:
    found = review(lockfile(resting("one"), resting("two")), conclusion=Conclusion.WARN)
    shown = render(found, name)
    if name == "json":
        verdicts = [v for change in json.loads(shown)["lockfiles"][0]["changes"] for v in change["verdicts"]]
        assert [v["assumptions"] for v in verdicts] == [[{"kind": "layout", "said": SAID}]] * 4
    else:
        # Workflow commands stand before the log that says the same.
        assert plain(shown).count("Assumed: one index") == (2 if name == "github" else 1), shown


def plain(text: str) -> str:
    return " ".join(html.unescape(text).split())


def test_packages_that_rest_on_an_assumption_are_no_list_of_warnings() -> None:
    found = review(lockfile(resting("one"), resting("two")), conclusion=Conclusion.WARN)
    text = render(found, "terminal")
    assert text.startswith(
        "⚠️ All 2 changed packages come from Chainguard\n"
        "   The check passes with a warning: see what is assumed.\n"
    )
    assert "🟢 2 packages come from Chainguard" in text
    assert "only a warning" not in text
