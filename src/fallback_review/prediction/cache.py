"""What was derived to know what to ask is not derived again to judge, nor for such an entry elsewhere."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.model import LockedPackage
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from fallback_review.model import Lockfile, Target
    from fallback_review.prediction.context import Answers, Context
    from fallback_review.prediction.installation import Derivation

    Question = tuple[LockedPackage, Lockfile, Context, Sequence[Target]]
    """A prediction to come: the entry, its lockfile, the context and the targets."""
    Derive = Callable[[LockedPackage, Lockfile, Target, Context, Answers], Derivation | None]


_DECIDES = attrgetter(
    *(name for name in LockedPackage.__struct_fields__ if name not in {"line", "path", "extra"})
)
"""All of an entry that decides: what leads to the file that is installed."""


class Derivations:
    """`derive` with a memory, for answers that only become more meanwhile.

    A derivation depends on the entry wherever it stands, on its lockfile but for the other entries, on the
    context and on the answers about its own project. Each of them is compared once with those before, and is
    then known by its identity.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int, int], Derivation | None] = {}
        self._alike: dict[Hashable, int] = {}
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []
        """All that is known by its identity, so that nothing else gets the same."""

    def __call__(
        self, package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
    ) -> Derivation | None:
        """Return what `derive` returns, without the steps: they are many, and only `explain` shows them."""
        numbers = self._numbers
        key = (
            numbers.get(id(package)) or self._number(package, _entry(package)),
            numbers.get(id(lockfile)) or self._number(lockfile, _around(lockfile)),
            numbers.get(id(target)) or self._number(target, target),
            numbers.get(id(context)) or self._number(context, context),
            len(answers.get(package.name, ())),
        )
        if key not in self._known:
            derived = derive(package, lockfile, target, context, answers)
            self._known[key] = derived and replace(derived, steps=())
        return self._known[key]

    def around(self, lockfile: Lockfile, context: Context, targets: Sequence[Target]) -> tuple[int, int, int]:
        """Return what is equal where the same entry gets the same predictions: all but the entry."""
        numbers = self._numbers
        return (
            numbers.get(id(lockfile)) or self._number(lockfile, _around(lockfile)),
            numbers.get(id(context)) or self._number(context, context),
            numbers.get(id(targets)) or self._number(targets, targets),
        )

    def entries(self, packages: Iterable[LockedPackage]) -> tuple[int, ...]:
        """Return what is equal for entries that differ in nothing but their places."""
        numbers = self._numbers
        return tuple(numbers.get(id(each)) or self._number(each, _entry(each)) for each in packages)

    def distinct(self, questions: Iterable[Question]) -> list[Question]:
        """Return the questions without those that get the same answers as one before them."""
        seen: dict[Hashable, Question] = {}
        for question in questions:
            package, lockfile, context, targets = question
            seen.setdefault((self.entries((package,)), self.around(lockfile, context, targets)), question)
        return list(seen.values())

    def _number(self, thing: object, essence: Hashable) -> int:
        """Return a number that things share whose essence is equal, and remember it."""
        self._kept.append(thing)
        try:
            number = self._alike.setdefault(essence, len(self._alike) + 1)
        except TypeError:  # it holds what can change, and can't be compared cheaply: it is alone
            number = self._alike.setdefault(("alone", id(thing)), len(self._alike) + 1)
        self._numbers[id(thing)] = number
        return number


def _entry(package: LockedPackage) -> Hashable:
    decides: Hashable = _DECIDES(package)
    return decides


def _around(lockfile: Lockfile) -> Hashable:
    return replace(
        lockfile,
        path="",
        packages=(),
        unnamed=(),
        nameless=(),
        notices=(),
        unread=(),
        elsewhere=(),
        compiled=None,
        loose_constraints=(),
        omitted=0,
    )
