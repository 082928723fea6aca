"""The pull request as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.event import PullRequestEvent, PullRequestNumber, read_pull_request

if TYPE_CHECKING:
    from fallback_review.github.client import Client


def look_up(client: Client, asked: PullRequestNumber) -> PullRequestEvent:
    """Return the pull request as it is now (one request); raises `GitHubError` and `EventError`."""
    path = f"/repos/{asked.repository}/pulls/{asked.number}"
    return read_pull_request(asked, client.get(path, need=Need.PULL_REQUESTS_READ))


def is_current(client: Client, event: PullRequestEvent) -> bool:
    """Return whether the pull request's head is still the one that `event` speaks of (one request).

    A push moves the branch before any run for it starts, so a run that asks this right before it writes never
    overwrites what a newer one wrote. The branch itself is asked, which is never behind; the pull request
    where the branch is in a fork or gone. A merge group is always current.
    Raises `GitHubError` and `EventError`.
    """
    if event.number is None:
        return True
    if event.head_ref and not event.is_fork:
        try:
            path = f"/repos/{event.repository}/git/ref/heads/{quote(event.head_ref)}"
            sha: str = client.get(path, need=Need.CONTENTS_READ)["object"]["sha"]
        except GitHubError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise
        else:
            return sha == event.head_sha
    asked = PullRequestNumber(
        name=event.name, place=event.place, repository=event.repository, number=event.number
    )
    return look_up(client, asked).head_sha == event.head_sha
