"""Sorting and counting the changes of a review; every renderer counts here, so that they agree."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model import ChangeKind, Conclusion, Ecosystem, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fallback_review.model import Review, ReviewedChange, ReviewedLockfile


class Group(Enum):
    """Where a change is shown."""

    TROUBLE = "trouble"
    ALLOWED = "allowed"
    UPSTREAM = "upstream"
    ELSEWHERE = "elsewhere"
    CHAINGUARD = "chainguard"
    LOCAL = "local"
    UNJUDGED = "unjudged"
    REMOVED = "removed"
    CONDA = "conda"


_ALWAYS_TROUBLE = {Outcome.INSTALL_FAILS, Outcome.UNKNOWN}
_FROM_CHAINGUARD = {Outcome.REMEDIATED, Outcome.CHAINGUARD}
_NOT_COVERED = {Outcome.INSTALL_FAILS, Outcome.PYPI, Outcome.UPSTREAM}
_QUIET = {
    Outcome.UPSTREAM: Group.UPSTREAM,
    Outcome.DIRECT: Group.ELSEWHERE,
    Outcome.PRIVATE: Group.ELSEWHERE,
    Outcome.REMEDIATED: Group.CHAINGUARD,
    Outcome.CHAINGUARD: Group.CHAINGUARD,
}


def group_of(reviewed: ReviewedChange) -> Group:
    """Return where a change belongs. No allowance and no policy hides a failure or a missing answer.

    What comes from Chainguard and only warns rests on an assumption, which is said once and not for each.
    """
    change, outcome = reviewed.change, reviewed.outcome
    if outcome in _ALWAYS_TROUBLE:
        return Group.TROUBLE
    if reviewed.allowance is not None and outcome is not None:
        return Group.ALLOWED
    assumed = outcome in _FROM_CHAINGUARD and reviewed.conclusion is Conclusion.WARN
    if outcome is Outcome.PYPI or (reviewed.conclusion is not Conclusion.PASS and not assumed):
        return Group.TROUBLE
    apart = (
        (change.ecosystem is Ecosystem.CONDA, Group.CONDA),
        (change.kind is ChangeKind.REMOVED, Group.REMOVED),
        (change.local, Group.LOCAL),
    )
    quiet = Group.UNJUDGED if outcome is None else _QUIET[outcome]
    return next((group for applies, group in apart if applies), quiet)


class Tally(Struct, frozen=True, kw_only=True):
    """How many changes of each kind a review holds. A name counts once in each lockfile."""

    changed: int
    """Every change, whatever became of it."""
    judged: int
    """Changes with an outcome, without the project's own packages: what the headline speaks of."""
    names: int
    """How many names the judged ones have, over all lockfiles."""
    lockfiles: int
    """How many lockfiles hold them."""
    outcomes: Counter[Outcome]
    """The outcomes of the judged ones."""
    groups: Counter[Group]
    troubled: Counter[Outcome]
    """The outcomes of those shown as trouble."""
    allowed: Counter[Outcome]
    """The outcomes of those that the allow list covers."""
    conclusions: Counter[Conclusion]
    """What the policy makes of each judged one."""
    malware: int
    """Those of the troubled that an index blocks as malware."""
    metadata_only: int

    @property
    def from_chainguard(self) -> int:
        """Built or remediated by Chainguard."""
        return self.outcomes[Outcome.CHAINGUARD] + self.outcomes[Outcome.REMEDIATED]

    @property
    def known(self) -> int:
        """The judged ones of an index whose origin is known: what coverage is counted over."""
        return self.from_indexes - self.outcomes[Outcome.UNKNOWN]

    @property
    def from_indexes(self) -> int:
        """The judged ones that an index is asked for: what coverage is a fraction of."""
        return self.judged - self.outcomes[Outcome.DIRECT] - self.outcomes[Outcome.PRIVATE]


class Missing(Struct, frozen=True, kw_only=True):
    """A package that Chainguard does not cover, over all lockfiles."""

    name: str
    versions: tuple[str, ...]
    lockfiles: int


