"""Many HTTP requests at once, in one thread: libcurl's multi interface.

Threads that wait for answers and take turns at Python's lock cost more than all else of a request: a thousand
pages of 95 kB took 1.5 s of processor time with 32 threads and urllib3, 0.2 s so.
"""

from __future__ import annotations

import logging
import re
import select
import time
from http import HTTPStatus
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pycurl
from msgspec import Struct
from msgspec.structs import replace

from fallback_review.index.errors import NOT_HTTP, QuestionError, transfer_error
from fallback_review.index.unpacking import PackedError, TooMuchError, Unpacker
from fallback_review.model import Cause
from fallback_review.runtime.request_logs import ANSWERED, FAILED, INDEXES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from fallback_review.index.deadline import Question
    from fallback_review.index.routes import Route

Key = TypeVar("Key")
Value = TypeVar("Value")

MEGABYTE = 1024 * 1024
_NOT_UNPACKED = "its compressed answer cannot be unpacked"
_MOST_BYTES_OF_AN_ERROR = 64 * 1024
_TICK = 0.1
"""Seconds between two looks at what is overdue, or to be stopped."""
_NO_SOCKET = 0.005
"""Seconds until libcurl is called again while it has nothing to wait for, as while a name is looked up."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_STATUS = re.compile(rb"http/\S*\s+(\d)", re.IGNORECASE)
"""A status line, as leniently as libcurl reads it."""
_OF_ALL_HOSTS = 4
"""How many times the connections of one host are kept: an index may send on to others."""
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
    pycurl.DNS_CACHE_TIMEOUT: _SECONDS_OF_NAMES,
}


class Exchange(Struct, frozen=True, kw_only=True):
    """A GET that is to be sent."""

    url: str
    """An http or https URL of ASCII characters, without user name and password."""
    headers: Mapping[str, str]
    route: Route
    connect: float
    """Seconds for a connection."""
    silence: float
    """Seconds without a byte."""
    question: Question
    """The time for this and all else of the same conversation."""
    most_bytes: int
    """Of a good answer, counted after decompression while it arrives."""
    into: IO[bytes] | None
    """Where a good answer's body goes, instead of into memory."""


class Pause(Struct, frozen=True):
    """A conversation waits before it goes on."""

    seconds: float
    question: Question


class Response(Struct, frozen=True, kw_only=True):
    """An answer. A redirect is one too; only of success is the whole body read."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what was told several times is joined by commas (RFC 9110, 5.3)."""
    body: bytes
    """Unpacked."""
    delimited: bool
    """Whether HTTP itself shows that the body is complete (a length or chunks)."""
    retry_after: int
    """Seconds, of Retry-After (a number or a date); 0 where nothing legible is told."""

    @property
    def location(self) -> str | None:
        """Where a redirect leads; None for another answer. Raises `ValueError` for one in no UTF-8."""
        target = self.headers.get("location") if self.status in _REDIRECTS else None
        return target and target.encode("latin-1").decode()


if TYPE_CHECKING:
    Conversation = Generator[Exchange | Pause, Response | None, Value]
    """Says what to send, is given each answer (`QuestionError` is thrown in where there is none), and returns
    what became of it."""


