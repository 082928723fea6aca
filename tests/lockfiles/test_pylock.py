"""pylock.toml (PEP 751), kept and broken."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import LockfileError, Text, parse
from fallback_review.model import LockedPackage, Lockfile, Source, SourceKind

HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\n\n'
DIGEST = 'hashes = {sha256 = "AB"}'
SDIST = f'sdist = {{name = "a-1.0.tar.gz", url = "https://files.pypi.test/a-1.0.tar.gz", {DIGEST}}}'


def read(content: str, head: str = HEAD) -> Lockfile:
    return parse(Text(path="pylock.toml", text=head + content))


def one(rows: str) -> LockedPackage:
    (package,) = read(f'[[packages]]\nname = "a"\n{rows}\n').packages
    return package


def notices(content: str, head: str = HEAD) -> list[tuple[int | None, str]]:
    return [(notice.line, notice.text) for notice in read(content, head).notices]


@pytest.mark.parametrize(
    ("rows", "expected", "local"),
    [
        (SDIST, Source(kind=SourceKind.REGISTRY), False),
        (
            f'index = "https://i.example/simple/"\n{SDIST}',
            Source(kind=SourceKind.REGISTRY, location="https://i.example/simple/"),
            False,
        ),
        (
            'vcs = {type = "git", url = "https://g.example/x", requested-revision = "v1", commit-id = "abc"}',
            Source(kind=SourceKind.GIT, location="https://g.example/x", reference="v1", commit="abc"),
            False,
        ),
        (
            'vcs = {type = "hg", path = "../x", commit-id = "abc"}',
            Source(kind=SourceKind.HG, location="../x", commit="abc"),
            False,
        ),
        ('directory = {path = "."}', Source(kind=SourceKind.DIRECTORY, location="."), True),
        ('directory = {path = ".", editable = true}', Source(kind=SourceKind.EDITABLE, location="."), True),
        (
            f'archive = {{url = "https://x.example/a.zip", {DIGEST}}}',
            Source(kind=SourceKind.URL, location="https://x.example/a.zip"),
            False,
        ),
        (f'archive = {{path = "a.zip", {DIGEST}}}', Source(kind=SourceKind.PATH, location="a.zip"), False),
        (
            f'archive = {{url = "https://x.example/b.zip", path = "a.zip", {DIGEST}}}',
            Source(kind=SourceKind.PATH, location="a.zip"),
            False,
        ),
    ],
)
def test_sources(rows: str, expected: Source, local: bool) -> None:
    package = one(rows)
    assert (package.source, package.local) == (expected, local)


def test_files_and_fields() -> None:
    package = one(
        f'version = "1.0"\nmarker = "x"\nrequires-python = ">=3.8"\n{SDIST}\n'
        f'wheels = [{{url = "https://files.pypi.test/a-1.0-py3-none-any.whl", {DIGEST}}}, {{path = "b.whl", {DIGEST}}}]'
    )
    assert [(file.filename, file.path, file.hashes) for file in package.artifacts] == [
        ("a-1.0.tar.gz", None, ("sha256:ab",)),
        ("a-1.0-py3-none-any.whl", None, ("sha256:ab",)),
        ("b.whl", "b.whl", ("sha256:ab",)),
    ]
    assert package.source == Source(kind=SourceKind.PATH, location="b.whl")
    assert (package.marker, package.requires_python) == ("x", ">=3.8")
    assert dict(package.extra) == {"marker": "x", "requires-python": ">=3.8"}


def test_a_good_file_has_no_notices() -> None:
    assert notices(f'requires-python = "*"\n[[packages]]\nname = "a"\n{SDIST}\n[tool.x]\ny = 1\n') == []
    lockfile = read('requires-python = "*"\n[tool.x]\ny = 1\n')
    assert (lockfile.installer, lockfile.requires_python) == ("uv", "*")
    assert sorted(lockfile.header) == ["created-by", "lock-version", "requires-python"]


@pytest.mark.parametrize(
    ("rows", "notice"),
    [
        (f'name = "A_b"\n{SDIST}', "PEP 751 requires normalised names, and an entry's name is not"),
        ('name = "a"', "an entry names no file at all"),
        (
            'name = "a"\nsdist = {url = "https://x.example/a-1.tar.gz"}',
            "PEP 751 requires hashes of every file, and a file has none",
        ),
        (
            f'name = "a"\nsdist = {{name = "a-1.tar.gz", {DIGEST}}}',
            "PEP 751 requires a URL or a path of every file, and a file has neither",
        ),
        (
            f'name = "a"\nsdist = {{path = "a-1.tar.bz2", {DIGEST}}}',
            "an sdist's file name is not one that the standard allows",
        ),
    ],
)
def test_what_breaks_the_standard_is_read_and_noted(rows: str, notice: str) -> None:
    assert notices(f"[[packages]]\n{rows}\n") == [(4, notice)]


def test_a_kind_of_breakage_is_noted_once() -> None:
    rows = "".join(f'[[packages]]\nname = "{name}"\n\n' for name in "abc")
    assert notices(rows) == [(4, "an entry names no file at all (3 entries, the first one here)")]


def test_lock_versions() -> None:
    assert notices(f'[[packages]]\nname = "a"\n{SDIST}\n', 'created-by = "x"\n\n\n') == [
        (1, "PEP 751 requires a lock-version; the file has none, and is read as 1.0")
    ]
    assert notices("", 'lock-version = "1.1"\n') == [
        (1, "lock-version 1.1 is newer than 1.0, which this tool knows")
    ]
    for wrong in ('"2.0"', '"x"'):
        with pytest.raises(LockfileError, match=r"lock-version: this tool reads version 1\.x"):
            read("", f"lock-version = {wrong}\n")
    with pytest.raises(LockfileError, match="neither a lock-version nor a package"):
        read("", "x = 1\n")


def test_what_pipenv_invents_is_not_believed() -> None:
    lockfile = read(f'[[packages]]\nname = "a"\n{SDIST}\n', 'lock-version = "1.0"\ncreated-by = "pipenv"\n')
    (file,) = lockfile.packages[0].artifacts
    assert (file.filename, file.url, file.hashes) == (None, None, ("sha256:ab",))
    assert not lockfile.packages[0].urls_locked
    assert lockfile.installer == "pipenv"
    assert lockfile.notices == ()


def test_an_unknown_author_is_no_installer() -> None:
    assert read("", 'lock-version = "1.0"\ncreated-by = "mousebender"\n').installer is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (f'directory = {{path = "."}}\n{SDIST}', "packages: directory must be the only source"),
        ('directory = {path = "."}\nwheels = []', "packages: directory must be the only source"),
        (f'archive = {{path = "a.zip"}}\n{SDIST}', "packages: archive must be the only source"),
        ('directory = {path = "."}\narchive = {path = "x"}', "must be the only source"),
        ('vcs = {type = "cvs", url = "x"}', r"packages\.vcs\.type: must be one of git, hg, svn, bzr"),
        ('vcs = {type = "git"}', r"packages\.vcs: has neither url nor path"),
        ("archive = {}", r"packages\.archive: has neither url nor path"),
        ("sdist = {hashes = {sha256 = 1}}", r"packages\.sdist\.hashes\.sha256: must be a string"),
        ('sdist = {hashes = {"a\\nb" = 1}}', r'packages\.sdist\.hashes\."a\\nb": must be a string'),
    ],
)
def test_what_could_hide_a_package_is_refused(rows: str, message: str) -> None:
    with pytest.raises(LockfileError, match=message) as caught:
        one(rows)
    assert caught.value.line == 4
