"""The build backend (PEP 517) inside the demo's sdists: standard library only, nothing to download."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any


def build_wheel(wheel_directory: str, _settings: Any = None, _metadata_directory: str | None = None) -> str:
    """Zip the unpacked sdist in the working directory into a wheel; return its file name."""
    metadata = Path("PKG-INFO").read_text(encoding="utf-8")
    fields = HeaderParser().parsestr(metadata)
    package = next(path.parent.name for path in Path().glob("*/__init__.py"))
    stem = f"{package}-{fields['Version']}"
    wheel = "Wheel-Version: 1.0\nGenerator: fallback-review-demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        f"{package}/__init__.py": (Path(package) / "__init__.py").read_text(encoding="utf-8"),
        f"{stem}.dist-info/METADATA": metadata,
        f"{stem}.dist-info/WHEEL": wheel,
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
