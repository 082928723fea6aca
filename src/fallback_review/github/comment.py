"""The sticky comment: one for each configuration, found by marker and author, kept up to date in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.github.conversation import OwnComment, look
from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.marker import is_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client
    from fallback_review.github.conversation import Conversation
    from fallback_review.github.events import PullRequestEvent

CHANNEL = "comment"

_SHOW = """
mutation ($comment: ID!) {
  unminimizeComment(input: {subjectId: $comment}) { unminimizedComment { isMinimized } }
}
"""


def of_configuration(now: Conversation, name: str) -> tuple[OwnComment, ...]:
    """Return our comments of the configuration `name`, oldest first: the first one is kept."""
    return tuple(comment for comment in now.comments if is_of(comment.state, name))


def deliver_comment(
    client: Client,
    event: PullRequestEvent,
    now: Conversation,
    text: str,
    *,
    name: str,
    create: bool,
    show: bool,
    look_again: bool,
    same: Callable[[OwnComment], bool],
) -> Delivery:
    """Make the pull request show `text`, marker and all, in one comment of ours, and say what was done.

    The oldest comment of the configuration `name` is kept and the others are deleted. Nothing is
    written where `same` says that the comment says the same already. `create` False updates what is there but
    starts nothing new. With `show`, a comment that somebody has hidden is shown again. With `look_again`, a
    comment that another run wrote at the same moment is found; without, the next run tidies up.
    The caller has made sure that the pull request has not moved. Raises `GitHubError`.
    """
    own = of_configuration(now, name)
    if not own and not create:
        return Delivery(channel=CHANNEL, done=Done.SKIPPED)
    if not own:
        return _post(client, event, text, name=name, look_again=look_again)
    oldest, *extra = own
    for comment in extra:
        _delete(client, event, comment)
    try:
        delivery = _update(client, event, oldest, text, same=same(oldest))
    except GitHubError as error:
        if error.trouble is not Trouble.NOT_FOUND:
            raise
        return _post(client, event, text, name=name, look_again=look_again)  # somebody deleted it in between
    if not (show and oldest.hidden):
        return delivery
    if _shown_again(client, oldest):
        return Delivery(channel=CHANNEL, done=Done.UPDATED, url=oldest.url)
    _delete(client, event, oldest)
    return _post(client, event, text, name=name, look_again=look_again)


def withdraw_comment(client: Client, event: PullRequestEvent, now: Conversation, *, name: str) -> Delivery:
    """Delete what the configuration `name` has said in comments; raises `GitHubError`."""
    own = of_configuration(now, name)
    for comment in own:
        _delete(client, event, comment)
    return Delivery(channel=CHANNEL, done=Done.REMOVED if own else Done.SKIPPED)


def _update(
    client: Client, event: PullRequestEvent, comment: OwnComment, text: str, *, same: bool
) -> Delivery:
    if same:
        return Delivery(channel=CHANNEL, done=Done.UNCHANGED, url=comment.url)
    path = f"/repos/{event.repository}/issues/comments/{comment.id}"
    answer = client.patch(path, {"body": text}, need=Need.PULL_REQUESTS_WRITE)
    return Delivery(channel=CHANNEL, done=Done.UPDATED, url=answer["html_url"])


def _shown_again(client: Client, comment: OwnComment) -> bool:
    """Show a hidden comment; False where the token may not, or GraphQL is not to be had."""
    try:
        client.graphql(_SHOW, {"comment": comment.node_id}, need=Need.PULL_REQUESTS_WRITE, writes=True)
    except GitHubError as error:
        if error.trouble in (Trouble.RATE_LIMITED, Trouble.UNREACHABLE):
            raise
        return False
    return True


def _post(client: Client, event: PullRequestEvent, text: str, *, name: str, look_again: bool) -> Delivery:
    def posted() -> OwnComment | None:
        own = of_configuration(look(client, event, context="", lines=False), name)
        return next((comment for comment in own if comment.body.strip() == text.strip()), None)

    answer = client.create(
        f"/repos/{event.repository}/issues/{event.number}/comments",
        {"body": text},
        need=Need.PULL_REQUESTS_WRITE,
        found=posted,
    )
    mine = (
        answer
        if isinstance(answer, OwnComment)
        else OwnComment(
            id=int(answer["id"]),
            node_id=str(answer.get("node_id", "")),
            url=str(answer["html_url"]),
            body=text,
        )
    )
    if not look_again:
        return Delivery(channel=CHANNEL, done=Done.CREATED, url=mine.url)
    # Another run may have posted since we looked: whoever came second sees both, and yields to the first.
    now = look(client, event, context="", lines=False)
    first = next(iter(of_configuration(now, name)), mine)
    if first.id >= mine.id:
        return Delivery(channel=CHANNEL, done=Done.CREATED, url=mine.url)
    _delete(client, event, mine)
    if now.moved(event):
        return Delivery(channel=CHANNEL, done=Done.SUPERSEDED, url=first.url)
    return _update(client, event, first, text, same=first.body.strip() == text.strip())


def _delete(client: Client, event: PullRequestEvent, comment: OwnComment) -> None:
    path = f"/repos/{event.repository}/issues/comments/{comment.id}"
    client.delete(path, need=Need.PULL_REQUESTS_WRITE)
