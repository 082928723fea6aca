"""Leaving out what two requirements files share against reading everything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.lockfiles import Text, parse, parse_pair
from fallback_review.lockfiles.diff import diff
from fallback_review.model import Lockfile, LockfileDiff

HASH = "--hash=sha256:" + "0" * 64
ENTRIES = (
    "aa==1.0", "aa==1.1", "AA==1.0", f"aa==1.0 \\\n    {HASH}", "bb==2.0", f"bb==2.0 \\\n    {HASH}", "bb==2.0rc1",
    "cc==3", "cc==3.post1", "dd>=4", "dd[x]==4", "dd==4", "dd==4.*", "ee @ https://files.example/ee-1.0.zip", "ee==1",
    f"ff==1 \\\n    {HASH} \\\n    {HASH.replace('0', '1')}", "ff==1", "gg==1 # why", "gg==1",
)  # fmt: skip
OTHERS = (
    "# a comment", "    # via aa", "", "# goes on \\", "gg==1 # goes on \\", "\\", "aa==1.0 \\", "    --hash=md5:0",
    "--no-binary aa", "--index-url https://index.example/simple/", "-r more.txt", "-c more.txt", "not a requirement",
    "./folder", "# -*- coding: latin-1 -*-", "aa==1.0\x0cbb==1.0", "#    uv pip compile requirements.in",
)  # fmt: skip


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two sides that share most of their lines."""
    shared = draw(st.lists(st.sampled_from(ENTRIES), max_size=6))
    sides = []
    for _ in range(2):
        own = draw(st.lists(st.sampled_from(ENTRIES), max_size=2))
        odd = draw(st.lists(st.sampled_from(OTHERS), max_size=1 + draw(st.integers(0, 1))))
        lines = draw(
            st.permutations([*shared, *own, *odd]) if draw(st.booleans()) else st.just([*shared, *own, *odd])
        )
        sides.append("\n".join(lines) + draw(st.sampled_from(["\n", ""])))
    return sides[0], sides[1]


def sides_of(pair: tuple[str, str]) -> tuple[Text, Text]:
    more = {"more.txt": "aa==7\nhh==1\n"}
    base, head = (Text(path="requirements.txt", text=f"zz==9\n{text}", read=more.get) for text in pair)
    return base, head


def told(found: LockfileDiff) -> LockfileDiff:
    return replace(found, base=Lockfile(path=""), head=Lockfile(path=""))


@settings(max_examples=400, deadline=None)
@given(pairs())
def test_what_changed_is_the_same(pair: tuple[str, str]) -> None:
    base, head = sides_of(pair)
    short, long = parse_pair(base, head), (parse(base), parse(head))
    assert told(diff(*short)) == told(diff(*long))
    for left, right in zip(short, long, strict=True):
        assert len(left.packages) + left.omitted == len(right.packages)
        assert any(each.hashes for each in left.packages) == any(each.hashes for each in right.packages)
        assert set(left.packages) <= set(right.packages)
        assert replace(left, packages=(), omitted=0) == replace(right, packages=())
        assert left.header == right.header


def test_entries_that_both_sides_hold_are_not_read() -> None:
    lines = [f"made-{number}==1.{number}" for number in range(100)]
    changed = [*lines[:50], "made-50==2.0", *lines[51:]]
    base, head = (Text(path="requirements.txt", text="\n".join(each)) for each in (lines, changed))
    left, right = parse_pair(base, head)
    assert (left.omitted, right.omitted) == (99, 99)
    [(old,), (new,)] = left.packages, right.packages
    assert (old.version, old.line, new.version, new.line) == ("1.50", 51, "2.0", 51)


@pytest.mark.parametrize("more", ["-r more.txt", "dd[x]==4", "\x85"])
def test_what_may_speak_of_them_elsewhere_is_read_with_all_of_them(more: str) -> None:
    text = f"dd==4\nee==1\n{more}\n"
    base, head = (Text(path="requirements.txt", text=each) for each in (text, text.replace("ee==1", "ee==2")))
    left, right = parse_pair(base, head)
    assert (left.omitted, right.omitted) == (0, 0)
    assert {each.name for each in left.packages} >= {"dd", "ee"}
