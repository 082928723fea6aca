"""What a file's ``patch`` in GitHub's answers tells: the lines it shows, and the file after it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHA1_DIGITS = 40


def blob_sha(content: bytes, *, like: str) -> str:
    """Return git's name for `content`, in the hash that the name `like` is made with.

    Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    named = b"blob %d\0" % len(content) + content
    if len(like) == _SHA1_DIGITS:
        return hashlib.sha1(named, usedforsecurity=False).hexdigest()
    return hashlib.sha256(named).hexdigest()


def lines_shown(patch: str | None) -> frozenset[int]:
    """Return the head's line numbers that the diff shows, added or around it: where a comment can stand."""
    parsed = _parsed(patch)
    if parsed is None:
        return frozenset()
    return frozenset(
        line.target_line_no for hunk in parsed for line in hunk if line.target_line_no is not None
    )


def applied(patch: str | None, before: bytes, *, sha: str) -> bytes | None:
    """Return the file that `patch` makes of `before`, None where that is not the blob `sha`.

    It saves fetching the head's file. A patch that GitHub cut off, or made of text in another encoding, gives
    other bytes, hence another name: then the file has to be fetched.
    """
    parsed = _parsed(patch)
    if parsed is None:
        return None
    try:
        after = "".join(_after(parsed, before.decode())).encode()
    except UnicodeError:
        return None
    return after if blob_sha(after, like=sha) == sha else None


def _parsed(patch: str | None) -> PatchedFile | None:
    if not patch:
        return None
    try:
        files = PatchSet.from_string(f"--- a/file\n+++ b/file\n{patch.removesuffix(chr(10))}\n")
    except UnidiffParseError:
        return None
    return files[0] if len(files) == 1 else None


def _after(patch: PatchedFile, before: str) -> Iterator[str]:
    lines = before.split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    at = 0
    for hunk in patch:
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        yield from lines[at:start]
        at = start + hunk.source_length
        kept: list[str] = []
        ours = False  # whether the line before belongs to the file after
        for line in hunk:
            if line.is_added or line.is_context:
                kept.append(line.value)
                ours = True
            elif line.is_removed:
                ours = False
            elif ours:  # "\ No newline at end of file"
                kept[-1] = kept[-1].removesuffix("\n")
        yield from kept
    yield from lines[at:]
