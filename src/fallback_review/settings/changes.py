"""What a change does to the settings file itself: it counts only once it is on the base side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli

from fallback_review.model import Notice
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 10
_LATER = "it counts once it is on the base branch"


def settings_changes(before: bytes | None, after: bytes | None) -> tuple[Notice, ...]:
    """Return what differs between two sides of the settings file; None is a side without one.

    The text is an attacker's, and is only shown.
    """
    if before == after:
        return ()
    if after is None:
        return (Notice(path=SETTINGS_PATH, text="this change deletes the settings"),)
    table, old = _table(after), _table(before or b"")
    if table is None or old is None:
        return (Notice(path=SETTINGS_PATH, text=f"this change edits the settings; {_LATER}"),)
    said = list(_said(old, table))
    more = [f"this change edits {len(said) - _SHOWN:,} more settings"] if len(said) > _SHOWN else []
    return tuple(Notice(path=SETTINGS_PATH, text=text) for text in (*said[:_SHOWN], *more))


def _table(data: bytes) -> dict[str, Any] | None:
    try:
        return tomli.loads(data.decode("utf-8-sig"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return None


def _said(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name == "allow" and isinstance(old or [], list) and isinstance(new or [], list):
            yield from _allowances(old or [], new or [])
        else:
            yield f"this change edits [{name}] in the settings; {_LATER}"


def _allowances(before: list[Any], after: list[Any]) -> Iterator[str]:
    for entry in after:
        if entry not in before:
            yield f"this change allows {_named(entry)}; {_LATER}"
    for entry in before:
        if entry not in after:
            yield f"this change no longer allows {_named(entry)}; {_LATER}"


def _named(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "something"
    version = f" {entry['version']}" if entry.get("version") else ""
    reason = f" (reason: {entry['reason']})" if entry.get("reason") else ""
    return f"{entry.get('package', 'something')}{version}{reason}"
