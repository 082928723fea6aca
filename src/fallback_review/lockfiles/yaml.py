"""YAML for lockfiles: every scalar as text (null as None), bounded, with the line of every row.

libyaml's event stream is read instead of a loader's result: it is faster, it carries the lines, and it needs
no recursion (composing a deeply nested document overflows the C stack and ends the process). Text stays text:
YAML 1.1 would read the version ``3.10`` as 3.1 and ``0.1_3`` as 0.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from msgspec import Struct, field

from fallback_review.lockfiles.text import LockfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NODES = 2_000_000
"""Scalars, lists and mappings of one document, what aliases repeat included; real files have some 200,000."""
DEEPEST = 40
MOST_ALIASES = 1_000
"""No lockfile tool needs them; a few may come from a library that writes a shared value once."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's where PyYAML was built with it."""


class YamlDocument(Struct, frozen=True):
    """A YAML document: dictionaries, lists, texts and None."""

    data: dict[str, Any]
    _lines: dict[int, int]

    def line(self, row: Mapping[str, Any]) -> int:
        """Return the line on which a mapping of this document begins, counted from 1."""
        return self._lines[id(row)]


def read_yaml(path: str, text: str, *, loader: Any = LOADER) -> YamlDocument:
    """Read one YAML document whose root is a mapping.

    Args:
        path: the file, for messages.
        text: what it says.
        loader: PyYAML's loader class whose parser gives the events.

    Raises:
        LockfileError: the text is no such document, a key stands twice, or a bound is passed.
    """
    builder = _Builder(path)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        reason = f"the file is not YAML: {error.problem or error.context}"
        raise LockfileError(path, reason, line=line) from None
    except (yaml.YAMLError, UnicodeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise LockfileError(path, f"the file is not YAML: {reason}") from None
    if type(builder.root) is not dict:
        raise LockfileError(path, "the file is not a lockfile: its root is not a mapping")
    return YamlDocument(builder.root, builder.lines)


class _Open(Struct):
    """A list or mapping whose end has not come yet."""

    value: Any
    anchor: str | None
    nodes_before: int
    key: str | None = None


class _Builder(Struct):
    """Builds values from events, without recursion."""

    path: str
    root: Any = None
    lines: dict[int, int] = field(default_factory=dict)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    _nodes: int = 0
    _aliases: int = 0
    _documents: int = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._count(1, event)
            # Only an unquoted null is none; everything else is the text that it is.
            value = None if event.implicit[0] and event.value in _NULL else event.value
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, 1)
            self._place(value, event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = self._open.pop()
            if done.anchor is not None:
                self._anchors[done.anchor] = (done.value, self._nodes - done.nodes_before)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                self._fail("the file holds more than one YAML document", event)

    def _start(self, event: Any, value: Any) -> None:
        self._count(1, event)
        if len(self._open) >= DEEPEST:
            self._fail(f"values are nested deeper than {DEEPEST} levels", event)
        if event.anchor is not None:
            # Until its end has come, the value can't be repeated inside itself.
            self._anchors.pop(event.anchor, None)
        self._place(value, event)
        if type(value) is dict:
            self.lines[id(value)] = event.start_mark.line + 1
        self._open.append(_Open(value, event.anchor, self._nodes - 1))

    def _alias(self, event: Any) -> None:
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            self._fail(f"more than {MOST_ALIASES:,} aliases", event)
        known = self._anchors.get(event.anchor)
        if known is None:
            self._fail("an alias to a value that is not complete", event)
        value, nodes = known
        self._count(nodes, event)
        self._place(value, event)

    def _place(self, value: Any, event: Any) -> None:
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        if type(parent.value) is list:
            parent.value.append(value)
        elif parent.key is None:
            if type(value) is not str:
                self._fail("a key that is not text", event)
            if value in parent.value:
                self._fail(f"the key '{value[:60]}' appears twice", event)
            parent.key = value
        else:
            parent.value[parent.key] = value
            parent.key = None

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            self._fail(f"more than {MOST_NODES:,} values", event)

    def _fail(self, reason: str, event: Any) -> NoReturn:
        raise LockfileError(self.path, reason, line=event.start_mark.line + 1)
