"""A hard end for one question, whatever the server does.

Each connection tells the question of its thread that it is in use, and the thread that waits for the answers
cuts those that are overdue.
"""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from fallback_review.runtime.connections import cut


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
        """Note the connection in use (None: no longer any); where the time is over, it ends at once."""
        with self._lock:
            self._connection = connection
            if not self.remaining:
                self._shut()

    def cut(self) -> None:
        """End the question now: a thread that waits for its server wakes up with an error."""
        with self._lock:
            self._end = 0.0
            self._shut()

    def _shut(self) -> None:
        if self._connection is not None and self._connection.sock is not None:
            cut(self._connection.sock)


CURRENT: ContextVar[Question] = ContextVar("question")
"""The question that this thread is asking."""


class Asking(HTTPConnection):
    """A connection that tells its thread's question that it is in use."""

    def connect(self) -> None:
        """Connect, in the question's time."""
        CURRENT.get().uses(self)
        super().connect()

    def getresponse(self) -> Any:
        """Read an answer, in the question's time."""
        CURRENT.get().uses(self)
        return super().getresponse()


class AskingTls(Asking, HTTPSConnection):
    """The same over TLS."""
