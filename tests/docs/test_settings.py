"""The README shows every setting, and its default where it has one."""

from __future__ import annotations

import re

import tomli
from pydantic import BaseModel

from fallback_review.settings import schema
from tests.conftest import ROOT

(SHOWN,) = re.findall(
    r"^```toml\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
TABLES = {
    field.alias or name: field.annotation
    for name, field in schema.Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}


def test_every_key_is_shown() -> None:
    read = tomli.loads(re.sub(r"^# (?=[a-z-]+ = )", "", SHOWN, flags=re.MULTILINE))
    assert {name: set(read[name]) for name in TABLES} == {
        name: {field.alias for field in table.model_fields.values()} for name, table in TABLES.items()
    }
    assert read.keys() - TABLES.keys() == {"allow"}


def test_what_is_shown_as_the_default_is_it() -> None:
    shown = schema.parse(SHOWN.encode())
    assert shown.allow[0].package == "nvidia-*"
    assert shown.model_copy(update={"allow": ()}) == schema.Settings()
