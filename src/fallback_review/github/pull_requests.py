"""Pull requests as they are now: one, and every open one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fallback_review.github.errors import EventError, GitHubError, Need, Trouble
from fallback_review.github.events import PullRequestNumber, read_pull_request

if TYPE_CHECKING:
    from fallback_review.github.client import Client
    from fallback_review.github.events import GitHubUrls, PullRequestEvent


def open_pull_requests(
    client: Client, urls: GitHubUrls, repository: str, *, name: str
) -> list[PullRequestEvent]:
    """Return every open pull request with its present head, oldest first (one request for each hundred).

    `name` is the event's that started the run. Raises `GitHubError` and `EventError`.
    Source: https://docs.github.com/rest/pulls/pulls#list-pull-requests
    """
    found = client.pages(
        f"/repos/{repository}/pulls",
        need=Need.PULL_REQUESTS_READ,
        state="open",
        sort="created",
        direction="asc",
    )
    events = [
        read_pull_request(
            PullRequestNumber(name=name, urls=urls, repository=repository, number=item["number"]), item
        )
        for item in found
    ]
    return sorted(events, key=lambda event: event.number or 0)


def look_up(
    client: Client, asked: PullRequestNumber, *, need: Need = Need.PULL_REQUESTS_READ
) -> PullRequestEvent:
    """Return the pull request as it is now (one request); raises `GitHubError` and `EventError`.

    `need` is what is told to be missing where it may not be read: what the caller needs in the end.
    """
    path = f"/repos/{asked.repository}/pulls/{asked.number}"
    return read_pull_request(asked, client.get(path, need=need))


def look_up_named(client: Client, asked: PullRequestNumber) -> PullRequestEvent:
    """Return the pull request whose number a person gave; raises `GitHubError` and `EventError`."""
    try:
        return look_up(client, asked)
    except GitHubError as error:
        if error.trouble is not Trouble.NOT_FOUND:
            raise
    raise EventError(
        f"{asked.repository} has no pull request {asked.number} that this token may read: give the number "
        "of a pull request, not of an issue"
    )


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
        name=event.name, urls=event.urls, repository=event.repository, number=event.number
    )
    return look_up(client, asked).head_sha == event.head_sha
