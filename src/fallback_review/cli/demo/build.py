"""Tiny wheels and sdists that real installers can install, the same bytes on every machine.

The bytes must not depend on the machine, since their hashes stand in the committed lockfiles: nothing is
compressed (zlib and zlib-ng differ), every timestamp is fixed, and no field holds the operating system.
Formats: wheels (PyPA, "Binary distribution format"), sdists (PEP 517, PEP 625), core metadata 2.2.
"""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from importlib import resources
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from fallback_review.cli.demo.universe import PURE, SDIST

if TYPE_CHECKING:
    from fallback_review.cli.demo.universe import Release, Shelf

_UNIX = 3
_REGULAR_FILE = 0o100644 << 16
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class BuiltFile(Struct, frozen=True, kw_only=True):
    """One distribution file, with its core metadata beside it (PEP 658)."""

    filename: str
    content: bytes
    metadata: bytes
    release: Release

    @property
    def sha256(self) -> str:
        """The hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def metadata_sha256(self) -> str:
        """The hex digest of the core metadata."""
        return hashlib.sha256(self.metadata).hexdigest()


def build(release: Release, shelf: Shelf, kind: str) -> BuiltFile:
    """Make one file of a release: `kind` is `SDIST` or a wheel's tags."""
    metadata = _metadata(release)
    module = _module(release, shelf)
    stem = f"{canonicalize_name(release.name).replace('-', '_')}-{release.version}"
    if kind == SDIST:
        return BuiltFile(
            filename=f"{stem}.tar.gz",
            content=_sdist(stem, metadata, module),
            metadata=metadata,
            release=release,
        )
    return BuiltFile(
        filename=f"{stem}-{kind}.whl",
        content=_wheel(stem, kind, metadata, module),
        metadata=metadata,
        release=release,
    )


def _metadata(release: Release) -> bytes:
    lines = [
        "Metadata-Version: 2.2",
        f"Name: {release.name}",
        f"Version: {release.version}",
        "Summary: A stand-in made for the demo of Fallback Review",
        f"Requires-Python: {release.requires_python}",
        *(f"Requires-Dist: {requirement}" for requirement in release.requires),
    ]
    return ("\n".join(lines) + "\n").encode()


def _module(release: Release, shelf: Shelf) -> bytes:
    return f'"""A stand-in, made by {shelf.maker}."""\n\n__version__ = "{release.version}"\n'.encode()


def _wheel(stem: str, tags: str, metadata: bytes, module: bytes) -> bytes:
    folder = f"{stem}.dist-info"
    package = stem.partition("-")[0]
    pure = "true" if tags == PURE else "false"
    files = {
        f"{package}/__init__.py": module,
        f"{folder}/METADATA": metadata,
        f"{folder}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: fallback-review-demo\nRoot-Is-Purelib: {pure}\n"
            + "".join(f"Tag: {tag}\n" for tag in sorted(map(str, parse_tag(tags))))
        ).encode(),
    }
    record = "".join(f"{path},sha256={_record_hash(data)},{len(data)}\n" for path, data in files.items())
    files[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)  # its default date is 1980-01-01
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_FILE
            archive.writestr(entry, data)
    return buffer.getvalue()


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _sdist(stem: str, metadata: bytes, module: bytes) -> bytes:
    """Make an sdist that builds itself with the backend that it carries, so that nothing is downloaded."""
    package = stem.partition("-")[0]
    backend = resources.files("fallback_review.cli.demo").joinpath("sdist_backend.py").read_bytes()
    files = {
        "PKG-INFO": metadata,
        "pyproject.toml": (
            b'[build-system]\nrequires = []\nbuild-backend = "sdist_backend"\nbackend-path = ["."]\n'
        ),
        "sdist_backend.py": backend,
        f"{package}/__init__.py": module,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return _gzip_stored(buffer.getvalue())


def _gzip_stored(data: bytes) -> bytes:
    """Wrap data in gzip as one stored block (RFC 1951 section 3.2.4, RFC 1952); at most 65,535 bytes."""
    size = len(data)
    block = b"\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + data
    return _GZIP_HEADER + block + struct.pack("<II", zlib.crc32(data), size)
