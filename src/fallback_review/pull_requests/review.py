"""Reviewing one pull request: its lockfiles read over the API, the indexes asked, a `Review` out.

Nothing of the pull request is checked out, built or run. Settings come from the base branch alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fallback_review.github import commands
from fallback_review.github.app import app_key, app_token
from fallback_review.github.changed_lockfiles import PullRequestFiles
from fallback_review.github.client import Client
from fallback_review.github.errors import Need
from fallback_review.github.prefetch import Wanted, prefetch
from fallback_review.index import Credentials
from fallback_review.index import open as access
from fallback_review.index.session import Asking
from fallback_review.lockfiles import recognise
from fallback_review.model import Notice, Outcome, Review
from fallback_review.pipeline import review
from fallback_review.pipeline.discovery import is_lockfile, is_lockfile_by_content, may_be_lockfile
from fallback_review.pull_requests.comment_state import state_of
from fallback_review.pull_requests.files import (
    FEW,
    around,
    beside,
    compare,
    shows_requirements,
    too_many_lockfiles,
)
from fallback_review.report.tally import tally
from fallback_review.settings import schema as settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fallback_review.action.inputs import Inputs
    from fallback_review.github.changed_lockfiles import ChangedFile
    from fallback_review.github.event import Place, PullRequestEvent
    from fallback_review.github.transport import Patience
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.debug_log import Debug
    from fallback_review.settings.schema import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run was started with."""

    inputs: Inputs
    environ: Mapping[str, str] = field(repr=False)
    log: TextIO
    debug: Debug
    ca_bundle: str | None
    patience: Patience | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def say(self, *lines: str) -> None:
        """Write lines of our own to the log, none of which can be a workflow command."""
        self.log.writelines(f"{commands.inert(line)}\n" for line in lines)

    def warn(self, sentence: str) -> None:
        """Warn in the log and in the run's overview."""
        self.log.write(f"{commands.command('warning', sentence, {'title': 'Fallback Review'})}\n")

    @property
    def reviewing(self) -> tuple[Need, ...]:
        """What a review needs of the job's permissions."""
        status = (Need.STATUSES_WRITE,) if self.inputs.status else ()
        return (Need.CONTENTS_READ, Need.PULL_REQUESTS_WRITE, *status)

    @property
    def secrets(self) -> access.Secrets:
        """What the indexes are asked with."""
        inputs, explicit = self.inputs, None
        if inputs.index_password:
            explicit = Credentials(inputs.index_username or "_token", inputs.index_password)
        return access.Secrets(environ=self.environ, explicit=explicit, ca_bundle=self.ca_bundle)

    def asking(self) -> Asking:
        """Return what asks the indexes in this run."""
        return Asking(self.secrets, telling=self.debug.telling)

    @contextmanager
    def connect(self, place: Place, repository: str, wanted: Iterable[Need]) -> Iterator[Client]:
        """Give the way to GitHub: as the App whose key is given, else with the job's token.

        The App's token may do what is `wanted` and nothing else; what the App has not been granted is warned
        of. Raises `GitHubError` and `EventError`.
        """
        inputs = self.inputs
        if not inputs.app_id or not inputs.app_private_key:
            with Client(
                inputs.github_token,
                api_url=place.api_url,
                graphql_url=place.graphql_url,
                ca_bundle=self.ca_bundle,
                patience=self.patience,
            ) as client:
                yield client
            return
        key = app_key(inputs.app_id, inputs.app_private_key)
        with app_token(
            key, repository, wanted, place=place, ca_bundle=self.ca_bundle, patience=self.patience
        ) as made:
            self.log.writelines(f"{line}\n" for line in commands.mask(made.token))
            for need in made.missing:
                self.warn(
                    f"The GitHub App is not granted `{need}` here: add it to the App's permissions, and "
                    "accept them for its installation."
                )
            with Client(
                made.token,
                api_url=place.api_url,
                graphql_url=place.graphql_url,
                login=made.login,
                of_app=True,
                ca_bundle=self.ca_bundle,
                patience=self.patience,
            ) as client:
                yield client


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What GitHub says about one pull request."""

    event: PullRequestEvent
    files: PullRequestFiles
    settings: Settings
    changed: tuple[ChangedFile, ...]
    """The lockfiles that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A pull request's review, and what its comment shall remember."""

    review: Review
    state: State
    gathered: Gathered
    left_out: Sequence[str] = ()
    """The lockfiles that were not read, since the run had sent as many requests as it may."""


