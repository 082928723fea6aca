"""An installer that nobody knew is one module, and one line in each registry that names installers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.configuration.tools import TOOLS
from fallback_review.lockfiles import FORMATS, Text
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model import Cause, Outcome, Owner
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.context import addresses_of, prepare
from fallback_review.pipeline.review import review
from fallback_review.prediction.installers import INSTALLERS
from fallback_review.settings import validation
from tests.pipeline.made_up import module_of
from tests.pipeline.test_review import BOTH, Table

if TYPE_CHECKING:
    from pathlib import Path

    from fallback_review.pipeline.compare import ComparedLockfile

MODULE = '''
"""kiln: it takes source distributions alone, and reads its indexes from kiln.toml."""

from msgspec.structs import replace

from fallback_review.configuration.keys import Keys, Unmodelled
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.format import Relock
from fallback_review.lockfiles.formats import poetry
from fallback_review.lockfiles.installer_files import beside
from fallback_review.prediction.installers.interface import Choice, Failure
from fallback_review.prediction.installers.uv import UV

KEYS = Keys(
    installer="kiln",
    place="kiln.toml",
    modelled={"index": "the one index that it asks"},
    not_modelled={"only-fired": Unmodelled(effect="some files are passed over")},
    harmless=frozenset(),
    measured=False,
)


def choose(request, indexes, options):
    return Choice(failure=Failure.NO_COMPATIBLE)


def read(lockfile, files):
    root = files.toml(beside(lockfile.path, "kiln.toml")[0])
    if root is None:
        return Configuration(installer="kiln")
    return Configuration(
        installer="kiln",
        indexes=(ConfiguredIndex(url=root.word("index"), key="index", default=True, path=root.path),),
        builtin_pypi=False,
        not_modelled=tuple(KEYS.passed_over(root)),
        unknown_keys=tuple(KEYS.strange(root)),
        files=(root.path,),
    )


INSTALLER = replace(UV, name="kiln", choose=choose)
TOOL = Tool(read=read, keys=(KEYS,))
FORMAT = replace(
    poetry.FORMAT,
    name="kiln.lock",
    installer="kiln",
    configured_by=lambda path: beside(path, "kiln.toml"),
    relock=Relock(newest="kiln {folder}fire {name}", folder="-C {} "),
    update_hashes=False,
)
'''
SETTINGS = validation.validate(
    {"indexes": {"pypi": "https://pypi.test/simple/", "pypi-hosts": ["files.pypi.test"]}}
)


@pytest.fixture(autouse=True)
def kiln(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_of(tmp_path / "kiln.py", MODULE)
    monkeypatch.setitem(INSTALLERS, "kiln", module.INSTALLER)
    monkeypatch.setitem(TOOLS, "kiln", module.TOOL)
    monkeypatch.setitem(FORMATS, "kiln.lock", module.FORMAT)
    monkeypatch.setitem(CLAIMS, "kiln.lock", lambda path: path.rpartition("/")[2] == "kiln.lock")


def lock(version: str) -> str:
    return (
        f'[[package]]\nname = "a"\nversion = "{version}"\noptional = false\npython-versions = "*"\n'
        f'files = [{{file = "a-{version}-py3-none-any.whl", hash = "sha256:{"d" * 64}"}}]\n\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\n'
    )


def compared(configuration: str) -> ComparedLockfile:
    def read(path: str) -> str | None:
        return configuration if path == "api/kiln.toml" else None

    old, new = (Text(path="api/kiln.lock", text=lock(version), read=read) for version in ("1.0", "2.0"))
    return compare(old, new)


PYPI_ALONE = 'index = "https://pypi.test/simple/"\n'


def test_its_own_rule_its_configuration_and_its_command() -> None:
    found = compared(PYPI_ALONE)
    result = review([found], SETTINGS, Table(**BOTH), today=date(2026, 11, 29))

    (lockfile,) = result.lockfiles
    (change,) = lockfile.changes
    assert (lockfile.format, lockfile.installer) == ("kiln.lock", "kiln")
    assert (change.outcome, change.cause) == (Outcome.INSTALL_FAILS, Cause.NO_CANDIDATE)
    context = prepare(found, SETTINGS, addresses_of(SETTINGS.indexes)).context
    assert [index.owner for each in context.indexes for index in each.sources] == [Owner.PYPI]
    assert "api/kiln.toml" in context.because
    assert change.advice is not None
    assert "kiln" in f"{change.advice.command}{change.advice.text}"


def test_a_key_of_it_that_is_not_predicted_makes_the_answer_unknown() -> None:
    found = compared(f"{PYPI_ALONE}only-fired = true\n")
    (lockfile,) = review([found], SETTINGS, Table(**BOTH), today=date(2026, 11, 29)).lockfiles
    (change,) = lockfile.changes
    assert (change.outcome, change.cause) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert "only-fired" in change.why


def test_a_key_of_it_that_nobody_knows_is_said() -> None:
    found = compared(f"{PYPI_ALONE}glaze = true\n")
    result = review([found], SETTINGS, Table(**BOTH), today=date(2026, 11, 29))
    assert any("glaze" in each.said for each in result.assumptions)
