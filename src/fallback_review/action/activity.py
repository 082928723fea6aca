"""What an event asks for: a pure choice, made before any connection is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.github.events import (
    CommentEvent,
    PullRequestEvent,
    PullRequestNumber,
    RepositoryEvent,
    names_one,
    read_comment,
    read_event,
    read_repository,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.action.inputs import Inputs

RECHECK = ("recheck",)
"""What a scheduled run does where the input `mode` says nothing."""


class Event(Struct, frozen=True, kw_only=True):
    """An event as the runner hands it over."""

    name: str
    """GITHUB_EVENT_NAME."""
    payload: Mapping[str, object]
    """The content of the file at GITHUB_EVENT_PATH."""
    variables: Mapping[str, str]
    """The runner's variables, such as GITHUB_API_URL."""


class ReviewPullRequest(Struct, frozen=True, kw_only=True):
    """Review a pull request or a merge group; a number alone has to be looked up."""

    asked: PullRequestEvent | PullRequestNumber


class AnswerComment(Struct, frozen=True, kw_only=True):
    """Answer the command that a comment may give."""

    event: CommentEvent


class LookAfterRepository(Struct, frozen=True, kw_only=True):
    """Look at open pull requests again (``recheck``), or at the default branch (``drift``)."""

    event: RepositoryEvent
    modes: tuple[str, ...]


Activity = ReviewPullRequest | AnswerComment | LookAfterRepository


def activity_of(event: Event, inputs: Inputs) -> Activity:
    """Return what an event asks for; raises `EventError` where it is none of ours, or not as documented."""
    name, payload = event.name, event.payload
    if inputs.pull_request is not None:
        given = payload.get("inputs")
        named = {**(given if isinstance(given, dict) else {}), "pull-request": str(inputs.pull_request)}
        payload = {**payload, "inputs": named}
    if name == "issue_comment":
        return AnswerComment(event=read_comment(payload, event.variables))
    whole = name == "workflow_dispatch" and inputs.pull_request is None and not names_one(payload)
    if name == "schedule" or (inputs.mode and (name == "push" or whole)):
        return LookAfterRepository(
            event=read_repository(name, payload, event.variables), modes=inputs.mode or RECHECK
        )
    return ReviewPullRequest(asked=read_event(name, payload, event.variables))
