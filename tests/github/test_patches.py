from __future__ import annotations

import difflib
import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallback_review.github.patches import applied, blob_sha, lines_shown
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(
    st.sampled_from(["a\n", "b\n", "+c\n", "-d\n", " \n", "\n", "\\ x\n", "e\r\n", "@@ -1 +1 @@\n"]),
    max_size=40,
)


def by_git(folder: Path, before: bytes, after: bytes) -> str:
    """Return what GitHub's `patch` holds: git's hunks, without a line end at the end."""
    (folder / "before").write_bytes(before)
    (folder / "after").write_bytes(after)
    diff = subprocess.run(
        [lab_tool("git"), "diff", "--no-index", "--no-color", "before", "after"],
        cwd=folder,
        capture_output=True,
        check=False,
    ).stdout.decode()
    return diff[diff.index("@@") :].removesuffix("\n") if "@@" in diff else ""


@pytest.mark.lab
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n", "b\n"),
        ("", "a\nb\n"),
        ("", "a"),
        ("a\nb\n", ""),
        ("a", "a\n"),
        ("a\n", "a"),
        ("a", "b"),
        ("x\n" * 50 + "a\n" + "y\n" * 50 + "end", "new\n" + "x\n" * 50 + "y\n" * 50 + "end\nmore"),
        ("é\n", "ü\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("--- a\n+++ b\n", "--- a\n+++ c\n"),
    ],
)
def test_git_s_own_diff_gives_the_file_after(tmp_path: Path, before: str, after: str) -> None:
    patch = by_git(tmp_path, before.encode(), after.encode())
    sha = blob_sha(after.encode(), like="0" * 40)
    assert applied(patch, before.encode(), sha=sha) == after.encode()


@settings(max_examples=200, deadline=None)
@given(LINES, LINES, st.integers(0, 3), st.booleans())
def test_any_diff_gives_the_file_after_or_nothing(
    before: list[str], after: list[str], context: int, cut: bool
) -> None:
    diff = "".join(difflib.unified_diff(before, after, n=context))
    patch = diff[diff.index("@@") :] if diff else ""
    whole = "".join(after).encode()
    sha = blob_sha(whole, like="0" * 40)
    if cut:
        patch = patch[: len(patch) // 2]
    made = applied(patch, "".join(before).encode(), sha=sha)
    assert made == whole if patch and not cut else made in (None, whole)


@pytest.mark.parametrize(
    ("patch", "before"),
    [
        (None, b"a\n"),
        ("", b"a\n"),
        ("nonsense", b"a\n"),
        ("@@ -1 +1 @@", b"a\n"),
        ("@@ -1 +1 @@\n-a\n+b", b"other\n"),
        ("@@ -1 +1 @@\n-a\n+b", b"\xff\xfe"),
        ("@@ -9 +9 @@\n-a\n+c", b"a\n"),
        ("@@ -1 +1 @@\n-a\n+b\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b", b"a\n"),
        ("@@ -1 +1 @@\n-a\n+\ud800", b"a\n"),
    ],
)
def test_what_does_not_give_the_blob_gives_nothing(patch: str | None, before: bytes) -> None:
    assert applied(patch, before, sha=blob_sha(b"b\n" * 3, like="0" * 40)) is None


@pytest.mark.lab
def test_blob_names_are_git_s(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"hello\n")
    said = subprocess.run(
        [lab_tool("git"), "hash-object", str(file)], capture_output=True, check=True, cwd=tmp_path
    )
    name = said.stdout.decode().strip()
    assert blob_sha(b"hello\n", like=name) == name
    assert blob_sha(b"x", like="0" * 64) == hashlib.sha256(b"blob 1\0x").hexdigest()


def test_lines_shown() -> None:
    patch = (
        "@@ -1,3 +1,4 @@\n a\n-b\n+c\n+d\n e\n@@ -20,0 +22,2 @@ section\n+x\n+y\n\\ No newline at end of file"
    )
    assert lines_shown(patch) == {1, 2, 3, 4, 22, 23}
    assert lines_shown(None) == lines_shown("cut @@") == frozenset()
