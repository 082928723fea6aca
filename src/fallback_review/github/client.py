"""The one way to GitHub: requests by path, answers as JSON or bytes, trouble as `GitHubError`."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http import HTTPStatus
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Self, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from requests import RequestException
from requests.utils import parse_header_links

from fallback_review.github.errors import APP, JOB, GitHubError, Need, Trouble, graphql_refusal, refusal
from fallback_review.github.transport import AppKey, LeftGitHub, Transport
from fallback_review.runtime.pauses import pauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fallback_review.github.transport import Answered

JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"
API_VERSION = "2022-11-28"
PER_PAGE = 100
USER_TOKENS = ("ghp_", "github_pat_", "gho_", "ghu_")
"""https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"""

Value = TypeVar("Value")


class Patience(Struct, frozen=True, kw_only=True):
    """How long to put up with GitHub."""

    retries: int = 4
    backoff: float = 1.0
    """Seconds before the first repetition; doubled for each further one, less up to half by chance."""
    longest_wait: float = 120.0
    """Seconds that a run waits for rate limits, all waits together; a longer one ends the attempt at once."""
    unnamed_wait: float = 60.0
    """What to wait at a secondary limit that names no time (GitHub's documentation asks for a minute)."""
    timeout: float = 30.0
    """Seconds for a connection, and without a byte; a whole answer gets four times that."""
    free_writes: int = 10
    """Writes that may follow each other at once."""
    between_writes: float = 1.0
    """Seconds between further writes: GitHub asks for one, and takes about 80 writes a minute."""


class Pace:
    """Spaces writes such that GitHub's secondary limit is not met.

    Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """

    def __init__(self, patience: Patience) -> None:
        self._every = patience.between_writes
        self._ahead = patience.free_writes * patience.between_writes
        self._full_at = 0.0

    def delay(self, now: float) -> float:
        """Return the seconds to wait at the time `now` before one more write."""
        self._full_at = max(self._full_at, now) + self._every
        return max(0.0, self._full_at - now - self._ahead)


class Client:
    """Speaks to one GitHub with one token; several threads may ask at once.

    GET, PATCH and DELETE are repeated after 5xx, 429 and killed connections; POST only by `create`.
    """

    def __init__(
        self,
        token: str | AppKey,
        *,
        api_url: str,
        graphql_url: str,
        login: str | None = None,
        of_app: bool = False,
        ca_bundle: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        if not token:
            raise GitHubError(Trouble.UNAUTHORIZED, "there is no GitHub token")
        self._patience = patience or Patience()
        self._transport = Transport(
            token,
            api_url=api_url,
            graphql_url=graphql_url,
            ca_bundle=ca_bundle,
            timeout=self._patience.timeout,
        )
        self._graphql_url = graphql_url
        self.login = login
        """The token's own login, where the caller knows it (a GitHub App's ``slug[bot]``)."""
        prefix = token if isinstance(token, str) else ""
        self.for_installation = prefix.startswith("ghs_")
        """Whether this is a job's or an App's token, by the prefix that GitHub documents."""
        self.for_user = prefix.startswith(USER_TOKENS)
        self.left: int | None = None
        """How many requests may still be sent; None for any number. Repeated ones count once."""
        self._holder = APP if of_app else JOB
        self._pace = Pace(self._patience)
        self._waited = 0.0
        self._shortcuts = True
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextmanager
    def at_most(self, requests: int) -> Iterator[None]:
        """Send no more than so many requests within, and never more than are `left`; raises `GitHubError`."""
        before = self.left
        self.left = given = requests if before is None else min(requests, before)
        try:
            yield
        finally:
            self.left = None if before is None else before - (given - self.left)

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Ask once more at most within, and wait for no limit: the run is at its end."""
        before = self._patience
        self._patience = replace(before, retries=min(1, before.retries), longest_wait=0.0)
        try:
            yield
        finally:
            self._patience = before

    def get(self, path: str, *, need: Need, **parameters: str | int) -> Any:
        """Return the JSON at `path`; raises `GitHubError`."""
        return self._ask("GET", path, need, _json, parameters=parameters)

    def pages(
        self, path: str, *, need: Need, limit: int | None = None, **parameters: str | int
    ) -> Iterator[Any]:
        """Yield the items of every page at `path`, stopping after `limit`; raises `GitHubError`."""
        page, seen = 1, 0
        while limit is None or seen < limit:
            asked = {**parameters, "per_page": PER_PAGE, "page": page}
            items, more = self._ask("GET", path, need, _page, parameters=asked)
            yield from items
            seen += len(items)
            if not more:
                return
            page += 1

    def raw(self, path: str, *, need: Need, **parameters: str | int) -> bytes | None:
        """Return the bytes at `path` (up to 100 MB), None where GitHub describes something that has none.

        The raw media type hands out files of any size that it serves at all, unlike JSON, which leaves the
        content out above 1 MB. A folder or a submodule comes as JSON all the same.
        Source: https://docs.github.com/rest/repos/contents#get-repository-content
        """
        return self._ask("GET", path, need, _file, parameters=parameters, accept=RAW)

    def patch(self, path: str, body: Mapping[str, Any], *, need: Need) -> Any:
        """Change what is at `path`; raises `GitHubError`."""
        return self._ask("PATCH", path, need, _json, body=body)

    def delete(self, path: str, *, need: Need) -> None:
        """Delete what is at `path`; something already gone is fine. Raises `GitHubError`."""
        try:
            self._ask("DELETE", path, need, _json)
        except GitHubError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise

    def create(
        self, path: str, body: Mapping[str, Any], *, need: Need, found: Callable[[], Value | None]
    ) -> Value | Any:
        """POST `body`, once: where no answer came, `found` looks whether it was done before it is repeated.

        Returns GitHub's answer, or what `found` returned. Raises `GitHubError`.
        """
        return self._ask("POST", path, need, _json, body=body, found=found)

    def graphql(self, query: str, variables: Mapping[str, Any], *, need: Need, writes: bool = False) -> Any:
        """Return the ``data`` of a query, or of a mutation that may be done twice; raises `GitHubError`."""
        return self._graphql(query, variables, need, writes=writes)

    def shortcut(
        self, query: str, variables: Mapping[str, Any], *, need: Need, optional: tuple[str, ...] | None = None
    ) -> Any:
        """Return the ``data`` of a query for which REST is another way; raises `GitHubError`.

        `optional` is the path of a field that may be refused, which is None then.

        It is asked once and never waited for: GraphQL has a limit of its own, and REST may be free. Where
        GraphQL is limited or not there at all, it is not asked for shortcuts again.
        """
        if not self._shortcuts:
            raise GitHubError(Trouble.UNAVAILABLE, "GitHub's GraphQL did not answer before")
        try:
            return self._graphql(query, variables, need, once=True, optional=optional)
        except GitHubError as error:
            if error.trouble in (Trouble.RATE_LIMITED, Trouble.UNREACHABLE, Trouble.NOT_FOUND):
                self._shortcuts = False
            raise
        except KeyboardInterrupt:
            self._shortcuts = False  # it may have been what hung
            raise

    def _graphql(
        self,
        query: str,
        variables: Mapping[str, Any],
        need: Need,
        *,
        writes: bool = False,
        once: bool = False,
        optional: tuple[str, ...] | None = None,
    ) -> Any:

        def data(answered: Answered) -> Any:
            answer = _json(answered)
            if not isinstance(answer, dict):
                raise GitHubError(Trouble.UNREACHABLE, "GitHub's GraphQL answer is not as documented")
            for error in answer.get("errors") or ():
                path = tuple(error.get("path") or ())
                if optional is None or path[: len(optional)] != optional:
                    raise graphql_refusal(error, need)
            return answer.get("data")

        body = {"query": query, "variables": dict(variables)}
        return self._ask("POST", self._graphql_url, need, data, body=body, writes=writes, once=once)

    def _ask(
        self,
        verb: str,
        path: str,
        need: Need,
        read: Callable[[Answered], Value],
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = JSON,
        found: Callable[[], Value | None] = lambda: None,
        writes: bool | None = None,
        once: bool = False,
    ) -> Value:
        """Return what `read` makes of the answer, after as many repetitions as patience allows.

        `writes` is for what its verb does not tell, `once` for what is not repeated.
        """
        self._count(verb, path)
        for pause in pauses(0 if once else self._patience.retries, self._patience.backoff):
            if verb != "GET" if writes is None else writes:
                with self._lock:
                    delay = self._pace.delay(monotonic())
                sleep(delay)
            try:
                return read(self._send(verb, path, need, parameters=parameters, body=body, accept=accept))
            except GitHubError as error:
                if pause is None:
                    raise
                if error.trouble is Trouble.RATE_LIMITED:  # refused, so surely not done
                    self._wait(error)
                elif error.trouble is Trouble.UNREACHABLE:
                    sleep(pause)
                    existing = found()
                    if existing is not None:
                        return existing
                else:
                    raise
        raise AssertionError("the last repetition returns or raises")  # pragma: no cover - for mypy

    def _wait(self, limited: GitHubError) -> None:
        """Wait until a limit is over; raise it again where that takes longer than a run waits."""
        wait = self._patience.unnamed_wait if limited.retry_after is None else limited.retry_after
        with self._lock:
            if self._waited + wait > self._patience.longest_wait:
                raise limited
            self._waited += wait
        sleep(wait)

    def _send(
        self,
        verb: str,
        path: str,
        need: Need,
        *,
        parameters: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        accept: str,
    ) -> Answered:
        headers = {"Accept": accept, "X-GitHub-Api-Version": API_VERSION}
        doing = f"GitHub, asked to {verb} {path},"
        try:
            answered = self._transport.send(verb, path, headers=headers, parameters=parameters, body=body)
        except LeftGitHub:
            raise GitHubError(Trouble.UNREACHABLE, f"{doing} sent us to another host") from None
        except (RequestException, OSError) as error:  # OSError: a CA bundle that is not there
            raise GitHubError(
                Trouble.UNREACHABLE, f"{doing} did not answer ({type(error).__name__})"
            ) from None
        if answered.status >= HTTPStatus.BAD_REQUEST:
            raise refusal(answered.status, answered.headers, answered.body, doing, need, holder=self._holder)
        return answered

    def _count(self, verb: str, path: str) -> None:
        with self._lock:
            if self.left is None:
                return
            if self.left <= 0:
                what = f"GitHub was not asked to {verb} {path}: the run's budget of requests is used up"
                raise GitHubError(Trouble.BUDGET, what)
            self.left -= 1


def _json(answered: Answered) -> Any:
    try:
        return json.loads(answered.body) if answered.body else None
    except ValueError:
        raise GitHubError(Trouble.UNREACHABLE, "GitHub's answer was not JSON (cut off?)") from None


def _page(answered: Answered) -> tuple[Any, bool]:
    links = parse_header_links(answered.headers.get("link", ""))
    return _json(answered), any(link.get("rel") == "next" for link in links)


def _file(answered: Answered) -> bytes | None:
    described = answered.headers.get("content-type", "").startswith("application/json")
    return None if described else answered.body
