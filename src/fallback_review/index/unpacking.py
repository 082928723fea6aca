"""Unpacking an answer's body as it arrives (RFC 9110, 8.4): gzip or deflate.

libcurl would refuse every answer with a coding that it does not know, which some servers name for what is not
packed at all, and a gzip file of several members. Other codings are left alone here: nobody asks for them.
Packings one within the other are refused: little data could keep everybody busy for minutes.
"""

from __future__ import annotations

import zlib

_MAGIC = b"\x1f\x8b"
"""How a member of a gzip file begins (RFC 1952)."""
_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS
_LONGEST_TRY = 1024
"""Bytes after which a stream that has given nothing is no bare one: one block tells."""


class PackedError(Exception):
    """The body can't be unpacked."""


class TooMuchError(Exception):
    """It holds more than is wanted."""


class Unpacker:
    """Unpacks one body."""

    def __init__(self, codings: str, most_bytes: int) -> None:
        """Begin.

        Args:
            codings: The value of Content-Encoding.
            most_bytes: How much one part of the body may hold once it is unpacked.
        """
        names = [name.strip().lower() for name in codings.split(",")]
        packings = [_PACKINGS[name] for name in names if name in _PACKINGS]
        self._packing = packings[0]() if packings else None
        self._several = len(packings) > 1
        self._most_bytes = most_bytes
        self._begun = False

    @property
    def complete(self) -> bool:
        """Whether nothing is missing at the end of what was given so far."""
        return not self._begun or self._packing is None or self._packing.complete

    def unpack(self, data: bytes) -> bytes:
        """Return what a part of the body holds; raise `PackedError` or `TooMuchError`.

        Parts are small, as libcurl gives them (16 kB): behind each member of a gzip file the rest is copied.
        """
        self._begun = True
        if self._several:
            raise PackedError
        if self._packing is None:
            return data
        try:
            found = self._packing.unpack(data, self._most_bytes + 1)
        except zlib.error:
            raise PackedError from None
        if len(found) > self._most_bytes:
            raise TooMuchError
        return found


class _Gzip:
    """Members one after the other; zeros, or anything else that is no member, may stand behind the last."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._ahead = b""
        self._over = False
        """Whether something has come that is no member: whatever follows is none either."""

    @property
    def complete(self) -> bool:
        return self._member is None

    def unpack(self, data: bytes, most: int) -> bytes:
        data, self._ahead = self._ahead + data, b""
        found = bytearray()
        while data and len(found) < most and not self._over:
            if self._member is None:
                if data == _MAGIC[:1]:
                    self._ahead = data
                    break
                if not data.startswith(_MAGIC):
                    self._over = True
                    break
                self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
            found += self._member.decompress(data, most - len(found))
            data = self._member.unused_data
            if self._member.eof:
                self._member = None
        return bytes(found)


class _Deflate:
    """A zlib stream (RFC 1950), or the bare one that some servers send in its place."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._tried: bytes | None = b""
        """What has come while nothing came out: it may yet be a bare stream."""

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def unpack(self, data: bytes, most: int) -> bytes:
        if self._stream.eof:
            return b""
        if self._tried is not None:
            self._tried += data
        try:
            found = self._stream.decompress(data, most)
        except zlib.error:
            if self._tried is None:
                raise
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            found, self._tried = self._stream.decompress(self._tried, most), None
        if found or (self._tried and len(self._tried) > _LONGEST_TRY):
            self._tried = None
        return found


_PACKINGS: dict[str, type[_Gzip | _Deflate]] = {"gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate}
