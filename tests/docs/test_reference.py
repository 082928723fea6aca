"""The reference is what the code says, and speaks of every key."""

from __future__ import annotations

import pytest
import tomli

from fallback_review.settings import validation
from tests.docs.reference import FOLDER, PAGES, text_of


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_the_code_says(page: str) -> None:
    """To renew it: ``python -m tests.docs.reference``."""
    assert (FOLDER / page).read_text("utf-8") == text_of(page)


def test_every_key_of_the_settings_is_described() -> None:
    for definition in validation.schema()["$defs"].values():
        for key, field in definition["properties"].items():
            assert field.get("description", "").endswith("."), key


def test_the_example_is_one() -> None:
    example = text_of("settings.md").partition("```toml\n")[2].partition("```")[0]
    assert validation.validate(tomli.loads(example)).allow[0].package == "nvidia-*"
