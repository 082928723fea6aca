"""Requests to one GitHub: its credentials, its redirects, and an end for every answer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from msgspec import Struct
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from fallback_review import __version__
from fallback_review.runtime.connections import cut, pools_of

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMES = 4
"""How many time-outs long one whole answer may take, from the end of the request."""
MOST_REDIRECTS = 3
_MOVED = frozenset(
    {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
)
"""Redirects whose target takes the same request.

Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""
_ELSEWHERE = frozenset({HTTPStatus.FOUND, HTTPStatus.SEE_OTHER})
"""Nothing that we ask for lies elsewhere for the moment: such a redirect is a proxy's."""
_JWT_LIFE = 540
"""Seconds that an App's proof holds; GitHub takes ten minutes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKey:
    """What a GitHub App proves itself with: good for asking for a token, and for little else."""

    app_id: str
    """Its number or its client id."""
    private_key: str = field(repr=False)
    """PEM."""

    def proof(self) -> str:
        """Return a signed statement that GitHub takes for the next minutes.

        Raises jwt's `PyJWTError`, `ValueError` or `TypeError` where the key is none.
        Source: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
        """
        import jwt  # noqa: PLC0415 - it brings a cryptographic library, which only Apps need

        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + _JWT_LIFE, "iss": self.app_id}
        return jwt.encode(claims, self.private_key, algorithm="RS256")


class Answered(Struct, frozen=True, kw_only=True):
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LeftGitHub(requests.RequestException):
    """A redirect leads to another host, which gets neither the request nor the token."""


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


class _Adapter(HTTPAdapter):
    """Connects by these classes, directly and through proxies."""

    _POOLS = pools_of(_Ending, _EndingTls)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make or find the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._POOLS
        return manager


class Transport:
    """One session with the GitHub at `api_url`; nothing is sent until it is asked for.

    The token goes to the origins of `api_url` and `graphql_url` and to nobody else. Proxies are those of the
    environment; a netrc file is not looked at. Several threads may send at once.
    """

    def __init__(
        self, token: str | AppKey, *, api_url: str, graphql_url: str, ca_bundle: str | None, timeout: float
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._origins = frozenset(map(_origin, (api_url, graphql_url)))
        self._timeout = timeout
        self._verify = ca_bundle or True
        secret = token if isinstance(token, str) else token.proof()
        self._session = requests.Session()
        self._session.auth = _Authorized(f"Bearer {secret}")
        self._session.headers["User-Agent"] = f"fallback-review/{__version__}"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Adapter())

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def send(
        self,
        verb: str,
        path: str,
        *,
        headers: Mapping[str, str],
        parameters: Mapping[str, str | int] | None = None,
        body: Any = None,
        timeout: float | None = None,
    ) -> Answered:
        """Send one request to a path of the API, or to a whole address, and return the answer, of any status.

        Raises requests' `RequestException`, `LeftGitHub` among them, and `OSError` for a bundle of
        certificates that is not there.
        """
        url = path if "://" in path else f"{self._api_url}{path}"
        for _ in range(MOST_REDIRECTS + 1):
            if _origin(url) not in self._origins:
                raise LeftGitHub("a redirect to another host")
            response = self._session.request(
                verb,
                url,
                params=parameters,
                headers=headers,
                json=body,
                timeout=timeout or self._timeout,
                verify=self._verify,  # for each request: the session's own yields to the environment's
                allow_redirects=False,
            )
            target = response.headers.get("Location")
            if response.status_code not in _MOVED or target is None:
                return _whole(response)
            url, parameters = urljoin(str(response.url), target), None
        raise requests.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects")


class _Authorized(requests.auth.AuthBase):
    """Sets the header; that there is any keeps requests from looking into a netrc file."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, host and port; None for what is no address."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None


def _whole(response: Response) -> Answered:
    """Return an answer that HTTP itself shows to be complete, and that is one.

    A connection that ends among the headers looks like an answer without a body: an empty lockfile, say.
    GitHub gives every body a length or chunks.
    """
    if response.status_code in _ELSEWHERE:
        raise requests.TooManyRedirects("the answer is a redirect")
    delimited = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    if response.ok and response.status_code != HTTPStatus.NO_CONTENT and not delimited:
        raise requests.ConnectionError("the answer was cut off among its headers")
    return Answered(status=response.status_code, headers=response.headers, body=response.content)
