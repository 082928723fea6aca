"""Bodies, packed in every way and cut into any parts, come out as they went in, or not at all."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.index.unpacking import PackedError, TooMuchError, Unpacker

PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw": lambda data: zlib.compress(data)[2:-4],
}
PLENTY = 1 << 20


def unpacked(codings: str, body: bytes, size: int, most: int = PLENTY) -> bytes | None:
    """Return what the body holds; None where it is not complete."""
    unpacker = Unpacker(codings, most)
    found = b"".join(unpacker.unpack(body[at : at + size]) for at in range(0, len(body), size))
    return found if unpacker.complete else None


@given(
    data=st.binary(max_size=2000),
    ways=st.lists(st.sampled_from(sorted(PACKERS)), max_size=3),
    size=st.integers(1, 50),
)
def test_what_went_in_comes_out(data: bytes, ways: list[str], size: int) -> None:
    body = data
    for way in ways:
        body = PACKERS[way](body)
    codings = ", ".join("deflate" if way == "raw" else way for way in ways)
    assert unpacked(codings, body, size) == data


@given(
    parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    behind=st.sampled_from([b"", b"\0", bytes(20), b"xyz"]),
    size=st.integers(1, 40),
)
def test_members_of_a_file_are_one_body(parts: list[bytes], behind: bytes, size: int) -> None:
    body = b"".join(map(gzip.compress, parts)) + behind
    assert unpacked("gzip", body, size) == b"".join(parts)


@given(
    data=st.binary(min_size=1, max_size=500),
    way=st.sampled_from(["gzip", "deflate"]),
    size=st.integers(1, 40),
    cut=st.data(),
)
def test_what_is_cut_is_never_complete(data: bytes, way: str, size: int, cut: st.DataObject) -> None:
    body = PACKERS[way](data)
    end = cut.draw(st.integers(1, len(body) - 1))
    assert unpacked(way, body[:end], size) is None


@pytest.mark.parametrize("codings", ["gzip", "deflate", "gzip, gzip", "deflate, gzip"])
def test_more_than_is_wanted(codings: str) -> None:
    body = bytes(PLENTY)
    for way in codings.split(", "):
        body = PACKERS[way](body)
    assert unpacked(codings, body, 1000) == bytes(PLENTY)
    with pytest.raises(TooMuchError):
        unpacked(codings, body, 1 << 30, most=PLENTY - 1)


@pytest.mark.parametrize("codings", ["gzip", "deflate"])
def test_what_is_packed_otherwise(codings: str) -> None:
    with pytest.raises(PackedError):
        unpacked(codings, b"nonsense that nobody has packed", 7)


def test_layers_without_end() -> None:
    body = b"data"
    for _ in range(6):
        body = gzip.compress(body)
    with pytest.raises(PackedError):
        unpacked(", ".join(["gzip"] * 6), body, 100)


def test_very_many_members() -> None:
    body = gzip.compress(b"") * 200_000 + gzip.compress(b"data")
    assert unpacked("gzip, gzip", gzip.compress(body), 1 << 30, most=len(body)) == b"data"


def test_nothing_at_all_is_complete() -> None:
    assert unpacked("gzip", b"", 1) == b""
