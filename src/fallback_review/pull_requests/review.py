"""Reviewing one pull request: its lockfiles read over the API, the indexes asked, a `Review` out.

Nothing of the pull request is checked out, built or run. Settings come from the base branch alone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.configuration.environment import may_set_variables, set_variables
from fallback_review.github.changed_lockfiles import PullRequestFiles, Side
from fallback_review.github.prefetch import Wanted, prefetch
from fallback_review.lockfiles import LockfileError, decode, recognise
from fallback_review.model import Notice, Outcome, Review
from fallback_review.pipeline import review
from fallback_review.pipeline.discovery import is_lockfile, is_lockfile_by_content, may_be_lockfile
from fallback_review.pull_requests.comment_state import state_of
from fallback_review.pull_requests.files import (
    FEW,
    around,
    beside,
    compare,
    contents,
    maybe_requirements,
    too_many_lockfiles,
    with_variables,
)
from fallback_review.pull_requests.mend import mend_all
from fallback_review.pull_requests.moved import find_moved, suspects
from fallback_review.pull_requests.rules import changes_of_rules, wanted
from fallback_review.report.tally import tally
from fallback_review.settings import schema as settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fallback_review.configuration.environment import SetVariable
    from fallback_review.github.changed_lockfiles import LockfileSides
    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.index import open as access
    from fallback_review.index.session import IndexSession
    from fallback_review.pipeline.mend import Mended
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.run import Run
    from fallback_review.settings.schema import Settings


class Gathered(Struct, frozen=True, kw_only=True):
    """What GitHub says about one pull request."""

    event: PullRequestEvent
    files: PullRequestFiles
    settings: Settings
    changed: tuple[LockfileSides, ...]
    """The lockfiles that differ, by themselves or by their inputs."""
    named: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Files of pip's configuration that workflows and Dockerfiles name, on both sides."""
    variables: tuple[SetVariable, ...] = ()
    """What workflows and Dockerfiles set, as far as they were read."""
    rules: tuple[Notice, ...] = ()
    """What the pull request changes about its own review."""
    unread: tuple[Notice, ...] = ()
    """What may hide lockfiles whose inputs changed."""
    unseen: str | None = None
    """What to say of files that nobody looked at."""


class Reviewed(Struct, frozen=True, kw_only=True):
    """A pull request's review, and what its comment remembers."""

    review: Review
    state: State
    gathered: Gathered
    fixes: tuple[Mended, ...] = ()
    """What would mend its lockfiles."""
    left_out: Sequence[str] = ()
    """The lockfiles that were not read, since the run had sent as many requests as it may."""


def review_pull_request(
    run: Run, client: Client, event: PullRequestEvent, index_session: IndexSession
) -> Reviewed:
    """Review a pull request, with no more requests to GitHub than the inputs allow for reading.

    Raises `GitHubError` and `SettingsError`.
    """
    with client.at_most(run.options.request_budget):
        return _judge(run, gather(run, client, event), index_session)


