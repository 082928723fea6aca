"""Connections: by classes of one's own, cut in time, trusting an organisation's certificates."""

from __future__ import annotations

import contextlib
import socket
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

from fallback_review.runtime.ca_bundle import NO_CERTIFICATE, PEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3.connection import HTTPConnection, HTTPSConnection


def pools_of(plain: type[HTTPConnection], tls: type[HTTPSConnection]) -> dict[str, type[HTTPConnectionPool]]:
    """Return urllib3's pools by scheme, of connections of the given classes, without and with TLS."""
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


def cut(connected: socket.socket) -> None:
    """End a connection whose answer does not end: the thread that reads from it wakes up with an error.

    A socket's time-out starts anew with every byte, so a server that drips one byte a second would hold a
    thread for as long as it likes.
    """
    # Not SSLSocket.shutdown, which takes the TLS state from under the thread that is reading. What is no
    # socket of Python's own (TLS within TLS) is a TypeError.
    with contextlib.suppress(OSError, TypeError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class CertificateError(Exception):
    """There is no usable certificate where one was given; the text says what to do."""


@contextmanager
def trusted(given: str | None, workspace: Path) -> Iterator[str | None]:
    """Give the path of a file with `given` and the usual authorities, while the context lasts; None for None.

    Both, since GitHub may be the organisation's own while an index is the public one, or the reverse.

    Args:
        given: PEM text, or the path of a file with some: relative to the workspace, if not absolute. Without
            a checkout the workspace is empty, so the text may be given.
        workspace: The runner's.

    Raises:
        CertificateError: there is no such file, or no certificate in it.
    """
    if given is None:
        yield None
        return
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - few have authorities of their own

    pem = given if PEM in given else _read(workspace / given, given)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise CertificateError(f"input ca-bundle: {NO_CERTIFICATE}") from None
    with NamedTemporaryFile("w", suffix=".pem", encoding="utf-8") as file:
        file.write(f"{Path(certifi.where()).read_text('utf-8')}\n{pem}\n")
        file.flush()
        yield file.name


def _read(path: Path, given: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        raise CertificateError(
            f"input ca-bundle: there is no readable file {given} in the workspace, which is empty without a "
            "checkout; the certificates themselves (PEM) can be given instead"
        ) from None
