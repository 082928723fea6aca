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


@given(data=st.binary(max_size=2000), way=st.sampled_from(sorted(PACKERS)), size=st.integers(1, 50))
def test_what_went_in_comes_out(data: bytes, way: str, size: int) -> None:
    body = PACKERS[way](data)
    assert unpacked("deflate" if way == "raw" else way, body, size) == data


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


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_more_than_is_wanted(coding: str) -> None:
    body = PACKERS[coding](bytes(PLENTY))
    assert unpacked(coding, body, 1000) == bytes(PLENTY)
    with pytest.raises(TooMuchError):
        unpacked(coding, body, 1 << 30, most=PLENTY - 1)


@pytest.mark.parametrize("codings", ["gzip", "deflate"])
def test_what_is_packed_otherwise(codings: str) -> None:
    with pytest.raises(PackedError):
        unpacked(codings, b"nonsense that nobody has packed", 7)


@pytest.mark.parametrize("codings", ["gzip, gzip", "deflate, gzip", "gzip,identity,deflate"])
def test_packings_one_within_the_other_are_refused(codings: str) -> None:
    with pytest.raises(PackedError):
        unpacked(codings, gzip.compress(gzip.compress(b"data")), 100)


def test_very_many_members() -> None:
    assert unpacked("gzip", gzip.compress(b"") * 100_000 + gzip.compress(b"data"), 16 * 1024) == b"data"


def test_a_stream_of_nothing_is_not_kept() -> None:
    pieces = (b"\x78\x9c", b"\0\0\0\xff\xff" * 200_000)
    unpacker = Unpacker("deflate", PLENTY)
    assert b"".join(map(unpacker.unpack, pieces)) == b""
    with pytest.raises(PackedError):
        unpacker.unpack(b"\xff\xff\xff")


def test_nothing_at_all_is_complete() -> None:
    assert unpacked("gzip", b"", 1) == b""
