"""Dates and spans as installers write them: until when an upload counts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY = timedelta(days=1)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_ISO_SPAN = re.compile(
    r"P(?:(?P<w>\d{1,6})W)?(?:(?P<d>\d{1,6})D)?(?:T(?:(?P<h>\d{1,7})H)?(?:(?P<m>\d{1,8})M)?(?:(?P<s>\d{1,9})S)?)?",
    re.IGNORECASE | re.ASCII,
)
_FRIENDLY_PART = re.compile(
    r"(?P<count>\d{1,9})\s*(?P<unit>w(?:ee)?ks?|w|days?|d|hours?|hrs?|h|min(?:ute)?s?|m|sec(?:ond)?s?|s)(?![a-z])",
    re.IGNORECASE | re.ASCII,
)
_BETWEEN = re.compile(r"[\s,]*(?:\bago)?", re.IGNORECASE | re.ASCII)


def iso_moment(text: str) -> datetime | None:
    """Return an ISO 8601 moment or date in UTC; None where it is none.

    Where no offset is given the machine's own zone counts; servers and containers have UTC.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_date(text: str) -> bool:
    """Whether a text is a date without a time."""
    return _DATE.fullmatch(text.strip()) is not None


def end_of_day(date: datetime) -> datetime | None:
    """Return the first moment of the next day."""
    try:
        return date + _DAY
    except OverflowError:
        return None


def span(text: str) -> timedelta | None:
    """Return a span as uv reads it: ISO 8601 (``P7D``) or in words (``1 week``, ``2d 12h``); None for others.

    Source: docs.astral.sh/uv/reference/settings (``exclude-newer``); months and years are refused there.
    """
    bare = text.strip().lstrip("+-")
    iso = _ISO_SPAN.fullmatch(bare)
    if iso and any(iso.groups()):
        return _sum((unit, int(count)) for unit, count in iso.groupdict().items() if count)
    at, parts = 0, []
    while at < len(bare):
        found = _FRIENDLY_PART.match(bare, at)
        if found is None:
            return None
        parts.append((found["unit"][0].lower(), int(found["count"])))
        between = _BETWEEN.match(bare, found.end())
        at = between.end() if between else found.end()
    return _sum(parts) if parts else None


def before(now: datetime, ago: timedelta) -> datetime | None:
    """Return the moment that lies a span before another; None where there is none."""
    try:
        return now - ago
    except OverflowError:
        return None


def _sum(parts: Iterable[tuple[str, float]]) -> timedelta | None:
    total = timedelta()
    try:
        for unit, count in parts:
            total += timedelta(**{_UNITS[unit]: count})
    except OverflowError:
        return None
    return total


def just_after(moment: datetime) -> datetime | None:
    """Return the next moment: a bound that is itself included, as one that is not."""
    try:
        return moment + datetime.resolution
    except OverflowError:
        return None
