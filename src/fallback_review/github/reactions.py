"""Reactions to a comment: seen, done, not understood."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from fallback_review.github.errors import Need

if TYPE_CHECKING:
    from fallback_review.github.client import Client


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
