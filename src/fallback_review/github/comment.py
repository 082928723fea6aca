"""The sticky comment: one per pull request, found by marker and author, kept up to date in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.identity import is_own
from fallback_review.github.marker import Marker
from fallback_review.github.pull_requests import is_current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

CHANNEL = "comment"

MARKER = Marker("fallback-review:v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StickyComment:
    """A comment that carries our marker and was written by us."""

    id: int
    url: str
    body: str

    @property
    def state(self) -> dict[str, Any]:
        """What the marker holds; empty where it is damaged."""
        return MARKER.read(self.body) or {}

    @property
    def head(self) -> str | None:
        """The head commit that the comment speaks of."""
        head = self.state.get("head")
        return head if isinstance(head, str) else None


def marked(body: str, head_sha: str, state: Mapping[str, object] | None = None) -> str:
    """Return `body` with the marker in front that the comment is found by, unless it has one.

    `state` is what the marker remembers besides the head.
    """
    if MARKER.read(body) is not None:
        return body
    return f"{MARKER.write({**(state or {}), 'head': head_sha})}\n{body}"


def find(client: Client, event: PullRequestEvent) -> tuple[StickyComment, ...]:
    """Return our comments on the pull request, oldest first, from every page; raises `GitHubError`."""
    path = f"/repos/{event.repository}/issues/{event.number}/comments"
    listed = [
        item
        for item in client.pages(path, need=Need.PULL_REQUESTS_WRITE)
        if MARKER.read(item.get("body") or "") is not None
    ]
    own = is_own(client, listed)
    return tuple(
        StickyComment(id=item["id"], url=item["html_url"], body=item["body"])
        for item in sorted(listed, key=lambda item: int(item["id"]))
        if own(item)
    )


def deliver_comment(
    client: Client,
    event: PullRequestEvent,
    body: str,
    *,
    create: bool = True,
    save_a_request: bool = False,
    state: Mapping[str, object] | None = None,
) -> Delivery:
    """Make the pull request show `body` in one comment of ours, and say what was done.

    The oldest of our comments is kept and the others are deleted. Nothing is written where it says the same
    already, nor where the head has moved on. `create` False updates what is there but starts nothing new.
    `save_a_request` leaves out the look for a run that writes at the same moment, where the order of the
    runs is plain: what such a race leaves behind, the next run tidies up. `state` is what the comment shall
    remember in its marker.
    A merge group has no pull request, hence no comment. Raises `GitHubError` and `EventError`.
    """
    if event.number is None:
        return Delivery(channel=CHANNEL, done=Done.SKIPPED)
    text = marked(body, event.head_sha, state)
    own = find(client, event)
    if not own and not create:
        return Delivery(channel=CHANNEL, done=Done.SKIPPED)
    if not own:
        return _post(client, event, text, look_again=not save_a_request)
    oldest, *extra = own
    for comment in extra:
        _delete(client, event, comment)
    ours_is_newer = oldest.head == event.head_sha or (
        save_a_request and oldest.head is not None and oldest.head == event.previous_head_sha
    )
    if not ours_is_newer and not is_current(client, event):
        return Delivery(channel=CHANNEL, done=Done.SUPERSEDED, url=oldest.url)
    try:
        return _update(client, event, oldest, text)
    except GitHubError as error:
        if error.trouble is not Trouble.NOT_FOUND:
            raise
        return _post(client, event, text, look_again=True)  # somebody deleted it in between


def _update(client: Client, event: PullRequestEvent, comment: StickyComment, text: str) -> Delivery:
    # Another run of the same head with the same result would change the link to the run, and mark the comment
    # as edited. What a second look has found out about since when all is resolved stays true, too.
    state = MARKER.read(text) or {}
    there = {key: value for key, value in comment.state.items() if key != "since" or "since" in state}
    if _same(comment.body, text) or ("says" in state and state == there):
        return Delivery(channel=CHANNEL, done=Done.UNCHANGED, url=comment.url)
    path = f"/repos/{event.repository}/issues/comments/{comment.id}"
    answer = client.patch(path, {"body": text}, need=Need.PULL_REQUESTS_WRITE)
    return Delivery(channel=CHANNEL, done=Done.UPDATED, url=answer["html_url"])


def _post(client: Client, event: PullRequestEvent, text: str, *, look_again: bool) -> Delivery:
    def posted() -> StickyComment | None:
        return next((comment for comment in find(client, event) if _same(comment.body, text)), None)

    answer = client.create(
        f"/repos/{event.repository}/issues/{event.number}/comments",
        {"body": text},
        need=Need.PULL_REQUESTS_WRITE,
        found=posted,
    )
    number, url = (
        (answer.id, answer.url)
        if isinstance(answer, StickyComment)
        else (int(answer["id"]), str(answer["html_url"]))
    )
    mine = StickyComment(id=number, url=url, body=text)
    # Another run may have posted since we looked: whoever came second sees both, and yields to the first.
    own = find(client, event) if look_again else ()
    if not own or own[0].id >= mine.id:
        return Delivery(channel=CHANNEL, done=Done.CREATED, url=mine.url)
    first = own[0]
    _delete(client, event, mine)
    if first.head == event.head_sha or is_current(client, event):
        return _update(client, event, first, text)
    return Delivery(channel=CHANNEL, done=Done.SUPERSEDED, url=first.url)


def _delete(client: Client, event: PullRequestEvent, comment: StickyComment) -> None:
    path = f"/repos/{event.repository}/issues/comments/{comment.id}"
    client.delete(path, need=Need.PULL_REQUESTS_WRITE)


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
