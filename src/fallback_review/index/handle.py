"""One of libcurl's handles: what it is told, and what arrives through it."""

from __future__ import annotations

import logging
import re
import time
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pycurl

from fallback_review import __version__
from fallback_review.index.conversations import MEGABYTE, Response
from fallback_review.index.errors import NOT_HTTP, QuestionError, transfer_error
from fallback_review.index.unpacking import PackedError, TooMuchError, Unpacker
from fallback_review.model import Cause
from fallback_review.runtime.request_logs import ANSWERED, FAILED, INDEXES

if TYPE_CHECKING:
    from fallback_review.index.conversations import Exchange
    from fallback_review.index.routes import Route

_NOT_UNPACKED = "its compressed answer cannot be unpacked"
_MOST_BYTES_OF_AN_ERROR = 64 * 1024
_STATUS = re.compile(rb"http/\S*\s+(\d)", re.IGNORECASE)
"""A status line, as leniently as libcurl reads it."""
_LENGTH = pycurl.CONTENT_LENGTH_DOWNLOAD_T
_SECONDS_OF_NAMES = 1
"""How long a looked-up name is kept: whoever repeats a question wants it looked up again."""
_NO_MORE = 0
"""Fewer bytes than libcurl has given: it ends the transfer."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ALWAYS: dict[int, int | str] = {
    pycurl.NOSIGNAL: 1,
    pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.HTTP09_ALLOWED: 0,
    pycurl.FOLLOWLOCATION: 0,
    pycurl.SSL_VERIFYPEER: 1,
    pycurl.SSL_VERIFYHOST: 2,
    pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
    pycurl.BUFFERSIZE: 256 * 1024,
    pycurl.USERAGENT: f"fallback-review/{__version__}",  # What a proxy is told.
    pycurl.DNS_CACHE_TIMEOUT: _SECONDS_OF_NAMES,
}
_AUTHORITIES = (pycurl.CAINFO, pycurl.CAPATH, pycurl.PROXY_CAINFO, pycurl.PROXY_CAPATH)
"""Which libcurl otherwise has from whoever built it."""


class Handle:
    """A handle of libcurl, used again and again, and what arrives through it."""

    _exchange: Exchange

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self._route: Route | None = None

    def prepare(self, exchange: Exchange) -> None:
        """Set it up for a request that is not sent yet; raise an error where that can't be done."""
        self._exchange = exchange
        if exchange.route is not self._route:
            self._take(exchange.route)
        # What a page's headers told goes back as it was read, in Latin-1.
        headers = [f"{key}: {value}".encode("latin-1") for key, value in exchange.headers.items()]
        for option, value in (
            (pycurl.URL, exchange.url),
            (pycurl.HTTPHEADER, headers),
            (pycurl.CONNECTTIMEOUT_MS, max(1, round(1000 * exchange.connect))),
        ):
            self.curl.setopt(option, value)
        if exchange.into is not None:
            exchange.into.seek(0)
            exchange.into.truncate()
        self.forget()
        self._fault: TooMuchError | PackedError | OSError | None = None
        self._heard = 0.0, (0, 0)

    def forget(self) -> None:
        """Let go of what arrived."""
        self._lines: list[bytes] = []
        self._headers: dict[str, str] | None = None
        self._unpacker: Unpacker | None = None
        self._good = False
        self._memory = BytesIO()
        self._arrived = self._length = 0

    def outcome(self, code: int, text: str) -> tuple[Response | None, QuestionError | None]:
        """Return the answer, or why there is none, when libcurl is done (`code` and `text` are its own)."""
        status, tunnel = self.curl.getinfo(pycurl.RESPONSE_CODE), self.curl.getinfo(pycurl.HTTP_CONNECTCODE)
        error = None
        good = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if self._good is not good and (self._fault is not None or code == pycurl.E_OK):
            error = QuestionError(NOT_HTTP)
        elif self._fault is not None:
            # Of what is no success, the beginning is enough.
            error = self._why() if self._good or isinstance(self._fault, OSError) else None
        elif code != pycurl.E_OK:
            errno, proxied = self.curl.getinfo(pycurl.OS_ERRNO), self._exchange.route.proxied
            error = transfer_error(code, text, errno=errno, proxied=proxied, tunnel=tunnel)
        elif self._good and self._unpacker and not self._unpacker.complete:
            error = QuestionError(_NOT_UNPACKED, cause=Cause.MALFORMED_INDEX)
        self._tell(status, error)
        return (None, error) if error else (self._response(status), None)

    def _why(self) -> QuestionError:
        """Say why the body could not be held."""
        if isinstance(self._fault, TooMuchError):
            words = f"its answer is larger than {self._exchange.most_bytes // MEGABYTE} MB"
            return QuestionError(words, cause=Cause.MALFORMED_INDEX)
        if isinstance(self._fault, PackedError):
            return QuestionError(_NOT_UNPACKED, cause=Cause.MALFORMED_INDEX)
        return QuestionError(f"the request failed ({type(self._fault).__name__})")

    def _response(self, status: int) -> Response:
        headers = self._headers if self._headers is not None else _headers(self._lines)
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        # Of a length that it can't read, libcurl says that there is none.
        told = headers.get("content-length", "").isdecimal() and self.curl.getinfo(_LENGTH) >= 0
        return Response(
            status=status,
            headers=headers,
            body=self._memory.getvalue(),
            delimited=chunked or told,
            retry_after=self.curl.getinfo(pycurl.RETRY_AFTER),
        )

    def overdue(self) -> bool:
        """Whether the time is over, or nothing has arrived for too long; to be asked again and again."""
        now = time.monotonic()
        since, before = self._heard
        arrived = len(self._lines), self._length
        # While there is no connection yet, libcurl counts its time.
        if not since or arrived != before or not self.curl.getinfo(pycurl.PRETRANSFER_TIME):
            self._heard = now, arrived
            since = now
        return now - since >= self._exchange.silence or not self._exchange.question.remaining

    def _tell(self, status: int, error: QuestionError | None) -> None:
        if not INDEXES.isEnabledFor(logging.DEBUG):
            return
        parts = urlsplit(self._exchange.url)
        host = parts.hostname or ""
        port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
        # No query, which may carry a signature.
        asked = parts.scheme, f"[{host}]" if ":" in host else host, port, "GET", parts.path
        if error is None:
            INDEXES.debug(ANSWERED, *asked, "HTTP/1.1", status, self._arrived)
        else:
            INDEXES.debug(FAILED, *asked, error.words)

    def _take(self, route: Route) -> None:
        """Forget what was set for another way."""
        self.curl.reset()
        for option in _AUTHORITIES:
            self.curl.unsetopt(option)
        for option, value in {**_ALWAYS, **route.options}.items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._take_body)
        self._route = route

    def _take_header(self, line: bytes) -> None:
        status = None if self._arrived else _STATUS.match(line)
        if status:
            self._lines.clear()  # What came before was of a proxy, or said 100 Continue.
            self._good = status[1] == b"2"
        else:
            self._lines.append(line)

    def _take_body(self, chunk: bytes) -> int | None:
        try:
            self._hold(chunk)
        except (TooMuchError, PackedError, OSError) as fault:
            self._fault = fault
            return _NO_MORE
        return None

    def _hold(self, chunk: bytes) -> None:
        most = self._exchange.most_bytes if self._good else _MOST_BYTES_OF_AN_ERROR
        if not self._arrived:
            self._headers = _headers(self._lines)
            codings = self._headers.get("content-encoding")
            self._unpacker = Unpacker(codings, most) if codings else None
        self._arrived += len(chunk)
        data = self._unpacker.unpack(chunk) if self._unpacker else chunk
        self._length += len(data)
        if self._length > most:
            raise TooMuchError
        into = self._exchange.into if self._good else None
        (self._memory if into is None else into).write(data)


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Return the headers of an answer, without the trailers that may come behind its body."""
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            break
        name, _, value = line.decode("latin-1").partition(":")
        # A name with a blank before the colon is another name, as it is to libcurl.
        key, value = name.lower(), value.strip(" \t\r\n")
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
