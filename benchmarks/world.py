"""A local index with pages like the world's, served by a process of its own.

Page sizes are log-normal around 160 files, and three pages are large: 4,000, 8,000 and 15,000 files. Every
page is there as Chainguard's and as PyPI's, with other bytes under the same names, as JSON and as HTML. All
answers are made before the first question, so that the server costs little beside those who ask it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPICAL = 160
SPREAD = 0.8
LARGE = (4_000, 8_000, 15_000)
MOST = 500
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
SENT = "/sent"
"""The page that tells how much was sent."""
_CONDITION = b"\r\nIf-None-Match: "
_PYTHONS = ("cp310", "cp311", "cp312", "cp313")
_PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
_TAGS = tuple(f"{python}-{python}-{platform}" for python in _PYTHONS for platform in _PLATFORMS)


@dataclass(frozen=True, slots=True)
class World:
    """Where the indexes lie."""

    port: int

    def sent(self) -> int:
        """Return how many bytes of answers the server has sent so far."""
        with urlopen(f"http://127.0.0.1:{self.port}{SENT}") as answer:
            return int(answer.read())

    def url(self, owner: str, form: str) -> str:
        """Return the address of `chainguard`'s or `pypi`'s index in `json` or `html`."""
        return f"http://127.0.0.1:{self.port}/{owner}/{form}/simple/"


@dataclass(frozen=True, slots=True)
class Project:
    """One project: what its pages list."""

    name: str
    files: int

    @property
    def per_version(self) -> int:
        """Files of one version: a third of the projects have one pure wheel each and an archive."""
        return 2 if sum(self.name.encode()) % 3 == 0 else len(_TAGS) + 1

    @property
    def versions(self) -> tuple[str, ...]:
        """Oldest first; two at least."""
        return tuple(f"1.{minor}.0" for minor in range(max(2, round(self.files / self.per_version))))

    def filenames(self, version: str) -> Iterator[str]:
        """Give the files of a version."""
        yield f"{self.name}-{version}.tar.gz"
        tags = ("py3-none-any",) if self.per_version == 2 else _TAGS
        for tag in tags:
            yield f"{self.name}-{version}-{tag}.whl"


def projects() -> tuple[Project, ...]:
    """Return all of them, the same in each run; the three large ones stand at 2, 3 and 4."""
    chance = random.Random(15)
    middle = math.log(TYPICAL) - SPREAD**2 / 2
    sizes = [max(2, round(chance.lognormvariate(middle, SPREAD))) for _ in range(MOST)]
    sizes[0], sizes[1:4] = TYPICAL, list(LARGE)
    return tuple(Project(f"made{number}", files) for number, files in enumerate(sizes))


def pinned(count: int, *, newest: bool) -> str:
    """Return a requirements.txt with a pin of the newest version of each project, or of the one before."""
    at = -1 if newest else -2
    return "".join(f"{project.name}=={project.versions[at]}\n" for project in projects()[:count])


@contextmanager
def serving() -> Iterator[World]:
    """Run the server while the context lasts."""
    read, write = os.pipe()
    with open(read) as told:  # noqa: PTH123 - a pipe
        server = subprocess.Popen([sys.executable, "-m", "benchmarks.world"], stdout=write)
        os.close(write)
        try:
            yield World(int(told.readline()))
        finally:
            server.terminate()
            server.wait()


# ── The process of the server ───────────────────────────────────────────────────────────────────────


def _rows(project: Project, owner: str) -> Iterator[tuple[str, str, str]]:
    """Give name, URL and digest of each file; Chainguard's lie where its own lie."""
    for version in project.versions:
        for filename in project.filenames(version):
            digest = hashlib.sha256(f"{owner} {filename}".encode()).hexdigest()
            if owner == "chainguard":
                yield filename, f"/python/simple/{project.name}/{version}/{filename}", digest
            else:
                yield filename, f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{filename}", digest


