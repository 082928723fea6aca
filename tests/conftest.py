"""What every test shares: the way to a tool of the lab, or a skip that says why."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / ".lab"
SHARED = ROOT.parent / "shared"

# A busy machine trips over a deadline; what is checked before a change lands must not depend on chance, while
# every run at a desk tries other examples.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


_running: list[pytest.Item] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "in_lab" in getattr(item, "fixturenames", ()):
            item.add_marker("lab")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _running[:] = [item]
    result = yield
    _running.clear()
    return result


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None:  # What the whole session shares ends within the last test, whichever that is.
        _running.clear()


def _needs_the_lab() -> None:
    """Fail a test that is not marked: `make check` must find every marked one, and no other, left out."""
    if _running and not _running[0].get_closest_marker("lab"):
        pytest.fail(f"{_running[0].nodeid} needs the lab: mark it (or its module) pytest.mark.lab")


def missing(what: str) -> None:
    """Skip the test because something of the lab is absent; fail instead where REQUIRE_LAB=1."""
    _needs_the_lab()
    if os.environ.get("REQUIRE_LAB") == "1":
        pytest.fail(f"REQUIRE_LAB=1, but {what} is missing")
    pytest.skip(f"{what} is not on this machine")


def lab_tool(name: str, group: str | None = None) -> str:
    """Return the path of a program: from the lab's environment `group`, else from PATH."""
    _needs_the_lab()
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
def in_lab() -> None:
    """Mark `lab` every test that asks for this, through whatever fixtures; other tests say it themselves."""


@pytest.fixture(scope="session")
def shared(in_lab: None) -> Path:
    """The folder of shared facts (corpus, oracle) beside a checkout."""
    if not SHARED.is_dir():
        missing("../shared")
    return SHARED
