"""A mended lock, held to the prediction: what does not bring Chainguard's files is not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.model import Outcome
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.review import review

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from fallback_review.lockfiles import Text
    from fallback_review.model import ReviewedChange
    from fallback_review.pipeline.ask import Ask
    from fallback_review.settings.schema import Settings

_OURS = frozenset({Outcome.CHAINGUARD, Outcome.REMEDIATED})
_NO_OBJECTION = _OURS | {Outcome.UNKNOWN}
"""What can't be predicted does not speak against an entry: its bytes are Chainguard's by their hashes."""


def not_taken(
    before: Text, after: Text, names: Collection[str], settings: Settings, *, ask: Ask, today: date
) -> dict[str, str]:
    """Return the mended names of which the installer takes no file of Chainguard's, each with the reason.

    Those are also in it that are worse off than before on some target.

    Args:
        before: the lock as it was.
        after: the lock as it would be.
        names: the normalised names of the entries that were mended.
        settings: addresses, targets, layout.
        ask: what the indexes are asked with.
        today: for options that count back from the install.

    Raises:
        LockfileError: a text can't be read.
    """
    now = _predicted(after, names, settings, ask=ask, today=today)
    doubted = {name for name, change in now.items() if not set(_worst(change).values()) <= _NO_OBJECTION}
    was = _predicted(before, doubted, settings, ask=ask, today=today) if doubted else {}
    return {
        name: now[name].why or "the installer would take another file"
        for name in sorted(doubted)
        if _objects(_worst(was[name]) if name in was else {}, _worst(now[name]))
    }


def _objects(was: dict[str, Outcome], now: dict[str, Outcome]) -> bool:
    if not any(outcome in _NO_OBJECTION for outcome in now.values()):
        return True
    return any(
        outcome not in _NO_OBJECTION and target in was and outcome.rank < was[target].rank
        for target, outcome in now.items()
    )


def _predicted(
    text: Text, names: Collection[str], settings: Settings, *, ask: Ask, today: date
) -> dict[str, ReviewedChange]:
    compared = whole(text)
    kept = tuple(each for each in compared.diff.changes if each.name in names)
    compared = replace(compared, diff=replace(compared.diff, changes=kept))
    found = review([compared], settings, ask, today=today, scope="all")
    return {change.change.name: change for lockfile in found.lockfiles for change in lockfile.changes}


def _worst(change: ReviewedChange) -> dict[str, Outcome]:
    """Return the worst outcome of a name by the target's label."""
    worst: dict[str, Outcome] = {}
    for verdict in change.verdicts:
        if not verdict.informational:
            found = worst.get(verdict.target, verdict.outcome)
            worst[verdict.target] = min(found, verdict.outcome, key=lambda each: each.rank)
    return worst
