"""The one way to GitHub: requests by path, answers as JSON or bytes, trouble as `GitHubError`."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, TypeVar

from github.GithubException import GithubException, RateLimitExceededException
from requests.utils import parse_header_links

from fallback_review.github.errors import APP, JOB, GitHubError, Need, Trouble, graphql_refusal, refusal
from fallback_review.github.transport import AppKey, Patience, transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"
API_VERSION = "2022-11-28"
PER_PAGE = 100
USER_TOKENS = ("ghp_", "github_pat_", "gho_", "ghu_")
"""https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"""

Value = TypeVar("Value")


class Client:
    """Speaks to one GitHub with one token.

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
        self._transport = transport(token, api_url=api_url, ca_bundle=ca_bundle, patience=self._patience)
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

    def close(self) -> None:
        """Give the connections back."""
        self._transport.connection.close()

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

    def get(self, path: str, *, need: Need, **parameters: str | int) -> Any:
        """Return the JSON at `path`; raises `GitHubError`."""
        return _json(self._send("GET", path, need, parameters=parameters)[1])

    def pages(
        self, path: str, *, need: Need, limit: int | None = None, **parameters: str | int
    ) -> Iterator[Any]:
        """Yield the items of every page at `path`, stopping after `limit`; raises `GitHubError`."""
        page, seen = 1, 0
        while limit is None or seen < limit:
            asked = {**parameters, "per_page": PER_PAGE, "page": page}
            headers, text = self._send("GET", path, need, parameters=asked)
            items = _json(text)
            yield from items
            seen += len(items)
            if not any(link.get("rel") == "next" for link in parse_header_links(headers.get("link", ""))):
                return
            page += 1

    def raw(self, path: str, *, need: Need, **parameters: str | int) -> bytes | None:
        """Return the bytes at `path` (up to 100 MB), None where GitHub describes something that has none.

        The raw media type hands out files of any size that it serves at all, unlike JSON, which leaves the
        content out above 1 MB. A folder or a submodule comes as JSON all the same.
        Source: https://docs.github.com/rest/repos/contents#get-repository-content
        """
        headers, text = self._send("GET", path, need, parameters=parameters, accept=RAW)
        if headers.get("content-type", "").startswith("application/json"):
            return None
        return text.encode("latin-1")

    def patch(self, path: str, body: Mapping[str, Any], *, need: Need) -> Any:
        """Change what is at `path`; raises `GitHubError`."""
        return _json(self._send("PATCH", path, need, body=body)[1])

    def delete(self, path: str, *, need: Need) -> None:
        """Delete what is at `path`; something already gone is fine. Raises `GitHubError`."""
        try:
            self._send("DELETE", path, need)
        except GitHubError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise

    def create(
        self, path: str, body: Mapping[str, Any], *, need: Need, found: Callable[[], Value | None]
    ) -> Value | Any:
        """POST `body`, once: where no answer came, `found` looks whether it was done before it is repeated.

        Returns GitHub's answer, or what `found` returned. Raises `GitHubError`.
        """
        return self._persist(lambda: _json(self._send("POST", path, need, body=body)[1]), found)

    def graphql(self, query: str, variables: Mapping[str, Any], *, need: Need) -> Any:
        """Return the ``data`` of a query, or of a mutation that may be done twice; raises `GitHubError`."""

        def ask() -> Any:
            body = {"query": query, "variables": dict(variables)}
            answer = _json(self._send("POST", self._graphql_url, need, body=body)[1])
            if errors := answer.get("errors"):
                raise graphql_refusal(errors[0], need)
            return answer["data"]

        return self._persist(ask, lambda: None)

    def _persist(self, send: Callable[[], Any], found: Callable[[], Value | None]) -> Value | Any:
        for attempt in range(self._patience.retries):
            try:
                return send()
            except GitHubError as error:
                if error.trouble is Trouble.RATE_LIMITED:  # refused, so surely not done
                    wait = self._patience.unnamed_wait if error.retry_after is None else error.retry_after
                    if wait > self._patience.longest_wait:
                        raise
                    time.sleep(wait)
                elif error.trouble is Trouble.UNREACHABLE:
                    time.sleep(self._patience.backoff * 2**attempt)
                    existing = found()
                    if existing is not None:
                        return existing
                else:
                    raise
        return send()

    def _send(
        self,
        verb: str,
        path: str,
        need: Need,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = JSON,
    ) -> tuple[dict[str, Any], str]:
        self._count(verb, path)
        headers = {"Accept": accept, "X-GitHub-Api-Version": API_VERSION}
        doing = f"GitHub, asked to {verb} {path},"
        try:
            status, answered, text = self._transport.requester.requestJson(
                verb, path, dict(parameters or {}), headers, body, cnx=self._transport.connection
            )
        except RateLimitExceededException as error:
            wait = getattr(error, "wait", None)
            raise GitHubError(Trouble.RATE_LIMITED, f"{doing} is rate limited", retry_after=wait) from None
        except GithubException as error:
            # PyGithub looks into every 403 itself and raises from within the retry.
            headers, data = error.headers or {}, error.data
            raise refusal(error.status, headers, data, doing, need, holder=self._holder) from None
        except OSError as error:  # every failure of requests, and a CA bundle that is not there
            raise GitHubError(
                Trouble.UNREACHABLE, f"{doing} did not answer ({type(error).__name__})"
            ) from None
        except RuntimeError:
            raise GitHubError(Trouble.UNREACHABLE, f"{doing} sent us to another host") from None
        if status >= HTTPStatus.BAD_REQUEST:
            raise refusal(status, answered, text, doing, need, holder=self._holder)
        return answered, text

    def _count(self, verb: str, path: str) -> None:
        if self.left is None:
            return
        if self.left <= 0:
            what = f"GitHub was not asked to {verb} {path}: the run's budget of requests is used up"
            raise GitHubError(Trouble.BUDGET, what)
        self.left -= 1


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise GitHubError(Trouble.UNREACHABLE, "GitHub's answer was not JSON (cut off?)") from None