def _json(project: Project, owner: str) -> bytes:
    files = [
        {
            "core-metadata": _core_metadata(project, filename),
            "data-dist-info-metadata": _core_metadata(project, filename),
            "filename": filename,
            "hashes": {"sha256": digest},
            "provenance": None,
            "requires-python": ">=3.8",
            "size": 123_456,
            "upload-time": "2026-01-02T03:04:05.678901Z",
            "url": f"http://127.0.0.1:{{port}}{url}",
            "yanked": False,
        }
        for filename, url, digest in _rows(project, owner)
    ]
    if owner == "chainguard":
        for file in files:
            for extra in ("core-metadata", "data-dist-info-metadata", "provenance"):
                del file[extra]
    detail = {
        "files": files,
        "meta": {"_last-serial": 1, "api-version": "1.4"},
        "name": project.name,
        "versions": list(project.versions),
    }
    return json.dumps(detail, separators=(",", ":")).encode()


def _core_metadata(project: Project, filename: str) -> dict[str, str] | bool:
    if filename.endswith(".tar.gz"):
        return False
    return {"sha256": hashlib.sha256(_metadata(project.name, filename.split("-")[1])).hexdigest()}


def _metadata(name: str, version: str) -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n".encode()


def _html(project: Project, owner: str) -> bytes:
    metadata = ' data-dist-info-metadata="true" data-core-metadata="true"' if owner == "pypi" else ""
    links = "".join(
        f'    <a href="{url}#sha256={digest}" data-requires-python="&gt;=3.8"{metadata}>{name}</a><br />\n'
        for name, url, digest in _rows(project, owner)
    )
    return (
        '<!DOCTYPE html>\n<html>\n  <head>\n    <meta name="pypi:repository-version" content="1.0">\n'
        f"    <title>Links for {project.name}</title>\n  </head>\n  <body>\n"
        f"    <h1>Links for {project.name}</h1>\n{links}  </body>\n</html>\n"
    ).encode()


def _response(status: str, kind: str, body: bytes) -> bytes:
    tag = hashlib.sha256(body).hexdigest()
    head = (
        f'HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nETag: "{tag}"\r\n\r\n'
    )
    return head.encode() + body


def _conditional(head: bytes, whole: bytes) -> bytes:
    """Return the answer as it is, or 304 where the question names its tag."""
    _, asked, tag = head.partition(_CONDITION)
    tag = tag.partition(b"\r\n")[0]
    if asked and whole.startswith(b"HTTP/1.1 200") and b"\r\nETag: " + tag + b"\r\n" in whole[:1_000]:
        return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
    return whole


def _answers(port: int) -> dict[bytes, bytes]:
    made: dict[bytes, bytes] = {}
    for project in projects():
        for owner in ("chainguard", "pypi"):
            page = _json(project, owner).replace(b"{port}", str(port).encode())
            path = f"/{owner}/%s/simple/{project.name}/"
            made[(path % "json").encode()] = _response("200 OK", JSON, page)
            made[(path % "html").encode()] = _response("200 OK", HTML, _html(project, owner))
    return made


class _Connection(asyncio.Protocol):
    """One client: each request is answered at once."""

    answers: dict[bytes, bytes]
    sent = 0

    def __init__(self) -> None:
        self._held = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._held += data
        while b"\r\n\r\n" in self._held and self._transport:
            head, self._held = self._held.split(b"\r\n\r\n", 1)
            path = head.split(b" ", 2)[1]
            if path == SENT.encode():
                self._transport.write(_response("200 OK", "text/plain", b"%d" % _Connection.sent))
                continue
            answer = _conditional(head, self.answers.get(path) or _other(path))
            _Connection.sent += len(answer)
            self._transport.write(answer)


def _other(path: bytes) -> bytes:
    """Answer with a wheel's metadata (PEP 658), made from its name; or with nothing."""
    filename = path.decode().rpartition("/")[2]
    if filename.endswith(".whl.metadata"):
        name, version = filename.split("-")[:2]
        return _response("200 OK", "application/octet-stream", _metadata(name, version))
    return _response("404 Not Found", "text/plain", b"no such page")


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=512)
    port = server.sockets[0].getsockname()[1]
    _Connection.answers = _answers(port)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
