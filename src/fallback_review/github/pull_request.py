"""The pull request as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.github.errors import Need
from fallback_review.github.event import PullRequestEvent, PullRequestNumber, read_pull_request

if TYPE_CHECKING:
    from fallback_review.github.client import Client


def look_up(client: Client, asked: PullRequestNumber) -> PullRequestEvent:
    """Return the pull request as it is now (one request); raises `GitHubError` and `EventError`."""
    path = f"/repos/{asked.repository}/pulls/{asked.number}"
    return read_pull_request(asked, client.get(path, need=Need.PULL_REQUESTS_READ))


def is_current(client: Client, event: PullRequestEvent) -> bool:
    """Return whether the pull request's head is still the one that `event` speaks of (one request).

    A push moves the head before any run for it starts, so a run that asks this right before it writes never
    overwrites what a newer one wrote. Raises `GitHubError` and `EventError`; a merge group is always current.
    """
    if event.number is None:
        return True
    asked = PullRequestNumber(
        name=event.name, place=event.place, repository=event.repository, number=event.number
    )
    return look_up(client, asked).head_sha == event.head_sha
