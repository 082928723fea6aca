"""uv.lock and script locks."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import LockfileError, Text, parse, recognise
from fallback_review.model import LockedPackage, Lockfile, Source, SourceKind

HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.12"\n\n'


def read(content: str, path: str = "uv.lock") -> Lockfile:
    return parse(Text(path=path, text=HEAD + content))


def one(rows: str) -> LockedPackage:
    (package,) = read(f'[[package]]\nname = "A_b"\n{rows}\n').packages
    return package


@pytest.mark.parametrize(
    ("source", "expected", "local"),
    [
        (
            '{ registry = "https://index.example/simple" }',
            Source(kind=SourceKind.REGISTRY, location="https://index.example/simple"),
            False,
        ),
        ('{ registry = "../wheels" }', Source(kind=SourceKind.REGISTRY, location="../wheels"), False),
        (
            '{ git = "https://git.example/x?rev=v1&subdirectory=y#abc" }',
            Source(
                kind=SourceKind.GIT,
                location="https://git.example/x",
                reference="v1",
                commit="abc",
                subdirectory="y",
            ),
            False,
        ),
        (
            '{ git = "https://git.example/x?branch=main#abc" }',
            Source(kind=SourceKind.GIT, location="https://git.example/x", reference="main", commit="abc"),
            False,
        ),
        (
            '{ git = "https://git.example/x" }',
            Source(kind=SourceKind.GIT, location="https://git.example/x"),
            False,
        ),
        (
            '{ url = "https://x.example/a.whl", subdirectory = "s" }',
            Source(kind=SourceKind.URL, location="https://x.example/a.whl", subdirectory="s"),
            False,
        ),
        ('{ path = "dist/a.whl" }', Source(kind=SourceKind.PATH, location="dist/a.whl"), False),
        ('{ directory = "../a" }', Source(kind=SourceKind.DIRECTORY, location="../a"), True),
        ('{ editable = "." }', Source(kind=SourceKind.EDITABLE, location="."), True),
        ('{ virtual = "." }', Source(kind=SourceKind.VIRTUAL, location="."), True),
        (
            '"registry+https://index.example/simple"',
            Source(kind=SourceKind.REGISTRY, location="https://index.example/simple"),
            False,
        ),
        ('"editable+."', Source(kind=SourceKind.EDITABLE, location="."), True),
    ],
)
def test_sources(source: str, expected: Source, local: bool) -> None:
    package = one(f'version = "1.0"\nsource = {source}')
    assert (package.name, package.source, package.local) == ("a-b", expected, local)


def test_files() -> None:
    package = one(
        'version = "1.0"\n'
        'source = { registry = "https://index.example/simple" }\n'
        'resolution-markers = ["os_name == \'nt\'", "x"]\n'
        'sdist = { url = "https://files.pypi.test/a-1.0.tar.gz", hash = "sha256:AB", size = 3 }\n'
        'wheels = [\n    { url = "https://files.pypi.test/a-1.0%2Bx-py3-none-any.whl" },\n'
        '    { path = "a-1.0-py3-none-any.whl", hash = "sha256:cd" },\n'
        '    { url = "https://files.pypi.test/c.whl", filename = "b.whl", path = "b.whl" },\n'
        '    { filename = "b.whl" },\n]\n'
        'wheel = [{ url = "https://files.pypi.test/d.whl" }]\n'
    )
    assert [(one.filename, one.url, one.path, one.hashes) for one in package.artifacts] == [
        ("a-1.0+x-py3-none-any.whl", "https://files.pypi.test/a-1.0%2Bx-py3-none-any.whl", None, ()),
        ("a-1.0-py3-none-any.whl", None, "a-1.0-py3-none-any.whl", ("sha256:cd",)),
        ("c.whl", "https://files.pypi.test/c.whl", None, ()),
        ("b.whl", None, None, ()),
        ("a-1.0.tar.gz", "https://files.pypi.test/a-1.0.tar.gz", None, ("sha256:ab",)),
    ]
    assert package.marker is None  # a lone entry is every fork's, whatever stands beside it
    assert dict(package.extra) == {"resolution-markers": ["os_name == 'nt'", "x"]}


def test_the_file_of_a_url_source_has_its_url() -> None:
    package = one(
        'version = "1.0"\nsource = { url = "https://x.example/a-1.0-py3-none-any.whl" }\n'
        'wheels = [\n    { filename = "a-1.0-py3-none-any.whl", hash = "sha256:ab" },\n]\n'
    )
    assert package.artifacts[0].url == "https://x.example/a-1.0-py3-none-any.whl"


def test_early_files_have_other_words() -> None:
    package = one(
        'version = "1.0"\nsource = "registry+https://index.example/simple"\n'
        'wheel = [{ url = "https://files.pypi.test/a.whl" }]\nwheels = [{ url = "https://files.pypi.test/b.whl" }]\n'
    )
    assert [file.filename for file in package.artifacts] == ["a.whl"]


def test_a_dynamic_version_is_none() -> None:
    assert one('source = { editable = "." }').version is None


def test_one_name_several_times() -> None:
    block = '[[package]]\nname = "a"\nversion = "1"\nsource = {{ url = "https://x.example/{}.whl" }}\n\n'
    lockfile = read(block.format("x86_64") + block.format("aarch64"))
    assert [(package.line, package.version) for package in lockfile.packages] == [(5, "1"), (10, "1")]
    assert lockfile.requires_python == ">=3.12"
    assert lockfile.header == {"version": 1, "revision": 3, "requires-python": ">=3.12"}


def test_a_script_lock_may_hold_no_package() -> None:
    lockfile = read("", path="tool.py.lock")
    assert (lockfile.format, lockfile.packages) == ("uv.lock", ())


def test_early_files_are_known_by_their_content() -> None:
    text = (
        'version = 1\n\n[[distribution]]\nname = "a"\nversion = "1"\nsource = "registry+https://i.example/"\n'
    )
    found = recognise("some-file", text)
    assert found is not None
    assert found.name == "uv.lock"
    assert [package.name for package in parse(Text(path="some-file", text=text)).packages] == ["a"]


def test_credentials_are_flagged_where_they_stand() -> None:
    lockfile = read(
        '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://u:hunter2@index.example/simple" }\n'
        'sdist = { url = "https://index.example/a-1.tar.gz" }\n'
    )
    assert lockfile.packages[0].source.location == "https://index.example/simple"
    (notice,) = lockfile.notices
    assert (notice.line, "credentials" in notice.text, "hunter2" in notice.text) == (5, True, False)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('version = "1"', r"package\.source: is missing"),
        ('version = "1"\nsource = { other = "x" }', r"package\.source: must name exactly one of"),
        ('source = { git = "x", url = "y" }', r"package\.source: must name exactly one of"),
        ("source = { registry = 1 }", r"package\.source\.registry: must be a string"),
        ('source = "other+x"', r"package\.source: must name one of"),
        ("source = 1", r"package\.source: must be a table"),
        ('source = { virtual = "." }\nwheels = 1', r"package\.wheels: must be an array"),
        ('source = { virtual = "." }\nwheels = [1]', r"package\.wheels\[0\]: must be a table"),
        ('source = { virtual = "." }\nwheels = [{url = 1}]', r"package\.wheels\[0\]\.url: must be a string"),
        (
            'source = { virtual = "." }\nresolution-markers = [1]',
            r"package\.resolution-markers\[0\]: must be a string",
        ),
    ],
)
def test_wrong_entries_are_refused(rows: str, message: str) -> None:
    with pytest.raises(LockfileError, match=f"uv.lock:5: {message}"):
        one(rows)


def test_a_name_that_is_none() -> None:
    for name in ("../x", "a b", "-a", "a\\nb", "é"):
        with pytest.raises(LockfileError, match=r"package\.name: is not a package name"):
            read(f'[[package]]\nname = "{name}"\nsource = {{ virtual = "." }}\n')


def test_other_files_and_newer_versions_are_refused() -> None:
    with pytest.raises(LockfileError, match="neither a version nor a package"):
        parse(Text(path="uv.lock", text="x = 1\n"))
    with pytest.raises(LockfileError, match="lock version 2 is newer"):
        parse(Text(path="uv.lock", text="version = 2\n"))


@pytest.mark.parametrize(
    ("source", "files", "refused"),
    [
        ("https://index.example/simple", "", True),
        ("https://index.example/simple", 'wheels = [{ path = "wheels/a-1-py3-none-any.whl" }]', True),
        ("https://index.example/simple", 'wheels = [{ filename = "a-1-py3-none-any.whl" }]', True),
        (
            "https://index.example/simple",
            'wheels = [{ url = "https://index.example/a.whl" }, { path = "a" }]',
            True,
        ),
        ("https://index.example/simple", 'wheels = [{ url = "https://index.example/a.whl" }]', False),
        ("../wheels", 'wheels = [{ path = "a-1-py3-none-any.whl" }]', False),
        ("file:///srv/wheels", "", False),
    ],
)
def test_an_entry_of_an_index_that_uv_refuses_is_not_read(source: str, files: str, refused: bool) -> None:
    """uv 0.13: "Found registry distribution without a valid URL", and "can't be installed"."""
    entry = f'[[package]]\nname = "a"\nversion = "1"\nsource = {{ registry = "{source}" }}\n{files}\n'

    lockfile = read(entry)

    assert lockfile.unread == lockfile.notices
    assert [(notice.line, "lacks a file's URL" in notice.text) for notice in lockfile.unread] == (
        [(lockfile.packages[0].line, True)] if refused else []
    )


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ("https://index.example/simple", True),
        ("https://index.example/simple/", False),
        ("https://user@index.example/simple", False),
    ],
)
def test_uv_refuses_what_stands_twice_and_keeps_sources_apart_as_they_are_written(
    second: str, refused: bool
) -> None:
    """uv 0.13: "Found duplicate package"."""
    lock = read(
        "".join(
            f'[[package]]\nname = "a"\nversion = "1"\nsource = {{ registry = "{source}" }}\n'
            f'wheels = [{{ url = "https://index.example/{n}.whl" }}]\n\n'
            for n, source in enumerate(("https://index.example/simple", second))
        )
    )
    assert [package.refused is not None for package in lock.packages] == [refused, refused]
