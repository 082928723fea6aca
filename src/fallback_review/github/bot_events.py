"""The events that the bot answers to: a comment was written, or the clock struck.

Sources: https://docs.github.com/webhooks/webhook-events-and-payloads#issue_comment and
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fallback_review.github.errors import EventError
from fallback_review.github.event import Place, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNER = "OWNER"
"""The association of a repository's owner: the only one that says what a person may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEvent:
    """A comment on an issue or a pull request."""

    place: Place
    repository: str
    number: int
    action: str
    """``created``, ``edited`` or ``deleted``."""
    on_pull_request: bool
    is_open: bool
    comment_id: int
    body: str
    login: str
    by_person: bool
    """Whether a person wrote it, in person: no bot, and no App in a person's name."""
    by_author: bool
    """Whether it was written by who opened the pull request."""
    by_owner: bool
    """Whether it was written by the repository's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEvent:
    """A scheduled or manual run that names no pull request."""

    name: str
    place: Place
    repository: str
    default_branch: str | None
    """None where the payload does not say it."""
    run_number: int
    """Counts up with each run of the workflow."""


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _User(_Payload):
    login: str
    id: int
    type: str = "User"


class _Comment(_Payload):
    id: int
    body: str | None = None
    user: _User | None = None
    author_association: str = "NONE"
    performed_via_github_app: dict[str, Any] | None = None


class _Issue(_Payload):
    number: Annotated[int, Field(ge=1)]
    state: str = "open"
    user: _User | None = None
    pull_request: dict[str, Any] | None = None


class _Repository(_Payload):
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    default_branch: str | None = None


class _CommentEvent(_Payload):
    action: str
    comment: _Comment
    issue: _Issue
    repository: _Repository


class _RepositoryEvent(_Payload):
    repository: _Repository


def read_comment(payload: Mapping[str, Any], environment: Mapping[str, str]) -> CommentEvent:
    """Return what an `issue_comment` event tells; raises `EventError`."""
    try:
        told = _CommentEvent.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise EventError(f"the payload of issue_comment is not as documented at {where}") from None
    writer, author = told.comment.user, told.issue.user
    return CommentEvent(
        place=place_of(environment),
        repository=told.repository.full_name,
        number=told.issue.number,
        action=told.action,
        on_pull_request=told.issue.pull_request is not None,
        is_open=told.issue.state == "open",
        comment_id=told.comment.id,
        body=told.comment.body or "",
        login=writer.login if writer else "",
        by_person=writer is not None
        and writer.type == "User"
        and not writer.login.endswith("[bot]")
        and told.comment.performed_via_github_app is None,
        by_author=writer is not None and author is not None and writer.id == author.id,
        by_owner=told.comment.author_association == OWNER,
    )


def read_repository(name: str, payload: Mapping[str, Any], environment: Mapping[str, str]) -> RepositoryEvent:
    """Return where a run without a pull request is; raises `EventError`.

    A schedule's payload is not documented: what it lacks is taken from the runner's variables.
    """
    place = place_of(environment)
    try:
        repository = _RepositoryEvent.model_validate(payload).repository
    except ValidationError:
        repository = None
    full_name = repository.full_name if repository else environment.get("GITHUB_REPOSITORY", "")
    if not full_name:
        raise EventError("GITHUB_REPOSITORY is not set: this runs as a step of a GitHub Actions job")
    number = environment.get("GITHUB_RUN_NUMBER", "")
    return RepositoryEvent(
        name=name,
        place=place,
        repository=full_name,
        default_branch=repository.default_branch if repository else None,
        run_number=int(number) if number.isdecimal() else 0,
    )
