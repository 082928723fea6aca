"""A lock that another installer's replaces: each side stands in its own installer's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import Text
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.context import addresses_of, prepare
from fallback_review.settings import validation

if TYPE_CHECKING:
    from fallback_review.pipeline.context import Prepared

CHAINGUARD = "https://libraries.cgr.dev/python/simple/"
BUILT, PYPIS = "sha256:" + "c" * 64, "sha256:" + "d" * 64
FILE = "six-1.17.0-py2.py3-none-any.whl"
BOTH = f'files = [{{file = "{FILE}", hash = "{BUILT}"}}, {{file = "{FILE}", hash = "{PYPIS}"}}]\n'
SOURCE = f'[[tool.poetry.source]]\nname = "chainguard"\nurl = "{CHAINGUARD}"\npriority = "primary"\n'
POETRY = (
    f'[[package]]\nname = "six"\nversion = "1.17.0"\n{BOTH}'
    f'[package.source]\ntype = "legacy"\nurl = "{CHAINGUARD}"\nreference = "chainguard"\n'
    '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\ncontent-hash = "0"\n'
)
PDM = f'[metadata]\nlock_version = "4.5.1"\n[[package]]\nname = "six"\nversion = "1.17.0"\n{BOTH}'
PINNED = f"six==1.17.0 --hash={BUILT} --hash={PYPIS}\n"
PDM_SOURCE = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{CHAINGUARD}"\n'


SETTINGS = validation.validate({"indexes": {"pypi": "https://pypi.test/simple/"}})


def migrated(path: str, lock: str, project: str) -> Prepared:
    old = Text(path="poetry.lock", text=POETRY, read={"pyproject.toml": SOURCE}.get)
    compared = compare(old, Text(path=path, text=lock, read={"pyproject.toml": project}.get))
    assert compared.diff.changes == ()  # the same hashes show the same files
    return prepare(compared, SETTINGS, addresses_of(SETTINGS.indexes))


@pytest.mark.parametrize(
    ("path", "lock"),
    [
        ("requirements.txt", PINNED),
        (
            "requirements.txt",
            f"--index-url {CHAINGUARD}\n--extra-index-url https://pypi.test/simple/\n{PINNED}",
        ),
        ("pdm.lock", PDM),
    ],
)
def test_pypi_let_in_for_entries_that_allow_its_files_too(path: str, lock: str) -> None:
    (notice,) = migrated(path, lock, SOURCE).opened

    assert (
        "The installer now asks PyPI, also for 1 entry that did not change and was not checked" in notice.text
    )
    assert "name Chainguard's index alone, as before" in notice.text


@pytest.mark.parametrize(
    ("path", "lock", "project"),
    [("requirements.txt", f"--index-url {CHAINGUARD}\n{PINNED}", SOURCE), ("pdm.lock", PDM, PDM_SOURCE)],
)
def test_chainguards_index_named_for_the_new_installer_is_nothing_to_tell(
    path: str, lock: str, project: str
) -> None:
    found = migrated(path, lock, project)

    assert (found.opened, found.findings) == ((), ())