class Transfers:
    """Connections, kept between uses; one thread at a time uses them."""

    def __init__(self, connections: int, stopped: Callable[[], bool]) -> None:
        """Make none yet.

        Args:
            connections: How many to one host are kept.
            stopped: Whether all is to end; asked ten times a second.
        """
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _OF_ALL_HOSTS * connections)
        self._stopped = stopped
        self._idle: list[_Transfer] = []
        self._under_way: dict[pycurl.Curl, _Transfer] = {}
        self._pausing: dict[_Talk, tuple[float, Question]] = {}
        self._ended: list[_Talk] = []

    def close(self) -> None:
        """Close the connections."""
        for transfer in self._idle:
            transfer.curl.close()
        self._multi.close()

    def hold(
        self, conversations: Iterator[tuple[Key, Conversation[Value]]], *, at_once: int, until: float
    ) -> Iterator[tuple[Key, Value | QuestionError]]:
        """Hold conversations side by side; yield what became of each as it ends.

        Whatever has room is sent before the caller is given an outcome, so that servers work while it does.

        Args:
            conversations: With what the caller knows them by; taken one by one, when there is room.
            at_once: How many there is room for.
            until: The `time.monotonic` at which to end, even if not all is done.
        """
        next_look = 0.0
        try:
            while not self._stopped() and time.monotonic() < until:
                ready, self._ended = self._ended, []
                while self._held() < at_once and (begun := next(conversations, None)):
                    self._go_on(_Talk(*begun))
                self._multi.perform()
                if (now := time.monotonic()) >= next_look:
                    next_look = now + _TICK
                    self._end_what_is_overdue()
                for talk in ready:
                    yield talk.key, talk.outcome
                    if time.monotonic() >= next_look:  # The caller takes its time; servers shall not notice.
                        next_look = time.monotonic() + _TICK
                        self._multi.perform()
                        self._take_what_arrived()
                self._take_what_arrived()
                self._resume()
                if not self._ended and not self._wait():
                    return
        finally:
            for transfer in tuple(self._under_way.values()):
                self._end(transfer)
            self._pausing.clear()
            self._ended.clear()

    def _held(self) -> int:
        return len(self._under_way) + len(self._pausing) + len(self._ended)

    def _go_on(
        self, talk: _Talk, response: Response | None = None, error: QuestionError | None = None
    ) -> None:
        """Give a conversation what it waits for, and do what it says next."""
        try:
            step = talk.conversation.throw(error) if error else talk.conversation.send(response)
        except StopIteration as end:
            self._ended.append(replace(talk, outcome=end.value))
        except QuestionError as failed:
            self._ended.append(replace(talk, outcome=failed))
        else:
            if isinstance(step, Pause):
                self._pausing[talk] = time.monotonic() + step.seconds, step.question
            else:
                self._send(talk, step)

    def _send(self, talk: _Talk, exchange: Exchange) -> None:
        transfer = self._idle.pop() if self._idle else _Transfer()
        try:
            transfer.prepare(talk, exchange)
        except ValueError as error:  # Something that libcurl can't be told, as text with a zero byte.
            self._idle.append(transfer)
            self._go_on(talk, error=QuestionError(f"the request failed ({type(error).__name__})"))
            return
        self._under_way[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)

    def _end(self, transfer: _Transfer) -> _Talk:
        """End a transfer; where its answer is not complete, its connection is closed."""
        self._multi.remove_handle(transfer.curl)
        del self._under_way[transfer.curl]
        transfer.forget()
        self._idle.append(transfer)
        return transfer.talk

    def _take_what_arrived(self) -> None:
        left = 1
        while left:
            left, good, bad = self._multi.info_read()
            for curl, code, text in [*((curl, pycurl.E_OK, "") for curl in good), *bad]:
                transfer = self._under_way[curl]
                response, error = transfer.outcome(code, text)
                self._go_on(self._end(transfer), response, error)

    def _end_what_is_overdue(self) -> None:
        for transfer in tuple(self._under_way.values()):
            if transfer.overdue():
                self._go_on(self._end(transfer), error=QuestionError("no answer in time", passing=True))
        for talk, (_, question) in tuple(self._pausing.items()):
            if not question.remaining:
                del self._pausing[talk]
                self._go_on(talk, error=QuestionError("the check was stopped"))

    def _resume(self) -> None:
        now = time.monotonic()
        for talk, (resumes, _) in tuple(self._pausing.items()):
            if resumes <= now:
                del self._pausing[talk]
                self._go_on(talk)

    def _wait(self) -> bool:
        """Wait until something may have changed; return whether there is anything to wait for."""
        if not (self._under_way or self._pausing):
            return False
        now, told = time.monotonic(), self._multi.timeout()
        seconds = min([_TICK, *(max(resumes - now, 0) for resumes, _ in self._pausing.values())])
        seconds = min(seconds, told / 1000) if told >= 0 else seconds
        reading, writing, _ = self._multi.fdset()
        if reading or writing:
            select.select(reading, writing, [], seconds)
        else:
            time.sleep(min(seconds, _NO_SOCKET) if self._under_way else seconds)
        return True


class _Talk(Struct, frozen=True, eq=False):
    """A conversation that is held, and what became of it."""

    key: Any
    conversation: Conversation[Any]
    outcome: Any = None


class _Transfer:
    """A handle of libcurl, used again and again, and what arrives through it."""

    talk: _Talk
    _exchange: Exchange

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self._route: Route | None = None

    def prepare(self, talk: _Talk, exchange: Exchange) -> None:
        """Set it up for a request; nothing is sent yet."""
        self.talk, self._exchange = talk, exchange
        if exchange.route is not self._route:
            self._take(exchange.route)
        for option, value in (
            (pycurl.URL, exchange.url),
            # What a page's headers said comes back as it was read: http.client's way, in Latin-1.
            (
                pycurl.HTTPHEADER,
                [f"{key}: {value}".encode("latin-1") for key, value in exchange.headers.items()],
            ),
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
        if self._fault is not None:
            # Of what is no success, the beginning is enough.
            error = self._why() if self._good or isinstance(self._fault, OSError) else None
        elif code != pycurl.E_OK:
            errno, proxied = self.curl.getinfo(pycurl.OS_ERRNO), self._exchange.route.proxied
            error = transfer_error(code, text, errno=errno, proxied=proxied, tunnel=tunnel)
        elif self._good and self._unpacker and not self._unpacker.complete:
            error = QuestionError(_NOT_UNPACKED, cause=Cause.MALFORMED_INDEX)
        elif self._good is not (HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES):
            error = QuestionError(NOT_HTTP)
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
        return Response(
            status=status,
            headers=headers,
            body=self._memory.getvalue(),
            # Of a length that it can't read, libcurl says that there is none.
            delimited=chunked or self.curl.getinfo(pycurl.CONTENT_LENGTH_DOWNLOAD_T) >= 0,
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
        target = parts._replace(scheme="", netloc="").geturl()
        where = parts.scheme, parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        if error is None:
            INDEXES.debug(ANSWERED, *where, port, "GET", target, "HTTP/1.1", status, self._arrived)
        else:
            INDEXES.debug(FAILED, *where, port, "GET", target, error.words)

    def _take(self, route: Route) -> None:
        """Forget what was set for another way."""
        self.curl.reset()
        for option, value in {**_ALWAYS, **route.options}.items():
            self.curl.setopt(option, value)
        if pycurl.CAPATH in route.options:
            self.curl.unsetopt(pycurl.CAINFO)
            self.curl.unsetopt(pycurl.PROXY_CAINFO)
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
        key, value = name.strip().lower(), value.strip()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
