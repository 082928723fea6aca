"""Every key of an installer's files, sorted by what becomes of it: modelled, not modelled, harmless.

Each tool's module holds its tables. A test in the lab takes the installed tool's own list of options and
fails on a key without a place, and ``docs/prediction.md`` shows these tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from fallback_review.configuration.values import clip
from fallback_review.lockfiles.content_hashes import is_content_hash
from fallback_review.model import Notice, NotModelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fallback_review.configuration.documents import Section
    from fallback_review.model import Lockfile


class Treatment(StrEnum):
    """What becomes of a key."""

    MODELLED = "modelled"
    NOT_MODELLED = "not modelled"
    HARMLESS = "harmless"


class Unmodelled(Struct, frozen=True, kw_only=True):
    """A key that changes what is installed in a way that is not predicted."""

    effect: str
    """What it does, as a clause."""
    pinned: bool = True
    """Whether it matters for entries with an exact version."""
    locked_urls: bool = False
    """Whether it matters for entries whose files' URLs the lock names."""
    names: Callable[[Any], frozenset[str] | None] = lambda _value: None
    """The key's value -> the packages that it concerns, by normalised name; None for all."""
    unset: tuple[Any, ...] = ()
    """Values, besides false and empty ones, with which it changes nothing."""


class Keys(Struct, frozen=True, kw_only=True):
    """The keys of one table of an installer's files."""

    installer: str
    place: str
    """Which table of which file, for people."""
    modelled: Mapping[str, str] = field(default_factory=dict)
    """Each with what it decides."""
    not_modelled: Mapping[str, Unmodelled] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    measured: bool = True
    """Whether what is said of them was measured, or else is documented."""
    unknown: str = "it may change what is installed"
    """What is said of a key that has no place here."""

    def treatment(self, key: str) -> Treatment | None:
        """Return what becomes of a key; None where it has no place."""
        if key in self.modelled:
            return Treatment.MODELLED
        if key in self.not_modelled:
            return Treatment.NOT_MODELLED
        return Treatment.HARMLESS if key in self.harmless else None

    def passed_over(self, section: Section) -> Iterator[NotModelled]:
        """Give the keys of a table that are set and not modelled."""
        for key, value in section.data.items():
            known = self.not_modelled.get(key)
            if known is None or not value or value in known.unset:
                continue
            yield NotModelled(
                key=key,
                path=section.path,
                line=section.line_of_key(key),
                effect=known.effect,
                names=known.names(value),
                pinned=known.pinned,
                locked_urls=known.locked_urls,
            )

    def strange(self, section: Section) -> Iterator[Notice]:
        """Give the keys of a table that have no place."""
        for key in section.data:
            if self.treatment(key) is None:
                text = f"{clip(key)} is not a key that this review knows ({self.place}): {self.unknown}"
                yield Notice(text=text, path=section.path, line=section.line_of_key(key))


def not_comparable(said: object, lockfile: Lockfile, project: str) -> tuple[Notice, ...]:
    """Give a content hash that is no SHA-256: whether the lock fits its project is not known then."""
    if said is None or is_content_hash(said):
        return ()
    text = f"its content hash is not a SHA-256, so it does not tell whether {project} changed since"
    return (Notice(text=text, path=lockfile.path),)
