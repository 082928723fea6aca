"""What was derived to know what to ask is not derived again to judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fallback_review.model import Role
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model import LockedPackage, Lockfile, Target
    from fallback_review.prediction.case import Derivation
    from fallback_review.prediction.context import Book, Situation

    Derive = Callable[[LockedPackage, Lockfile, Target, Situation, Book], Derivation | None]


class Derivations:
    """`derive` with a memory, for one book that gains answers of PyPI's meanwhile and nothing else.

    A derivation hangs on the entry, its surroundings and the answers about its own project. Entries and
    lockfiles are told apart by identity, since comparing them costs more than it saves: they outlive this.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, Target, Situation, bool], Derivation | None] = {}

    def __call__(
        self, package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, book: Book
    ) -> Derivation | None:
        """Return what `derive` returns, without the steps: they are many, and only `explain` shows them."""
        pypi_answered = (Role.PYPI, package.name) in book
        key = id(package), id(lockfile), target, situation, pypi_answered
        if key not in self._known:
            derived = derive(package, lockfile, target, situation, book)
            self._known[key] = derived and replace(derived, steps=())
        return self._known[key]
