"""What a change does to the settings file itself: it counts only once it is merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.model import Notice
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 10
_LONGEST = 60
_LATER = "it counts once merged"


def settings_changes(
    before: bytes | None, after: bytes | None, *, path: str = SETTINGS_PATH
) -> tuple[Notice, ...]:
    """Return what differs between two sides of the settings file; None is a side without one.

    The command line's `review BASE HEAD` and the Action's review of a pull request show these sentences
    beside the findings. They are notices of `path`: one for all allowances that are added, one for
    all that are removed, and one for each other table, ten at most and then a count. The text is an
    attacker's, and is only shown.
    """
    if before == after:
        return ()
    if after is None:
        return (Notice(path=path, text="this change deletes the settings"),)
    table, old = _table(after), _table(before or b"")
    if table is None or old is None:
        return (Notice(path=path, text=f"this change edits the settings; {_LATER}"),)
    said = list(_said(old, table))
    left = len(said) - _SHOWN
    more = [f"and {left:,} more {'change' if left == 1 else 'changes'} of the settings"] if left > 0 else []
    return tuple(Notice(path=path, text=text) for text in (*said[:_SHOWN], *more))


def _table(data: bytes) -> dict[str, Any] | None:
    import tomli  # noqa: PLC0415 - where there is a settings file

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
            yield f"this change edits {_keys(old, new)}[{_short(name)}] in the settings; {_LATER}"


def _keys(before: Any, after: Any) -> str:
    """Return which keys of a table differ, as far as both sides are tables."""
    if not isinstance(before or {}, dict) or not isinstance(after or {}, dict):
        return ""
    old, new = before or {}, after or {}
    keys = [_short(key) for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return f"{', '.join(keys[:_SHOWN])}{more} of " if keys else ""


def _allowances(before: list[Any], after: list[Any]) -> Iterator[str]:
    # By their texts, since comparing each with each takes minutes where a file holds nothing but entries.
    old, new = (set(map(_text, entries)) for entries in (before, after))
    added = [entry for entry in after if _text(entry) not in old]
    removed = [entry for entry in before if _text(entry) not in new]
    if added:
        pronoun = "it counts" if len(added) == 1 else "they count"
        yield f"this change adds {_counted(added)}; {pronoun} once merged"
    if removed:
        pronoun = "it counts" if len(removed) == 1 else "they count"
        yield f"this change removes {_counted(removed)}; {pronoun} until it is merged"


def _text(entry: Any) -> str:
    """Return the same text for the same entry, in whatever order its keys stand."""
    return repr(sorted(entry.items())) if isinstance(entry, dict) else repr(entry)


def _counted(entries: list[Any]) -> str:
    """Return how many allowances there are, with the first ones by name: the last ones may be cut off."""
    number = "an allowance" if len(entries) == 1 else f"{len(entries):,} allowances"
    more = f" and {len(entries) - _SHOWN:,} more" if len(entries) > _SHOWN else ""
    return f"{number}: {', '.join(map(_named, entries[:_SHOWN]))}{more}"


def _named(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "something"
    version = f" {_short(entry['version'])}" if entry.get("version") else ""
    reason = f" (reason: {_short(entry['reason'])})" if entry.get("reason") else ""
    return f"{_short(entry.get('package', 'something'))}{version}{reason}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
