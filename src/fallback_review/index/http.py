"""One HTTP question to one index: who gets credentials, how often, how long and how much."""

from __future__ import annotations

import math
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import quote, urljoin

from msgspec import Struct

from fallback_review import __version__
from fallback_review.index.conversations import MEGABYTE, Exchange, Pause
from fallback_review.index.deadline import Question
from fallback_review.index.errors import QuestionError
from fallback_review.index.origins import WebOrigin, bare, origin_of, sendable
from fallback_review.index.routes import Routes
from fallback_review.index.transfers import Transfers
from fallback_review.runtime.pauses import pauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.index.conversations import Conversation, Response
    from fallback_review.index.credentials import Credentials
    from fallback_review.index.page_cache import Page, PageCache, Visit

Key = TypeVar("Key")

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.01"
"""JSON where there is a choice (PEP 691)."""
MOST_REDIRECTS = 5
_PASSING = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE = 30


class Fetched(Struct, frozen=True, kw_only=True):
    """A complete HTTP answer."""

    status: int
    url: str
    """Where it came from in the end, after redirects."""
    content_type: str
    body: bytes
    authenticated: bool
    """Whether credentials went with the question that got this answer."""
    delimited: bool = True
    """Whether HTTP itself shows that the body is complete (a length or chunks)."""
    content_range: str = ""
    """Which part of the file the body is (RFC 9110, 14.4); empty for a whole file."""

    @property
    def host(self) -> str:
        """The host that answered, for people."""
        return str(origin_of(self.url))


class Limits(Struct, frozen=True, kw_only=True):
    """How patient a client is."""

    connect: float = 10.0
    """Seconds for one connection."""
    read: float = 30.0
    """Seconds without a byte."""
    question: float = 60.0
    """Seconds for one question with all its redirects and repetitions, however lively the server is."""
    total: float = 600.0
    """Seconds for everything that is asked at once."""
    retries: int = 3
    backoff: float = 0.5
    """Seconds before the first repetition; doubled for each further one, less up to half of it by chance."""
    most_bytes: int = 64 * MEGABYTE
    """Of one answer, counted after decompression, while it arrives; no project detail is larger."""


class _Request(Struct, frozen=True):
    url: str
    headers: Mapping[str, str]
    into: IO[bytes] | None

    @property
    def partial(self) -> bool:
        """Whether it is for a file or a part of one, rather than for a page."""
        return bool(self.headers) or self.into is not None


