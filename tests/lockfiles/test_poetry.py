"""poetry.lock, old and new."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import LockfileError, Text, parse, parse_pair
from fallback_review.lockfiles.diff import diff
from fallback_review.model import LockedPackage, Lockfile, Source, SourceKind

TAIL = '\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\ncontent-hash = "0"\n'


def read(content: str, tail: str = TAIL) -> Lockfile:
    return parse(Text(path="poetry.lock", text=content + tail))


def one(rows: str, tail: str = TAIL) -> LockedPackage:
    (package,) = read(f'[[package]]\nname = "A_b"\nversion = "1.0"\n{rows}\n', tail).packages
    return package


@pytest.mark.parametrize(
    ("rows", "expected", "local"),
    [
        ("", Source(kind=SourceKind.REGISTRY), False),
        (
            '[package.source]\ntype = "legacy"\nurl = "https://i.example/simple"\nreference = "i"',
            Source(kind=SourceKind.REGISTRY, location="https://i.example/simple", reference="i"),
            False,
        ),
        (
            (
                '[package.source]\ntype = "git"\nurl = "https://g.example/x"\nreference = "v1"\n'
                'resolved_reference = "abc"'
            ),
            Source(kind=SourceKind.GIT, location="https://g.example/x", reference="v1", commit="abc"),
            False,
        ),
        (
            '[package.source]\ntype = "git"\nurl = "https://g.example/x"\nreference = "abc"',
            Source(kind=SourceKind.GIT, location="https://g.example/x", reference="abc", commit="abc"),
            False,
        ),
        (
            '[package.source]\ntype = "url"\nurl = "https://x.example/a.whl"',
            Source(kind=SourceKind.URL, location="https://x.example/a.whl"),
            False,
        ),
        (
            '[package.source]\ntype = "file"\nurl = "d/a.whl"',
            Source(kind=SourceKind.PATH, location="d/a.whl"),
            False,
        ),
        (
            'develop = false\n[package.source]\ntype = "directory"\nurl = "../a"',
            Source(kind=SourceKind.DIRECTORY, location="../a"),
            True,
        ),
        (
            'develop = true\n[package.source]\ntype = "directory"\nurl = "../a"',
            Source(kind=SourceKind.EDITABLE, location="../a"),
            True,
        ),
    ],
)
def test_sources(rows: str, expected: Source, local: bool) -> None:
    package = one(rows)
    assert (package.name, package.source, package.local) == ("a-b", expected, local)


def test_a_resolved_reference_that_a_newer_poetry_adds_is_no_change() -> None:
    old = '[package.source]\ntype = "git"\nurl = "https://g.example/x"\nreference = "abc"\n'
    sides = [
        Text(path="poetry.lock", text=f'[[package]]\nname = "a"\nversion = "1"\n{source}{TAIL}')
        for source in (old, old + 'resolved_reference = "abc"\n')
    ]
    assert diff(*parse_pair(*sides)).changes == ()


class TestFiles:
    def test_in_the_entry(self) -> None:
        package = one('files = [\n    {file = "a-1.0.tar.gz", hash = "sha256:AB"},\n    {file = "x"},\n]')
        assert [(file.filename, file.hashes) for file in package.artifacts] == [
            ("a-1.0.tar.gz", ("sha256:AB",)),
            ("x", ()),
        ]

    @pytest.mark.parametrize("table", ["files", "hashes"])
    def test_an_entry_that_says_none_has_none_elsewhere(self, table: str) -> None:
        tail = f"{TAIL}\n[metadata.{table}]\nA_b = []\nb = []\n".replace(
            "= []", '= [{file = "a", hash = "x"}]'
        )
        assert one("files = []", tail).artifacts == ()

    def test_hashes_outrank_files(self) -> None:
        tail = '\n[metadata]\n[metadata.hashes]\nA_b = ["ab"]\n[metadata.files]\nA_b = [{file = "a", hash = "x:cd"}]\n'
        assert one("", tail).hashes == {"sha256:ab"}

    def test_under_metadata(self) -> None:
        tail = (
            '\n[metadata]\nlock-version = "1.1"\ncontent-hash = "0"\n\n[metadata.files]\n'
            'A_b = [\n    {file = "a-b-1.0.tar.gz", hash = "sha256:ab"},\n'
            '    {file = "a-b-2.0.tar.gz", hash = "sha256:cd"},\n    {file = "odd", hash = "sha256:ef"},\n]\n'
        )
        assert len(one("", tail).artifacts) == 3
        both = read(
            '[[package]]\nname = "A_b"\nversion = "1.0"\n\n[[package]]\nname = "A_b"\nversion = "2.0"\n', tail
        )
        assert [sorted(package.hashes) for package in both.packages] == [
            ["sha256:ab", "sha256:ef"],
            ["sha256:cd", "sha256:ef"],
        ]
        assert both.header == {"metadata": {"lock-version": "1.1", "content-hash": "0"}}

    def test_of_the_oldest_files(self) -> None:
        tail = '\n[metadata]\ncontent-hash = "0"\npython-versions = "*"\n\n[metadata.hashes]\nA_b = ["ab", "CD"]\n'
        package = one("", tail)
        assert package.hashes == {"sha256:ab", "sha256:CD"}
        assert [file.filename for file in package.artifacts] == [None, None]

    def test_hashes_under_metadata_that_change_are_seen(self) -> None:
        entry = '[[package]]\nname = "a"\nversion = "1.0"\n'
        tail = '\n[metadata]\ncontent-hash = "0"\n\n[metadata.hashes]\na = ["{}"]\n'
        sides = [Text(path="poetry.lock", text=entry + tail.format(digest)) for digest in ("ab", "cd")]
        (change,) = diff(*parse_pair(*sides)).changes
        assert (change.kind.value, change.hashes_added, change.hashes_removed) == ("artifacts-changed", 1, 1)

    def test_a_url_source_is_its_own_file(self) -> None:
        package = one('[package.source]\ntype = "url"\nurl = "https://x.example/a.whl"')
        assert [(file.filename, file.url) for file in package.artifacts] == [
            ("a.whl", "https://x.example/a.whl")
        ]


def test_other_fields() -> None:
    package = one(
        'description = "x"\npython-versions = ">=3.8"\nmarkers = "os_name == \'nt\'"\ngroups = ["main"]'
    )
    assert (package.marker, package.requires_python) == ("os_name == 'nt'", ">=3.8")
    # Before 2.1, Poetry resolves anew and asks no entry's markers.
    assert one("markers = \"os_name == 'nt'\"", TAIL.replace("2.1", "2.0")).marker is None
    assert sorted(package.extra) == ["groups", "markers", "python-versions"]
    by_group = one('markers = {main = "x", dev = "y"}')
    assert by_group.marker is None
    assert read("").requires_python == ">=3.12"


def test_poetry_goes_by_the_name_of_a_source() -> None:
    row = '[package.source]\ntype = "legacy"\nurl = "https://i.example/simple"\nreference = "PyPI"\n'
    lock = read(f'[[package]]\nname = "a"\nversion = "1"\n{row}')
    assert lock.packages[0].source == Source(kind=SourceKind.REGISTRY, reference="pypi")
    (notice,) = lock.notices
    assert (notice.line, "PyPI" in notice.text) == (1, True)


def test_a_lock_without_packages() -> None:
    assert read("package = []\n").packages == ()


@pytest.mark.parametrize(
    ("content", "tail", "message"),
    [
        ("", '\n[metadata]\nlock-version = "3.0"\n', r"metadata\.lock-version: this tool reads"),
        ("", '\n[metadata]\nlock-version = "x"\n', r"metadata\.lock-version: this tool reads"),
        ("", "\nx = 1\n", "it has no \\[metadata\\]"),
        ('[[package]]\nname = "a"\n', TAIL, r"poetry\.lock:1: package\.version: is missing"),
        (
            '[[package]]\nname = "a"\nversion = "1"\n[package.source]\ntype = "x"\nurl = "y"\n',
            TAIL,
            r"poetry\.lock:1: package\.source\.type: must be one of directory, file, git, legacy, url",
        ),
        (
            '[[package]]\nname = "a\\nb"\nversion = "1"\n',
            '\n[metadata]\n[metadata.files]\n"a\\nb" = 1\n',
            r'metadata\.files\."a\\nb": must be an array',
        ),
        (
            (
                '[[package]]\nname = "a"\nversion = "1"\n[package.source]\ntype = "directory"\nurl = "y"\n'
                '[[package]]\nname = "a"\nversion = "1"\ndevelop = 1\n[package.source]\ntype = "directory"\nurl = "y"\n'
            ),
            TAIL,
            r"poetry\.lock:7: package\.develop: must be true or false",
        ),
    ],
)
def test_what_is_refused(content: str, tail: str, message: str) -> None:
    with pytest.raises(LockfileError, match=message):
        read(content, tail)
