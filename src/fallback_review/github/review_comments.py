"""Review comments on the exact lines of the diff: one review a run, for what is new, gone when fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.identity import is_own
from fallback_review.github.marker import Marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

CHANNEL = "review comments"
MARKER = Marker("fallback-review-line:v1")
AT_MOST = 30
"""New comments of one review: more is noise, and the sticky comment has them all."""
FIXED = "Fixed: this is no longer the case."


@dataclass(frozen=True, slots=True, kw_only=True)
class LineComment:
    """What is to be said at one line of the head."""

    path: str
    line: int
    key: str
    """What it is about, the same from run to run while that stays true (file, package, version, outcome)."""
    body: str
    start_line: int | None = None
    """Where it begins, if that is another line."""

    @property
    def lines(self) -> range:
        """All lines that it stands at."""
        return range(self.start_line or self.line, self.line + 1)

    @property
    def place(self) -> dict[str, Any]:
        """The place as GitHub takes it."""
        place: dict[str, Any] = {"path": self.path, "line": self.line, "side": "RIGHT"}
        if self.start_line is not None and self.start_line < self.line:
            place |= {"start_line": self.start_line, "start_side": "RIGHT"}
        return place


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    id: int
    key: str
    body: str
    answered: bool


def deliver_review(
    client: Client,
    event: PullRequestEvent,
    comments: Sequence[LineComment],
    *,
    lines_shown: Mapping[str, frozenset[int]],
    summary: str,
) -> Delivery:
    """Make the diff carry `comments` (worst first), and say what was done.

    Where a line is not in the diff (`lines_shown`, by path) nothing is said. What an earlier run said is not
    said again; what is fixed is deleted, or, where somebody has answered, resolved. `summary` is the review's
    own text. Raises `GitHubError`.
    """
    if event.number is None:
        return Delivery(channel=CHANNEL, done=Done.SKIPPED)
    said = _said(client, event)
    known = {one.key for one in said}
    first: dict[str, LineComment] = {}
    for comment in comments:
        first.setdefault(comment.key, comment)
    new = [
        comment
        for comment in first.values()
        if comment.key not in known and lines_shown.get(comment.path, frozenset()).issuperset(comment.lines)
    ][:AT_MOST]
    fixed = [one for one in said if one.key not in first and not one.body.endswith(FIXED)]
    for one in fixed:
        _withdraw(client, event, one)
    if not new:
        done = Done.UPDATED if fixed else Done.UNCHANGED if said else Done.SKIPPED
        return Delivery(channel=CHANNEL, done=done)
    return Delivery(channel=CHANNEL, done=Done.CREATED, url=_review(client, event, new, summary))


def _said(client: Client, event: PullRequestEvent) -> list[_Said]:
    path = f"/repos/{event.repository}/pulls/{event.number}/comments"
    listed = list(client.pages(path, need=Need.PULL_REQUESTS_WRITE))
    answered = {item.get("in_reply_to_id") for item in listed}
    candidates = [(item, key) for item in listed if (key := _key(item.get("body") or "")) is not None]
    own = is_own(client, [item for item, _ in candidates])
    return [
        _Said(id=item["id"], key=key, body=item["body"], answered=item["id"] in answered)
        for item, key in candidates
        if own(item)
    ]


def _key(body: str) -> str | None:
    state = MARKER.read(body)
    return None if state is None else state.get("key")


def _marked(comment: LineComment) -> str:
    return f"{MARKER.write({'key': comment.key})}\n{comment.body}"


def _review(client: Client, event: PullRequestEvent, new: Sequence[LineComment], summary: str) -> str | None:
    body = {
        "commit_id": event.head_sha,
        "event": "COMMENT",
        "body": summary,
        "comments": [{**comment.place, "body": _marked(comment)} for comment in new],
    }

    def posted() -> dict[str, Any] | None:
        there = {one.key for one in _said(client, event)}
        return {} if any(comment.key in there for comment in new) else None

    path = f"/repos/{event.repository}/pulls/{event.number}/reviews"
    answer = client.create(path, body, need=Need.PULL_REQUESTS_WRITE, found=posted)
    return answer.get("html_url")


def _withdraw(client: Client, event: PullRequestEvent, one: _Said) -> None:
    path = f"/repos/{event.repository}/pulls/comments/{one.id}"
    if not one.answered:
        client.delete(path, need=Need.PULL_REQUESTS_WRITE)
        return
    # A conversation is people's: it is closed, not deleted.
    client.patch(path, {"body": f"{one.body}\n\n{FIXED}"}, need=Need.PULL_REQUESTS_WRITE)
    try:
        resolve(client, event, one.id)
    except GitHubError as error:
        # Resolving takes more than pull-requests: write for some tokens; then the words have to do.
        if error.trouble not in (Trouble.FORBIDDEN, Trouble.NOT_FOUND, Trouble.REFUSED):
            raise


_FIND = """
query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes { id isResolved comments(first: 1) { nodes { databaseId } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
_RESOLVE = """
mutation ($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } }
}
"""


def resolve(client: Client, event: PullRequestEvent, comment_id: int) -> bool:
    """Resolve the thread that the review comment `comment_id` began; return whether there was one to resolve.

    Source: https://docs.github.com/graphql/reference/mutations#resolvereviewthread. Raises `GitHubError`.
    """
    thread = _thread_of(client, event, comment_id)
    if thread is None:
        return False
    client.graphql(_RESOLVE, {"thread": thread}, need=Need.PULL_REQUESTS_WRITE, writes=True)
    return True


def _thread_of(client: Client, event: PullRequestEvent, comment_id: int) -> str | None:
    owner, _, name = event.repository.partition("/")
    after: str | None = None
    while True:
        variables = {"owner": owner, "name": name, "number": event.number, "after": after}
        data = client.graphql(_FIND, variables, need=Need.PULL_REQUESTS_READ)
        threads = data["repository"]["pullRequest"]["reviewThreads"]
        for thread in threads["nodes"]:
            first = thread["comments"]["nodes"]
            if first and first[0]["databaseId"] == comment_id:
                return None if thread["isResolved"] else str(thread["id"])
        if not threads["pageInfo"]["hasNextPage"]:
            return None
        after = threads["pageInfo"]["endCursor"]
