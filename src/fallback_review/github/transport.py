"""PyGithub set up for a short job: bounded retries, exact bytes, one connection pool.

Importing this module imports PyGithub, which takes about 0.2 s: import it only where GitHub is spoken to.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from github.GithubException import RateLimitExceededExceedsMaxWait
from github.GithubRetry import GithubRetry
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from requests import ConnectionError as CutError
from requests import TooManyRedirects
from urllib3.connection import HTTPConnection, HTTPSConnection

from fallback_review import __version__
from fallback_review.runtime import ConnectionAdapter, cut
from github import Auth, Github

if TYPE_CHECKING:
    from github.Requester import Requester, RequestsResponse
    from requests import Response
    from urllib3.connectionpool import ConnectionPool
    from urllib3.response import HTTPResponse
    from urllib3.util import Retry

SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
"""Doing these twice is doing them once. POST is not among them: a repeated one posts twice."""
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to put up with GitHub."""

    retries: int = 4
    backoff: float = 1.0
    """Seconds; doubled from the second retry on."""
    longest_wait: float = 90.0
    """A longer wait than this, asked for by a rate limit, ends the attempt."""
    unnamed_wait: float = 60.0
    """What to wait at a secondary limit that names no time (GitHub's documentation asks for a minute)."""
    timeout: int = 30
    """Seconds for a connection, and without a byte; a whole answer gets four times that."""
    between_writes: float = 0.0
    """GitHub asks for a second between writes where there are many of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKey:
    """What a GitHub App proves itself with: good for asking for a token, and for little else."""

    app_id: str
    """Its number or its client id."""
    private_key: str = field(repr=False)
    """PEM."""


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
        """Read an answer's head; the clock goes on for its body.

        An idle connection that is cut after a whole answer is seen as such, and not used again.
        """
        if self.sock is not None and isinstance(self.timeout, int | float):
            self._end = threading.Timer(TIMES * self.timeout, cut, [self.sock])
            self._end.daemon = True
            self._end.start()
        return super().getresponse()


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


class BoundedRetry(GithubRetry):
    """PyGithub's retry, which waits for as long as any Retry-After says and knows no 429."""

    def increment(  # type: ignore[override]  # as in PyGithub, whose response type is narrower than urllib3's
        self,
        method: str | None = None,
        url: str | None = None,
        response: HTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: object = None,
    ) -> Retry:
        """Return the state after one more failure; raise where the wait asked for is too long."""
        if response is not None and self.max_rate_limit_wait is not None:
            wait = self.get_retry_after(response)
            if wait is None and response.status == TOO_MANY_REQUESTS:
                wait = self.secondary_rate_wait
            if wait is not None and wait > self.max_rate_limit_wait:
                response.drain_conn()
                raise RateLimitExceededExceedsMaxWait(
                    response.status, {"message": "rate limited"}, dict(response.headers), wait=wait
                )
        return super().increment(method, url, response, error, _pool)

    def get_backoff_time(self) -> float:
        """Return the seconds to wait where the last answer named none."""
        if self.history and self.history[-1].status == TOO_MANY_REQUESTS:
            return self.secondary_rate_wait
        return super().get_backoff_time()


def _exact(response: RequestsResponse) -> RequestsResponse:
    # PyGithub hands out text only. One character a byte keeps a file's bytes as they are.
    kind = whole(response.response).headers.get("Content-Type", "")
    response.response.encoding = "utf-8" if kind.startswith("application/json") else "latin-1"
    return response


class _Secure(HTTPSRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("https://", ending_adapter(max_retries=self.retry))

    def getresponse(self) -> RequestsResponse:
        return _exact(super().getresponse())


class _Plain(HTTPRequestsConnectionClass):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session.mount("http://", ending_adapter(max_retries=self.retry))

    def getresponse(self) -> RequestsResponse:
        return _exact(super().getresponse())


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """What the client sends requests with."""

    requester: Requester
    connection: _Secure | _Plain


def transport(token: str | AppKey, *, api_url: str, ca_bundle: str | None, patience: Patience) -> Transport:
    """Return the means to speak to the GitHub at `api_url`; nothing is sent yet."""
    retry = BoundedRetry(
        total=patience.retries,
        backoff_factor=patience.backoff,
        backoff_max=patience.longest_wait,
        status_forcelist=[*SERVER_ERRORS, TOO_MANY_REQUESTS],
        allowed_methods=SAFE_TO_REPEAT,
        raise_on_status=False,
        max_rate_limit_wait=patience.longest_wait,
        secondary_rate_wait=patience.unnamed_wait,
    )
    verify: bool | str = ca_bundle or True
    github = Github(
        auth=_auth(token),
        base_url=api_url,
        timeout=patience.timeout,
        user_agent=f"fallback-review/{__version__}",
        per_page=100,
        verify=verify,
        retry=retry,
        seconds_between_requests=None,
        seconds_between_writes=patience.between_writes or None,
    )
    address = urlsplit(api_url)
    kind = _Secure if address.scheme == "https" else _Plain
    connection = kind(
        address.hostname or "", address.port, retry=retry, timeout=patience.timeout, verify=verify
    )
    return Transport(requester=github.requester, connection=connection)


def _auth(token: str | AppKey) -> Auth.Auth:
    if isinstance(token, str):
        return Auth.Token(token)
    return Auth.AppAuth(token.app_id, token.private_key)