def gather(run: Run, client: Client, event: PullRequestEvent) -> Gathered:
    """Read the settings and both sides of every changed lockfile; raises `GitHubError`, `SettingsError`."""
    debug, config = run.debug, run.options.config
    debug.say(f"{event.name} of {event.repository}: pull request {event.number}, head {event.head_sha}")
    files = PullRequestFiles(client, event)
    merge_base = files.comparison.merge_base
    debug.say(f"merge base {merge_base}, files changed: {len(files.comparison.entries)}")

    def learn(some: Iterable[Wanted]) -> None:
        known = prefetch(client, event, merge_base, some)
        there = sum(each is not None for each in known.values())
        debug.say(f"read at once: {len(known)} files, {there} there")
        for each, content in known.items():
            same = each.side is Side.HEAD and not each.link and not files.may_differ(each.path)
            files.remember(each.path, Side.BASE if same else each.side, content)
            if content and may_set_variables(each.path) and each.side is Side.HEAD:
                with suppress(LockfileError):  # no text: then it sets nothing
                    setting[each.path] = decode(each.path, content)

    setting: dict[str, str] = {}

    usual = files.lockfiles(lambda path: recognise(path, None) is not None)
    few = 0 < len(usual) <= FEW
    suspected = suspects(files.comparison.entries)
    first = (
        *(around(files, usual) if few else ()),
        *with_variables(usual[:FEW]),
        *suspected.wanted(),
        *wanted(files, config),
    )
    if first:
        learn([Wanted(side=None, path=config), *first])
    configured = settings.parse(files.settings(config) or b"", path=config, inputs=run.options.overrides)
    chosen = files.lockfiles(lambda path: is_lockfile(path, configured.lockfiles))
    others = files.lockfiles(lambda path: may_be_lockfile(path, configured.lockfiles))
    unnamed, unseen, unseen_words = maybe_requirements(others)
    learn(around(files, (entry for entry in (*chosen, *unnamed) if not few or entry not in usual)))
    learn(contents(unseen))
    if len(chosen) > FEW:
        changed = tuple(files.both_sides(entry, beside) for entry in chosen)
    else:
        changed = tuple(files.both_sides(entry) for entry in chosen)
    by_content = {
        entry: file
        for entry in (*unnamed, *unseen)
        if (file := files.both_sides(entry)).left_out
        or is_lockfile_by_content(file.base_path, file.base_bytes)
        or is_lockfile_by_content(file.head_path, file.head_bytes)
    }
    learn(around(files, (entry for entry in by_content if entry.patch is None)))
    changed += tuple(by_content.values())
    debug.say(f"lockfiles changed: {', '.join(file.path for file in changed) or 'none'}")
    moved = find_moved(files, suspected, changed, configured, learn)
    debug.say(f"inputs of lockfiles changed: {', '.join(file.path for file in moved.sides) or 'none'}")
    return Gathered(
        event=event,
        files=files,
        settings=configured,
        changed=(*changed, *moved.sides),
        named=moved.named,
        variables=set_variables(setting),
        rules=changes_of_rules(files, config, workflow=run.workflow),
        unread=moved.unread,
        unseen=" ".join(filter(None, (unseen_words, moved.remark))) or None,
    )


def _judge(run: Run, gathered: Gathered, index_session: IndexSession) -> Reviewed:
    event, configured = gathered.event, gathered.settings
    compared, unreadable, left_out = compare(
        gathered.files, gathered.changed, configured, named=gathered.named, variables=gathered.variables
    )
    unreadable += gathered.unread
    if left_out:
        unreadable.append(Notice(text=too_many_lockfiles(left_out, in_queue=event.is_merge_group)))
    ask = index_session.of(configured.indexes)
    today = run.now.date()
    result = review.review(compared, configured, ask, today=today, unreadable=unreadable)
    result = replace(
        result,
        findings=(*gathered.rules, *result.findings, *_circumstances(event, run.secrets, result)),
        base=gathered.files.comparison.merge_base,
        head=event.head_sha,
        head_url=event.head_url,
        run_url=event.urls.run_url,
    )
    state = state_of(result, configured, today, ask)
    fixes = mend_all(gathered, result, ask, today)
    return Reviewed(review=result, state=state, gathered=gathered, fixes=fixes, left_out=left_out)


def _circumstances(event: PullRequestEvent, secrets: access.Secrets, result: Review) -> tuple[Notice, ...]:
    """Say why credentials may be missing, where GitHub withholds them and something could not be checked."""
    given = secrets.explicit or secrets.environ.get("CHAINGUARD_PYTHON_TOKEN")
    if given or not tally(result).outcomes[Outcome.UNKNOWN]:
        return ()
    if event.is_dependabot:
        words = (
            "This run was started for Dependabot, which gets no secrets of Actions: add the index's "
            "credentials to the repository's Dependabot secrets."
        )
    elif event.is_fork and event.name == "pull_request":
        words = (
            "This pull request comes from a fork, which gets no secrets. Where the repository has the "
            "workflow for commands, somebody who may push can comment /fallback-review recheck. Or run on "
            "pull_request_target instead: that is safe here, since nothing of the pull request is checked "
            "out or run."
        )
    else:
        return ()
    return (Notice(text=words),)
