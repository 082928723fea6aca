"""A format that nobody knew is one module and two lines, and then everything holds for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import FORMATS, Text
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model import Outcome, Owner
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.context import addresses_of, prepare
from fallback_review.pipeline.discovery import is_lockfile
from fallback_review.pipeline.review import review
from fallback_review.settings import validation
from tests.pipeline.made_up import module_of
from tests.pipeline.test_review import BOTH, Table

if TYPE_CHECKING:
    from pathlib import Path

    from fallback_review.lockfiles import Format
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.pipeline.context import Prepared

MODULE = '''
"""hatch.lock: uv's reader under another name."""

from msgspec.structs import replace

from fallback_review.lockfiles.formats import uv
from fallback_review.lockfiles.format import Relock

FORMAT = replace(
    uv.FORMAT,
    name="hatch.lock",
    relock=Relock(newest="hatch {folder}relock {name}", folder="-C {} "),
    update_hashes=False,
)
'''
PROJECT = '[[tool.uv.index]]\nurl = "https://libraries.cgr.dev/python/simple/"\n'


@pytest.fixture
def hatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Format:
    module = module_of(tmp_path / "hatch.py", MODULE)
    monkeypatch.setitem(FORMATS, "hatch.lock", module.FORMAT)
    monkeypatch.setitem(CLAIMS, "hatch.lock", lambda path: path.rpartition("/")[2] == "hatch.lock")
    made: Format = module.FORMAT
    return made


def lock(version: str, *, requires: str = ">=3.12") -> str:
    wheel = f"a-{version}-py3-none-any.whl"
    return (
        f'version = 1\nrequires-python = "{requires}"\n\n[[package]]\nname = "a"\nversion = "{version}"\n'
        'source = { registry = "https://pypi.test/simple" }\n'
        f'wheels = [{{ url = "https://files.pypi.test/a/{version}/{wheel}", hash = "sha256:{"d" * 64}" }}]\n'
    )


def read(path: str) -> str | None:
    return PROJECT if path == "api/pyproject.toml" else None


SETTINGS = validation.validate(
    {"indexes": {"pypi": "https://pypi.test/simple/", "pypi-hosts": ["files.pypi.test"]}}
)


def prepared(compared: ComparedLockfile) -> Prepared:
    return prepare(compared, SETTINGS, addresses_of(SETTINGS.indexes))


SIDES = [Text(path="api/hatch.lock", text=lock(version), read=read) for version in ("1.0", "2.0")]


@pytest.mark.usefixtures("hatch")
def test_verdict_findings_configuration_and_advice() -> None:
    compared = compare(*SIDES)
    result = review([compared], SETTINGS, Table(**BOTH), today=date(2026, 11, 21))

    (lockfile,) = result.lockfiles
    (change,) = lockfile.changes
    assert (lockfile.format, lockfile.installer) == ("hatch.lock", "uv")
    assert change.outcome is Outcome.PYPI
    assert change.advice is not None
    assert change.advice.command == "hatch -C api relock a"
    assert any("PyPI stays in as the implicit default" in notice.text for notice in result.findings)
    context = prepared(compared).context
    assert [index.owner for each in context.indexes for index in each.sources] == [
        Owner.CHAINGUARD,
        Owner.PYPI,
    ]
    assert "api/pyproject.toml" in context.because


@pytest.mark.usefixtures("hatch")
def test_it_is_discovered_and_its_python_counts() -> None:
    assert is_lockfile("api/hatch.lock", SETTINGS.lockfiles)
    head = Text(path="hatch.lock", text=lock("2.0", requires=">=3.14"))
    assert {each.python for each in prepared(compare(None, head)).targets} == {"3.14"}


def test_without_the_lines_it_is_no_lockfile() -> None:
    assert not is_lockfile("api/hatch.lock", SETTINGS.lockfiles)
