"""A GitHub App's identity: its own name and avatar, and a token for one repository that may little."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fallback_review.github.client import Client
from fallback_review.github.errors import APP, EventError, GitHubError, Need, Trouble
from fallback_review.github.transport import AppKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.github.client import Patience
    from fallback_review.github.events import GitHubUrls

_LEVELS = {"read": ("read", "write", "admin"), "write": ("write", "admin")}
"""What fulfils a wish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppToken:
    """An installation's token, good for an hour."""

    token: str = field(repr=False)
    login: str
    """Whom it writes as: ``slug[bot]``."""
    missing: tuple[Need, ...] = ()
    """What was wanted and the installation has not been granted."""


def app_key(app_id: str, private_key: str) -> AppKey:
    """Return the key that an App proves itself with; an escaped line end counts as one.

    Raises:
        EventError: it is no private key in PEM form; nothing of it is repeated.
    """
    key = AppKey(app_id=app_id, private_key=private_key.replace("\\n", "\n").strip() + "\n")
    from jwt.exceptions import PyJWTError  # noqa: PLC0415 - it brings a cryptographic library

    try:
        key.proof()
    except (PyJWTError, ValueError, TypeError):
        raise EventError(
            "input app-private-key is not a private key in PEM form: give the whole file that GitHub made, "
            "with its first and last line"
        ) from None
    return key


@contextmanager
def app_token(
    key: AppKey,
    repository: str,
    wanted: Iterable[Need],
    *,
    urls: GitHubUrls,
    ca_bundle: str | None = None,
    patience: Patience | None = None,
) -> Iterator[AppToken]:
    """Give a token of the App's installation in `repository` (two requests), revoked in the end (one more).

    It may do what is `wanted` as far as the installation may, in this repository alone.
    Source: https://docs.github.com/rest/apps/apps (get a repository installation, create an installation
    access token). Raises `GitHubError` and `EventError`.
    """
    where: dict[str, Any] = {
        "api_url": urls.api_url,
        "graphql_url": urls.graphql_url,
        "ca_bundle": ca_bundle,
        "patience": patience,
        "of_app": True,
    }
    with Client(key, **where) as client:
        made = _token(client, repository, tuple(wanted))
    try:
        yield made
    finally:
        with Client(made.token, **where) as client:
            _revoke(client)


def _token(client: Client, repository: str, wanted: tuple[Need, ...]) -> AppToken:
    try:
        found = client.get(f"/repos/{repository}/installation", need=Need.METADATA_READ)
    except GitHubError as error:
        raise _explained(error, repository) from None
    granted = found["permissions"]
    missing = tuple(need for need in wanted if granted.get(_scope(need)) not in _LEVELS[_level(need)])
    asked = {_scope(need): _level(need) for need in wanted if need not in missing}
    if not asked:  # without any, GitHub would hand out everything
        raise GitHubError(
            Trouble.FORBIDDEN,
            "the GitHub App has none of the permissions that are needed here",
            permission=", ".join(missing),
            holder=APP,
        )
    body = {"repositories": [repository.partition("/")[2]], "permissions": asked}
    path = f"/app/installations/{found['id']}/access_tokens"
    # A second token does no harm: the first one ends by itself.
    answer = client.create(path, body, need=Need.METADATA_READ, found=lambda: None)
    return AppToken(token=answer["token"], login=f"{found['app_slug']}[bot]", missing=missing)


def _explained(error: GitHubError, repository: str) -> Exception:
    if error.trouble is Trouble.UNAUTHORIZED:
        return EventError(
            "GitHub does not accept the App's key: app-id and app-private-key must be of the same App, and "
            "the machine's clock right"
        )
    if error.trouble is Trouble.NOT_FOUND:
        return EventError(f"the GitHub App is not installed in {repository}: install it there")
    return error


def _revoke(client: Client) -> None:
    try:
        client.delete("/installation/token", need=Need.METADATA_READ)
    except GitHubError:
        return  # it ends within the hour by itself


def _scope(need: Need) -> str:
    return need.partition(":")[0].replace("-", "_")


def _level(need: Need) -> str:
    return need.partition(": ")[2]
