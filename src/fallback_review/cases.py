"""The cases that a review predicts: each lockfile's changes with what is known of its surroundings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review.inquiry import learn_hosts
from fallback_review.surroundings import survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.inquiry import Ask, Question
    from fallback_review.model import LockfileDiff
    from fallback_review.settings import Settings
    from fallback_review.surroundings import Compared, Surroundings


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


def cases_of(compared: Iterable[Compared], settings: Settings, ask: Ask) -> list[Case]:
    """Return the cases of some lockfiles; where all hangs on it, PyPI is asked for the host of its files."""
    cases = [Case(each.diff, survey(each, settings)) for each in compared]
    hosts = learn_hosts((question for case in cases for question in case.questions()), ask)
    if not hosts:
        return cases
    return [Case(case.diff, _with_hosts(case.surroundings, hosts)) for case in cases]


def _with_hosts(surroundings: Surroundings, hosts: frozenset[str]) -> Surroundings:
    situation = surroundings.situation
    return replace(surroundings, situation=replace(situation, pypi_hosts=situation.pypi_hosts | hosts))
