"""GitHub's refusals, translated once, at the border."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from github.Requester import Requester

from fallback_review.github.errors import JOB, GitHubError, Need, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = {
    HTTPStatus.UNAUTHORIZED.value: Trouble.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND.value: Trouble.NOT_FOUND,
    HTTPStatus.CONFLICT.value: Trouble.UNAVAILABLE,
    HTTPStatus.GONE.value: Trouble.UNAVAILABLE,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS.value: Trouble.UNAVAILABLE,
}
_TOO_LARGE = frozenset({"too_large", "not_available"})
"""A file's blob; a diff that takes GitHub too long, which it says with a 500."""
_NOT_A_PERMISSION = re.compile(r"locked|archived|allow list|SAML", re.IGNORECASE)
"""Reasons for a 403 that no permission of a token's helps against: a closed conversation, for example."""


def refusal(
    status: int, headers: Mapping[str, Any], data: Any, doing: str, need: Need, *, holder: str = JOB
) -> GitHubError:
    """Return what an answer of 400 or more means.

    `doing` is what was asked, in words; `need` what that request needs where GitHub does not say it;
    `holder` what a missing permission is added to.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    body = _body(data)
    message = " ".join(str(body.get("message", "")).split())[:200].rstrip(".")
    said = f"{doing} said {status}" + (f": {message}" if message else "")
    wait = lower.get("retry-after", "")
    after = float(wait) if str(wait).isdigit() else None
    if any(fault.get("code") in _TOO_LARGE for fault in body.get("errors", ()) if isinstance(fault, dict)):
        return GitHubError(Trouble.TOO_LARGE, said)
    limited = after is not None or lower.get("x-ratelimit-remaining") == "0"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.FORBIDDEN and (limited or Requester.isRateLimitError(message))
    ):
        return GitHubError(Trouble.RATE_LIMITED, said, retry_after=after)
    if status == HTTPStatus.FORBIDDEN:
        accepted = str(lower.get("x-accepted-github-permissions", ""))
        permission = None if _NOT_A_PERMISSION.search(message) else _missing(accepted, need)
        return GitHubError(Trouble.FORBIDDEN, said, permission=permission, holder=holder)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return GitHubError(Trouble.UNREACHABLE, said)
    return GitHubError(_PLAIN.get(status, Trouble.REFUSED), said)


def _body(data: Any) -> dict[str, Any]:
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return {}
    return data if isinstance(data, dict) else {}


def _missing(accepted: str, need: Need) -> str:
    """Return the missing permission as a workflow writes it.

    GitHub names what it would accept, alternatives after semicolons, what belongs together after commas.
    Source: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    offers = [
        ", ".join(part.strip().replace("_", "-").replace("=", ": ") for part in offer.split(","))
        for offer in accepted.split(";")
        if offer.strip()
    ]
    scopes = {offer.partition(":")[0] for offer in offers if "," not in offer}
    # What we will need in the end is named at once, where only reading was refused so far.
    return need if not offers or need.partition(":")[0] in scopes else offers[0]


def graphql_refusal(error: Mapping[str, Any], need: Need) -> GitHubError:
    """Return what the first of a GraphQL answer's errors means."""
    message = " ".join(str(error.get("message", "")).split())[:200]
    said = f"GitHub's GraphQL said: {message}"
    match error.get("type"):
        case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
            return GitHubError(Trouble.FORBIDDEN, said, permission=need)
        case "NOT_FOUND":
            return GitHubError(Trouble.NOT_FOUND, said)
        case "RATE_LIMITED":
            return GitHubError(Trouble.RATE_LIMITED, said)
        case _:
            return GitHubError(Trouble.REFUSED, said)
