"""TOML lockfiles, read fast: entries whose text both sides share are not parsed at all.

A lockfile's entries are an array of tables, so its text is a preamble and one block of lines for each entry.
Splitting the text at the header lines gives each entry's line for nothing, and lets a pair of sides drop the
blocks that both have. Where the text is not plain enough to be split safely, it is parsed whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import tomli
from msgspec import Struct

from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.text import LockfileError
from fallback_review.lockfiles.toml.lines import entry_lines
from fallback_review.lockfiles.toml.table import Table
from fallback_review.lockfiles.toml.unparsed_array import Opaque, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.lockfiles.text import Text

_NAME = re.compile(r"""name = (["'])([A-Za-z0-9._\-]+)\1\n""")
_INDENTED_HEADER = re.compile(r"\n[ \t]+\[")
_ARRAY_HEADER = re.compile(r"\n\[\[([^\n]*)")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*\]\]")


class TomlDocument(Struct, frozen=True):
    """A parsed TOML lockfile: its entries with their lines, and everything else."""

    header: dict[str, Any]
    entries: list[tuple[int, dict[str, Any]]]
    omitted: int = 0

    def tables(self, path: str, where: str) -> Iterator[Table]:
        """Give the entries as tables that name file, key and line in their errors."""
        return (Table(data, path, where, line) for line, data in self.entries)


class _Split(Struct, frozen=True):
    """A text that was split at the header lines of its entries."""

    key: str
    parts: list[str]
    """The preamble, then one part for each entry, without its header line."""

    def lines(self) -> list[int]:
        """Return each entry's line, counted from 1."""
        lines = []
        line = 1
        for part in self.parts[:-1]:
            line += part.count("\n")
            lines.append(line)
            line += 2
        return lines

    def has_tail(self, part: str) -> bool:
        """Whether an entry's part goes on with tables that are not the entry's own."""
        at = part.find("\n[")
        own = f"\n[{self.key}.", f"\n[[{self.key}."
        while at >= 0:
            if not part.startswith(own, at):
                return True
            at = part.find("\n[", at + 1)
        return False


def read_whole(text: Text, keys: tuple[str, ...]) -> TomlDocument:
    """Parse one side; `keys` are the names that the array of entries goes by.

    Raises:
        LockfileError: Not TOML (with the line), nested too deeply, or the entries are no array of tables.
    """
    data = _loads(text)
    key = next((known for known in keys if known in data), keys[0])
    entries = _entries(text, data, key, keys)
    split = _split(text.text, key)
    lines = split.lines() if split else []
    if len(lines) != len(entries):
        lines = entry_lines(text.text, key)
    return TomlDocument(data, list(zip(lines, entries, strict=True)))


def read_pair(
    base: Text,
    head: Text,
    keys: tuple[str, ...],
    *,
    beside: tuple[str, ...] = (),
    opaque: str | None = None,
) -> tuple[TomlDocument, TomlDocument]:
    """Parse both sides without the entries of those names whose blocks are the same on both.

    A name that differs in any of its blocks keeps all of them, so that every version of it is seen.
    `beside` names tables that hold parts of the entries under ``[metadata]``: with one of them, none can be
    left out. `opaque` names an array of the entries that is only compared, and needs no parsing for it.

    Raises:
        LockfileError: As `read_whole`, with the line in the real file.
    """
    splits = [_split(side.text, _key(side.text, keys)) for side in (base, head)]
    if splits[0] and splits[1] and splits[0].key == splits[1].key and not _any_beside(base, head, beside):
        dropped = _shared(splits[0], splits[1])
        if dropped is not None:
            left = _read_reduced(base, splits[0], dropped[0], keys, opaque)
            right = _read_reduced(head, splits[1], dropped[1], keys, opaque)
            if left and right and not any(_has_beside(side.header, beside) for side in (left, right)):
                return left, right
    return read_whole(base, keys), read_whole(head, keys)


def _any_beside(base: Text, head: Text, beside: tuple[str, ...]) -> bool:
    """Whether a side has such a table in its usual spelling: spares reading it twice."""
    return any(f"\n[metadata.{key}]\n" in side.text for side in (base, head) for key in beside)


