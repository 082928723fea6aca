"""What the tracking issue remembers in its hidden marker: since when what is open, and coverage over time."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fallback_review.github.marker import Marker, is_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARKER = Marker("fallback-review-drift:v1")
POINTS = 60
"""Points of the coverage's course that are kept: two months, where it changes every day."""
KNOWN = 1500
"""Packages that are remembered: 27 kB of the issue's 64."""


class Point(Struct, frozen=True, kw_only=True):
    """How much Chainguard covered on a day."""

    day: date
    covered: int
    total: int

    @property
    def share(self) -> float:
        """Per cent; rounding never makes "all" of "nearly all"."""
        if self.covered == self.total:
            return 100.0
        return min(round(100 * self.covered / self.total, 1), 99.9)


class Memory(Struct, frozen=True, kw_only=True):
    """The state of the issue."""

    points: tuple[Point, ...] = ()
    """Oldest first, one a day at most."""
    known: Mapping[str, date]
    """The key of each package that is open, with the day when it was first seen."""

    def marker(self, name: str) -> str:
        """Return the hidden line that carries it, for the configuration `name`."""
        points = [[point.day.toordinal(), point.covered, point.total] for point in self.points]
        known = {key: day.toordinal() for key, day in self.known.items()}
        return MARKER.write({"points": points, "known": known, "name": name})


def is_marked(body: str, name: str) -> bool:
    """Return whether an issue's body carries our marker, for the configuration `name`."""
    state = MARKER.read(body)
    return state is not None and is_of(state, name)


def recall(body: str) -> Memory:
    """Return what an issue's body remembers; what is damaged counts as forgotten."""
    state = MARKER.read(body) or {}
    try:
        points = tuple(
            Point(day=date.fromordinal(day), covered=int(covered), total=int(total))
            for day, covered, total in state.get("points", ())
            if int(total) > 0
        )
        known = {str(key): date.fromordinal(day) for key, day in state.get("known", {}).items()}
    except (AttributeError, TypeError, ValueError, OverflowError):
        return Memory(known={})
    return Memory(points=points, known=known)


def key_of(path: str, name: str, versions: Iterable[str]) -> str:
    """Return what a locked package is remembered by."""
    return hashlib.sha256(json.dumps([path, name, *versions]).encode()).hexdigest()[:8]


def remembered(
    before: Memory, open_now: Iterable[str], today: date, point: Point | None, *, everything_seen: bool
) -> Memory:
    """Return the state after a look: what was open stays known since then, what is not is forgotten.

    `point` is None where coverage could not be told. Where not everything could be seen, nothing is
    forgotten.
    """
    known: dict[str, Any] = {key: before.known.get(key, today) for key in open_now}
    if not everything_seen:
        known = {**before.known, **known}
    kept = sorted(known.items(), key=lambda item: (item[1], item[0]))[:KNOWN]
    return Memory(points=_course(before.points, point), known=dict(kept))


def _course(points: tuple[Point, ...], new: Point | None) -> tuple[Point, ...]:
    if new is None:
        return points
    kept = [point for point in points if point.day < new.day]
    # Of days without a change the first and the last are enough for a line.
    if len(kept) > 1 and all((point.covered, point.total) == (new.covered, new.total) for point in kept[-2:]):
        kept.pop()
    return (*kept, new)[-POINTS:]
