"""The tracking issue: one for a repository, found by marker and author, kept up to date in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import Need
from fallback_review.github.identity import is_own, who

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client

CHANNEL = "tracking issue"
AT_MOST = 1000
"""Issues of ours to look through: the tracking issue is among the last changed."""


class Issue(Struct, frozen=True, kw_only=True):
    """An issue that we wrote."""

    number: int
    url: str
    body: str
    open: bool


class Wish(Struct, frozen=True, kw_only=True):
    """How the issue should be."""

    title: str
    body: str
    open: bool
    label: str
    """Given when the issue is made; it helps to find it again."""


def find_issues(
    client: Client, repository: str, is_ours: Callable[[str], bool], *, label: str
) -> list[Issue]:
    """Return our issues whose body `is_ours` says yes to, open or closed, oldest first; raises `GitHubError`.

    The label finds them with one request; where somebody has taken it off, all that we wrote are looked
    through. Source: https://docs.github.com/rest/issues/issues#list-repository-issues
    """
    found = _listed(client, repository, is_ours, labels=label)
    return found or _listed(client, repository, is_ours, creator=who(client))


def _listed(client: Client, repository: str, is_ours: Callable[[str], bool], **chosen: str) -> list[Issue]:
    listed = client.pages(
        f"/repos/{repository}/issues",
        need=Need.ISSUES_WRITE,
        limit=AT_MOST,
        state="all",
        sort="updated",
        direction="desc",
        **chosen,
    )
    marked = [item for item in listed if "pull_request" not in item and is_ours(item.get("body") or "")]
    own = is_own(client, marked)
    return sorted((_issue(item) for item in marked if own(item)), key=lambda issue: issue.number)


def keep_issue(client: Client, repository: str, issue: Issue | None, wish: Wish) -> Delivery:
    """Make the issue as wished, with at most one request; nothing is written where it is so already.

    Without an issue, one is made if it is to be open. Raises `GitHubError`.
    """
    if issue is None:
        if not wish.open:
            return Delivery(channel=CHANNEL, done=Done.SKIPPED)
        body = {"title": wish.title, "body": wish.body, "labels": [wish.label]}
        made = client.create(
            f"/repos/{repository}/issues",
            body,
            need=Need.ISSUES_WRITE,
            found=lambda: next(
                iter(find_issues(client, repository, lambda text: text == wish.body, label=wish.label)), None
            ),
        )
        url = made.url if isinstance(made, Issue) else str(made["html_url"])
        return Delivery(channel=CHANNEL, done=Done.CREATED, url=url)
    change: dict[str, Any] = {}
    if issue.body.replace("\r\n", "\n").strip() != wish.body.strip():
        change["body"] = wish.body
    if issue.open != wish.open:
        change["state"] = "open" if wish.open else "closed"
        change["state_reason"] = "reopened" if wish.open else "completed"
    if not change:
        return Delivery(channel=CHANNEL, done=Done.UNCHANGED, url=issue.url)
    client.patch(f"/repos/{repository}/issues/{issue.number}", change, need=Need.ISSUES_WRITE)
    return Delivery(channel=CHANNEL, done=Done.UPDATED, url=issue.url)


def close_duplicate(client: Client, repository: str, issue: Issue) -> None:
    """Close an issue that a run at the same moment made besides the first one; raises `GitHubError`."""
    if issue.open:
        body = {"state": "closed", "state_reason": "not_planned"}
        client.patch(f"/repos/{repository}/issues/{issue.number}", body, need=Need.ISSUES_WRITE)


def _issue(item: Any) -> Issue:
    return Issue(
        number=int(item["number"]),
        url=str(item["html_url"]),
        body=item.get("body") or "",
        open=item["state"] == "open",
    )
