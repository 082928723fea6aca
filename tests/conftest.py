"""What every test shares: the way to a tool of the lab, or a skip that says why."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / ".lab"
SHARED = ROOT.parent / "shared"

# A busy machine trips over a deadline; what is checked before a change lands must not depend on chance, while
# every run at a desk tries other examples.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def missing(what: str) -> None:
    """Skip the test because something of the lab is absent; fail instead where REQUIRE_LAB=1."""
    if os.environ.get("REQUIRE_LAB") == "1":
        pytest.fail(f"REQUIRE_LAB=1, but {what} is missing")
    pytest.skip(f"{what} is not on this machine")


def lab_tool(name: str, group: str | None = None) -> str:
    """Return the path of a program: from the lab's environment `group`, else from PATH."""
    if group:
        inside = LAB / group / "bin" / name
        if inside.exists():
            return str(inside)
        missing(f"{name} (make lab)")
    found = shutil.which(name)
    if not found:
        missing(f"the program {name}")
    return str(found)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts (corpus, oracle) beside a checkout."""
    if not SHARED.is_dir():
        missing("../shared")
    return SHARED
