"""uv itself says whether a lock fits its project: what it takes as it stands is never called outdated here."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fallback_review import configuration
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.lockfiles import Text, parse
from fallback_review.prediction.left_behind import left_behind
from tests.conftest import lab_tool
from tests.lockfiles.real_tools import PYTHON, UNIVERSE, Workshop
from tests.prediction.build import addresses

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = '[[tool.uv.index]]\nname = "c"\nurl = "{pypi}/simple/"\ndefault = true\n'
MOVED = '[[tool.uv.index]]\nname = "c"\nurl = "{private}/simple/"\ndefault = true\n'
MORE = '[[tool.uv.index]]\nname = "p"\nurl = "{private}/simple/"\nexplicit = true\n'
SOURCE = f'{MORE}[tool.uv.sources]\nalpha = {{ index = "p" }}\n'
ELSEWHERE = "alpha = { url = 'https://f.example/alpha-1.1.post1-py3-none-any.whl' }"
ALPHA = 'dependencies = ["alpha"]\n'
BEFORE = f"{ALPHA}[tool.uv]\npackage = false\n{DEFAULT}"

FRESH, STALE = "fresh", "stale"
AFTER = [
    (BEFORE, FRESH),
    (f'dependencies = ["Alpha"]\n[tool.uv]\npackage = false\n{DEFAULT}', FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\n{DEFAULT}{MORE}", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\nno-binary = true\nindex-strategy = 'unsafe-best-match'\n{DEFAULT}", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\nconstraint-dependencies = ['other<1']\n{DEFAULT}", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\noverride-dependencies = ['other<1']\n{DEFAULT}", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\n{DEFAULT}[tool.uv.sources]\nother = {{ index = 'c' }}\n", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\n", FRESH),
    (f"{ALPHA}[tool.uv]\npackage = false\n{MOVED}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nindex-url = '{{private}}/simple/'\n", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\n{DEFAULT}{SOURCE}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\n{DEFAULT}[tool.uv.sources]\n{ELSEWHERE}\n", STALE),
    (f"dependencies = ['alpha<1.1']\n[tool.uv]\npackage = false\n{DEFAULT}", STALE),
    (f"dependencies = ['alpha', 'epsilon']\n[tool.uv]\npackage = false\n{DEFAULT}", STALE),
    (f"{ALPHA}[dependency-groups]\na = ['beta>2']\n[tool.uv]\npackage = false\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nconstraint-dependencies = ['alpha<1.1']\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\noverride-dependencies = ['beta<1']\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nresolution = 'lowest'\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nprerelease = 'allow'\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nfork-strategy = 'fewest'\n{DEFAULT}", STALE),
    (f"{ALPHA}[tool.uv]\npackage = false\nexclude-newer = '2026-01-01'\n{DEFAULT}", STALE),
]  # fmt: skip
OPTIONS = (
    "resolution = 'lowest'",
    "prerelease = 'allow'",
    "fork-strategy = 'fewest'",
    "resolution = 'highest'",
)


def project(workshop: Workshop, tables: str) -> None:
    head = '[project]\nname = "project"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
    workshop.write("pyproject.toml", f"{head}{tables}")


def outdated(folder: Path) -> list[str]:
    def beside(path: str) -> str | None:
        file = folder / path
        return file.read_text("utf-8") if file.is_file() else None

    lock = parse(Text(path="uv.lock", text=beside("uv.lock") or ""))
    told = configuration.read(lock, beside, installer="uv")
    assert told.demands is not None
    found = [each.effect for package in lock.packages if (each := left_behind(package, told.demands))]
    found += [each.effect for each in told.not_modelled if each.outdated]
    return [*found, *(each.text for each in configuration.unlocked(lock, told))]


def says(workshop: Workshop) -> str:
    """Whether uv takes the lock as it stands."""
    command = [lab_tool("uv", "installers"), "lock", "--check", "--offline", "--python", PYTHON]
    ran = subprocess.run(
        command, cwd=workshop.folder, env=workshop.environment, capture_output=True, text=True, check=False
    )
    return FRESH if ran.returncode == 0 else STALE


@pytest.mark.usefixtures("in_lab")
def test_uv_agrees(tmp_path: Path) -> None:
    with DemoIndex(UNIVERSE) as index:
        workshop = Workshop(tmp_path, index)
        project(workshop, BEFORE)
        workshop.run("uv", "lock", "--python", PYTHON)
        for tables, right in AFTER:
            project(workshop, tables)
            assert says(workshop) == right, tables
            assert bool(outdated(workshop.folder)) == (right == STALE), tables


@pytest.mark.usefixtures("in_lab")
@pytest.mark.parametrize(("locked", "named"), [("/", ""), ("", "/"), ("", ""), ("/", "/")])
def test_the_last_slash_of_an_index_changes_no_file(tmp_path: Path, locked: str, named: str) -> None:
    """uv takes no such lock, and makes the same again; a finding says so, and verdicts stay."""
    with DemoIndex(UNIVERSE) as index:
        workshop = Workshop(tmp_path, index)
        project(workshop, BEFORE.replace('/simple/"', f'/simple{locked}"'))
        workshop.run("uv", "lock", "--python", PYTHON)
        project(workshop, BEFORE.replace('/simple/"', f'/simple{named}"'))
        before = (workshop.folder / "uv.lock").read_text()
        right = FRESH if locked == named else STALE
        assert (says(workshop), outdated(workshop.folder)) == (right, [])
        lock = parse(Text(path="uv.lock", text=before))
        files = {"pyproject.toml": (workshop.folder / "pyproject.toml").read_text()}
        told = configuration.read(lock, files.get, installer="uv")
        found = [each.text for each in configuration.findings(told, lock, addresses())]
        assert any("Lock again: `uv lock`" in each for each in found) is (right == STALE), found
        workshop.run("uv", "lock", "--python", PYTHON)
        after = (workshop.folder / "uv.lock").read_text()
        assert after == before.replace(f'/simple{locked}"', f'/simple{named}"')


@pytest.mark.usefixtures("in_lab")
@pytest.mark.parametrize("option", OPTIONS)
def test_a_lock_that_was_made_with_an_option_has_it(tmp_path: Path, option: str) -> None:
    with DemoIndex(UNIVERSE) as index:
        workshop = Workshop(tmp_path, index)
        project(workshop, f"{ALPHA}[tool.uv]\npackage = false\n{option}\n{DEFAULT}")
        workshop.run("uv", "lock", "--python", PYTHON)
        assert outdated(workshop.folder) == []


HEADER = 'version = 1\nrequires-python = ">=3.11"\n'
ZERO = 'exclude-newer = "0001-01-01T00:00:00Z"\nexclude-newer-span'


@pytest.mark.parametrize(
    ("given", "locked", "same"),
    [
        ("2026-01-01", "", False),
        ("2026-01-01", 'exclude-newer = "2026-01-02T00:00:00Z"', True),
        ("2026-01-01", 'exclude-newer = "2026-01-01T22:00:00Z"', True),  # where uv ran it was midnight
        ("2026-01-01", 'exclude-newer = "2026-01-05T00:00:00Z"', False),
        ("2026-01-01T10:00:00+02:00", 'exclude-newer = "2026-01-01T08:00:00Z"', True),
        ("2026-01-01T10:00:00Z", 'exclude-newer = "2026-01-01T08:00:00Z"', False),
        ("7 days", f'{ZERO} = "P7D"', True),
        ("2 weeks ago", f'{ZERO} = "-P2W"', True),
        ("8 days", f'{ZERO} = "P7D"', False),
        ("7 days", 'exclude-newer = "2026-01-01T08:00:00Z"', True),  # as older versions wrote a span
        ("2026-01-01", f'{ZERO} = "P7D"', False),
    ],
)
def test_bounds_of_upload_times(given: str, locked: str, same: bool) -> None:
    lock = parse(Text(path="uv.lock", text=f"{HEADER}[options]\n{locked}\n"))
    files = {"pyproject.toml": f'[tool.uv]\nexclude-newer = "{given}"\n'}
    told = configuration.read(lock, files.get, installer="uv")
    assert [each.key for each in told.not_modelled if each.outdated] == ([] if same else ["exclude-newer"])


MEMBERS = (
    HEADER
    + """
[[package]]
name = "m"
version = "1"
source = { virtual = "m" }
[package.metadata]
requires-dist = [{ name = "foo", index = "https://m.example/simple/" }]

[[package]]
name = "foo"
version = "1.0"
source = { registry = "https://m.example/simple" }
"""
)


@pytest.mark.parametrize(
    ("workspace", "fits"), [("[tool.uv.workspace]\nmembers = ['m']\n", True), ("", False)]
)
def test_members_of_a_workspace_may_name_indexes(workspace: str, fits: bool) -> None:
    lock = parse(Text(path="uv.lock", text=MEMBERS))
    index = '[[tool.uv.index]]\nurl = "https://c.example/simple/"\ndefault = true\n'
    told = configuration.read(lock, {"pyproject.toml": workspace + index}.get, installer="uv")
    assert told.demands is not None
    [_, foo] = lock.packages
    assert (left_behind(foo, told.demands) is None) == fits
