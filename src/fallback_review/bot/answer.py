"""Answering a command: who may ask, what was asked, and the answer in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.bot import replies
from fallback_review.bot.command import Verb, read_command
from fallback_review.bot.explain import explain
from fallback_review.bot.fix import fix
from fallback_review.bot.recheck import Rechecker, RecheckResult
from fallback_review.github.answers import Reaction, answers_to, deliver_answer, may_write, react
from fallback_review.github.conversation import COMMENT
from fallback_review.github.delivery import attempt, shortfall
from fallback_review.github.errors import EventError, GitHubError
from fallback_review.github.events import PullRequestNumber
from fallback_review.github.pull_requests import look_up
from fallback_review.lockfiles import LockfileError
from fallback_review.model import Conclusion
from fallback_review.pull_requests.deliver import headline_of
from fallback_review.settings.schema import SettingsError

if TYPE_CHECKING:
    from fallback_review.bot.command import Command
    from fallback_review.bot.replies import Reply
    from fallback_review.github.client import Client
    from fallback_review.github.events import CommentEvent
    from fallback_review.pull_requests.run import Run

ANSWERED, COULD_NOT = Conclusion.PASS.exit_code, Conclusion.UNKNOWN.exit_code


def answer(run: Run, event: CommentEvent) -> int:
    """Answer the command in a comment, if there is one and its writer may give it; return the exit code.

    0 as well where there is nothing to answer: the verdict on the pull request is the commit status's
    business. Raises `GitHubError` and `EventError`.
    """
    command = _command(event)
    if command is None:
        run.output.say("This comment gives no command.")
        return ANSWERED
    with run.connect(event.urls, event.repository, run.reviewing) as client:
        if not _may_ask(client, event):
            run.output.say("The author of this comment may not give commands here.")
            return ANSWERED
        _react(run, client, event, Reaction.SEEN)
        reply, code = _carried_out(run, client, event, command)
        delivery = attempt(
            "answer",
            lambda: deliver_answer(
                client, event.repository, event.number, command.key, reply.text, name=run.options.name
            ),
        )
        for sentence in shortfall([delivery]):
            run.output.warn(sentence)
        _react(run, client, event, reply.reaction)
    return code if delivery.delivered else COULD_NOT


def _command(event: CommentEvent) -> Command | None:
    """Return the command; None for what is no comment of a person's on a pull request, made just now.

    An edit is none: what it says may have been answered already. Nor is what we wrote ourselves, maybe with
    a person's token.
    """
    if event.action != "created" or not event.on_pull_request or not event.by_person:
        return None
    if answers_to(event.body) is not None or COMMENT.read(event.body) is not None:
        return None
    return read_command(event.body)


def _may_ask(client: Client, event: CommentEvent) -> bool:
    return event.by_author or event.by_owner or may_write(client, event.repository, event.login)


def _react(run: Run, client: Client, event: CommentEvent, reaction: Reaction) -> None:
    """React, as a courtesy: where that is not possible the answer still comes."""
    try:
        react(client, event.repository, event.comment_id, reaction)
    except GitHubError as error:
        run.output.warn(f"No reaction: {error}")


def _carried_out(run: Run, client: Client, event: CommentEvent, command: Command) -> tuple[Reply, int]:
    try:
        return _reply(run, client, event, command)
    except (GitHubError, EventError, SettingsError, LockfileError) as error:
        run.output.warn(" ".join(str(error).split()))
        return replies.failed(error), COULD_NOT


def _at_once(event: CommentEvent, command: Command) -> Reply | None:
    """Return the answer that needs no look at the pull request, if there is one."""
    if command.verb is Verb.HELP:
        return replies.Reply(text=replies.HELP)
    if command.verb is Verb.UNKNOWN:
        return replies.not_understood()
    return None if event.is_open else replies.closed()


def _reply(run: Run, client: Client, event: CommentEvent, command: Command) -> tuple[Reply, int]:
    if (at_once := _at_once(event, command)) is not None:
        return at_once, ANSWERED
    asked = PullRequestNumber(
        name="issue_comment", urls=event.urls, repository=event.repository, number=event.number
    )
    pull = look_up(client, asked)
    with run.index_session() as index_session:
        if command.requirement is not None:
            return explain(run, client, pull, command.requirement, index_session), ANSWERED
        if command.verb is Verb.FIX:
            return fix(run, client, pull, index_session), ANSWERED
        look = Rechecker(run, client, index_session).review(pull)
    for sentence in look.missed:
        run.output.warn(sentence)
    if look.review is None or look.found is RecheckResult.OVERTAKEN:
        return replies.overtaken(), ANSWERED
    return replies.rechecked(headline_of(look.review), pull.head_sha, look.url), ANSWERED
