"""One HTTP question to one index: who gets credentials, how often, how long and how much."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from http import HTTPStatus
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, urljoin

from msgspec import Struct
from urllib3 import Retry, Timeout
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import make_headers, parse_url

from fallback_review import __version__
from fallback_review.index.deadline import CURRENT, Question
from fallback_review.index.errors import QuestionError, question_error
from fallback_review.index.origins import WebOrigin, bare, origin_of
from fallback_review.index.pools import Pools
from fallback_review.model import Cause
from fallback_review.runtime.connections import pauses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse

    from fallback_review.index.credentials import Credentials
    from fallback_review.index.page_cache import Page, PageCache, Visit

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.01"
"""JSON where there is a choice (PEP 691)."""
MEGABYTE = 1024 * 1024
MOST_REDIRECTS = 5
_MOST_BYTES_OF_AN_ERROR = 64 * 1024
_CHUNK = 64 * 1024
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
        self._pools = Pools(environ, connections=connections, ca_bundle=ca_bundle)
        self._headers = {
            "User-Agent": f"fallback-review/{__version__}",
            "Accept": accept,
            "Accept-Encoding": make_headers(accept_encoding=True)["accept-encoding"],
        }
        self._credentials = {"Authorization": f"Basic {_basic(credentials)}"} if credentials else {}
        self._secrets = _secrets(credentials)
        self._stopped = threading.Event()
        self._not_before = 0.0

    def close(self) -> None:
        """Close the connections and wake every thread that pauses."""
        self._stopped.set()
        self._pools.close()

    def get(
        self,
        url: str,
        question: Question,
        *,
        headers: Mapping[str, str] | None = None,
        into: IO[bytes] | None = None,
    ) -> Fetched:
        """Return the answer to a GET of `url`, repeated where that may help; else raise `QuestionError`.

        Args:
            url: What to ask for.
            question: The time that it may take.
            headers: Further ones of the request.
            into: Where a good answer's body goes, instead of into memory.
        """
        token = CURRENT.set(question)
        try:
            return self._patiently(_Request(url, headers or {}, into), question)
        finally:
            question.uses(None)
            CURRENT.reset(token)

    def _patiently(self, request: _Request, question: Question) -> Fetched:
        for pause in pauses(self._limits.retries, self._limits.backoff):
            self._pause(self._not_before - time.monotonic(), question)
            try:
                fetched, asked_pause = self._follow(request, question)
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
                # The server speaks to all threads at once, so all of them wait.
                self._not_before = max(self._not_before, time.monotonic() + asked_pause)
            self._pause(asked_pause, question)
        raise AssertionError("the last repetition returns or raises")  # pragma: no cover - for mypy

    def _pause(self, seconds: float, question: Question) -> None:
        if seconds <= 0:
            return
        if seconds >= question.remaining:
            raise QuestionError(f"it asks to wait longer than the limit of {question.seconds:g} s")
        if self._stopped.wait(seconds):
            raise QuestionError("the check was stopped")

    def _follow(self, request: _Request, question: Question) -> tuple[Fetched, float | None]:
        """Ask once, through redirects; return the answer and the pause that the server asks for."""
        try:
            found = self._follow_redirects(request, question)
        except (HTTPError, OSError, ValueError) as error:
            if question.remaining:
                raise question_error(error) from error
        else:
            # A connection that was cut among the headers looks like one that ended well.
            if question.remaining:
                return found
        raise QuestionError(f"no complete answer within {question.seconds:g} s")

    def _follow_redirects(self, asked_for: _Request, question: Question) -> tuple[Fetched, float | None]:
        trusted, url, cache = True, asked_for.url, None if asked_for.partial else self._cache
        for _ in range(MOST_REDIRECTS + 1):
            asked = parse_url(bare(url)).url
            origin = origin_of(asked)
            trusted = trusted and origin == self._origin
            sent = self._credentials if trusted else {}
            headers = {**self._headers, **sent, **asked_for.headers}
            visit = cache and cache.visit(asked, headers)
            headers.update(visit.conditions if visit else {})
            left = max(question.remaining, 0.001)
            timeout = Timeout(connect=min(self._limits.connect, left), read=min(self._limits.read, left))
            with self._pools.get(origin, asked, headers, timeout) as response:
                target = _redirect_target(response)
                body = _body(response, question, self._limits.most_bytes, asked_for.into)
            if visit and visit.conditions and response.status == HTTPStatus.NOT_MODIFIED:
                page = visit.confirmed(response.headers)
                if page:
                    return _confirmed(page, asked, bool(sent)), None
                cache = None  # It confirms something else: ask for the page itself.
                continue
            if not target:
                fetched = _fetched(response, asked, body, bool(sent))
                if visit and question.remaining:
                    self._keep(visit, fetched, response)
                return fetched, _asked_pause(response)
            url = _checked(urljoin(asked, target), asked)
        raise QuestionError(f"it redirects more than {MOST_REDIRECTS} times")

    def _keep(self, visit: Visit, fetched: Fetched, response: BaseHTTPResponse) -> None:
        if fetched.status == HTTPStatus.OK and fetched.delimited:
            visit.keep(response.headers, fetched.body, self._secrets)


def _basic(credentials: Credentials) -> str:
    """Return what HTTP Basic sends (RFC 7617, in UTF-8)."""
    return b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()


def _secrets(credentials: Credentials | None) -> tuple[bytes, ...]:
    """Return the forms in which a page could repeat a password."""
    if credentials is None or not credentials.password:
        return ()
    password = credentials.password
    return password.encode(), quote(password, safe="").encode(), _basic(credentials).encode()


def _confirmed(page: Page, url: str, authenticated: bool) -> Fetched:
    return Fetched(
        status=HTTPStatus.OK,
        url=url,
        content_type=page.content_type,
        body=page.body,
        authenticated=authenticated,
    )


def _fetched(response: BaseHTTPResponse, url: str, body: bytes, authenticated: bool) -> Fetched:
    return Fetched(
        status=response.status,
        url=url,
        content_type=response.headers.get("Content-Type", ""),
        body=body,
        authenticated=authenticated,
        delimited="Content-Length" in response.headers or "Transfer-Encoding" in response.headers,
        content_range=response.headers.get("Content-Range", ""),
    )


def _body(response: BaseHTTPResponse, question: Question, most_bytes: int, into: IO[bytes] | None) -> bytes:
    """Read what arrives, up to the limit; of an error or a redirect only its beginning matters."""
    good = response.status < HTTPStatus.BAD_REQUEST and not response.get_redirect_location()
    limit = most_bytes if good else _MOST_BYTES_OF_AN_ERROR
    body, length = bytearray(), 0
    if into is not None and good:
        into.seek(0)
        into.truncate()
    for chunk in response.stream(_CHUNK, decode_content=True):
        length += len(chunk)
        if into is not None and good:
            into.write(chunk)
        else:
            body += chunk
        if length > limit:
            if limit != most_bytes:
                break
            words = f"its answer is larger than {most_bytes // MEGABYTE} MB"
            raise QuestionError(words, cause=Cause.MALFORMED_INDEX)
        if not question.remaining:
            break
    return bytes(body)


def _redirect_target(response: BaseHTTPResponse) -> str | None:
    """Return where a redirect leads, None for another answer; raise `ValueError` for one in no UTF-8."""
    location = response.get_redirect_location() or None
    # http.client reads every header as Latin-1.
    return location and location.encode("latin-1").decode()


def _checked(target: str, asked: str) -> str:
    """Return a redirect's target; raise `QuestionError` where it leaves the web or gives up TLS."""
    try:
        there = origin_of(target)
    except ValueError:
        raise QuestionError("it redirects to something that is not an http or https URL") from None
    if there.scheme == "http" and origin_of(asked).scheme == "https":
        raise QuestionError("it redirects from https to http, which is not followed")
    return target


def _asked_pause(response: BaseHTTPResponse) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, a number or a date), at most `_LONGEST_PAUSE`."""
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        return min(Retry().parse_retry_after(header), float(_LONGEST_PAUSE))
    except InvalidHeader:
        return None
