"""What one run of the Action or the bot was started with, and its way to GitHub and to the indexes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from fallback_review.github import commands
from fallback_review.github.app import app_key, app_token
from fallback_review.github.client import Client
from fallback_review.github.errors import Need
from fallback_review.index import Credentials
from fallback_review.index import open as access
from fallback_review.index.session import Asking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.action.inputs import Inputs
    from fallback_review.github.events import GitHubUrls
    from fallback_review.github.transport import Patience
    from fallback_review.pull_requests.debug_log import Debug


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
    def connect(self, urls: GitHubUrls, repository: str, wanted: Iterable[Need]) -> Iterator[Client]:
        """Give the way to GitHub: as the App whose key is given, else with the job's token.

        The App's token may do what is `wanted` and nothing else; what the App has not been granted is warned
        of. Raises `GitHubError` and `EventError`.
        """
        inputs = self.inputs
        if not inputs.app_id or not inputs.app_private_key:
            with Client(
                inputs.github_token,
                api_url=urls.api_url,
                graphql_url=urls.graphql_url,
                ca_bundle=self.ca_bundle,
                patience=self.patience,
            ) as client:
                yield client
            return
        key = app_key(inputs.app_id, inputs.app_private_key)
        with app_token(
            key, repository, wanted, urls=urls, ca_bundle=self.ca_bundle, patience=self.patience
        ) as made:
            self.log.writelines(f"{line}\n" for line in commands.mask(made.token))
            for need in made.missing:
                self.warn(
                    f"The GitHub App is not granted `{need}` here: add it to the App's permissions, and "
                    "accept them for its installation."
                )
            with Client(
                made.token,
                api_url=urls.api_url,
                graphql_url=urls.graphql_url,
                login=made.login,
                of_app=True,
                ca_bundle=self.ca_bundle,
                patience=self.patience,
            ) as client:
                yield client
