"""Delivering a review on GitHub: the comment, comments on lines, and the commit status."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from fallback_review.github.comment import deliver_comment
from fallback_review.github.delivery import Delivery, Done, attempt, shortfall
from fallback_review.github.review_comments import LineComment, deliver_review
from fallback_review.github.status import deliver_status
from fallback_review.pull_requests.comment_state import body_of, worth_a_comment
from fallback_review.pull_requests.mend import suggestions
from fallback_review.report.escape import inert
from fallback_review.report.findings import findings
from fallback_review.report.headline import headline
from fallback_review.report.tally import tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.model import Review
    from fallback_review.pipeline.mend import Mended
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.run import Channels

READ_ONLY = (
    "GitHub gives runs for a fork's pull request a token that can only read, whatever the job's "
    "`permissions:` say. The verdict is in the job's result, in this log and in the summary; to have it on "
    "the pull request, run on pull_request_target. That is safe here, since nothing of the pull request is "
    "checked out or run."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a delivery needs to know besides the review."""

    channels: Channels
    event: PullRequestEvent
    about_url: str | None
    """Where people read what is checked and what can't be."""
    lines_shown: Mapping[str, frozenset[int]]
    """The lines of each lockfile that the pull request's diff shows."""
    save_a_request: bool
    """Whether reading took one request more than usual, to be saved where the comment is written."""
    state: State
    """What the comment remembers in its marker."""
    fixes: Sequence[Mended] = ()
    """What would mend its lockfiles: suggested where the diff shows the rows."""


def deliver(review: Review, occasion: Occasion, client: Client) -> list[Delivery]:
    """Say what the review found wherever it is asked for, and return what became of each.

    Each channel is served on its own: one refusal takes nothing else along, and none changes the verdict.
    """
    return list(_to_github(review, occasion, client))


def missed(event: PullRequestEvent, deliveries: Sequence[Delivery]) -> list[str]:
    """Return one sentence for each channel that could not be served, and why, where the cause is a fork."""
    sentences = list(shortfall(deliveries))
    if sentences and event.is_fork and event.name == "pull_request":
        sentences.append(READ_ONLY)
    return sentences


def headline_of(review: Review) -> str:
    """Return the verdict in one line, with its icon."""
    icon, line = headline(review, tally(review))
    return f"{icon} {line}"


def _to_github(review: Review, occasion: Occasion, client: Client) -> Iterator[Delivery]:
    channels, event = occasion.channels, occasion.event
    if channels.comment != "never":
        body = body_of(review, about_url=occasion.about_url)
        starts = worth_a_comment(review, channels.comment)
        comment = attempt(
            "comment",
            lambda: deliver_comment(
                client,
                event,
                body,
                create=starts,
                save_a_request=occasion.save_a_request,
                state=occasion.state,
            ),
        )
        yield comment
        if comment.done is Done.SUPERSEDED:
            return
    if channels.review_comments:
        comments = [*_line_comments(review), *_suggested(occasion)]
        summary = inert(headline_of(review))
        yield attempt(
            "review comments",
            lambda: deliver_review(
                client, event, comments, lines_shown=occasion.lines_shown, summary=summary
            ),
        )
    if channels.status:
        yield attempt(
            "commit status", lambda: deliver_status(client, event, review.conclusion, headline_of(review))
        )


def _suggested(occasion: Occasion) -> Iterator[LineComment]:
    for fix in occasion.fixes:
        for each in suggestions(fix, occasion.lines_shown.get(fix.path, frozenset())):
            # A suggestion that says something else is another one.
            digest = sha256(each.text.encode()).hexdigest()[:12]
            yield LineComment(
                path=each.path,
                start_line=each.start_line,
                line=each.line,
                key=f"{each.path} {each.package} suggestion {digest}",
                body=each.body,
            )


def _line_comments(review: Review) -> list[LineComment]:
    return [
        LineComment(
            path=finding.path,
            line=finding.line,
            key=f"{finding.path} {finding.title}",
            body=f"**{inert(finding.title)}**\n\n{inert(finding.message)}",
        )
        for finding in findings(review)
        if finding.package and finding.path and finding.line
    ]
