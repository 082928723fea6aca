"""A hard end for each of GitHub's answers: a socket's time-out starts anew with every byte that drips in."""

from __future__ import annotations

import contextlib
import socket
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from requests import ConnectionError as CutError
from requests import TooManyRedirects
from urllib3.connection import HTTPConnection, HTTPSConnection

from fallback_review.runtime import ConnectionAdapter

if TYPE_CHECKING:
    from requests import Response

TIMES = 4
"""How many time-outs long one whole answer may take, from the end of the request."""

_ELSEWHERE = frozenset(
    {
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


class _Ending(HTTPConnection):
    """A connection that is cut where an answer does not end."""

    _end: threading.Timer | None = None

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request: the answer before has ended in time."""
        if self._end is not None:
            self._end.cancel()
        super().putrequest(*args, **kwargs)

    def getresponse(self) -> Any:
        """Read an answer's head; the clock goes on for its body."""
        if self.sock is not None and isinstance(self.timeout, int | float):
            self._end = threading.Timer(TIMES * self.timeout, _cut, [self.sock])
            self._end.daemon = True
            self._end.start()
        return super().getresponse()


def _cut(connected: socket.socket) -> None:
    """Wake whoever reads. An idle connection that is cut is seen as such, and not used again."""
    with contextlib.suppress(OSError):
        # Not SSLSocket.shutdown, which takes the TLS state from under the thread that is reading.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _EndingTls(_Ending, HTTPSConnection):
    """The same over TLS."""


def ending_adapter(**options: Any) -> ConnectionAdapter:
    """Return an adapter of requests whose answers end; `options` are those of `HTTPAdapter`."""
    return ConnectionAdapter(_Ending, _EndingTls, **options)


def whole(response: Response) -> Response:
    """Return an answer that HTTP itself shows to be complete, and that is one.

    A connection that ends among the headers looks like an answer without a body: an empty lockfile, say.
    GitHub gives every body a length or chunks. What moved for good (301) is followed by PyGithub; nothing
    that we ask for is elsewhere for the moment, so another redirect is a proxy's. Raises requests' errors.
    """
    if response.status_code in _ELSEWHERE:
        raise TooManyRedirects("the answer is a redirect")
    delimited = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    if response.ok and response.status_code != HTTPStatus.NO_CONTENT and not delimited:
        raise CutError("the answer was cut off among its headers")
    return response
