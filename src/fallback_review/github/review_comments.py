"""Comments on the exact lines of the diff: one review for what is new, gone or resolved when it is fixed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fallback_review.github.conversation import LINE, look
from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.marker import is_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.conversation import Conversation, OwnLine
    from fallback_review.github.events import PullRequestEvent

CHANNEL = "review comments"
AT_MOST = 30
"""Comments of one configuration on a pull request: more is noise, and the comment has them all."""
FIXED = "Fixed: this is no longer the case."
_RESOLVE = """
mutation ($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } }
}
"""


class LineComment(Struct, frozen=True, kw_only=True):
    """What is to be said at one line of the head."""

    path: str
    line: int
    about: str
    """What it is about, the same from run to run while that stays true (file, package, version, outcome)."""
    body: str
    start_line: int | None = None
    """Where it begins, if that is another line."""

    @property
    def lines(self) -> range:
        """All lines that it stands at."""
        return range(self.start_line or self.line, self.line + 1)

    @property
    def where(self) -> dict[str, Any]:
        """The place as GitHub takes it."""
        where: dict[str, Any] = {"path": self.path, "line": self.line, "side": "RIGHT"}
        if self.start_line is not None and self.start_line < self.line:
            where |= {"start_line": self.start_line, "start_side": "RIGHT"}
        return where

    @property
    def key(self) -> str:
        """What its marker holds: nothing of a lockfile's text, which is a stranger's."""
        return hashlib.sha256(self.about.encode(errors="replace")).hexdigest()[:16]


def of_configuration(now: Conversation, name: str) -> tuple[OwnLine, ...]:
    """Return what the configuration `name` says on lines."""
    return tuple(each for each in now.lines or () if is_of(LINE.read(each.body) or {}, name))


def deliver_lines(
    client: Client,
    event: PullRequestEvent,
    now: Conversation,
    comments: Sequence[LineComment],
    *,
    name: str,
    add: bool,
    lines_shown: Mapping[str, frozenset[int]],
) -> Delivery:
    """Make the diff carry `comments` (worst first), and say what was done.

    What an earlier run of the configuration `name` said is not said again: it is kept, mended where somebody
    edited it, and taken back where it is over; answered comments are resolved, others deleted. With `add`,
    what is new is said where the diff shows its line (`lines_shown`, by path), up to `AT_MOST` in all.
    The caller has made sure that the pull request has not moved. Raises `GitHubError`.
    """
    said = of_configuration(now, name)
    wanted: dict[str, LineComment] = {}
    for comment in comments:
        wanted.setdefault(comment.key, comment)
    done = Done.UNCHANGED if said else Done.SKIPPED
    standing: set[str] = set()
    for each in said:
        if each.body.endswith(FIXED):
            continue
        key = _key(each)
        if key not in wanted:
            _take_back(client, event, each)
            done = Done.UPDATED
            continue
        standing.add(key)
        if each.body.strip() != (text := _marked(wanted[key], name)).strip():
            path = f"/repos/{event.repository}/pulls/comments/{each.id}"
            client.patch(path, {"body": text}, need=Need.PULL_REQUESTS_WRITE)
            done = Done.UPDATED
    room = max(0, AT_MOST - len(standing)) if add else 0
    new = [
        comment
        for comment in wanted.values()
        if comment.key not in standing
        and lines_shown.get(comment.path, frozenset()).issuperset(comment.lines)
    ][:room]
    if not new:
        return Delivery(channel=CHANNEL, done=done)
    return _say(client, event, new, name)


def _key(line: OwnLine) -> str:
    return str((LINE.read(line.body) or {}).get("key"))


def _marked(comment: LineComment, name: str) -> str:
    return f"{LINE.write({'key': comment.key, 'name': name})}\n{comment.body}"


def _say(client: Client, event: PullRequestEvent, new: Sequence[LineComment], name: str) -> Delivery:
    """Post new comments as one review; where GitHub refuses a line, one by one: it costs that line alone."""
    try:
        url = _review(client, event, new, name)
    except GitHubError as error:
        if error.trouble is not Trouble.REFUSED:
            raise
        refused = list(_one_by_one(client, event, new, name))
        if len(refused) == len(new):
            raise
        where = ", ".join(f"{comment.path}:{comment.line}" for comment in refused)
        return Delivery(
            channel=CHANNEL,
            done=Done.CREATED,
            message=f"GitHub refused comments on {where}" if where else None,
        )
    return Delivery(channel=CHANNEL, done=Done.CREATED, url=url)


def _review(client: Client, event: PullRequestEvent, new: Sequence[LineComment], name: str) -> str | None:
    body = {
        "commit_id": event.head_sha,
        "event": "COMMENT",
        # It stays when all of it is over, so it claims nothing.
        "body": f"What Fallback Review found at commit {event.head_sha[:7]} is at the lines below.",
        "comments": [_on_line(comment, name) for comment in new],
    }

    def posted() -> dict[str, Any] | None:
        there = _there(client, event, name)
        return {} if any(comment.key in there for comment in new) else None

    path = f"/repos/{event.repository}/pulls/{event.number}/reviews"
    answer = client.create(path, body, need=Need.PULL_REQUESTS_WRITE, found=posted)
    url = answer.get("html_url")
    return str(url) if url else None


def _one_by_one(
    client: Client, event: PullRequestEvent, new: Iterable[LineComment], name: str
) -> Iterable[LineComment]:
    """Post each comment by itself and yield those that GitHub refuses."""
    path = f"/repos/{event.repository}/pulls/{event.number}/comments"
    for comment in new:

        def posted(key: str = comment.key) -> dict[str, Any] | None:
            return {} if key in _there(client, event, name) else None

        body = {**_on_line(comment, name), "commit_id": event.head_sha}
        try:
            client.create(path, body, need=Need.PULL_REQUESTS_WRITE, found=posted)
        except GitHubError as error:
            if error.trouble is not Trouble.REFUSED:
                raise
            yield comment


def _on_line(comment: LineComment, name: str) -> dict[str, Any]:
    return {**comment.where, "body": _marked(comment, name)}


def _there(client: Client, event: PullRequestEvent, name: str) -> set[str]:
    """Return the keys of what the configuration says on lines now."""
    return {_key(each) for each in of_configuration(look(client, event, context="", lines=True), name)}


def _take_back(client: Client, event: PullRequestEvent, line: OwnLine) -> None:
    path = f"/repos/{event.repository}/pulls/comments/{line.id}"
    if not line.answered:
        client.delete(path, need=Need.PULL_REQUESTS_WRITE)
        return
    # A conversation is people's: it is closed, not deleted.
    client.patch(path, {"body": f"{line.body}\n\n{FIXED}"}, need=Need.PULL_REQUESTS_WRITE)
    if line.thread is None or line.resolved:
        return
    try:
        client.graphql(_RESOLVE, {"thread": line.thread}, need=Need.PULL_REQUESTS_WRITE, writes=True)
    except GitHubError as error:
        # Resolving takes more than pull-requests: write for some tokens; then the words have to do.
        if error.trouble not in (Trouble.FORBIDDEN, Trouble.NOT_FOUND, Trouble.REFUSED):
            raise
