"""What one run was started with, whichever face started it, and its way to GitHub and to the indexes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from fallback_review.github.app import app_token
from fallback_review.github.client import Client
from fallback_review.github.errors import Need
from fallback_review.github.marker import NAME
from fallback_review.github.transport import AppKey
from fallback_review.index.session import IndexSession
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fallback_review.github.client import Patience
    from fallback_review.github.events import GitHubUrls
    from fallback_review.index.open import Secrets
    from fallback_review.pull_requests.debug_log import Debug

CommentMode = Literal["changes", "findings", "never"]
"""When a pull request gets a comment: where lockfiles change, where something is found, or never."""


class Channels(Struct, frozen=True, kw_only=True):
    """Where a review is delivered on GitHub."""

    comment: CommentMode = "changes"
    review_comments: bool = False
    """Whether the lines of the diff get comments."""
    status: bool = False
    """Whether the head commit gets a commit status."""


class RunOptions(Struct, frozen=True, kw_only=True):
    """What was chosen for a run: by the inputs of an Action, or by the configuration of an App."""

    name: str = NAME
    """The configuration's, in whatever it writes: two on one repository need two names."""
    channels: Channels = Channels()
    config: str = SETTINGS_PATH
    """The path of the settings file."""
    overrides: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """What lies over the settings file: table and key to value, None where nothing was given."""
    request_budget: int = 300
    """How many requests to GitHub a run may make to read a pull request, or on a schedule for everything."""


class Output(Protocol):
    """Where a run tells people what it does."""

    def say(self, *lines: str) -> None:
        """Write lines to the log."""

    def warn(self, sentence: str) -> None:
        """Write a warning to the log, and wherever the face shows warnings."""

    def mask(self, secret: str) -> None:
        """Keep a secret out of everything that is written from now on."""

    def summarise(self, title: str, lines: Sequence[str]) -> None:
        """Add a list to the page that sums the run up, where the face has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run was started with."""

    options: RunOptions
    identity: str | AppKey = field(repr=False)
    """The token that GitHub is spoken to with, or the key of the App that gets one."""
    secrets: Secrets
    """What the indexes are asked with."""
    output: Output
    debug: Debug
    workflow: str | None = None
    """Which workflow runs this, as GITHUB_WORKFLOW_REF tells."""
    about_url: str | None = None
    """Where people read what is checked and what can't be."""
    ca_bundle: str | None = None
    patience: Patience | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def reviewing(self) -> tuple[Need, ...]:
        """What a review needs of the job's permissions."""
        status = (Need.STATUSES_WRITE,) if self.options.channels.status else ()
        return (Need.CONTENTS_READ, Need.PULL_REQUESTS_WRITE, *status)

    def index_session(self) -> IndexSession:
        """Return what asks the indexes in this run."""
        return IndexSession(self.secrets, telling=self.debug.telling)

    @contextmanager
    def connect(self, urls: GitHubUrls, repository: str, wanted: Iterable[Need]) -> Iterator[Client]:
        """Give the way to GitHub: as the App whose key is given, else with the job's token.

        The App's token may do what is `wanted` and nothing else; what the App has not been granted is warned
        of. Raises `GitHubError` and `EventError`.
        """
        where: dict[str, Any] = {"ca_bundle": self.ca_bundle, "patience": self.patience}
        to: dict[str, Any] = {"api_url": urls.api_url, "graphql_url": urls.graphql_url, **where}
        if not isinstance(self.identity, AppKey):
            with Client(self.identity, **to) as client:
                yield client
            return
        with app_token(self.identity, repository, wanted, urls=urls, **where) as made:
            self.output.mask(made.token)
            for need in made.missing:
                self.output.warn(
                    f"The GitHub App is not granted `{need}` here: add it to the App's permissions, and "
                    "accept them for its installation."
                )
            with Client(made.token, login=made.login, of_app=True, **to) as client:
                yield client
