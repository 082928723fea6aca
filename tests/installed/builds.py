"""Wheels of both origins: as published, and as a rebuild of them would look."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WHEN = (2020, 1, 1, 0, 0, 0)


def record_of(members: Mapping[str, bytes], info: str) -> bytes:
    """The RECORD of a wheel's members."""
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in members.items()]
    return "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def packed(
    members: Mapping[str, bytes], info: str, *, record: bytes | None = None, first: bool = False
) -> bytes:
    """A wheel of these members, with its RECORD at the end, or `first`."""
    rows = record_of(members, info) if record is None else record
    entries = {f"{info}/RECORD": rows, **members} if first else {**members, f"{info}/RECORD": rows}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in entries.items():
            archive.writestr(zipfile.ZipInfo(path, date_time=_WHEN), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def members_of(wheel: Path) -> tuple[dict[str, bytes], str]:
    """The members of a wheel without RECORD, and the name of its ``.dist-info``."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        record = next(name for name in names if name.endswith(".dist-info/RECORD"))
        return {name: archive.read(name) for name in names if name != record}, record.partition("/")[0]


def rebuilt(wheel: Path, folder: Path, *, version: str | None = None, tag: str | None = None) -> Path:
    """Write what Chainguard's rebuild of a wheel would look like: another WHEEL and compiled code, and an SBOM."""
    members, info = members_of(wheel)
    old_version = wheel.name.split("-")[1]
    sbom = {
        "spdxVersion": "SPDX-2.3",
        "creationInfo": {"creators": ["Organization: Chainguard, Inc"]},
        "name": wheel.name,
    }
    made: dict[str, bytes] = {}
    new_info = info.replace(old_version, version) if version else info
    for name, data in members.items():
        content = data
        if name == f"{info}/WHEEL":
            content = b"".join(
                b"Generator: rebuilt (1.0)\n" if line.startswith(b"Generator") else line
                for line in data.splitlines(keepends=True)
            )
            if tag:
                lines = [line for line in content.splitlines(keepends=True) if not line.startswith(b"Tag: ")]
                content = b"".join(lines) + "".join(f"Tag: {each}\n" for each in _expanded(tag)).encode()
        elif name == f"{info}/METADATA" and version:
            content = data.replace(f"Version: {old_version}".encode(), f"Version: {version}".encode(), 1)
        elif name.endswith(".so"):
            content = data + b"\0rebuilt"
        made[name.replace(f"{info}/", f"{new_info}/", 1) if name.startswith(f"{info}/") else name] = content
    made[f"{new_info}/sboms/sbom.spdx.json"] = json.dumps(sbom).encode()
    folder.mkdir(parents=True, exist_ok=True)
    filename = wheel.name.replace(f"-{old_version}-", f"-{version}-", 1) if version else wheel.name
    if tag:
        filename = "-".join([*filename.removesuffix(".whl").split("-")[:-3], tag]) + ".whl"
    path = folder / filename
    path.write_bytes(packed(made, new_info))
    return path


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
    generator: str = "setuptools (80.9.0)",
    entry_points: str = "",
    metadata: str = "",
) -> Path:
    """Write a small pure wheel."""
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    members = {
        path: text.encode() for path, text in (files or {f"{stem}/__init__.py": f"NAME = {name!r}\n"}).items()
    }
    members[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}".encode()
    )
    pure = "true" if tag.endswith("any") else "false"
    tags = "".join(f"Tag: {each}\n" for each in _expanded(tag))
    members[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: {pure}\n{tags}".encode()
    )
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points.encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{version}-{tag}.whl"
    path.write_bytes(packed(members, info))
    return path


def _expanded(tag: str) -> list[str]:
    pythons, abis, platforms = (part.split(".") for part in tag.split("-"))
    return [f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms]
