"""Lines that hold a named requirement with its hashes and nothing else: each text is read once.

The lockfiles of a repository hold many of the same lines, often at the same place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.formats.requirements.entries import (
    NamedRequirement,
    Position,
    RefusedError,
    read_requirement,
)
from fallback_review.lockfiles.formats.requirements.lines import redacted
from fallback_review.lockfiles.formats.requirements.options import (
    OptionsError,
    parse_options,
    split_options,
)

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage

LONGEST = 1_000
"""Characters of a line that is remembered: one with a dozen hashes."""
_REMEMBERED = 4_096
"""Lines that are remembered: more than any real lockfile has, and 30 MB at the very worst."""
_NOWHERE = Position(line=0, path=None)


def read_plain(text: str, place: Position) -> LockedPackage | None:
    """Return the entry of a logical line; None where it holds anything else, which is not read here.

    The same text at the same place is the same object.
    """
    return _placed(text, place.line, place.path) if len(text) <= LONGEST else None


@lru_cache(maxsize=_REMEMBERED)
def _placed(text: str, line: int, path: str | None) -> LockedPackage | None:
    found = _read(text)
    return None if found is None else replace(found, line=line, path=path)


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> LockedPackage | None:
    requirement, rest = split_options(text)
    if not requirement:
        return None
    try:
        options = parse_options(rest)
        if options.exclusive or options.ignored or options.values.keys() - {"hashes"}:
            return None
        hashes = tuple(map(redacted, options.all("hashes")))
        found = read_requirement(requirement, _NOWHERE, hashes, {})
    except (OptionsError, RefusedError):
        return None
    named = isinstance(found, NamedRequirement) and found.package.source.kind.from_index
    return found.package if named else None
