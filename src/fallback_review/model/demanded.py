"""What a project's own files ask of its lock, where the lock keeps no hash of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class Demand(Struct, frozen=True, kw_only=True):
    """What one line of a project asks of one package, on every platform."""

    specifier: str = ""
    """As `packaging` prints it; empty for any version."""
    registries: frozenset[str] | None = None
    """The indexes that it comes from, as `registry_key` has them; None for any."""
    past_indexes: bool = False
    """Whether it comes from a URL, a repository or a folder instead of an index."""
    asked: bool = False
    """Whether the project requires the package; else it only limits which one is taken."""
    key: str
    path: str
    line: int | None = None


class Demands(Struct, frozen=True, kw_only=True):
    """What a lock must hold so that its installer takes it as it stands."""

    registries: frozenset[str] | None = None
    """The indexes that entries may come from; None where that is not known."""
    spelled: frozenset[str] = frozenset()
    """The addresses of indexes as the project writes them, where a lock has to write them so too."""
    gone: frozenset[str] = frozenset()
    """Indexes that the pull request takes away, where it leaves others."""
    by_name: Mapping[str, tuple[Demand, ...]] = field(default_factory=dict)
    """By normalised name."""
    path: str
    """The project's file."""
    again: str
    """What the installer does with a lock that does not hold this, as a clause."""
