"""What a wheel says of itself: its RECORD, and what its directory lists beside."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Protocol, runtime_checkable

from msgspec import Struct

from fallback_review.index.files import UnreadableFileError
from fallback_review.installed.record import RecordedFile, RecordError, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RECORD = 64 * 1024 * 1024
MOST_MEMBERS = 500_000
MOST_UNPACKED = 16 * 1024**3
"""Bytes that the members of one wheel may unpack to, where each is read."""
_CHUNK = 1024 * 1024
_LOCAL_HEADER = 30 + 2048
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    RuntimeError,  # encrypted, or compressed in a way that zipfile does not know
    EOFError,
    ValueError,
    OverflowError,
    OSError,
    LookupError,
)
"""What reading an archive that is none, or is damaged, may raise."""


@runtime_checkable
class _Prefetching(Protocol):
    def prefetch(self, start: int, length: int) -> None: ...


class Wheel(Struct, frozen=True):
    """The contents of a wheel, as its RECORD and its directory tell them."""

    rows: tuple[RecordedFile, ...]
    """Each with a path that stays inside the wheel; RECORD itself and its signatures are not among them."""
    unlisted: tuple[str, ...]
    """Members that RECORD does not list: installers lay them down all the same, unchecked."""
    info: str
    """The name of its ``.dist-info`` folder."""
    checked: bool
    """Whether each member was read and is as RECORD says."""


def read_wheel(file: IO[bytes]) -> Wheel:
    """Read a wheel's RECORD; of a file by range no more than its directory and that member are fetched.

    Raises:
        UnreadableFileError: it is no wheel as one should be: no or two RECORDs, a path that leads outside,
            a bomb.
    """
    return _read(file, check=False)


def read_whole_wheel(file: IO[bytes]) -> Wheel:
    """As `read_wheel`, and compare each member with its row of RECORD."""
    return _read(file, check=True)


def _read(file: IO[bytes], *, check: bool) -> Wheel:
    try:
        with zipfile.ZipFile(file) as archive:
            return _contents(archive, file, check=check)
    except (RecordError, UnreadableFileError) as error:
        raise UnreadableFileError(str(error)) from None
    except BROKEN:
        raise UnreadableFileError("it is not a valid zip archive") from None


def _contents(archive: zipfile.ZipFile, file: IO[bytes], *, check: bool) -> Wheel:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise UnreadableFileError(f"it has more than {MOST_MEMBERS:,} members")
    names = [member.filename for member in members if not member.is_dir()]
    if len(set(names)) != len(names):
        raise UnreadableFileError("it holds two members of one name")
    records = [name for name in names if name.count("/") == 1 and name.endswith(".dist-info/RECORD")]
    if len(records) != 1:
        raise UnreadableFileError("it has no RECORD" if not records else "it has more than one RECORD")
    record = archive.getinfo(records[0])
    if isinstance(file, _Prefetching):
        file.prefetch(record.header_offset, record.compress_size + _LOCAL_HEADER)
    info = records[0].partition("/")[0]
    signatures = {f"{info}/RECORD", f"{info}/RECORD.jws", f"{info}/RECORD.p7s"}
    rows = [row for row in read_record(_bounded(archive, record)) if row.path not in signatures]
    listed = {row.path: row for row in rows}
    if len(listed) != len(rows):
        raise UnreadableFileError("its RECORD lists one file twice")
    if not all(stays_inside(path) for path in (*listed, *names)):
        raise UnreadableFileError("it has a file whose path leads outside of it")
    if check:
        _check(archive, listed)
    return Wheel(
        rows=tuple(rows),
        unlisted=tuple(name for name in names if name not in listed and name not in signatures),
        info=info,
        checked=check,
    )


def stays_inside(path: str) -> bool:
    """Whether a path of an archive leads to a place below where it is unpacked."""
    parts = path.split("/")
    return (
        bool(path)
        and not path.startswith("/")
        and ".." not in parts
        and "\0" not in path
        and ":" not in parts[0]
    )


def _bounded(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as stream:
        data = stream.read(MOST_RECORD + 1)
    if len(data) > MOST_RECORD:
        raise UnreadableFileError(f"its RECORD is larger than {MOST_RECORD // 1024**2} MB")
    return data


def _check(archive: zipfile.ZipFile, listed: dict[str, RecordedFile]) -> None:
    left = MOST_UNPACKED
    for path, row in listed.items():
        algorithm, _, expected = (row.hash or "").partition(":")
        if not expected:
            continue
        try:
            member = archive.getinfo(path)
        except KeyError:
            raise UnreadableFileError("its RECORD lists a file that it does not hold") from None
        digest = hashlib.new(algorithm)
        for chunk in _chunks(archive, member):
            left -= len(chunk)
            if left < 0:
                raise UnreadableFileError(f"it unpacks to more than {MOST_UNPACKED // 1024**3} GB")
            digest.update(chunk)
        if digest.hexdigest() != expected:
            raise UnreadableFileError("a file in it is not as its own RECORD says")


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
