"""The schema of the settings file that editors use: the code's, and a judge of real files."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.settings import schema as settings
from fallback_review.settings import validation
from tests.conftest import ROOT, lab_tool

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED = ROOT / "docs" / "settings.schema.json"


def published() -> dict[str, Any]:
    """The code's schema without its default values: one of them is the address of a registry."""

    def without(node: Any, *, names: bool = False) -> Any:
        if isinstance(node, list):
            return [without(each) for each in node]
        if isinstance(node, dict):
            return {
                key: without(value, names=key == "properties")
                for key, value in node.items()
                if names or key != "default"
            }
        return node

    schema: dict[str, Any] = without(validation.schema())
    return schema


def test_the_published_schema_is_the_codes() -> None:
    """To renew it: ``python -m tests.settings.test_schema``."""
    assert json.loads(PUBLISHED.read_text("utf-8")) == published()


@pytest.mark.lab
@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", True),
        ('[targets]\npython = ["3.12"]\n', True),
        ('[[allow]]\npackage = "a"\nreason = "b"\nexpires = 2027-01-01\n', True),
        ('[policy]\nfail_on = ["pypi"]\n', False),
        ('[policy]\non-unknown = "maybe"\n', False),
        ('[[allow]]\npackage = "a"\n', False),
        ("[targets]\npython = []\n", False),
    ],
)
def test_an_editors_validator_and_the_code_agree(tmp_path: Path, text: str, good: bool) -> None:
    file = tmp_path / "fallback-review.toml"
    file.write_text(text)
    checked = subprocess.run(
        [lab_tool("check-jsonschema", "checkers"), "--schemafile", str(PUBLISHED), str(file)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    try:
        settings.parse(text.encode())
    except settings.SettingsError:
        accepted = False
    else:
        accepted = True
    assert ((checked.returncode == 0), accepted) == (good, good), checked.stdout


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(published(), indent=2) + "\n", encoding="utf-8")
