"""When a package with files for some platforms only is needed: read off the dependencies that lead to it."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text, parse

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
