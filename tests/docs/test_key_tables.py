"""The documentation shows what becomes of each key of an installer's files."""

from __future__ import annotations

from .key_tables import parts, table


def test_the_table_of_keys_is_made_from_the_code() -> None:
    _, shown, after = parts()
    assert after, "docs/prediction.md has no such table"
    assert shown == table(), "make it anew: python -m tests.docs.key_tables"
