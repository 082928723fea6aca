"""What the demo's indexes hold, as plain data: releases, and on which shelf each of their files lies."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

SDIST = "sdist"
PURE = "py3-none-any"


class Shelf(StrEnum):
    """A place that files lie in. Chainguard has three, told apart by the file's URL path alone."""

    BUILT = "built"
    UPSTREAM = "upstream"
    REMEDIATED = "remediated"
    PYPI = "pypi"
    PRIVATE = "private"

    @property
    def maker(self) -> str:
        """Who made the bytes: the upstream tier serves PyPI's own."""
        return {
            Shelf.BUILT: "Chainguard",
            Shelf.REMEDIATED: "Chainguard, with a fix",
            Shelf.PRIVATE: "Acme",
        }.get(self, "the project's own maintainers")


class Release(Struct, frozen=True, kw_only=True):
    """One version of one project."""

    name: str
    version: str
    on: Mapping[Shelf, tuple[str, ...]]
    """The files on each shelf: a wheel's tags (``cp312-cp312-manylinux_2_28_x86_64``) or `SDIST`."""
    requires: tuple[str, ...] = ()
    requires_python: str = ">=3.10"
    uploaded: str = "2026-03-02T09:00:00.000000Z"
    yanked: str | None = None
    """The reason, where the release is yanked (PEP 592)."""


class Universe(Struct, frozen=True, kw_only=True):
    """Everything that the demo's indexes know."""

    releases: tuple[Release, ...]
    blocked: Mapping[str, str] = field(default_factory=dict)
    """Names that Chainguard answers with 409, to the reason that it gives."""
    fixes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """What remediated versions fix: normalised name, version, vulnerabilities."""

    def uploaded(self, when: Mapping[tuple[str, str], str]) -> Universe:
        """Return the same universe with other upload times for some (name, version) pairs."""
        releases = (
            replace(release, uploaded=when.get((release.name, release.version), release.uploaded))
            for release in self.releases
        )
        return replace(self, releases=tuple(releases))

    def without(self, *, shelf: Shelf, releases: frozenset[tuple[str, str]]) -> Universe:
        """Return the same universe with nothing on `shelf` for the given (name, version) pairs."""
        kept = tuple(
            replace(release, on={place: files for place, files in release.on.items() if place is not shelf})
            if (canonicalize_name(release.name), release.version) in releases
            else release
            for release in self.releases
        )
        return replace(self, releases=kept)
