"""The hidden first line by which a text of ours on GitHub is found again, and what the line remembers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


NAME = "Fallback Review"
"""What a configuration is called that was given no name."""


def is_of(state: Mapping[str, Any], name: str) -> bool:
    """Return whether what a line remembers is of the configuration `name`, whatever its capitals.

    GitHub tells the contexts of commit statuses apart without regard to capitals, so names are no other.
    """
    return str(state.get("name", NAME)).casefold() == name.casefold()


class Marker:
    """One kind of hidden line: an HTML comment with a name and a JSON object.

    Example: ``<!-- fallback-review:v1 {"head":"1f3c…"} -->``. A marker alone proves nothing: anybody can
    write one, so whoever finds it has to look at the author too.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._line = re.compile(rf"\A\s*<!-- {re.escape(name)} (\{{[^\n]*\}}) -->\r?\n?")

    def write(self, values: Mapping[str, object]) -> str:
        """Return the line that holds `values`; no value can close the comment."""
        data = json.dumps(values, sort_keys=True, separators=(",", ":"))
        # Only strings hold these characters, and in a JSON string an escape means the same.
        for unsafe, same in (
            ("--", "-\\u002d"),
            ("<", "\\u003c"),
            (">", "\\u003e"),
            ("@", "\\u0040"),
            ("(", "\\u0028"),
        ):
            data = data.replace(unsafe, same)
        return f"<!-- {self.name} {data} -->"

    def read(self, body: str) -> dict[str, Any] | None:
        """Return what the line that `body` starts with holds: None without one, {} for a damaged one."""
        match = self._line.match(body)
        if match is None:
            return None
        try:
            values = json.loads(match[1])
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    def visible(self, body: str) -> str:
        """Return `body` without its line."""
        return self._line.sub("", body, count=1)
