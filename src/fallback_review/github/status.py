"""The commit status: the gate for runs whose jobs GitHub does not show on the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.github.delivery import Delivery, Done
from fallback_review.github.errors import Need
from fallback_review.github.marker import NAME, is_of
from fallback_review.model import Conclusion
from fallback_review.report import limits

if TYPE_CHECKING:
    from fallback_review.github.client import Client
    from fallback_review.github.conversation import StatusNow
    from fallback_review.github.events import PullRequestEvent

CHANNEL = "commit status"
CONTEXT = "fallback-review"
"""The context of a configuration without a name: stable, since branch protection names it."""
_STATES = {
    Conclusion.PASS: "success",
    Conclusion.WARN: "success",
    Conclusion.FAIL: "failure",
    Conclusion.UNKNOWN: "error",
}


def context_of(name: str) -> str:
    """Return the status context of the configuration `name`.

    Never the job's own name: a required check of that name would have to be green in both, and a job that has
    failed can't turn green later.
    """
    return CONTEXT if is_of({}, name) else f"{CONTEXT} / {name}"


def deliver_status(
    client: Client,
    event: PullRequestEvent,
    conclusion: Conclusion,
    description: str,
    *,
    name: str = NAME,
    now: StatusNow | None = None,
) -> Delivery:
    """Set the status of the head commit (one request); raises `GitHubError`.

    `description` is cut at a word to what GitHub takes. What could not be checked is an ``error``, which
    blocks: success, skipped and neutral all pass a required check. Nothing is sent where the status is so
    already (`now`).
    Source: https://docs.github.com/rest/commits/statuses#create-a-commit-status
    """
    state, short = _STATES[conclusion], shortened(description, limits.STATUS_DESCRIPTION)
    url = event.urls.run_url
    if now is not None and (now.state, now.description) == (state, short):
        return Delivery(channel=CHANNEL, done=Done.UNCHANGED, url=url)
    body = {"state": state, "context": context_of(name), "description": short}
    if url:
        body["target_url"] = url
    path = f"/repos/{event.repository}/statuses/{event.head_sha}"
    # The newest status of a context counts: one that is set twice is set.
    client.create(path, body, need=Need.STATUSES_WRITE, found=lambda: None)
    return Delivery(channel=CHANNEL, done=Done.CREATED, url=url)


def says(now: StatusNow, conclusion: Conclusion) -> bool:
    """Return whether a status that is there says what a conclusion would."""
    return now.state == _STATES[conclusion]


def shortened(text: str, limit: int) -> str:
    """Return `text` on one line of at most `limit` characters, cut at a word where it is longer."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    kept = line[: limit - 1]
    at_word, space, _ = kept.rpartition(" ")
    return (at_word if space else kept) + "…"
