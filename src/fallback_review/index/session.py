"""The indexes of one run: opened once for each arrangement, each project asked for once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from fallback_review.index import open as access

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from fallback_review.index.open import Secrets
    from fallback_review.model import Answer, Role
    from fallback_review.pipeline.ask import Ask
    from fallback_review.settings.schema import Indexes


class Remembering:
    """Asks each index once for each name, and keeps what it said."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.answers: dict[tuple[Role, str], Answer] = {}

    def __call__(self, role: Role, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name, of the index or of memory."""
        new = [name for name in names if (role, name) not in self.answers]
        if new:
            answered = self._ask(role, new)
            self.answers.update(((role, name), answer) for name, answer in answered.items())
        return {name: self.answers[role, name] for name in names}


class Asking:
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
