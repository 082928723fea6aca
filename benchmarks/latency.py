"""500 projects asked of an index that takes 50 ms for each answer, over TLS, with 32 connections."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme

from benchmarks.measure import Row, best, milliseconds
from fallback_review.index.client import IndexClient
from fallback_review.model import Edition, Index, Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [f"package-{number}" for number in range(500)]
CONNECTIONS = 32
LATENCY = 0.05
VERSIONS = 20


def measure() -> list[Row]:
    """Return the time for all answers against the least that the latency allows."""
    with slow_index() as (url, certificates):
        index = Index(url, Owner.CHAINGUARD, Edition.MAIN)

        def ask() -> None:
            with IndexClient(index, ca_bundle=certificates, connections=CONNECTIONS) as client:
                answers = client.ask(NAMES)
            wrong = [answer for answer in answers.values() if len(answer.files) != VERSIONS]
            if wrong:
                raise RuntimeError(f"the slow index answered {wrong[0]}")

        taken = best(ask, runs=3)
    ideal = math.ceil(len(NAMES) / CONNECTIONS) * LATENCY
    return [
        Row(
            work=f"{len(NAMES)} projects, index at 50 ms, TLS, {CONNECTIONS} connections",
            measured=milliseconds(taken),
            against=f"ceil(requests / {CONNECTIONS}) x 50 ms = {milliseconds(ideal)}",
            ratio=taken / ideal,
            budget=1.2,
        )
    ]


@contextmanager
def slow_index() -> Iterator[tuple[str, str]]:
    """Run the slow index in a process of its own; give its URL and the certificates to trust."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        key, trusted = str(Path(folder, "key.pem")), str(Path(folder, "trusted.pem"))
        certificate.private_key_and_cert_chain_pem.write_to_path(key)
        authority.cert_pem.write_to_path(trusted)
        probe.close()
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "benchmarks.latency:application", "--port", str(port),
             "--ssl-keyfile", key, "--ssl-certfile", key, "--log-level", "warning"]
        )  # fmt: skip
        try:
            _wait(port, trusted)
            yield f"https://localhost:{port}/simple/", trusted
        finally:
            server.terminate()
            server.wait()


def _wait(port: int, trusted: str) -> None:
    context = ssl.create_default_context(cafile=trusted)
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port)) as plain:
                context.wrap_socket(plain, server_hostname="localhost").close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the slow index did not start")


async def application(scope: dict[str, Any], _receive: object, send: Any) -> None:
    """Answer with a PEP 691 project detail after the latency (an ASGI application)."""
    if scope["type"] != "http":
        return
    name = scope["path"].strip("/").rpartition("/")[2]
    files = [
        {
            "filename": filename,
            "url": f"/files/{filename}",
            "hashes": {"sha256": f"{minor + 1:064x}"},
        }
        for minor in range(VERSIONS)
        for filename in (f"{name.replace('-', '_')}-1.{minor}-py3-none-any.whl",)
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
    await asyncio.sleep(LATENCY)
    headers = [
        (b"content-type", b"application/vnd.pypi.simple.v1+json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