def _has_beside(header: dict[str, Any], beside: tuple[str, ...]) -> bool:
    metadata = header.get("metadata")
    return type(metadata) is dict and any(metadata.get(key) for key in beside)


def _key(text: str, keys: tuple[str, ...]) -> str:
    for key in keys:
        if f"\n[[{key}]]" in text or text.startswith(f"[[{key}]]"):
            return key
    return keys[0]


def _loads(text: Text) -> dict[str, Any]:
    try:
        return tomli.loads(text.text)
    except tomli.TOMLDecodeError as error:
        raise LockfileError(
            text.path, f"not valid TOML: {error.msg} (column {error.colno})", line=error.lineno
        ) from None
    except RecursionError:
        raise LockfileError(text.path, "not read: nested more deeply than any lockfile is") from None
    except (ValueError, OverflowError):
        raise LockfileError(text.path, "not valid TOML: a number that is too large") from None


def _entries(text: Text, data: dict[str, Any], key: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Take the entries out of the parsed document."""
    named = [other for other in keys if other in data]
    if len(named) > 1:
        raise LockfileError(
            text.path, f"holds both {' and '.join(named)}; only one of them can be the entries"
        )
    key = named[0] if named else key
    found = data.pop(key, [])
    if type(found) is not list:
        raise LockfileError(text.path, f"{key}: must be an array of tables")
    for number, entry in enumerate(found):
        if type(entry) is not dict:
            raise LockfileError(text.path, f"{key}[{number}]: must be a table")
    return found


def _split(text: str, key: str) -> _Split | None:
    """Split a text at its entries; None where that cannot be done safely by looking at lines.

    Unsafe are multi-line strings (a header line may be text), indented headers, array headers spelled in
    another way than the plain one, and two headers without a line between.
    """
    if '"""' in text or "'''" in text or _INDENTED_HEADER.search(text):
        return None
    text = "\n" + text
    parts = text.split(f"\n[[{key}]]\n")
    headers = [match.group(1) for match in _ARRAY_HEADER.finditer(text)]
    if headers.count(f"{key}]]") != len(parts) - 1 or not all(map(_PLAIN_KEY.fullmatch, headers)):
        return None
    return _Split(key, parts)


def _shared(base: _Split, head: _Split) -> tuple[set[int], set[int]] | None:
    """Return which parts of each side can be dropped; None where a block's text does not tell its name.

    A side's last block is never dropped: where a file was cut short, it tells.
    """
    names = _by_name(base), _by_name(head)
    if names[0] is None or names[1] is None:
        return None
    dropped: tuple[set[int], set[int]] = (set(), set())
    last = len(base.parts) - 1, len(head.parts) - 1
    for name, numbers in names[0].items():
        others = names[1].get(name, ())
        if last[0] in numbers or last[1] in others:
            continue
        blocks = sorted(base.parts[number] for number in numbers)
        if blocks == sorted(head.parts[number] for number in others) and not any(map(base.has_tail, blocks)):
            dropped[0].update(numbers)
            dropped[1].update(others)
    return dropped


def _by_name(split: _Split) -> dict[str, list[int]] | None:
    names: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(split.parts[1:], start=1):
        match = _NAME.match(part)
        if match is None:
            return None
        names[normalise_name(match.group(2))].append(number)
    return names


def _read_reduced(
    text: Text, split: _Split, dropped: set[int], keys: tuple[str, ...], opaque: str | None
) -> TomlDocument | None:
    """Parse what is left of a side; None where it is wrong, so that the whole file has to tell."""
    kept = [part for number, part in enumerate(split.parts) if number not in dropped]
    left_out: dict[int, Opaque] = {}
    if opaque is not None:
        for number, part in enumerate(kept[1:]):
            kept[number + 1], array = cut(part, opaque)
            if array is not None:
                left_out[number] = array
    try:
        data = tomli.loads(f"\n[[{split.key}]]\n".join(kept))
        lines = [line for number, line in enumerate(split.lines(), start=1) if number not in dropped]
        entries = list(zip(lines, _entries(text, data, split.key, keys), strict=True))
    except (ValueError, RecursionError, OverflowError, LockfileError):
        return None
    for number, array in left_out.items():
        entries[number][1][opaque or ""] = array
    return TomlDocument(data, entries, omitted=len(dropped))
