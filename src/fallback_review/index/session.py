"""The indexes of one run: opened once for each set of addresses, each project asked for once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from fallback_review.index import open as access

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.index.open import Secrets
    from fallback_review.model import Answer, Index
    from fallback_review.pipeline.ask import Ask, Wanted
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Indexes


class Remembering:
    """Asks each index once for each name, and keeps what it said."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.answers: dict[str, dict[Index, Answer]] = {}

    def __call__(self, wanted: Wanted) -> Answers:
        """Return an answer for each name of each index, of the index or of memory."""
        new = {
            index: unknown
            for index, names in wanted.items()
            if (unknown := [name for name in names if index not in self.answers.get(name, {})])
        }
        if new:
            for name, heard in self._ask(new).items():
                self.answers.setdefault(name, {}).update(heard)
        found: dict[str, dict[Index, Answer]] = {}
        for index, names in wanted.items():
            for name in names:
                found.setdefault(name, {})[index] = self.answers[name][index]
        return found


class IndexSession:
    """What asks the indexes, for as long as the context lasts; pull requests of one run share the answers."""

    def __init__(self, secrets: Secrets, *, telling: Callable[[Ask], Ask]) -> None:
        self._secrets = secrets
        self._telling = telling
        self._stack = ExitStack()
        self._open: dict[Indexes, Remembering] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def of(self, indexes: Indexes) -> Remembering:
        """Return what asks these indexes."""
        if indexes not in self._open:
            ask = self._stack.enter_context(access.open_indexes(indexes, self._secrets))
            self._open[indexes] = Remembering(self._telling(ask))
        return self._open[indexes]
