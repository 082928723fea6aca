"""Comparing the versions that one name has on two sides, by PEP 440."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_version
from packaging.version import Version

if TYPE_CHECKING:
    from collections import Counter


_PLAIN = re.compile(r"(?:0|[1-9]\d{0,9})(?:\.(?:0|[1-9]\d{0,9}))*", re.ASCII)
"""What nearly all versions are, and what needs no parser to be put in one spelling."""
_LAST_ZEROS = re.compile(r"(?:\.0)+\Z")


@lru_cache(maxsize=65536)
def parse_version(text: str | None) -> Version | None:
    """Return the version, or None where the text is none by PEP 440."""
    try:
        return Version(text or "")
    except ValueError:  # InvalidVersion, or a number of more digits than Python reads
        return None


@lru_cache(maxsize=65536)
def public_version(text: str | None) -> str | None:
    """Return a version without its local part, in one spelling: ``1.0`` for ``1.0.0+cgr.1`` (PEP 440).

    None where the text is no version.
    """
    if text is not None and _PLAIN.fullmatch(text):
        return _LAST_ZEROS.sub("", text)
    version = parse_version(text)
    return canonicalize_version(version.public) if version is not None else None


def lone_pin(specifier: str) -> Version | None:
    """Return the version of an ``==`` or ``===`` that says everything; None where more or less is said."""
    try:
        every = tuple(SpecifierSet(specifier))
    except InvalidSpecifier:
        return None
    if len(every) != 1 or every[0].operator not in ("==", "===") or every[0].version.endswith(".*"):
        return None
    return parse_version(every[0].version)


def went_down(before: Counter[str | None], after: Counter[str | None]) -> bool:
    """Whether a name's versions, which differ, went down rather than up.

    The newest gained version is compared with the newest lost one; where nothing was lost, with the newest
    that was there. Where versions were only lost, the name went up when all of them were older than all that
    stayed. Versions that cannot be compared (none, a specifier, not PEP 440) count as up: such a change needs
    the look that a new version gets.
    """
    lost, gained = before - after, after - before
    if not all(parse_version(text) for text in lost + gained):
        return False
    if gained:
        rivals = _versions(lost) or _versions(before)
        return bool(rivals) and max(_versions(gained)) < max(rivals)
    kept = _versions(after)
    return bool(kept) and not max(_versions(lost)) < min(kept)


def _versions(texts: Counter[str | None]) -> list[Version]:
    return [version for version in map(parse_version, texts) if version is not None]
