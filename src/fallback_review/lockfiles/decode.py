"""Bytes of a lockfile -> text: encodings, line ends, and what is no lockfile text at all."""

from __future__ import annotations

import codecs

from fallback_review.lockfiles.interface import LockfileError

MAX_BYTES = 64 * 1024 * 1024
"""The largest lockfile that is read; the largest one met in public repositories has 6 MB."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13}


def decode(path: str, data: bytes) -> str:
    r"""Return the text of a lockfile with line ends made ``\n``.

    UTF-8, UTF-8 with a byte-order mark and UTF-16 with a byte-order mark are read (pip reads all three
    in requirements files: `pip._internal.req.req_file`). Empty data are an empty text.

    Raises:
        LockfileError: The file is too large, binary, or in another encoding.
    """
    if len(data) > MAX_BYTES:
        raise LockfileError(path, f"the file is too large: lockfiles up to {MAX_BYTES >> 20} MB are read")
    if data.startswith(_UTF16):
        encoding, name = "utf-16", "UTF-16"
    else:
        encoding, name = "utf-8-sig", "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-16" and _binary(data):
            raise LockfileError(path, "the file is binary, not text") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise LockfileError(path, f"the file is not {name} text", line=line) from None
    if "\x00" in text:
        raise LockfileError(path, "the file is binary, not text")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _binary(data: bytes) -> bool:
    """Whether the start of the data has control characters that no text has."""
    return any(byte in _CONTROL for byte in data[:1024])
