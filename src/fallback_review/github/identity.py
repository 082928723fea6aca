"""Whose comments are ours: a marker alone can be copied by anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.github.errors import GitHubError, Need, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fallback_review.github.client import Client

ACTIONS_BOT = "github-actions[bot]"


def is_own(client: Client, items: Iterable[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells whether one of `items` (comments as the API lists them) was written with our token.

    GitHub is asked who we are only where the authors leave it open, and once: never for the usual case of a
    job's token that finds its own comment or none. Raises `GitHubError`.
    """
    authors = {_author(item) for item in items} - {None}
    if client.login is None and authors:
        client.login = _login(client, authors)
    return lambda item: client.login is not None and _author(item) == client.login


def who(client: Client) -> str:
    """Return the login that the token writes as, asked for once; raises `GitHubError`."""
    if client.login is None:
        client.login = _login(client, set())
    return client.login


def _author(item: Mapping[str, Any]) -> str | None:
    user = item.get("user")
    return user.get("login") if user else None


def _login(client: Client, authors: set[str | None]) -> str:
    if authors == {ACTIONS_BOT} and not client.for_user:
        return ACTIONS_BOT
    if not client.for_installation:
        try:
            return str(client.get("/user", need=Need.PULL_REQUESTS_READ)["login"])
        except GitHubError as error:
            if error.trouble not in (Trouble.FORBIDDEN, Trouble.NOT_FOUND):
                raise
    return _viewer(client)


def _viewer(client: Client) -> str:
    # REST does not tell a job's or an App's token who it is; GraphQL does.
    try:
        answer = client.graphql("query { viewer { login } }", {}, need=Need.PULL_REQUESTS_READ)
    except GitHubError as error:
        if error.trouble in (Trouble.UNREACHABLE, Trouble.RATE_LIMITED):
            raise
        return ACTIONS_BOT
    login = str(answer["viewer"]["login"])
    return login if login.endswith("[bot]") else f"{login}[bot]"
