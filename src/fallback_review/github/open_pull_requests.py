"""The open pull requests of a repository, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.github.errors import Need
from fallback_review.github.event import PullRequestNumber, read_pull_request

if TYPE_CHECKING:
    from fallback_review.github.client import Client
    from fallback_review.github.event import Place, PullRequestEvent


def open_pull_requests(client: Client, place: Place, repository: str, *, name: str) -> list[PullRequestEvent]:
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
            PullRequestNumber(name=name, place=place, repository=repository, number=item["number"]), item
        )
        for item in found
    ]
    return sorted(events, key=lambda event: event.number or 0)
