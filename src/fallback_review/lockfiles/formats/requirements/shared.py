"""Two requirements files without the entries that both hold in the same words: these are never parsed.

Only entries of the plainest form are left out, ``name==1.0`` with hashes or without, of names that nothing
else in either file speaks of, and only where neither file reads another one. Empty lines stand in their
place, so that all others keep their numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.formats.requirements.compiled import compiled
from fallback_review.lockfiles.formats.requirements.reader import read
from fallback_review.lockfiles.names import normalise_name

if TYPE_CHECKING:
    from collections.abc import Container

    from fallback_review.lockfiles.text import Text
    from fallback_review.model import Lockfile

    Found = dict[str, list[str]]
    """The plain entries of a file, as they are written, by the name as it is written there."""

_PLAIN = re.compile(
    r"(?<!\\\n)^(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)"
    r"==[0-9]{1,9}(?:\.[0-9]{1,9}){0,8}(?:(?:a|b|rc|\.post|\.dev)[0-9]{1,9})?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)$",
    re.MULTILINE,
)
_INCLUDES = re.compile(r"(?:^|\s)-(?:[rc]|-(?:req|con))", re.MULTILINE)
_OTHER_ENDS = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Ends of lines to pip beside the usual one."""


def names_files(text: str) -> bool:
    """Whether a text may include or constrain by another file; cheap, where it surely does not."""
    return _INCLUDES.search(text) is not None


def read_pair(base: Text, head: Text) -> tuple[Lockfile, Lockfile]:
    """Read both sides without the names of which both say the same, and nothing but plain pins."""
    sides = base, head
    if any(names_files(side.text) or _OTHER_ENDS.search(side.text) for side in sides):
        return read(base), read(head)
    before, after = (_plain(side.text) for side in sides)
    alike = {name for name, entries in before.items() if after.get(name) == entries}
    # One entry with a hash makes pip want one of every other: the first of them stays.
    hashed = next(
        (name for name in before if name in alike and any("--hash" in each for each in before[name])), None
    )
    alike.discard(hashed or "")
    left, right = (_without(side, alike) for side in sides)
    left_out = {normalise_name(name) for name in alike}
    if any(package.name in left_out for side in (left, right) for package in side.packages):
        return read(base), read(head)
    return left, right


def _plain(text: str) -> Found:
    found: Found = defaultdict(list)
    for entry in _PLAIN.finditer(text):
        found[entry["name"]].append(entry[0])
    return found


def _without(text: Text, alike: Container[str]) -> Lockfile:
    omitted = 0

    def emptied(entry: re.Match[str]) -> str:
        nonlocal omitted
        if entry["name"] not in alike:
            return entry[0]
        omitted += 1
        return "\n" * entry[0].count("\n")

    rest = replace(text, text=_PLAIN.sub(emptied, text.text))
    # What says who made the file is looked for at its beginning alone, which has moved.
    return replace(read(rest), compiled=compiled(text.text), omitted=omitted)
