"""The cases that a review predicts: each lockfile's changes with what is known of its surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.pipeline.ask import learn_hosts
from fallback_review.pipeline.context import survey
from fallback_review.pipeline.marker_changes import with_newly_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fallback_review.model import Change, LockfileDiff
    from fallback_review.pipeline.ask import Ask, Question
    from fallback_review.pipeline.context import Compared, Surroundings
    from fallback_review.settings.schema import Indexes, Settings


@dataclass(frozen=True, slots=True)
class Case:
    """One lockfile, what changed in it, and what it stands in."""

    diff: LockfileDiff
    surroundings: Surroundings

    def questions(self) -> Iterator[Question]:
        """Yield the predictions to come: every new entry, on every target."""
        for change in self.diff.changes:
            for package in change.gained:
                yield package, self.diff.head, self.surroundings.of(package), self.surroundings.targets


def cases_of(
    compared: Sequence[Compared],
    settings: Settings,
    ask: Ask,
    *,
    allowed: Callable[[Change], bool] = lambda _: False,
) -> list[Case]:
    """Return the cases of some lockfiles; where all hangs on it, PyPI is asked for the host of its files."""

    def cases(indexes: Indexes) -> list[Case]:
        known = settings.model_copy(update={"indexes": indexes})
        around = ((each.diff, survey(each, known, allowed=allowed)) for each in compared)
        return [Case(with_newly_installed(diff, where.targets), where) for diff, where in around]

    found = cases(settings.indexes)
    hosts = learn_hosts((question for case in found for question in case.questions()), ask)
    if not hosts:
        return found
    hosts |= set(settings.indexes.pypi_hosts)
    return cases(settings.indexes.model_copy(update={"pypi_hosts": tuple(sorted(hosts))}))
