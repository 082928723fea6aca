"""Input that can't be used: one line that names file and reason, exit 2, nothing on standard output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Finished, run, run_here

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "six==1.16.0\n"
UV = """version = 1
requires-python = ">=3.12"

[[package]]
name = "six"
version = "1.16.0"
source = { registry = "https://pypi.test/simple" }
sdist = { url = "https://files.pypi.test/six-1.16.0.tar.gz", hash = "sha256:aa" }
wheels = [
    { url = "https://files.pypi.test/six-1.16.0-py2.py3-none-any.whl", hash = "sha256:bb" },
]
"""
CUT = UV[: UV.rindex("bb")]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def one_line(done: Finished, *words: str) -> None:
    done.refuses(*words)
    assert done.stderr.count("\n") == 1, done.stderr


BAD: dict[str, tuple[str, str | bytes, str]] = {
    "prose": ("notes.txt", "Dear all,\nthis is no lockfile.\n", "not a lockfile that this tool knows"),
    "truncated": ("uv.lock", CUT, "uv.lock:10: not valid TOML"),
    "latin-1": ("requirements.txt", "six==1.16.0  # für\n".encode("latin-1"), "requirements.txt:1: the file is not UTF-8"),
    "utf-16 without a mark": ("requirements.txt", GOOD.encode("utf-16-le"), "the file is binary"),
    "utf-16 cut": ("requirements.txt", GOOD.encode("utf-16")[:-1], "the file is"),
    "a symlink's text": ("uv.lock", "../shared/uv.lock", "a symbolic link to ../shared/uv.lock"),
    "a Git LFS pointer": ("uv.lock", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer"),
    "empty": ("uv.lock", "", "the file is empty"),
    "blank": ("poetry.lock", " \n\n", "the file is empty"),
    "binary": ("requirements.txt", bytes(range(256)), "the file is binary"),
    "deep TOML": ("uv.lock", "version = 1\nx = " + "[" * 100_000, "uv.lock"),
    "deep JSON": ("Pipfile.lock", '{"_meta": ' + "[" * 100_000, "Pipfile.lock"),
    "deep YAML": ("pixi.lock", "version: 6\nx: " + "[" * 100_000, "pixi.lock"),
    "YAML aliases": ("pixi.lock", "version: 6\na: &a [x]\nb: &b [*a, *a]\npackages: [*b, *b]\n", "pixi.lock"),
    "no table": ("uv.lock", 'version = 1\npackage = "six"\n', "package: must be an array of tables"),
    "a name of the wrong type": ("uv.lock", UV.replace('name = "six"', "name = 7"), "uv.lock:4: package.name: must be a string"),
    "a source of the wrong type": ("uv.lock", UV.replace("{ registry = ", "[").replace('simple" }', 'simple"]'), "source: must be a table"),
    "wheels of the wrong type": ("uv.lock", UV.replace("wheels = [", "wheels = 'x' #[").replace("    {", "#").replace("\n]", "\n#]"), "wheels: must be an array"),
    "sections of the wrong type": ("Pipfile.lock", '{"_meta": {}, "default": []}', "Pipfile.lock"),
    "JSON of the wrong type": ("Pipfile.lock", "[]", "Pipfile.lock"),
    "merge conflict": ("poetry.lock", '<<<<<<< HEAD\n[[package]]\nname = "six"\n=======\n', "poetry.lock:1: a merge conflict"),
}  # fmt: skip


@pytest.mark.parametrize("side", ["base", "head"])
@pytest.mark.parametrize(("name", "content", "reason"), BAD.values(), ids=BAD)
def test_a_bad_side_is_named_with_the_reason(
    side: str, name: str, content: str | bytes, reason: str, tmp_path: Path
) -> None:
    bad, good = write(tmp_path, f"bad/{name}", content), write(tmp_path, "good/requirements.txt", GOOD)
    sides = (bad, good) if side == "base" else (good, bad)
    if side == "base" and reason == "the file is empty":  # a lockfile that begins: all of the head is new
        assert run_here("review", "--format", "json", *sides, cwd=tmp_path).changes["six"]["kind"] == "added"
        return

    one_line(run_here("review", *sides, cwd=tmp_path), f"bad/{name}", reason)


@pytest.mark.parametrize(("name", "content", "reason"), BAD.values(), ids=BAD)
def test_the_same_bad_text_on_both_sides_is_no_pass(
    name: str, content: str | bytes, reason: str, tmp_path: Path
) -> None:
    sides = write(tmp_path, f"a/{name}", content), write(tmp_path, f"b/{name}", content)

    one_line(run_here("review", *sides, cwd=tmp_path), name, reason)


@pytest.mark.parametrize("kind", ["prose", "truncated", "latin-1", "a symlink's text", "empty", "deep TOML"])
def test_the_installed_command_refuses_bad_input(kind: str, tmp_path: Path) -> None:
    name, content, reason = BAD[kind]
    bad, good = write(tmp_path, f"bad/{name}", content), write(tmp_path, "good/requirements.txt", GOOD)

    one_line(run("review", good, bad, cwd=tmp_path), f"bad/{name}", reason)
    one_line(run("scan", bad, cwd=tmp_path), f"bad/{name}", reason)


@pytest.mark.parametrize("name", ["uv.lock", "requirements.txt", "Pipfile.lock", "pixi.lock"])
def test_a_hundred_megabytes_are_refused(name: str, tmp_path: Path) -> None:
    good, large = write(tmp_path, "good/requirements.txt", GOOD), tmp_path / name
    with large.open("wb") as file:
        file.truncate(100 * 1024 * 1024)

    one_line(
        run("review", good, large, cwd=tmp_path),
        name,
        "the file is too large: lockfiles up to 64 MB are read",
    )


def test_a_folder_and_a_file_that_is_not_there_are_no_files(tmp_path: Path) -> None:
    good = write(tmp_path, "requirements.txt", GOOD)
    folder = tmp_path / "folder"
    folder.mkdir()
    for wrong in (folder, tmp_path / "nowhere.txt"):
        one_line(run_here("review", good, wrong, cwd=tmp_path), wrong.name, "is not a file")
        one_line(run_here("review", wrong, good, cwd=tmp_path), wrong.name, "is not a file")
        run_here("scan", wrong, cwd=tmp_path).refuses(wrong.name)
        run_here("explain", "six==1.16.0", "--lockfile", wrong, cwd=tmp_path).refuses(wrong.name)


def test_what_the_system_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    good = write(tmp_path, "requirements.txt", GOOD)

    one_line(run_here("review", good, "x" * 300, cwd=tmp_path), "xxx", "File name too long")


def test_two_absent_sides_are_a_usage_error(tmp_path: Path) -> None:
    run_here("review", os.devnull, os.devnull, cwd=tmp_path).refuses("both sides are absent")
    run_here("scan", os.devnull, cwd=tmp_path).refuses("name a lockfile")
    explain = ["explain", "--lockfile", os.devnull, "six==1.0"]
    run_here(*explain, cwd=tmp_path).refuses("name a lockfile")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_the_encodings_that_pip_reads_are_legal(encoding: str, tmp_path: Path) -> None:
    old = write(tmp_path, "a/requirements.txt", "six==1.16.0\r\n".encode(encoding))
    new = write(tmp_path, "b/requirements.txt", "six==1.17.0\r\n".encode(encoding))

    change = run_here("review", "--format", "json", old, new, cwd=tmp_path).changes["six"]

    assert (change["before"], change["after"], change["line"]) == (["1.16.0"], ["1.17.0"], 1)


def test_a_file_name_with_terminal_codes_does_not_reach_the_terminal(tmp_path: Path) -> None:
    bad = write(tmp_path, "\x1b[31muv.lock", CUT)

    done = run_here("review", os.devnull, bad, cwd=tmp_path)

    assert done.code == 2
    assert "\x1b" not in done.said


def test_what_a_lockfile_quotes_does_not_reach_the_terminal(tmp_path: Path) -> None:
    bad = write(
        tmp_path,
        "uv.lock",
        'version = 1\n[[package]]\nname = "a\\u001b[2J\\u202e"\nversion = "1"\nsource = { registry = "x" }\n',
    )

    done = run_here("review", os.devnull, bad, cwd=tmp_path)

    assert "\x1b" not in done.said
    assert "\u202e" not in done.said


def test_a_file_outside_the_folder_is_never_included(tmp_path: Path) -> None:
    write(tmp_path, "secret.txt", "hidden==1.0\n")
    lock = write(tmp_path, "project/requirements.txt", "-r ../secret.txt\nsix==1.16.0\n")

    done = run_here("review", "--format", "json", os.devnull, lock, cwd=tmp_path / "project")

    assert set(done.changes) == {"six"}
    (notice,) = [n for n in done.report["lockfiles"][0]["notices"] if "secret.txt" in n["text"]]
    assert notice["line"] == 1
