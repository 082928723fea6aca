"""The indexes that a review asks, built from settings and from secrets that a face has read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.index.credentials import Credentials, credentials_for
from fallback_review.index.origins import origin_of
from fallback_review.model import Answer, Cause, Edition, Owner
from fallback_review.prediction.installation import name_of
from fallback_review.settings.schema import CHAINGUARD_SIMPLE_ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from fallback_review.index.client import IndexClient
    from fallback_review.index.page_cache import PageCache
    from fallback_review.model import Index
    from fallback_review.pipeline.ask import Ask, Wanted
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Indexes

    Track = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
    """Shows that so many projects are asked for, while the context lasts; gives what counts one of them."""

NO_CREDENTIALS = (
    "no credentials for Chainguard's index: set CHAINGUARD_PYTHON_IDENTITY_ID and CHAINGUARD_PYTHON_TOKEN "
    "(chainctl auth pull-token create --repository=python), or index-username and index-password"
)

_TICK = 0.1
NO_CACHE = "none"
"""What stands for a cache folder where pages are to be kept nowhere."""


class CacheFolder(Struct, frozen=True):
    """Where pages are kept between runs."""

    path: Path
    warn: Callable[[str], None]
    """Told, in one sentence, where the folder can't be used."""


class Secrets(Struct, frozen=True, kw_only=True):
    """What a face has read for the indexes: never printed."""

    environ: Mapping[str, str]
    """For credentials, netrc's place, proxies and CA bundles."""
    explicit: Credentials | None = None
    """User name and password given for `index-url` by input."""
    ca_bundle: str | None = None
    cache: CacheFolder | None = None

    def __repr__(self) -> str:
        return f"Secrets(explicit={self.explicit!r}, ca_bundle={self.ca_bundle!r})"


@contextmanager
def open_indexes(indexes: Indexes, secrets: Secrets, *, console: Console | None = None) -> Iterator[Ask]:
    """Open a client for each index that is asked, and close them at the end.

    Args:
        indexes: The settings' addresses.
        secrets: Credentials and transport; explicit credentials go to the host of the Chainguard index alone.
        console: Where progress is shown, if it is a terminal.

    Yields:
        The question to give to the pipeline; the indexes of one question are asked side by side.
    """
    clients: dict[Index, IndexClient | None] = {}
    with ExitStack() as stack, progress(console) as track:
        pages = cache(partial(_cache, secrets.cache, stack))

        def ask(wanted: Wanted) -> Answers:
            for index in wanted:
                if index not in clients:
                    client = _client(index, indexes, secrets, pages())
                    clients[index] = client and stack.enter_context(client)
            found: dict[str, dict[Index, Answer]] = {}
            with ThreadPoolExecutor(max(len(wanted), 1), thread_name_prefix="indexes") as pool:
                try:
                    asked = [
                        pool.submit(_ask, clients[index], index, names, track)
                        for index, names in wanted.items()
                    ]
                    # In turns: a signal right before a wait without end is heeded when that ends.
                    while wait(asked, timeout=_TICK).not_done:
                        pass
                    for each in asked:
                        for name, answer in each.result().items():
                            found.setdefault(name, {})[answer.index] = answer
                except BaseException:
                    # Whoever stops the run waits for no index: the pool ends once nobody asks any more.
                    for client in filter(None, clients.values()):
                        client.stop()
                    raise
            return found

        yield ask


def _cache(folder: CacheFolder | None, stack: ExitStack) -> PageCache | None:
    if folder is None:
        return None
    from fallback_review.index.page_cache import open_cache  # noqa: PLC0415 - it brings hishel and SQLite

    return stack.enter_context(open_cache(folder.path, folder.warn))


def _client(index: Index, indexes: Indexes, secrets: Secrets, pages: PageCache | None) -> IndexClient | None:
    """Return the client for an index; None where it would be asked in vain, for want of credentials."""
    if index.edition is Edition.VEX:
        from fallback_review.index.vex import VexFeed  # noqa: PLC0415 - where something is remediated

        return VexFeed(index.url, ca_bundle=secrets.ca_bundle, environ=secrets.environ, cache=pages)
    credentials = _credentials(index, indexes, secrets)
    if credentials is None and index.url and _needs_credentials(index.url):
        return None
    from fallback_review.index.client import IndexClient  # noqa: PLC0415 - it brings libcurl

    return IndexClient(index, credentials, ca_bundle=secrets.ca_bundle, environ=secrets.environ, cache=pages)


def _credentials(index: Index, indexes: Indexes, secrets: Secrets) -> Credentials | None:
    same_host = bool(index.url) and origin_of(index.url) == origin_of(indexes.chainguard)
    explicit = secrets.explicit if same_host and index.owner is not Owner.PYPI else None
    return credentials_for(index.url, owner=index.owner, explicit=explicit, environ=secrets.environ)


def _needs_credentials(url: str) -> bool:
    """Chainguard's own host answers nobody without a token (its documentation, "Access")."""
    return origin_of(url) == origin_of(CHAINGUARD_SIMPLE_ENDPOINT)


def _ask(
    client: IndexClient | None, index: Index, names: Collection[str], track: Track
) -> Mapping[str, Answer]:
    if client is None:
        return {
            name: Answer(index=index, name=name, problem=Cause.NOT_CONFIGURED, message=NO_CREDENTIALS)
            for name in names
        }
    with track(f"Asking {name_of(index)}", len(names)) as advance:
        return client.ask(names, on_answer=lambda _answer: advance())


@contextmanager
def progress(console: Console | None) -> Iterator[Track]:
    """Show a bar for each index that is being asked; on no terminal, nothing."""
    if console is None or not console.is_terminal:

        @contextmanager
        def silent(_title: str, _total: int) -> Iterator[Callable[[], None]]:
            yield lambda: None

        yield silent
        return
    from rich.progress import (  # noqa: PLC0415 - for a terminal alone
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
    )

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bars = Progress(*columns, console=console, transient=True)

    @contextmanager
    def shown(title: str, total: int) -> Iterator[Callable[[], None]]:
        task = bars.add_task(title, total=total)
        bars.start()
        try:
            yield lambda: bars.advance(task)
        finally:
            bars.remove_task(task)
            if bars.finished:
                bars.stop()

    try:
        yield shown
    finally:
        bars.stop()
