"""Tiny real wheels and sdists, for installers to install; each says whose it is."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile


def wheel_bytes(name: str, version: str, filename: str, origin: str = "test") -> bytes:
    """A wheel with one module that holds `origin`."""
    stem = name.replace("-", "_").replace(".", "_")
    info = f"{stem}-{version}.dist-info"
    tags = filename.removesuffix(".whl").split("-")[-3:]
    expanded = [
        f"{py}-{abi}-{plat}"
        for py in tags[0].split(".")
        for abi in tags[1].split(".")
        for plat in tags[2].split(".")
    ]
    files = {
        f"{stem}.py": f"ORIGIN = {origin!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        + "".join(f"Tag: {tag}\n" for tag in expanded),
    }
    record = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, date_time=(2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def sdist_bytes(name: str, version: str, filename: str, origin: str = "test") -> bytes:
    """An sdist that builds itself, without anything from outside, into a wheel that holds `origin`."""
    root = f"{name}-{version}"
    stem = name.replace("-", "_").replace(".", "_")
    wheel = f"{stem}-{version}-py3-none-any.whl"
    content = base64.b64encode(wheel_bytes(name, version, wheel, origin)).decode()
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": _BACKEND.format(wheel=wheel, content=content),
    }
    buffer = io.BytesIO()
    if filename.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w") as archive:
            for path, text in files.items():
                archive.writestr(zipfile.ZipInfo(f"{root}/{path}", date_time=(2020, 1, 1, 0, 0, 0)), text)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return _compressed(buffer.getvalue(), filename)


def _compressed(archive: bytes, filename: str) -> bytes:
    """Compress a tar archive as the end of its name says."""
    if filename.endswith(".tar"):
        return archive
    if filename.endswith((".tar.bz2", ".tbz")):
        return bz2.compress(archive)
    if filename.endswith((".tar.xz", ".txz")):
        return lzma.compress(archive)
    if filename.endswith((".tar.lzma", ".tlz")):
        return lzma.compress(archive, format=lzma.FORMAT_ALONE)
    return gzip.compress(archive, mtime=0)


_BACKEND = """\
import base64
import pathlib


def build_wheel(folder, *_):
    pathlib.Path(folder, "{wheel}").write_bytes(base64.b64decode("{content}"))
    return "{wheel}"
"""


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
