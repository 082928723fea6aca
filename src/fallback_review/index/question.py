"""A hard end for one question, whatever the server does.

A socket's time-out starts anew with every byte, so a server that drips one byte a second holds a thread for
as long as it likes. Each connection therefore tells the question of its thread that it is in use, and the
thread that waits for the answers cuts those that are overdue.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class Question:
    """The time that one question may take, and the connection that it uses now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._connection: HTTPConnection | None = None
        self._lock = threading.Lock()

    @property
    def remaining(self) -> float:
        """Seconds left; 0 when it is overdue."""
        return max(0.0, self._end - time.monotonic())

    def uses(self, connection: HTTPConnection | None) -> None:
        """Note the connection in use (None: no longer any)."""
        with self._lock:
            self._connection = connection

    def cut(self) -> None:
        """End the question now: a thread that waits for its server wakes up with an error."""
        with self._lock:
            self._end = 0.0
            if self._connection is not None and self._connection.sock is not None:
                # Not SSLSocket.shutdown, which takes the TLS state from under the thread that is reading.
                with contextlib.suppress(OSError, TypeError):
                    socket.socket.shutdown(self._connection.sock, socket.SHUT_RDWR)


CURRENT: ContextVar[Question] = ContextVar("question")
"""The question that this thread is asking."""


class _Connection(HTTPConnection):
    def connect(self) -> None:
        CURRENT.get().uses(self)
        super().connect()

    def getresponse(self) -> Any:
        CURRENT.get().uses(self)
        return super().getresponse()


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        CURRENT.get().uses(self)
        super().connect()

    def getresponse(self) -> Any:
        CURRENT.get().uses(self)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class QuestionAdapter(HTTPAdapter):
    """An adapter of requests whose connections can be cut, directly and through proxies."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make or find the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