def review_pull_request(run: Run, client: Client, event: PullRequestEvent, asking: Asking) -> Reviewed:
    """Review a pull request, with no more requests to GitHub than the inputs allow for reading.

    Raises `GitHubError` and `SettingsError`.
    """
    with client.at_most(run.inputs.request_budget):
        return _judge(run, gather(run, client, event), asking)


def gather(run: Run, client: Client, event: PullRequestEvent) -> Gathered:
    """Read the settings and both sides of every changed lockfile; raises `GitHubError`, `SettingsError`."""
    debug, config = run.debug, run.inputs.config
    debug.say(f"{event.name} of {event.repository}: pull request {event.number}, head {event.head_sha}")
    files = PullRequestFiles(client, event)
    merge_base = files.comparison.merge_base
    debug.say(f"merge base {merge_base}, files changed: {len(files.comparison.entries)}")

    def learn(wanted: Iterable[Wanted]) -> None:
        known = prefetch(client, event, merge_base, wanted)
        there = sum(each is not None for each in known.values())
        debug.say(f"read at once: {len(known)} files, {there} there")
        for each, content in known.items():
            files.remember(each.path, each.side, content)

    usual = files.lockfiles(lambda path: recognise(path, None) is not None)
    few = 0 < len(usual) <= FEW
    if few:
        learn([Wanted(side=None, path=config), *around(files, usual)])
    configured = settings.parse(files.settings(config) or b"", path=config, inputs=run.inputs.settings)
    chosen = files.lockfiles(lambda path: is_lockfile(path, configured.lockfiles))
    others = files.lockfiles(lambda path: may_be_lockfile(path, configured.lockfiles))
    unnamed = tuple(filter(shows_requirements, others))
    learn(around(files, (entry for entry in (*chosen, *unnamed) if not few or entry not in usual)))
    if len(chosen) > FEW:
        changed = tuple(files.both_sides(entry, beside) for entry in chosen)
    else:
        changed = tuple(files.both_sides(entry) for entry in chosen)
    changed += tuple(
        file
        for file in map(files.both_sides, unnamed)
        if file.left_out
        or is_lockfile_by_content(file.base_path, file.base_bytes)
        or is_lockfile_by_content(file.head_path, file.head_bytes)
    )
    debug.say(f"lockfiles changed: {', '.join(file.path for file in changed) or 'none'}")
    return Gathered(event=event, files=files, settings=configured, changed=changed)


def _judge(run: Run, gathered: Gathered, asking: Asking) -> Reviewed:
    event, configured = gathered.event, gathered.settings
    compared, unreadable, left_out = compare(gathered.files, gathered.changed)
    if left_out:
        unreadable.append(Notice(text=too_many_lockfiles(left_out)))
    ask = asking.of(configured.indexes)
    today = run.now.date()
    result = review.review(compared, configured, ask, today=today, unreadable=unreadable)
    result = replace(
        result,
        findings=(*result.findings, *_circumstances(event, run.secrets, result)),
        base=gathered.files.comparison.merge_base,
        head=event.head_sha,
        head_url=event.head_url,
        run_url=event.place.run_url,
    )
    state = state_of(result, configured, today, ask)
    return Reviewed(review=result, state=state, gathered=gathered, left_out=left_out)


def workspace_of(environ: Mapping[str, str]) -> Path:
    """Return the runner's workspace."""
    return Path(environ.get("GITHUB_WORKSPACE", "."))


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
            "This pull request comes from a fork, which gets no secrets: run on pull_request_target instead. "
            "That is safe here, since nothing of the pull request is checked out or run."
        )
    else:
        return ()
    return (Notice(text=words),)
