"""Sorting and counting the changes of a review; every renderer counts here, so that they agree."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model import ChangeKind, Conclusion, Ecosystem, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def tally(review: Review, lockfiles: Iterable[ReviewedLockfile] | None = None) -> Tally:
    """Count a review's changes, or those of some of its lockfiles."""
    counted = review.lockfiles if lockfiles is None else tuple(lockfiles)
    outcomes: Counter[Outcome] = Counter()
    troubled: Counter[Outcome] = Counter()
    allowed: Counter[Outcome] = Counter()
    conclusions: Counter[Conclusion] = Counter()
    groups: Counter[Group] = Counter()
    names: set[str] = set()
    judged: set[int] = set()
    malware = 0
    # Alike changes of many lockfiles are one object: it is looked at once.
    times = Counter(id(reviewed) for lockfile in counted for reviewed in lockfile.changes)
    each = {id(reviewed): reviewed for lockfile in counted for reviewed in lockfile.changes}
    for key, reviewed in each.items():
        count = times[key]
        group = group_of(reviewed)
        groups[group] += count
        if reviewed.outcome is not None and group is not Group.LOCAL:
            judged.add(key)
            names.add(reviewed.change.name)
            outcomes[reviewed.outcome] += count
            conclusions[reviewed.conclusion] += count
            allowed[reviewed.outcome] += count * (group is Group.ALLOWED)
            if group is Group.TROUBLE:
                troubled[reviewed.outcome] += count
                malware += count * reviewed.malware
    paths = {one.path for one in counted if any(id(reviewed) in judged for reviewed in one.changes)}
    return Tally(
        changed=times.total(),
        judged=outcomes.total(),
        names=len(names),
        lockfiles=len(paths),
        outcomes=outcomes,
        groups=groups,
        troubled=troubled,
        allowed=allowed,
        conclusions=conclusions,
        malware=malware,
        metadata_only=sum(len(lockfile.metadata_only) for lockfile in counted),
    )
