"""JSON that is inert in a terminal: ASCII alone, and no control characters."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_NOT_PLAIN = re.compile(r"[^\x00-\x7e]")
"""What is not ASCII, and the one control character that JSON need not escape (RFC 8259, section 7)."""


def dumps(value: object) -> str:
    """Return a value as JSON, indented, with a line end."""
    return msgspec.json.format(_written(value), indent=2).decode("ascii") + "\n"


def encoded(value: object) -> msgspec.Raw:
    """Return a value that is written already, to be a part of others: once, and in less memory."""
    return msgspec.Raw(_written(value))


def _written(value: object) -> bytes:
    try:
        text = msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_sound(value))
    if text.isascii() and b"\x7f" not in text:
        return text
    return _NOT_PLAIN.sub(_escaped, text.decode()).encode("ascii")


def _sound(value: Any) -> Any:
    """Spell out lone surrogates: a lock in JSON can hold them, a report in UTF-8 can't."""
    if isinstance(value, dict):
        return {key: _sound(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _escaped(sign: re.Match[str]) -> str:
    units = sign[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