def most_missing(review: Review) -> tuple[Missing, ...]:
    """Return what Chainguard does not cover, the packages of most lockfiles first."""
    found: dict[str, tuple[dict[str, None], set[str]]] = {}
    for lockfile in review.lockfiles:
        for reviewed in lockfile.changes:
            if reviewed.outcome in _NOT_COVERED and not reviewed.change.local:
                versions, paths = found.setdefault(reviewed.change.name, ({}, set()))
                versions |= {entry.shown_version or "": None for entry in reviewed.change.gained}
                paths.add(lockfile.path)
    listed = (
        Missing(name=name, versions=tuple(versions), lockfiles=len(paths))
        for name, (versions, paths) in found.items()
    )
    return tuple(sorted(listed, key=lambda each: (-each.lockfiles, each.name)))


class _Counted(Struct, frozen=True):
    """All of a change that is counted, beside its name."""

    group: Group
    outcome: Outcome | None
    conclusion: Conclusion
    malware: bool

    @property
    def judged(self) -> bool:
        return self.outcome is not None and self.group is not Group.LOCAL


class Tallies:
    """Counts some lockfiles of a review, as often as one likes: a change that many hold is looked at once."""

    def __init__(self, lockfiles: Iterable[ReviewedLockfile]) -> None:
        self._names: dict[int, str | None] = {}
        """The names of changes by identity, as lockfiles keep them alive; None of one that is not judged."""
        self._kind_of: dict[int, int] = {}
        """The numbers of their kinds: a number is compared in no time."""
        numbers: dict[_Counted, int] = {}
        for reviewed in chain.from_iterable(lockfile.changes for lockfile in lockfiles):
            if id(reviewed) not in self._names:
                kind = _Counted(group_of(reviewed), reviewed.outcome, reviewed.conclusion, reviewed.malware)
                self._names[id(reviewed)] = reviewed.change.name if kind.judged else None
                self._kind_of[id(reviewed)] = numbers.setdefault(kind, len(numbers))
        self._kinds = tuple(numbers)

    def of(self, lockfiles: Iterable[ReviewedLockfile]) -> Tally:
        """Return how many changes of each kind some of the lockfiles hold."""
        times: Counter[int] = Counter()
        names: set[str | None] = set()
        paths: set[str] = set()
        metadata_only = 0
        for lockfile in lockfiles:
            ids = [*map(id, lockfile.changes)]
            here = Counter(map(self._kind_of.__getitem__, ids))
            times.update(here)
            names.update(map(self._names.__getitem__, ids))
            if any(self._kinds[number].judged for number in here):
                paths.add(lockfile.path)
            metadata_only += len(lockfile.metadata_only)
        kinds = {self._kinds[number]: count for number, count in times.items()}
        return _tally(kinds, names=len(names - {None}), lockfiles=len(paths), metadata_only=metadata_only)


def tally(review: Review) -> Tally:
    """Count all changes of a review."""
    return Tallies(review.lockfiles).of(review.lockfiles)


def _tally(times: Mapping[_Counted, int], *, names: int, lockfiles: int, metadata_only: int) -> Tally:
    outcomes: Counter[Outcome] = Counter()
    troubled: Counter[Outcome] = Counter()
    allowed: Counter[Outcome] = Counter()
    conclusions: Counter[Conclusion] = Counter()
    groups: Counter[Group] = Counter()
    malware = 0
    for kind, count in times.items():
        groups[kind.group] += count
        if kind.outcome is not None and kind.judged:
            outcomes[kind.outcome] += count
            conclusions[kind.conclusion] += count
            allowed[kind.outcome] += count * (kind.group is Group.ALLOWED)
            if kind.group is Group.TROUBLE:
                troubled[kind.outcome] += count
                malware += count * kind.malware
    return Tally(
        changed=groups.total(),
        judged=outcomes.total(),
        names=names,
        lockfiles=lockfiles,
        outcomes=outcomes,
        groups=groups,
        troubled=troubled,
        allowed=allowed,
        conclusions=conclusions,
        malware=malware,
        metadata_only=metadata_only,
    )
