"""pypiserver behind an htpasswd file: HTML only, and 401 for whoever has no password."""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.conftest import lab_tool
from tests.servers.process import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def pypiserver(folder: Path, filenames: list[str], *, username: str, password: str) -> Iterator[str]:
    """Run pypiserver over (empty) files of these names; yields the URL of its simple index."""
    program = lab_tool("pypi-server", "servers")
    packages = folder / "packages"
    packages.mkdir()
    for filename in filenames:
        (packages / filename).write_bytes(b"")
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    (folder / "htpasswd").write_text(f"{username}:{{SHA}}{digest}\n")
    port = free_port()
    options = [
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-a",
        "list,download,update",
        "-P",
        str(folder / "htpasswd"),
    ]
    command = [program, "run", *options, "--disable-fallback", str(packages)]
    with running(command, port=port, folder=folder):
        yield f"http://127.0.0.1:{port}/simple/"
