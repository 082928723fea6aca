"""What can go wrong between us and GitHub, told once, in words and with a next step."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Need(StrEnum):
    """What a request needs of the job's ``permissions:``, as a workflow writes it."""

    CONTENTS_READ = "contents: read"
    CONTENTS_WRITE = "contents: write"
    PULL_REQUESTS_READ = "pull-requests: read"
    PULL_REQUESTS_WRITE = "pull-requests: write"
    STATUSES_WRITE = "statuses: write"
    ISSUES_WRITE = "issues: write"
    METADATA_READ = "metadata: read"
    """Every token has it: told only where a request needs nothing else."""


class Trouble(StrEnum):
    """The kinds of trouble that callers tell apart."""

    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    RATE_LIMITED = "rate-limited"
    UNREACHABLE = "unreachable"
    """A 5xx or no answer: what was asked may have been done all the same."""
    UNAVAILABLE = "unavailable"
    """It can't be had: an empty repository, one that is busy or blocked, a part that is switched off."""
    TOO_LARGE = "too-large"
    BUDGET = "budget"
    """Not asked at all: the run has sent as many requests as it may."""
    REFUSED = "refused"
    """Any other answer that is not what was asked for, for example 422."""


JOB, APP = "job's `permissions:`", "GitHub App's permissions, and accept them for its installation"
"""Where a missing permission is added."""
_SHARED_LIMIT = "runs that share a token share its rate limit"
_NEXT_STEP = {
    Trouble.UNAUTHORIZED: "check the github-token input: it is wrong, has expired or was revoked",
    Trouble.FORBIDDEN: "the token may not do this, for the reason that GitHub gives",
    Trouble.NOT_FOUND: "check the repository and that the token may read it (contents: read)",
    Trouble.RATE_LIMITED: f"run the job again later; {_SHARED_LIMIT}",
    Trouble.UNREACHABLE: "run the job again; if it persists, see GitHub's status page, proxy and CA",
    Trouble.UNAVAILABLE: "correct that, or run the job again if it goes away by itself",
    Trouble.TOO_LARGE: "GitHub returns files of up to 100 MB; exclude this one with `lockfiles`",
    Trouble.BUDGET: "raise `request-budget`; on a schedule, a later run goes on where this one ended",
    Trouble.REFUSED: "this is probably a bug in Fallback Review: please report it with this message",
}


class GitHubError(Exception):
    """GitHub could not be asked, or would not do it. Its text is safe to show: no credentials, one line."""

    def __init__(
        self,
        trouble: Trouble,
        what: str,
        *,
        permission: str | None = None,
        until: datetime | None = None,
        retry_after: float | None = None,
        holder: str = JOB,
    ) -> None:
        self.trouble = trouble
        self.what = what
        self.permission = permission
        """The permission that was missing, as a workflow writes it: ``pull-requests: write``."""
        self.until = until
        """When a limit is over, where GitHub says so."""
        self.retry_after = retry_after
        """Seconds until then."""
        self.holder = holder
        """What a missing permission has to be added to."""
        super().__init__(f"{what}; {self.next_step}")

    @property
    def next_step(self) -> str:
        """One sentence: what a person can do about it."""
        if self.trouble is Trouble.FORBIDDEN and self.permission:
            return f"add `{self.permission}` to the {self.holder}"
        if self.trouble is Trouble.RATE_LIMITED and self.until:
            return f"run the job again after {self.until:%Y-%m-%d %H:%M} UTC; {_SHARED_LIMIT}"
        return _NEXT_STEP[self.trouble]


class EventError(Exception):
    """The event that started the run is not one that can be reviewed, or its payload is not as documented."""


_PLAIN = {
    HTTPStatus.UNAUTHORIZED.value: Trouble.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND.value: Trouble.NOT_FOUND,
    HTTPStatus.CONFLICT.value: Trouble.UNAVAILABLE,
    HTTPStatus.GONE.value: Trouble.UNAVAILABLE,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS.value: Trouble.UNAVAILABLE,
}
_TOO_LARGE = frozenset({"too_large", "not_available"})
"""A file's blob; a diff that takes GitHub too long, which it says with a 500."""
_LIMITED = re.compile(
    r"\AAPI rate limit exceeded|\AYou have exceeded a secondary rate limit"
    r"|(?:retry your request again later|wait a few minutes before you try again)\Z",
    re.IGNORECASE,
)
"""How GitHub words a limit, where no header tells: the account's own, or a secondary one."""
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
    if any(fault.get("code") in _TOO_LARGE for fault in body.get("errors", ()) if isinstance(fault, dict)):
        return GitHubError(Trouble.TOO_LARGE, said)
    limited = "retry-after" in lower or lower.get("x-ratelimit-remaining") == "0"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.FORBIDDEN and (limited or _LIMITED.search(message))
    ):
        until, wait = _over(lower)
        return GitHubError(Trouble.RATE_LIMITED, said, until=until, retry_after=wait)
    if status == HTTPStatus.FORBIDDEN:
        accepted = str(lower.get("x-accepted-github-permissions", ""))
        permission = None if _NOT_A_PERMISSION.search(message) else _missing(accepted, need)
        return GitHubError(Trouble.FORBIDDEN, said, permission=permission, holder=holder)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return GitHubError(Trouble.UNREACHABLE, said)
    return GitHubError(_PLAIN.get(status, Trouble.REFUSED), said)


def _over(headers: Mapping[str, Any]) -> tuple[datetime | None, float | None]:
    """Return when a limit is over and the seconds until then, by GitHub's clock; None where it is silent.

    Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    now = datetime.now(UTC)
    with suppress(TypeError, ValueError):
        now = parsedate_to_datetime(str(headers["date"])) if "date" in headers else now
    named = str(headers.get("retry-after", ""))
    with suppress(OverflowError, OSError, ValueError):
        if named.isdecimal():
            return now + timedelta(seconds=int(named)), float(named)
        if str(headers.get("x-ratelimit-remaining")) == "0":
            until = datetime.fromtimestamp(int(headers.get("x-ratelimit-reset", "")), UTC)
            # A second more: GitHub counts in whole ones.
            return until, max(0.0, (until - now).total_seconds()) + 1.0
    return None, float(named) if named.isdecimal() else None


def _body(data: Any) -> dict[str, Any]:
    if isinstance(data, str | bytes):
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
