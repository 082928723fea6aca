"""Delivering what a run has to say about a pull request: one way for the Action, commands and second looks.

Every channel is brought to say the same, or it is said why not.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.github import comment, review_comments, status
from fallback_review.github.conversation import COMMENT, look
from fallback_review.github.delivery import Delivery, Done, attempt, shortfall
from fallback_review.github.errors import EventError, GitHubError
from fallback_review.github.review_comments import LineComment
from fallback_review.lockfiles import LockfileError
from fallback_review.model import Conclusion
from fallback_review.pull_requests.comment_state import (
    about,
    body_of,
    body_without_verdict,
    digest_of,
    is_about,
    is_open,
    remembers,
    worth_a_comment,
)
from fallback_review.pull_requests.mend import suggestions
from fallback_review.report.escape import inert
from fallback_review.report.findings import findings
from fallback_review.report.headline import headline
from fallback_review.report.tally import tally
from fallback_review.report.words import CONCLUSION_ICONS
from fallback_review.settings.schema import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.conversation import Conversation, OwnComment
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.model import Review
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.review import Reviewed
    from fallback_review.pull_requests.run import Run

READ_ONLY = (
    "GitHub gives runs for a fork's pull request a token that can only read, whatever the job's "
    "`permissions:` say. The verdict is in the job's result, in this log and in the summary; to have it on "
    "the pull request, run on pull_request_target. That is safe here, since nothing of the pull request is "
    "checked out or run."
)
_MANY_FETCHED = 2
NOT_CHECKED = (
    f"{CONCLUSION_ICONS[Conclusion.UNKNOWN]} Not checked: the run was stopped or could not go on, see its log"
)


class NotChecked(Struct, frozen=True, kw_only=True):
    """What a run has to say that ended without a verdict."""

    reason: str
    """Why, in words for people."""


class Delivered(Struct, frozen=True, kw_only=True):
    """What became of it on GitHub."""

    deliveries: tuple[Delivery, ...]
    moved: str | None = None
    """What has changed about the pull request since the run began: then nothing was written."""

    @property
    def complete(self) -> bool:
        """Whether every channel says what it should."""
        return all(each.delivered for each in self.deliveries)

    @property
    def comment_url(self) -> str | None:
        """The address of the comment, where there is one."""
        return next((each.url for each in self.deliveries if each.channel == comment.CHANNEL), None)

    def missed(self, event: PullRequestEvent) -> list[str]:
        """Return one sentence for each channel that was not served wholly, and what helps."""
        sentences = list(shortfall(self.deliveries))
        if event.is_fork and event.name == "pull_request" and not self.complete:
            sentences.append(READ_ONLY)
        return sentences


def deliver(run: Run, client: Client, event: PullRequestEvent, verdict: Reviewed | NotChecked) -> Delivered:
    """Say what a run found wherever it is asked for, and what became of that.

    The pull request is looked at first: where its head or base is another one by now, nothing is written.
    Each channel is served on its own: one refusal takes nothing else along, and none changes the verdict.
    """
    delivered = _deliver(run, client, event, verdict)
    for each in delivered.deliveries:
        run.debug.say(f"{each.channel}: {each.done.value} {each.url or ''}".rstrip())
    return delivered


def _deliver(run: Run, client: Client, event: PullRequestEvent, verdict: Reviewed | NotChecked) -> Delivered:
    said = _Said(run, client, event, verdict)
    if event.is_merge_group:
        return Delivered(deliveries=tuple(said.on_commit(None)))
    context, lines = status.context_of(run.options.name), run.options.channels.review_comments
    try:
        now = look(client, event, context=context, lines=lines)
    except (GitHubError, EventError) as error:
        return Delivered(deliveries=tuple(_failed(run, error)))
    if moved := now.moved(event):
        return Delivered(deliveries=tuple(_superseded(run)), moved=moved)
    deliveries = [*said.on_lines(now), *said.on_commit(now)]
    return Delivered(deliveries=(*deliveries, *said.in_comment(now, deliveries)))


@contextmanager
def never_silent(run: Run, client: Client, event: PullRequestEvent) -> Iterator[None]:
    """Where what is done within ends without a verdict, say so wherever an earlier one may still stand."""
    try:
        yield
    except BaseException as error:
        with client.hurried():
            deliver(run, client, event, NotChecked(reason=reason_of(error)))
        raise


def reason_of(error: BaseException) -> str:
    """Return why a run ended without a verdict, in words; what a fault of ours says may quote a lockfile."""
    if isinstance(error, SettingsError):
        return f"The settings of the base branch can't be used: {error}"
    if isinstance(error, GitHubError | EventError | LockfileError):
        return f"{error}."
    if isinstance(error, KeyboardInterrupt):
        return "The run was stopped: run the job again."
    return "Fallback Review stopped with an internal error: please report it, with the log of the run."


def headline_of(review: Review) -> str:
    """Return the verdict in one line, with its icon."""
    icon, line = headline(review, tally(review))
    return f"{icon} {line}"


def _asked_for(run: Run) -> Iterator[str]:
    channels = run.options.channels
    if channels.review_comments:
        yield review_comments.CHANNEL
    if channels.status:
        yield status.CHANNEL
    if channels.comment != "never":
        yield comment.CHANNEL


def _failed(run: Run, error: GitHubError | EventError) -> Iterator[Delivery]:
    def fail() -> Delivery:
        raise error

    for channel in _asked_for(run):
        yield attempt(channel, fail)


def _superseded(run: Run) -> Iterator[Delivery]:
    for channel in _asked_for(run):
        yield Delivery(channel=channel, done=Done.SUPERSEDED)


class _Said:
    """What a run has to say, channel by channel."""

    def __init__(
        self, run: Run, client: Client, event: PullRequestEvent, verdict: Reviewed | NotChecked
    ) -> None:
        self._run = run
        self._client = client
        self._event = event
        self._verdict = verdict
        self._name = run.options.name
        self._channels = run.options.channels

    def on_lines(self, now: Conversation) -> Iterator[Delivery]:
        """Bring the comments on lines up to date; without a verdict nobody knows which still hold."""
        verdict, ours = self._verdict, review_comments.of_configuration(now, self._name)
        if isinstance(verdict, NotChecked) or not (self._channels.review_comments or ours):
            return
        shown = {file.path: file.lines_shown for file in verdict.gathered.changed}
        yield self._attempt(
            review_comments.CHANNEL,
            lambda: review_comments.deliver_lines(
                self._client,
                self._event,
                now,
                [*_line_comments(verdict.review), *_suggested(verdict, shown)],
                name=self._name,
                add=self._channels.review_comments,
                lines_shown=shown,
            ),
        )

    def on_commit(self, now: Conversation | None) -> Iterator[Delivery]:
        """Set the commit status; where none is asked for, one that says otherwise is set right."""
        there = now.status if now else None
        if isinstance(self._verdict, NotChecked):
            conclusion, text = Conclusion.UNKNOWN, NOT_CHECKED
        else:
            conclusion, text = self._verdict.review.conclusion, headline_of(self._verdict.review)
        if self._channels.status or (there is not None and not status.says(there, conclusion)):
            yield self._attempt(
                status.CHANNEL,
                lambda: status.deliver_status(
                    self._client, self._event, conclusion, text, name=self._name, now=there
                ),
            )

    def in_comment(self, now: Conversation, others: Sequence[Delivery]) -> Iterator[Delivery]:
        """Bring the comment up to date, at last: its marker says that all of it is done."""
        own = comment.of_configuration(now, self._name)
        if self._channels.comment == "never":
            if own:
                yield self._attempt(
                    comment.CHANNEL,
                    lambda: comment.withdraw_comment(self._client, self._event, now, name=self._name),
                )
            return
        sticky = own[0] if own else None
        body, state, worth, trouble = self._comment(sticky)
        if not all(each.delivered for each in others):  # looked at again, until all channels could be served
            kept = ("name", "head", "base", "base-sha", "merge-base", "since")
            state = {**{key: state[key] for key in kept if key in state}, "open": True}
        state = {**state, "text": digest_of(body, self._event)}

        def same(there: OwnComment) -> bool:
            return remembers(there.state, state) and digest_of(there.visible, self._event) == state["text"]

        yield self._attempt(
            comment.CHANNEL,
            lambda: comment.deliver_comment(
                self._client,
                self._event,
                now,
                f"{COMMENT.write(state)}\n{body}",
                name=self._name,
                create=worth,
                show=trouble,
                look_again=self._look_again,
                same=same,
            ),
        )

    def _comment(self, sticky: OwnComment | None) -> tuple[str, State, bool, bool]:
        """Return the text and memory, whether it is worth a new comment, and whether it is of trouble."""
        verdict, event = self._verdict, self._event
        if isinstance(verdict, NotChecked):
            body = body_without_verdict(verdict.reason, name=self._name, event=event)
            return body, {**about(event, self._name, None), "open": True}, False, True
        review = verdict.review
        state = {**about(event, self._name, verdict.gathered.files.comparison.merge_base), **verdict.state}
        since = self._since(sticky, review)
        if since:
            state["since"] = since.isoformat()
        body = body_of(review, name=self._name, about_url=self._run.about_url, since=since)
        worth = worth_a_comment(review, self._channels.comment, rules=bool(verdict.gathered.rules))
        return body, state, worth, is_open(review)

    def _since(self, sticky: OwnComment | None, review: Review) -> datetime | None:
        """Return since when all is resolved, where that happened without a new commit or base."""
        if sticky is None or is_open(review) or not is_about(sticky.state, self._event):
            return None
        try:
            return datetime.fromisoformat(str(sticky.state["since"]))
        except (KeyError, ValueError):
            return None if sticky.state.get("open") is False else self._run.now.replace(microsecond=0)

    @property
    def _look_again(self) -> bool:
        """A request is saved where reading took more than the usual ones."""
        return isinstance(self._verdict, NotChecked) or self._verdict.gathered.files.fetched < _MANY_FETCHED

    def _attempt(self, channel: str, serve: Callable[[], Delivery]) -> Delivery:
        return attempt(channel, serve)


def _suggested(reviewed: Reviewed, shown: Mapping[str, frozenset[int]]) -> Iterator[LineComment]:
    """Suggest what would mend lockfiles, where the diff shows the rows."""
    for fix in reviewed.fixes:
        for each in suggestions(fix, shown.get(fix.path, frozenset())):
            # A suggestion that says something else is another one.
            digest = sha256(each.text.encode()).hexdigest()[:12]
            yield LineComment(
                path=each.path,
                start_line=each.start_line,
                line=each.line,
                about=f"{each.path} {each.package} suggestion {digest}",
                body=each.body,
            )


def _line_comments(review: Review) -> list[LineComment]:
    return [
        LineComment(
            path=finding.path,
            line=finding.line,
            about=f"{finding.path} {finding.title}",
            body=f"**{inert(finding.title)}**\n\n{inert(finding.message)}",
        )
        for finding in findings(review)
        if finding.package and finding.path and finding.line
    ]
