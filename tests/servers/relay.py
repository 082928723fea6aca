"""What an organisation puts between a client and a server: TLS of its own authority, and a proxy."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.certificates import Certificates


@contextmanager
def tls(port: int, certificates: Certificates) -> Iterator[int]:
    """Listen with TLS and pass everything on to `port` of this machine; give the port listened on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as client:
            _pass_on(client, port)

    with _listening(serve) as own:
        yield own


@contextmanager
def proxy(port: int) -> Iterator[tuple[int, list[str]]]:
    """Listen as an HTTP proxy whose every tunnel ends at `port`; give its own port and the heads of requests."""
    asked: list[str] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            asked.append(head.decode())
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pass_on(connection, port)

    with _listening(serve) as own:
        yield own, asked


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    threads: list[threading.Thread] = []

    def quietly(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # a client that trusts nobody hangs up
            serve(connection)
        connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            threads.append(threading.Thread(target=quietly, args=(connection,), daemon=True))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(timeout=10)
            for thread in threads:
                thread.join(timeout=10)


def _pass_on(client: socket.socket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as server:
        while True:
            pending = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if pending else select.select([client, server], [], [], 10)[0]
            if not ready:
                return
            for source in ready:
                data = source.recv(65_536)
                if not data:
                    return
                (server if source is client else client).sendall(data)
