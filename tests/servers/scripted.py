"""A server that answers exactly as a test says, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""


RESET = object()
"""In a script: end the connection with a reset."""
FOREVER = object()
"""In a script: say no more until the test is over, so that a client that waits for it hangs."""


@dataclass(slots=True)
class ScriptedServer:
    """What a test holds of the server."""

    url: str
    port: int
    seen: list[Seen] = field(default_factory=list)


def answer(
    status: int = 200,
    body: bytes = b"",
    *,
    content_type: str | None = "application/vnd.pypi.simple.v1+json",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> list[object]:
    """Return the script of an ordinary answer; `length` None tells the true one, -1 tells none."""
    lines = [f"HTTP/1.1 {status} Whatever", "Connection: close"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
    return ["\r\n".join([*lines, "", ""]).encode(), body]


@contextmanager
def scripted(
    reply: Callable[[Seen], Iterable[object]], *, tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Run a server; for each request `reply` gives bytes to send, seconds to wait, `RESET` or `FOREVER`.

    Each connection serves one request and is then closed.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port = listener.getsockname()[1]
        server = ScriptedServer(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
        stopping = threading.Event()
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                if stopping.is_set():
                    connection.close()
                    return
                thread = threading.Thread(target=_serve, args=(connection, reply, server, tls, stopping))
                thread.start()
                threads.append(thread)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            stopping.set()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            acceptor.join(timeout=10)
            for thread in threads:
                thread.join(timeout=10)


def _serve(
    connection: socket.socket,
    reply: Callable[[Seen], Iterable[object]],
    server: ScriptedServer,
    tls: ssl.SSLContext | None,
    stopping: threading.Event,
) -> None:
    connection.settimeout(10)
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        stack.enter_context(connection)
        if tls:
            connection = stack.enter_context(tls.wrap_socket(connection, server_side=True))
        request = _read_request(connection)
        if request is None:
            return
        server.seen.append(request)
        for step in reply(request):
            if stopping.is_set():
                return
            if step is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if step is FOREVER:
                stopping.wait()
            elif isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, int | float):
                stopping.wait(step)


def _read_request(connection: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    return Seen(method, path, headers)
