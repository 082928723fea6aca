"""The indexes that a review asks, built from settings and from secrets that a face has read."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from fallback_review.index import Credentials, IndexClient, VexFeed, credentials_for, origin_of
from fallback_review.model import Answer, Cause, Role
from fallback_review.settings.schema import CHAINGUARD_SIMPLE_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from rich.console import Console

    from fallback_review.pipeline.ask import Ask
    from fallback_review.settings.schema import Indexes

_TITLES = {
    Role.CHAINGUARD: "Asking Chainguard",
    Role.REMEDIATED: "Asking Chainguard (remediated)",
    Role.PYPI: "Asking PyPI",
    Role.RESOLVER: "Asking your index",
    Role.VEX: "Asking Chainguard (VEX)",
}
NO_CREDENTIALS = (
    "no credentials for Chainguard's index: set CHAINGUARD_PYTHON_IDENTITY_ID and CHAINGUARD_PYTHON_TOKEN "
    "(chainctl auth pull-token create --repository=python), or index-username and index-password"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a face has read for the indexes: never printed."""

    environ: Mapping[str, str] = field(repr=False)
    """For credentials, netrc's place, proxies and CA bundles."""
    explicit: Credentials | None = None
    """User name and password given for `index-url` by input."""
    ca_bundle: str | None = None


@contextmanager
def open_indexes(indexes: Indexes, secrets: Secrets, *, console: Console | None = None) -> Iterator[Ask]:
    """Open a client for each index that is asked, and close them at the end.

    Args:
        indexes: The addresses.
        secrets: Credentials and transport; explicit credentials go to the host of the Chainguard index alone.
        console: Where progress is shown, if it is a terminal.

    Yields:
        The question to give to the pipeline: one role and several names in, an answer for each name out.
    """
    urls = {
        Role.CHAINGUARD: indexes.chainguard,
        Role.REMEDIATED: indexes.remediated,
        Role.PYPI: indexes.pypi,
        Role.RESOLVER: indexes.resolver,
        Role.VEX: indexes.vex,
    }
    clients: dict[Role, IndexClient] = {}
    with ExitStack() as stack:

        def ask(role: Role, names: Collection[str]) -> Mapping[str, Answer]:
            if role not in clients:
                client = _client(role, urls[role], indexes, secrets)
                if client is None:
                    return {
                        name: Answer(
                            role=role, name=name, problem=Cause.NOT_CONFIGURED, message=NO_CREDENTIALS
                        )
                        for name in names
                    }
                clients[role] = stack.enter_context(client)
            return _ask_with_progress(clients[role], _TITLES[role], names, console)

        yield ask


def _client(role: Role, url: str | None, indexes: Indexes, secrets: Secrets) -> IndexClient | None:
    """Return the client for an index; None where it would be asked in vain, for want of credentials."""
    if role is Role.VEX:
        return VexFeed(url or "", ca_bundle=secrets.ca_bundle, environ=secrets.environ)
    credentials = _credentials(role, url, indexes, secrets)
    if credentials is None and url is not None and _needs_credentials(url):
        return None
    return IndexClient(url, role, credentials, ca_bundle=secrets.ca_bundle, environ=secrets.environ)


def _credentials(role: Role, url: str | None, indexes: Indexes, secrets: Secrets) -> Credentials | None:
    same_host = url is not None and origin_of(url) == origin_of(indexes.chainguard)
    explicit = secrets.explicit if same_host and role is not Role.PYPI else None
    return credentials_for(url, role=role, explicit=explicit, environ=secrets.environ)


def _needs_credentials(url: str) -> bool:
    """Chainguard's own host answers nobody without a token (its documentation, "Access")."""
    return origin_of(url) == origin_of(CHAINGUARD_SIMPLE_ENDPOINT)


def _ask_with_progress(
    client: IndexClient, title: str, names: Collection[str], console: Console | None
) -> Mapping[str, Answer]:
    if console is None or not console.is_terminal:
        return client.ask(names)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=len(names))
        return client.ask(names, on_answer=lambda _answer: progress.advance(task))
