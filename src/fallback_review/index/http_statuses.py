"""What each HTTP status of an index means (Chainguard's documentation; PEP 503 for 404)."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from fallback_review.index.errors import PageError, RefusedPageError
from fallback_review.index.pages import read_page
from fallback_review.model import Answer, Cause, Index, Owner
from fallback_review.prediction.causes import BLOCK_REASONS

if TYPE_CHECKING:
    from fallback_review.index.http import Fetched

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_NEW_TOKEN = "make a new one with `chainctl auth pull-token create --repository=python`"  # noqa: S105 - advice


def answer_for(index: Index, name: str, fetched: Fetched) -> Answer:
    """Return what an HTTP answer says about the project `name`; never raises."""
    if fetched.status == HTTPStatus.OK:
        try:
            files = read_page(index, name, fetched)
            return Answer(index=index, name=name, files=files, url=fetched.url)
        except PageError as error:
            return Answer(
                index=index,
                name=name,
                problem=Cause.MALFORMED_INDEX,
                message=f"{fetched.host} {error}",
                refused=isinstance(error, RefusedPageError),
            )
    if fetched.status == HTTPStatus.CONFLICT:
        return _blocked(index, name, fetched)
    problem, words = _meaning(index, fetched)
    return _problem(index, name, problem, f"{fetched.host} answered {_shown(fetched.status)}{words}")


def _meaning(index: Index, fetched: Fetched) -> tuple[Cause, str]:
    match fetched.status:
        case HTTPStatus.NOT_FOUND:
            return Cause.PROJECT_MISSING, ""
        case HTTPStatus.UNAUTHORIZED:
            advice = (
                _NEW_TOKEN if index.owner is Owner.CHAINGUARD else "renew it, or check user name and password"
            )
            sent = "" if fetched.authenticated else " (no credentials were sent)"
            return Cause.UNAUTHORIZED, f": token missing or expired{sent}; {advice}"
        case HTTPStatus.FORBIDDEN:
            # pypiserver answers so to a wrong password, and 401 only to none.
            words = (
                "not entitled to this index, wrong credentials, or a `/` in a URL's user name that is not %2F"
            )
            return Cause.FORBIDDEN, f": {words}"
        case HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return Cause.UNREACHABLE, ": the proxy wants credentials"
        case status if status < HTTPStatus.BAD_REQUEST:
            return Cause.MALFORMED_INDEX, " instead of a simple index page"
        case _:
            return Cause.UNREACHABLE, ""


def _blocked(index: Index, name: str, fetched: Fetched) -> Answer:
    try:
        body = json.loads(fetched.body)
    except (ValueError, RecursionError):
        body = None
    told = body.get("reason") if isinstance(body, dict) else None
    reason = told if isinstance(told, str) and _REASON.fullmatch(told) else None
    why = BLOCK_REASONS.get(reason or "", reason or "it does not say why")
    message = f"{fetched.host} answered {_shown(fetched.status)}: {name} is blocked, {why}"
    return Answer(index=index, name=name, problem=Cause.BLOCKED, message=message, reason=reason)


def _problem(index: Index, name: str, problem: Cause, message: str) -> Answer:
    return Answer(index=index, name=name, problem=problem, message=message)


def _shown(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
