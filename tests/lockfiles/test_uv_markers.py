"""When an entry is installed: read off the rows that lead to it."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text, parse
from fallback_review.lockfiles.formats.uv_markers import with_markers
from fallback_review.model import LockedPackage, Source, SourceKind

LOCK = """version = 1
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1"
source = {{ editable = "." }}
dependencies = [
    {{ name = "helper" }},
{own}]

[[package]]
name = "helper"
version = "1.0"
source = {{ registry = "https://pypi.test/simple" }}
dependencies = [
    {{ name = "other" }},
{theirs}]
sdist = {{ url = "https://files.pypi.test/helper-1.0.tar.gz", hash = "sha256:00" }}

[[package]]
name = "native"
version = "1.0"
source = {{ registry = "https://pypi.test/simple" }}
wheels = [
    {{ url = "https://files.pypi.test/native-1.0-cp312-cp312-{platform}.whl", hash = "sha256:01" }},
]
"""
PLAIN = '    { name = "native" },\n'
WINDOWS = '    { name = "native", marker = "sys_platform == \'win32\'" },\n'
MAC = '    { name = "native", extra = ["x"], marker = "sys_platform == \'darwin\'" },\n'


@pytest.mark.parametrize(
    ("own", "theirs", "platform", "expected"),
    [
        (PLAIN, "", "win_amd64", ""),
        (PLAIN, WINDOWS, "win_amd64", ""),
        (WINDOWS, "", "win_amd64", "(sys_platform == 'win32')"),
        (WINDOWS, MAC, "win_amd64", "(sys_platform == 'darwin') or (sys_platform == 'win32')"),
        ("", PLAIN, "win_amd64", None),
        (WINDOWS, PLAIN, "win_amd64", None),
        ("", "", "win_amd64", None),
        (WINDOWS, "", "none-any", None),
    ],
)
def test_the_dependencies_tell(own: str, theirs: str, platform: str, expected: str | None) -> None:
    text = LOCK.format(own=own, theirs=theirs, platform=platform).replace("cp312-none-any", "none-any")

    packages = {package.name: package for package in parse(Text(path="uv.lock", text=text)).packages}

    assert packages["native"].needed_when == expected
    assert packages["helper"].needed_when is None


FORKS = """version = 1
{manifest}
[[package]]
name = "app"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [
{rows}]

[package.metadata]
requires-dist = [{{ name = "a" }}]

[[package]]
name = "a"
version = "1.0"
source = {{ registry = "https://one.example/simple" }}
resolution-markers = [
    "os_name == 'nt'",
    "sys_platform == 'x'",
]

[[package]]
name = "a"
version = "2.0"
source = {{ registry = "https://u:p@two.example/simple" }}
resolution-markers = [
    "os_name == 'posix'",
]
"""
ONE = '    { name = "a", version = "1.0", source = { registry = "https://one.example/simple" }'
TWO = '    { name = "A", version = "2.0.0", source = { registry = "https://u:p@two.example/simple" }'
UNREACHED = ("os_name == 'nt' or sys_platform == 'x'", "os_name == 'posix'")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", UNREACHED),
        (
            f"{ONE}, marker = \"p == '1'\" }},\n{TWO}, marker = \"p == '2'\" }},\n",
            ("(p == '1')", "(p == '2')"),
        ),
        (
            f"{ONE}, marker = \"p == '1'\" }},\n{ONE}, extra = ['x'], marker = \"p == '0'\" }},\n{TWO} }},\n",
            ("(p == '0') or (p == '1')", None),
        ),
        (f"{TWO} }},\n{TWO}, marker = \"p == '2'\" }},\n", (UNREACHED[0], None)),
        ('    { name = "a", marker = "p == \'1\'" },\n', ("(p == '1')", "(p == '1')")),
        ('    { name = "a", source = { git = "x" }, version = 1 },\n', (None, None)),
        (f"{ONE} }}, {TWO} }},\n", (None, None)),
        (f"{ONE}, = }},\n", (None, None)),
        (f'{ONE}, x = "\\n" }},\n', (None, None)),
        ('    { x = { name = "a" } },\n', (None, None)),
        ('    { "name" = "a" },\n', (None, None)),
        ("    { name = 'a' },\n", (None, None)),
    ],
)
def test_rows_say_which_of_a_names_entries_is_installed(
    rows: str, expected: tuple[str | None, str | None]
) -> None:
    text = FORKS.format(rows=rows, manifest="")
    entries = [
        LockedPackage(
            name="a",
            version=version,
            source=Source(kind=SourceKind.REGISTRY, location=f"https://{index}.example/simple"),
            line=1,
            marker=marker,
        )
        for version, index, marker in (("1.0", "one", UNREACHED[0]), ("2.0", "two", UNREACHED[1]))
    ]
    assert tuple(package.marker for package in with_markers(text, tuple(entries))) == expected


@pytest.mark.parametrize(
    "asked", ['requirements = [{ name = "a" }]', 'overrides = [\n    { name = "a" },\n]']
)
def test_what_a_script_asks_for_is_chosen_by_resolution_markers(asked: str) -> None:
    text = FORKS.format(rows="", manifest=f"\n[manifest]\n{asked}\n")
    packages = parse(Text(path="job.py.lock", text=text)).packages
    assert [package.marker for package in packages if package.name == "a"] == [
        f"({marker})" for marker in UNREACHED
    ]


def test_what_a_script_asks_for_is_needed() -> None:
    script = LOCK.format(own="", theirs="", platform="win_amd64").replace(
        'requires-python = ">=3.12"\n', '\n[manifest]\nrequirements = [{ name = "native" }]\n'
    )
    assert {p.name: p.needed_when for p in parse(Text(path="job.py.lock", text=script)).packages}[
        "native"
    ] == ""