class Wire:
    """One session with an index.

    Credentials go to the index's own scheme, host and port and nowhere else: a redirect that leaves them is
    followed without, and stays without even if it leads back. Cookies are refused. The netrc file is
    not read here (`credentials_for` does), so that no other host can be given what it says.
    """

    def __init__(
        self,
        origin: WebOrigin,
        credentials: Credentials | None,
        *,
        connections: int,
        limits: Limits,
        ca_bundle: str | None,
        environ: Mapping[str, str],
        accept: str = ACCEPT,
        cache: PageCache | None = None,
    ) -> None:
        self._origin = origin
        self._cache = cache
        self._limits = limits
        self._connections = connections
        self._routes = Routes(environ, ca_bundle=ca_bundle)
        self._headers = {
            "User-Agent": f"fallback-review/{__version__}",
            "Accept": accept,
            "Accept-Encoding": "gzip, deflate",
        }
        self._credentials = {"Authorization": f"Basic {_basic(credentials)}"} if credentials else {}
        self._secrets = _secrets(credentials)
        self._stopped = threading.Event()
        self._not_before = 0.0
        self._idle: list[Transfers] = []
        self._lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Whether it asks nothing any more."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End what other threads are asking, within a tenth of a second. For good."""
        self._stopped.set()

    def close(self) -> None:
        """Stop, and close the connections that nobody uses; the others are closed by who uses them."""
        self.stop()
        with self._lock:
            idle, self._idle = self._idle, []
        for transfers in idle:
            transfers.close()

    def get_all(
        self, urls: Iterable[tuple[Key, str]], *, until: float
    ) -> Iterator[tuple[Key, Fetched | QuestionError]]:
        """Ask for pages side by side; yield each answer, or why there is none, as it arrives.

        Args:
            urls: What to ask for, with what the caller knows each by; taken one by one, when there is room.
            until: The `time.monotonic` at which to end, even if not all is answered. So does `stop`.
        """
        conversations = (
            (key, self._patiently(_Request(url, {}, None), Question(self._limits.question)))
            for key, url in urls
        )
        with self._transfers() as transfers:
            yield from transfers.hold(conversations, at_once=self._connections, until=until)

    def get(
        self,
        url: str,
        question: Question,
        *,
        headers: Mapping[str, str],
        into: IO[bytes] | None = None,
    ) -> Fetched:
        """Return the answer to a GET for a file, repeated where that may help; else raise `QuestionError`.

        Args:
            url: What to ask for.
            question: The time that it may take.
            headers: Further ones of the request.
            into: Where a good answer's body goes, instead of into memory.
        """
        conversation = self._patiently(_Request(url, headers, into), question)
        with self._transfers() as transfers:
            for _, outcome in transfers.hold(iter([(url, conversation)]), at_once=1, until=math.inf):
                if isinstance(outcome, QuestionError):
                    raise outcome
                return outcome
        raise QuestionError("the check was stopped")

    @contextmanager
    def _transfers(self) -> Iterator[Transfers]:
        """Give connections that no other thread uses, while the context lasts."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        transfers = idle or Transfers(self._connections, self._stopped.is_set)
        try:
            yield transfers
        finally:
            with self._lock:
                kept = not self.stopped
                if kept:
                    self._idle.append(transfers)
            if not kept:
                transfers.close()

    def _patiently(self, request: _Request, question: Question) -> Conversation[Fetched]:
        for pause in pauses(self._limits.retries, self._limits.backoff):
            yield from self._pause(self._not_before - time.monotonic(), question)
            try:
                fetched, asked_pause = yield from self._follow(request, question)
            except QuestionError as error:
                if pause is None or not error.passing:
                    raise
                asked_pause = None
            else:
                if pause is None or fetched.status not in _PASSING:
                    return fetched
            if asked_pause is None:
                asked_pause = pause
            else:
                # The server speaks to all questions at once, so all of them wait.
                self._not_before = max(self._not_before, time.monotonic() + asked_pause)
            yield from self._pause(asked_pause, question)
        raise AssertionError("the last repetition returns or raises")  # pragma: no cover - for mypy

    def _pause(self, seconds: float, question: Question) -> Conversation[None]:
        if seconds >= question.remaining:
            raise QuestionError(f"it asks to wait longer than the limit of {question.seconds:g} s")
        if seconds > 0:
            yield Pause(seconds, question)

    def _follow(self, request: _Request, question: Question) -> Conversation[tuple[Fetched, float | None]]:
        """Ask once, through redirects; return the answer and the pause that the server asks for."""
        try:
            found = yield from self._follow_redirects(request, question)
        except ValueError as error:
            raise QuestionError(f"the request failed ({type(error).__name__})") from error
        except QuestionError:
            if question.remaining:
                raise
        else:
            if question.remaining:
                return found
        raise QuestionError(f"no complete answer within {question.seconds:g} s")

    def _follow_redirects(
        self, asked_for: _Request, question: Question
    ) -> Conversation[tuple[Fetched, float | None]]:
        trusted, url, cache = True, asked_for.url, None if asked_for.partial else self._cache
        for _ in range(MOST_REDIRECTS + 1):
            asked = sendable(bare(url))
            origin = origin_of(asked)
            trusted = trusted and origin == self._origin
            sent = self._credentials if trusted else {}
            headers = {**self._headers, **sent, **asked_for.headers}
            visit = cache and cache.visit(asked, headers)
            headers.update(visit.conditions if visit else {})
            response = yield Exchange(
                url=asked,
                headers=headers,
                route=self._routes.towards(origin),
                connect=self._limits.connect,
                silence=self._limits.read,
                question=question,
                most_bytes=self._limits.most_bytes,
                into=asked_for.into,
            )
            if response is None:  # pragma: no cover - for mypy: an exchange is given an answer, or an error
                raise AssertionError
            if visit and visit.conditions and response.status == HTTPStatus.NOT_MODIFIED:
                page = visit.confirmed(response.headers)
                if page:
                    return _confirmed(page, asked, bool(sent)), None
                cache = None  # It confirms something else: ask for the page itself.
                continue
            target = response.location
            if not target:
                fetched = _fetched(response, asked, bool(sent))
                if visit and question.remaining:
                    self._keep(visit, fetched, response)
                return fetched, min(response.retry_after, _LONGEST_PAUSE) or None
            url = _checked(urljoin(asked, target), asked)
        raise QuestionError(f"it redirects more than {MOST_REDIRECTS} times")

    def _keep(self, visit: Visit, fetched: Fetched, response: Response) -> None:
        if fetched.status == HTTPStatus.OK and fetched.delimited:
            visit.keep(response.headers, fetched.body, self._secrets)


def _basic(credentials: Credentials) -> str:
    """Return what HTTP Basic sends (RFC 7617, in UTF-8)."""
    pair = f"{credentials.username}:{credentials.password}"
    # A variable of the environment may hold any bytes.
    return b64encode(pair.encode(errors="surrogateescape")).decode()


def _secrets(credentials: Credentials | None) -> tuple[bytes, ...]:
    """Return the forms in which a page could repeat a password."""
    if credentials is None or not credentials.password:
        return ()
    password = credentials.password
    plain = password.encode(errors="surrogateescape")
    return plain, quote(plain, safe="").encode(), _basic(credentials).encode()


def _confirmed(page: Page, url: str, authenticated: bool) -> Fetched:
    return Fetched(
        status=HTTPStatus.OK,
        url=url,
        content_type=page.content_type,
        body=page.body,
        authenticated=authenticated,
    )


def _fetched(response: Response, url: str, authenticated: bool) -> Fetched:
    return Fetched(
        status=response.status,
        url=url,
        content_type=response.headers.get("content-type", ""),
        body=response.body,
        authenticated=authenticated,
        delimited=response.delimited,
        content_range=response.headers.get("content-range", ""),
    )


def _checked(target: str, asked: str) -> str:
    """Return a redirect's target; raise `QuestionError` where it leaves the web or gives up TLS."""
    try:
        there = origin_of(target)
    except ValueError:
        raise QuestionError("it redirects to something that is not an http or https URL") from None
    if there.scheme == "http" and origin_of(asked).scheme == "https":
        raise QuestionError("it redirects from https to http, which is not followed")
    return target
