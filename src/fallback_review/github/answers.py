"""Answering commands: who may give them, the reactions, and one comment for each command, edited in place."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.identity import is_own
from fallback_review.github.marker import NAME, Marker, is_of

if TYPE_CHECKING:
    from fallback_review.github.client import Client

CHANNEL = "answer"
MARKER = Marker("fallback-review-answer:v1")


def answers_to(body: str) -> str | None:
    """Return the command that a comment answers; None where it is no answer of this kind."""
    state = MARKER.read(body)
    return None if state is None else str(state.get("to", ""))


def _is_to(body: str, command: str, name: str) -> bool:
    return answers_to(body) == command and is_of(MARKER.read(body) or {}, name)


def deliver_answer(
    client: Client, repository: str, number: int, command: str, body: str, *, name: str = NAME
) -> Delivery:
    """Make the pull request show `body` as the one answer to `command`; raises `GitHubError`.

    An earlier answer of ours to the same command, of the configuration `name`, is edited, further ones are
    deleted; nobody else's comment is touched, whatever marker it carries.
    """
    listing = f"/repos/{repository}/issues/{number}/comments"
    text = f"{MARKER.write({'to': command, 'name': name})}\n{body}"

    def answers() -> list[dict[str, Any]]:
        listed = [
            item
            for item in client.pages(listing, need=Need.PULL_REQUESTS_WRITE)
            if _is_to(item.get("body") or "", command, name)
        ]
        own = is_own(client, listed)
        return sorted((item for item in listed if own(item)), key=lambda item: int(item["id"]))

    earlier = answers()
    if not earlier:
        made = client.create(
            listing,
            {"body": text},
            need=Need.PULL_REQUESTS_WRITE,
            found=lambda: next((item for item in answers() if item["body"] == text), None),
        )
        return Delivery(channel=CHANNEL, done=Done.CREATED, url=made["html_url"])
    first, *further = earlier
    for item in further:
        path = f"/repos/{repository}/issues/comments/{item['id']}"
        client.delete(path, need=Need.PULL_REQUESTS_WRITE)
    path = f"/repos/{repository}/issues/comments/{first['id']}"
    made = client.patch(path, {"body": text}, need=Need.PULL_REQUESTS_WRITE)
    return Delivery(channel=CHANNEL, done=Done.UPDATED, url=made["html_url"])


class Reaction(StrEnum):
    """The ones that are used, as GitHub names them."""

    SEEN = "eyes"
    DONE = "+1"
    CONFUSED = "confused"


def react(client: Client, repository: str, comment_id: int, reaction: Reaction) -> None:
    """React to a comment of a pull request (one request); doing it twice is doing it once.

    Source: https://docs.github.com/rest/reactions/reactions#create-reaction-for-an-issue-comment.
    Raises `GitHubError`.
    """
    path = f"/repos/{repository}/issues/comments/{comment_id}/reactions"
    client.create(path, {"content": reaction.value}, need=Need.PULL_REQUESTS_WRITE, found=lambda: None)


_WRITE = frozenset({"admin", "write"})
"""GitHub maps every role to one of admin, write, read and none (maintain to write, triage to read)."""


def may_write(client: Client, repository: str, login: str) -> bool:
    """Return whether a person may push to the repository (one request).

    An association will not do: MEMBER says nothing about this repository, COLLABORATOR may only read, and
    membership that is private does not show.
    Source: https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user.
    Raises `GitHubError`.
    """
    path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer = client.get(path, need=Need.METADATA_READ)
    except GitHubError as error:
        if error.trouble is Trouble.NOT_FOUND:  # nobody that this repository knows
            return False
        raise
    return answer.get("permission") in _WRITE
