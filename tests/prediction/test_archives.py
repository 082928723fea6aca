"""Which source distributions each installer takes, and how it reads their names: as it was measured."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fallback_review.model import ProjectFile
from fallback_review.prediction import INSTALLERS
from fallback_review.prediction.candidates import Request
from fallback_review.prediction.installers import Choice, Failure, InstallerOptions
from fallback_review.prediction.listing import IndexPage, ListedFile

from .build import P

ENDS = (".tar.gz", ".zip", ".tar.bz2", ".tbz", ".tgz", ".tar.xz", ".txz", ".tlz", ".tar.lzma", ".tar")
TAKEN = {
    "pip": set(ENDS),
    "pipenv": set(ENDS),
    "pdm": set(ENDS),
    "uv": {".tar.gz", ".zip"},
    "poetry": {".tar.gz", ".zip", ".tar.bz2"},
}


def chosen(installer: str, name: str, version: str, *filenames: str) -> Choice:
    files = [ProjectFile(filename=each, url="", version=None) for each in filenames]
    page = tuple(ListedFile(file=each, index=P) for each in files)
    request = Request(
        name=name,
        specifier=SpecifierSet(f"=={version}"),
        version=Version(version),
        archives=INSTALLERS[installer].archives,
        python="3.12.99",
        ranks={},
    )
    return INSTALLERS[installer].choose(request, [IndexPage(page=page)], InstallerOptions())


@pytest.mark.parametrize("installer", TAKEN)
@pytest.mark.parametrize("end", [*ENDS, ".TAR.GZ", ".tar.Z", ".egg"])
def test_ends(installer: str, end: str) -> None:
    taken = chosen(installer, "foo", "1.0", f"foo-1.0{end}").file
    assert (taken is not None) is (end in TAKEN[installer])


@pytest.mark.parametrize("end", [".tar", ".tar.xz", ".tar.Z"])
def test_poetry_chooses_archives_that_it_then_cannot_unpack(end: str) -> None:
    choice = chosen("poetry", "foo", "1.0", f"foo-1.0{end}", "foo-1.0.zip")
    assert choice.failure is Failure.UNUSABLE_ARCHIVE
    assert choice.refused is not None


LEGACY = [
    ("foo", "1.0b1", "foo-1.0-beta1.tar.gz", "pip pipenv uv poetry"),
    ("foo", "1.0b1", "foo-1.0.beta1.tar.gz", "pip pipenv uv poetry pdm"),
    ("foo", "1.0.post2", "foo-1.0-2.tar.gz", "pip pipenv uv"),
    ("foo", "1.0", "foo-1.0-py2.7.tar.gz", ""),
    ("foo", "1.0", "foo-v1.0.tar.gz", "pip pipenv uv pdm"),
    ("foo", "1.0", "foo-1.0-final.tar.gz", ""),
    ("foo", "1.0+local.1", "foo-1.0+local-1.tar.gz", "pip pipenv uv"),
    ("foo", "1.0rc1", "foo-1.0-rc-1.tar.gz", "pip pipenv uv"),
    ("foo", "1!1.0", "foo-1!1.0.tar.gz", "pip pipenv uv poetry pdm"),
    ("foo", "1.0", "foo_1.0.tar.gz", ""),
    ("foo-2", "1.0", "foo-2-1.0.tar.gz", "pip pipenv uv poetry pdm"),
    ("foo-bar", "1.0", "foo-bar-1.0.tar.gz", "pip pipenv uv poetry pdm"),
    ("foo-bar", "1.0", "Foo_Bar-1.0.tar.gz", "pip pipenv uv poetry pdm"),
    ("foo-bar", "1.0", "foo__bar-1.0.tar.gz", "pip pipenv poetry pdm"),
    ("foo-bar", "1.0", "foobar-1.0.tar.gz", ""),
]


@pytest.mark.parametrize(("name", "version", "filename", "takers"), LEGACY)
def test_names_from_before_the_standard(name: str, version: str, filename: str, takers: str) -> None:
    takes = {each for each in TAKEN if chosen(each, name, version, filename).file is not None}
    assert takes == set(takers.split())
