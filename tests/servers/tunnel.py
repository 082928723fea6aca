"""A proxy that connects (RFC 9110, 9.3.6): it passes bytes on, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


@dataclass(slots=True)
class Tunnel:
    """What a test holds of the proxy."""

    url: str
    asked: list[str] = field(default_factory=list)
    """The head of each request that it got, its first line and all headers."""


@contextmanager
def tunnelling(*, tls: ssl.SSLContext | None = None) -> Iterator[Tunnel]:
    """Run a proxy that connects to whatever it is asked for."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        proxy = Tunnel(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_serve, args=(connection, proxy, tls), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(connection: socket.socket, proxy: Tunnel, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        stack.enter_context(connection)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        proxy.asked.append(head.decode("latin-1"))
        host, _, port = head.split()[1].decode().rpartition(":")
        there = stack.enter_context(socket.create_connection((host, int(port))))
        connection.sendall(b"HTTP/1.1 200 Connected\r\nX-Of: the proxy\r\n\r\n")
        back = threading.Thread(target=_pump, args=(there, connection), daemon=True)
        back.start()
        _pump(connection, there)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
