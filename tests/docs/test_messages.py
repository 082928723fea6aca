"""Words that need a second reading do not come back: in messages, and in the documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.docs.messages import every_message

if TYPE_CHECKING:
    from pathlib import Path

BAD = (
    "does not let this pass",
    "no file that fits this target",
    "if nothing installs there",
    "changed besides the packages",
    "without an outcome",
    "with nothing new to install",
    "and give its two values",
    "the one that plays it",
    "that plays",
    "Check that it is meant",
    "Python versions that install",
    "another one,",
    "shall",
    "at a fault of its own",
    "as above",
    "nor leave",
    "hangs on",
    "has the say",
    "lets this pass",
    "held by the policy",
    "PyPI's own, served by",
    "mend",  # the command is `fix`
    "mends",
    "mended",
    "mending",
)
"""Phrases that people had to read twice."""
_BAD = re.compile("|".join(rf"\b{re.escape(each)}(?!\w)" for each in BAD), re.IGNORECASE)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_no_message_needs_a_second_reading() -> None:
    found = [f"{path}:{line}: {text}" for path, line, text in every_message() if _BAD.search(text)]
    assert not found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_needs_a_second_reading(document: Path) -> None:
    lines = enumerate(document.read_text("utf-8").splitlines(), start=1)
    assert not [f"{number}: {line}" for number, line in lines if _BAD.search(line)]


def test_the_list_holds_every_kind_of_message() -> None:
    told = {text for _, _, text in every_message()}
    assert "The check passes with warnings." in told
    assert any("Review what changed" in text for text in told), "the help of a command"
    assert any("neither a path here nor a revision" in text for text in told), "an error"
    assert any(text.startswith("Chainguard's index answers 404") for text in told), "a cause"
    assert not any("Return the verdict" in text for text in told), "docstrings are for developers"


def test_the_messages_that_troubleshooting_quotes_are_the_programs() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|", (ROOT / "docs/troubleshooting.md").read_text("utf-8"), re.MULTILINE
    )
    told = " ".join(text for _, _, text in every_message())
    assert len(rows) > 10
    assert [quoted for quoted in rows if quoted.strip() not in told] == []
