"""RECORD: what a wheel's or an installed distribution's files are (PEP 376, PEP 427)."""

from __future__ import annotations

import base64
import binascii
import csv
import re

from msgspec import Struct

MOST_ROWS = 500_000
_DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
_SIZE = re.compile(r"\d{1,18}")


class RecordError(Exception):
    """A RECORD that can't be read: says why, as a clause."""


class RecordedFile(Struct, frozen=True):
    """One file of a RECORD."""

    path: str
    """With forward slashes, as it is written."""
    hash: str | None
    """``algorithm:hexdigest``; None where it has none, or of an algorithm that PEP 427 does not allow."""
    size: int | None


def read_record(text: bytes) -> tuple[RecordedFile, ...]:
    """Return the rows of a RECORD; raise `RecordError` where it is none."""
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise RecordError("its RECORD is not UTF-8") from None
    if len(lines) > MOST_ROWS:
        raise RecordError(f"its RECORD has more than {MOST_ROWS:,} rows")
    try:
        return tuple(_row(fields) for fields in csv.reader(lines) if fields)
    except csv.Error:
        raise RecordError("its RECORD is not CSV") from None


def _row(fields: list[str]) -> RecordedFile:
    path, stated, size = (*fields, "", "")[:3]
    return RecordedFile(
        path=path.replace("\\", "/"),
        hash=_hash(stated),
        size=int(size) if _SIZE.fullmatch(size) and size.isascii() else None,
    )


def _hash(stated: str) -> str | None:
    algorithm, _, encoded = stated.partition("=")
    length = _DIGEST_BYTES.get(algorithm)
    if length is None:
        return None
    try:
        digest = base64.b64decode(
            encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        return None
    return f"{algorithm}:{digest.hex()}" if len(digest) == length else None
