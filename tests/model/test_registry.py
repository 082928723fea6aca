"""Values that are imported when somebody asks for them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fallback_review.configuration.tools import TOOLS
from fallback_review.lockfiles import FORMATS
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model.registry import Registry
from fallback_review.prediction import INSTALLERS

if TYPE_CHECKING:
    from pathlib import Path


def test_a_module_is_imported_at_the_first_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asked_for.py").write_text("VALUE = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    known: Registry[object] = Registry({"asked": "asked_for:VALUE", "other": "not_there:VALUE"})
    assert (list(known), len(known), "asked" in known, "nobody" in known) == (
        ["asked", "other"],
        2,
        True,
        False,
    )
    assert "asked_for" not in sys.modules
    assert known["asked"] is known["asked"]
    assert "asked_for" in sys.modules
    monkeypatch.delitem(sys.modules, "asked_for")
    with pytest.raises(KeyError):
        known["nobody"]
    with pytest.raises(ModuleNotFoundError):
        known["other"]


def test_what_is_put_in_outranks_what_was_known() -> None:
    known: Registry[int] = Registry({"one": "not_there:VALUE"})
    known["one"], known["two"] = 1, 2
    assert dict(known) == {"one": 1, "two": 2}
    del known["one"]
    assert dict(known) == {"two": 2}


def test_every_value_is_what_its_name_says() -> None:
    assert {name: each.name for name, each in FORMATS.items()} == {name: name for name in CLAIMS}
    assert {name: each.name for name, each in INSTALLERS.items()} == {name: name for name in TOOLS}
    assert all(tool.keys for tool in TOOLS.values())
