"""What was derived to know what to ask is not derived again to judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model import LockedPackage, Lockfile, Target
    from fallback_review.prediction.context import Answers, Context
    from fallback_review.prediction.installation import Derivation

    Derive = Callable[[LockedPackage, Lockfile, Target, Context, Answers], Derivation | None]


class Derivations:
    """`derive` with a memory, for answers that only become more meanwhile.

    A derivation depends on the entry, its context and the answers about its own project. Entries, lockfiles
    and contexts are told apart by identity, since comparing them costs more than it saves: they outlive this.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, Target, int, int], Derivation | None] = {}

    def __call__(
        self, package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
    ) -> Derivation | None:
        """Return what `derive` returns, without the steps: they are many, and only `explain` shows them."""
        heard = len(answers.get(package.name, ()))
        key = id(package), id(lockfile), target, id(context), heard
        if key not in self._known:
            derived = derive(package, lockfile, target, context, answers)
            self._known[key] = derived and replace(derived, steps=())
        return self._known[key]
