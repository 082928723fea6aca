"""Reading what is on disk: bytecode, scripts, metadata and places, as tools and as attackers write them."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.installed import tree
from fallback_review.installed.bytecode import cached_source, can_check, is_compiled_from
from fallback_review.installed.distributions import distributions
from fallback_review.installed.places import active, place, sites_of_image
from fallback_review.installed.scripts import entry_points, is_script_for, with_any_interpreter
from fallback_review.installed.tree import Folder, TreeError, TreeFiles, resolved

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = b"""import re
A = (1, 2.5, 3j, 10**30, -(10**20), None, True, False, ..., b"bytes", "text", "t\\u00e4xt", frozenset({"x", "y"}))
def f(a, *b, c=1, **d):
    return {each: (a, c) for each in b if each in {1, 2, 3}}
class C:
    x: int = 1
    async def g(self):
        yield [i for i in range(3)]
print(lambda: 1)
"""


def compiled(source: bytes, level: int = 0) -> bytes:
    code = compile(source, "/somewhere/else.py", "exec", dont_inherit=True, optimize=level)
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_bytecode_is_what_its_source_compiles_to_wherever_it_was_compiled(level: int) -> None:
    assert is_compiled_from(compiled(SOURCE, level), SOURCE, level) is True
    assert (
        is_compiled_from(compiled(SOURCE.replace(b"x: int = 1", b"x: int = 2"), level), SOURCE, level)
        is False
    )
    assert is_compiled_from(compiled(SOURCE.replace(b"10**30", b"10**31"), level), SOURCE, level) is False


def test_how_objects_are_shared_does_not_matter() -> None:
    code = compile(SOURCE, "<source>", "exec", dont_inherit=True)
    kept = [code.co_names, code.co_consts, *code.co_consts]  # references make marshal share
    again = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(marshal.loads(marshal.dumps(code)))
    assert kept
    assert is_compiled_from(again, SOURCE, 0) is True
    unshared = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code, 2)
    assert is_compiled_from(unshared, SOURCE, 0) is True


def test_other_interpreters_and_sources_that_do_not_compile_are_not_checked() -> None:
    assert is_compiled_from(b"\0\0\r\n" + compiled(SOURCE)[4:], SOURCE, 0) is None
    assert is_compiled_from(compiled(SOURCE), b"def (", 0) is None
    assert not can_check("cpython-26")
    assert can_check(str(sys.implementation.cache_tag))
    assert cached_source("a.cpython-311.opt-2.pyc") == ("a", "cpython-311", 2)
    assert cached_source("a.pyc") is None


@given(st.binary(max_size=200))
def test_no_stream_is_believed_or_runs_wild(noise: bytes) -> None:
    assert is_compiled_from(importlib.util.MAGIC_NUMBER + bytes(12) + noise, b"x = 1\n", 0) is False


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_is_seen_or_changes_nothing(position: int, value: int) -> None:
    source = b"def f(x):\n    return x + 1, 'a', b'b', 1.5\n"
    data = bytearray(compiled(source))
    at = 16 + position % (len(data) - 16)
    same = data[at] == value
    data[at] = value
    found = is_compiled_from(bytes(data), source, 0)
    if same:
        assert found is True
    elif found:  # the file name alone, a flag that says whether an object is shared, or how text is kept
        assert marshal.loads(bytes(data[16:])).co_code == marshal.loads(compiled(source)[16:]).co_code


def test_deep_and_circular_streams_end() -> None:
    head = importlib.util.MAGIC_NUMBER + bytes(12)
    assert is_compiled_from(head + b"\xa9\x01" * 100_000 + b"N", b"x = 1\n", 0) is False
    assert is_compiled_from(head + b"\xa9\x01r\x00\x00\x00\x00", b"x = 1\n", 0) is False
    assert is_compiled_from(head + b"(\xff\xff\xff\x7f", b"x = 1\n", 0) is False


RUN = b"import sys\nfrom tool.cli import main\n"


@pytest.mark.parametrize(
    "script",
    [
        b"#!/venv/bin/python\n"
        + RUN
        + b"if __name__ == '__main__':\n    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(main())\n",
        b"#!/venv/bin/python3.12\n# -*- coding: utf-8 -*-\nimport re\n"
        + RUN
        + b"if __name__ == \"__main__\":\n    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(main())\n",
        b"#!/bin/sh\n'''exec' \"/a very long path/bin/python\" \"$0\" \"$@\"\n' '''\n"
        + RUN
        + b"if __name__ == '__main__':\n    if sys.argv[0].endswith('.exe'):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(main())\n",
        b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
        + RUN
        + b'if __name__ == "__main__":\n    if sys.argv[0].endswith("-script.pyw"):\n        sys.argv[0] = sys.argv[0][:-11]\n    elif sys.argv[0].endswith(".exe"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(main())\n',
    ],
)
def test_scripts_as_installers_write_them(script: bytes) -> None:
    assert is_script_for(script, "tool.cli", "main")
    assert not is_script_for(script, "tool.cli", "other")
    assert not is_script_for(script + b"import evil\n", "tool.cli", "main")
    assert not is_script_for(script.replace(b"import sys\n", b"import sys, evil\n", 1), "tool.cli", "main")
    assert not is_script_for(script.replace(b"python", b"evil", 1), "tool.cli", "main")


@pytest.mark.parametrize(
    "script",
    [
        b"",
        b"\x7fELF",
        b"#!/bin/sh\nrm -rf /\n",
        b"#!/bin/sh\n'''x'''\n",
        b"#!/venv/bin/python\n(" * 2,
        b"#!/venv/bin/python\n\xff",
    ],
)
def test_what_is_no_script_of_an_installer(script: bytes) -> None:
    assert not is_script_for(script, "tool.cli", "main")


def test_a_wheels_own_script_gets_its_first_line_back() -> None:
    assert with_any_interpreter(b"#!/venv/bin/python3\nx\n") == b"#!python\nx\n"
    assert with_any_interpreter(b"#!/venv/bin/python3\r\nx\r\n") == b"#!python\r\nx\r\n"
    assert (
        with_any_interpreter(b"#!/bin/sh\n'''exec' /long/python \"$0\" \"$@\"\n' '''\nx\n")
        == b"#!python\nx\n"
    )
    assert with_any_interpreter(b"#!/bin/sh\nx\n") is None
    assert with_any_interpreter(b"x\n") is None


def test_entry_points() -> None:
    text = b"[console_scripts]\nTool = tool.cli:main [extra]\n../evil = x:y\nbad\n[gui_scripts]\ngui = tool:App.run\n[other]\nz = a:b\n"
    assert entry_points(text.replace(b"bad\n", b"")) == {
        "Tool": ("tool.cli", "main"),
        "gui": ("tool", "App.run"),
    }
    assert entry_points(text) == {}
    assert entry_points(None) == {}


def dist(site: Path, name: str, **files: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    for file, text in {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\nName: evil\n",
        **files,
    }.items():
        (info / file).write_text(text)


def test_metadata_say_what_to_look_for(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.12/site-packages"
    dist(
        site,
        "Plain_Name",
        INSTALLER="uv\nmore\n",
        WHEEL="Tag: py3-none-any\nTag: py2-none-any\n",
        RECORD="a.py,,\n",
    )
    dist(site, "built", **{"direct_url.json": '{"url": "file:///x", "dir_info": {}}'})
    dist(site, "repo", **{"direct_url.json": '{"url": "git+https://x", "vcs_info": {"vcs": "git"}}'})
    dist(site, "sdist", **{"direct_url.json": '{"url": "https://x/y.tar.gz", "archive_info": {}}'})
    dist(site, "from-wheel", **{"direct_url.json": '{"url": "https://x/y.whl", "archive_info": {}}'})
    dist(site, "by-uv", **{"uv_build.json": "{}"})
    dist(site, "broken", **{"direct_url.json": "[", "METADATA": "\xff"})
    (site / "broken-1.0.dist-info/RECORD").write_bytes(b"\xff")
    dist(site, "conda-like", INSTALLER="conda\n")
    dist(site, "hidden", INSTALLER="conda\n")
    (site / "old-2.0-py3.12.egg-info").mkdir()
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/conda-like-1.0-h123_0.json").write_text("{}")
    found = {
        each.name: each for each in distributions(TreeFiles(Folder(tmp_path)), "lib/python3.12/site-packages")
    }
    plain = found["plain-name"]
    assert (plain.version, plain.installer, plain.tags) == (
        "1.0",
        "uv",
        frozenset({"py3-none-any", "py2-none-any"}),
    )
    assert plain.prefix == ""
    assert {name for name, each in found.items() if each.local} == {"built", "repo", "sdist", "by-uv", "old"}
    assert {name for name, each in found.items() if each.of_the_project} == {"built", "repo"}
    assert {name for name, each in found.items() if each.system} == {"conda-like"}
    assert (found["broken"].record, found["broken"].version) == (None, "1.0")


def test_what_debian_puts_there_is_the_systems(tmp_path: Path) -> None:
    site = tmp_path / "usr/lib/python3/dist-packages"
    dist(site, "six")
    dist(site, "pip-made", INSTALLER="pip\n")
    (site / "PyYAML-6.0.egg-info").mkdir()
    found = {
        each.name: each.system
        for each in distributions(TreeFiles(Folder(tmp_path)), "usr/lib/python3/dist-packages")
    }
    assert found == {"six": True, "pip-made": False, "pyyaml": True}
    assert list(sites_of_image(Folder(tmp_path))) == ["usr/lib/python3/dist-packages"]


def test_places_on_this_machine(tmp_path: Path) -> None:
    environment = tmp_path / ".venv"
    site = environment / "lib/python3.13/site-packages"
    site.mkdir(parents=True)
    (environment / "lib64").symlink_to("lib")
    (environment / "pyvenv.cfg").write_text("version = 3.13.1\n")
    for path in (environment, tmp_path):
        found = place(path)
        assert (found.kind, found.sites, found.python) == ("environment", (site.resolve(),), "3.13")
    target = tmp_path / "target"
    dist(target, "plain")
    assert (place(target).sites, place(target).python) == ((target.resolve(),), None)
    assert active({"VIRTUAL_ENV": str(environment)}).sites == (site.resolve(),)
    assert active({}).python == f"{sys.version_info.major}.{sys.version_info.minor}"
    windows = tmp_path / "windows"
    (windows / "Lib/site-packages").mkdir(parents=True)
    (windows / "pyvenv.cfg").write_text("home = x\nversion_info = 3.12.4.final.0\n")
    assert place(windows).python == "3.12"


def test_a_tree_is_bounded_and_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder/deeper").mkdir(parents=True)
    (tmp_path / "folder/deeper/file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    files = TreeFiles(Folder(tmp_path))
    assert (files.size("pipe"), files.text("pipe"), files.digest("pipe", "sha256")) == (None, None, None)
    assert (files.text("file", most=9), files.text("absent"), files.size("folder")) == (None, None, None)
    assert files.tree.names("file") == []
    assert sorted(files.walk("")) == [
        ("dangling", "other"),
        ("file", "file"),
        ("folder/deeper/file", "file"),
        ("pipe", "other"),
    ]
    monkeypatch.setattr(tree, "DEEPEST", 1)
    with pytest.raises(TreeError, match="nest deeper than 1"):
        list(files.walk(""))
    monkeypatch.setattr(tree, "MOST_FILES", 1)
    with pytest.raises(TreeError, match="more than 1 files"):
        list(files.walk(""))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a/b", "site/a/b"),
        ("../bin/x", "bin/x"),
        ("../../x", None),
        ("/etc/passwd", None),
        ("a\0b", None),
        ("./a//b", "site/a/b"),
    ],
)
def test_a_path_stays_in_its_tree(path: str, found: str | None) -> None:
    assert resolved("site", path) == found
