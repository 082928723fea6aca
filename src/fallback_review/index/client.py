"""Asking one index for many projects at once."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from fallback_review.index.errors import QuestionError
from fallback_review.index.http import ACCEPT, Limits, Wire
from fallback_review.index.http_statuses import answer_for
from fallback_review.index.origins import bare, origin_of, sendable
from fallback_review.model import Answer, Cause, Index

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from fallback_review.index.credentials import Credentials
    from fallback_review.index.http import Fetched
    from fallback_review.index.page_cache import PageCache

_NORMALISED = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOPELESS_AFTER = 8


class IndexClient:
    """One simple index, asked for project details over pooled connections.

    It stops asking when that is pointless: at the first 401, since a token is good for the whole index,
    and when the first eight outcomes are all failures (403, unreachable, no simple index). What is left is
    then answered with that same problem, unasked. A client is used by one thread at a time and closed by
    its `with`.
    """

    _accept = ACCEPT

    def __init__(
        self,
        index: Index,
        credentials: Credentials | None = None,
        *,
        connections: int = 32,
        limits: Limits | None = None,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
        cache: PageCache | None = None,
    ) -> None:
        """Prepare to ask an index; nothing is sent before `ask`.

        Args:
            index: The index, copied into each answer; an empty address means that there is no such index.
                User name and password in the address are dropped, not used (see `credentials_for`).
            credentials: Sent to the URL's scheme, host and port, nowhere else.
            connections: How many questions are under way at once.
            limits: Time-outs and repetitions.
            ca_bundle: A file of trusted certificates, instead of certifi's.
            environ: The environment as the caller read it: proxies, and a CA bundle where none is given.
            cache: Pages of earlier runs, each to be confirmed by the index.
        """
        self._index = index
        self._limits = limits or Limits()
        self._circuit = _Circuit()
        self._wire: Wire | None = None
        self._unusable = "no index is configured"
        self._base = index.url
        if self._base:
            try:
                self._base = sendable(bare(self._base))
                origin = origin_of(self._base)
            except ValueError:
                self._unusable = "the configured index URL is not an http or https URL"
                return
            self._host = str(origin)
            self._wire = Wire(
                origin,
                credentials,
                connections=connections,
                limits=self._limits,
                ca_bundle=ca_bundle,
                environ=environ or {},
                accept=self._accept,
                cache=cache,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._wire:
            self._wire.close()

    def stop(self) -> None:
        """End what another thread is asking: it soon gets problems for what is open. For good."""
        if self._wire:
            self._wire.stop()

    def ask(
        self, names: Collection[str], *, on_answer: Callable[[Answer], None] | None = None
    ) -> dict[str, Answer]:
        """Ask for each project once; return every answer, problems among them, in the order of `names`.

        The caller has made sure that no name is private: asking tells the index that the name exists.

        Args:
            names: Normalised by PEP 503; any other text is answered with a problem and never sent.
            on_answer: Called in this thread as each answer arrives, for progress.
        """
        wanted = list(dict.fromkeys(names))
        answers: dict[str, Answer] = {}

        def take(answer: Answer) -> None:
            answers[answer.name] = answer
            if on_answer:
                on_answer(answer)

        for name in wanted:
            if refusal := self._refusal(name):
                take(refusal)
        if self._wire and (open_names := [name for name in wanted if name not in answers]):
            self._ask_all(self._wire, open_names, take)
        return {name: answers[name] for name in wanted}

    def _refusal(self, name: str) -> Answer | None:
        if not self._wire:
            return self._problem(name, Cause.NOT_CONFIGURED, self._unusable)
        if not _NORMALISED.fullmatch(name):
            words = f"{self._host} was not asked: {name[:60]!a} is not a normalised package name"
            return self._problem(name, Cause.UNREACHABLE, words)
        return None

    def _ask_all(self, wire: Wire, names: list[str], take: Callable[[Answer], None]) -> None:
        waiting = dict.fromkeys(names)

        def asked() -> Iterator[tuple[str, str]]:
            for name in names:
                if self._circuit.settled:
                    return
                yield name, self._url(name)

        for name, outcome in wire.get_all(asked(), until=time.monotonic() + self._limits.total):
            del waiting[name]
            answer = self._heard(name, outcome)
            self._circuit.note(answer)
            take(answer)
        for name in waiting:
            take(self._unasked(name, stopped=wire.stopped))

    def _heard(self, name: str, outcome: Fetched | QuestionError) -> Answer:
        if isinstance(outcome, QuestionError):
            failed = "asked" if outcome.cause is Cause.UNREACHABLE else "read"
            words = f"{self._host} could not be {failed}: {outcome.words}"
            return self._problem(name, outcome.cause, words)
        return self._read(name, outcome)

    def _unasked(self, name: str, *, stopped: bool) -> Answer:
        if settled := self._circuit.settled:
            words = f"{settled.message} (so this package was not asked for)"
            return replace(settled, name=name, message=words)
        limit = f"the limit of {self._limits.total:g} s for all names was used up"
        why = "the check was stopped" if stopped else limit
        return self._problem(name, Cause.UNREACHABLE, f"{self._host} could not be asked: {why}")

    def _url(self, name: str) -> str:
        parts = urlsplit(self._base)
        return parts._replace(path=f"{parts.path.rstrip('/')}/{self._page(quote(name, safe=''))}").geturl()

    def _page(self, name: str) -> str:
        """Return a project's address below the base (PEP 503)."""
        return f"{name}/"

    def _read(self, name: str, fetched: Fetched) -> Answer:
        """Return what an HTTP answer says about a project; never raises."""
        return answer_for(self._index, name, fetched)

    def _problem(self, name: str, cause: Cause, message: str) -> Answer:
        return Answer(index=self._index, name=name, problem=cause, message=message)


class _Circuit:
    """Remembers that asking on is pointless."""

    def __init__(self) -> None:
        self.settled: Answer | None = None
        self._failures = 0
        self._answered = False

    def note(self, answer: Answer) -> None:
        self._answered = self._answered or answer.answered
        self._failures += not answer.answered
        hopeless = not self._answered and self._failures >= _HOPELESS_AFTER
        if answer.problem is Cause.UNAUTHORIZED or hopeless:
            self.settled = self.settled or answer
