"""Which versions Chainguard has instead of the one that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Role, Tier
from fallback_review.prediction.candidates import parse_filename, public
from fallback_review.prediction.origin import OURS, files

if TYPE_CHECKING:
    from packaging.version import Version

    from fallback_review.prediction.context import Book


def built_versions(name: str, book: Book) -> tuple[Version, ...]:
    """Return the plain versions that Chainguard built, ascending.

    No pre-release, no yanked one, no upstream copy.
    """
    found = {
        parsed.version
        for file in files(Role.CHAINGUARD, name, book)
        if file.tier is not Tier.UPSTREAM and not file.yanked
        if (parsed := parse_filename(file.filename)) is not None
        if not parsed.version.is_prerelease and parsed.version.local is None
    }
    return tuple(sorted(found))


def nearest(name: str, wanted: Version, book: Book) -> tuple[Version, ...]:
    """Return the nearest built version below and above, the one in the same release series first.

    Versions of the wanted one's major series come before others; at most two.
    """
    versions = built_versions(name, book)
    below = max((v for v in versions if v < wanted), default=None)
    above = min((v for v in versions if v > wanted), default=None)
    found = [v for v in (below, above) if v is not None]
    found.sort(key=lambda v: (v.release[:2] != wanted.release[:2], v.major != wanted.major))
    near = [v for v in found if v.major == wanted.major and v.epoch == wanted.epoch]
    return tuple(near or found)


def remediated(name: str, wanted: Version, book: Book) -> Version | None:
    """Return the newest ``+cgr.N`` of the wanted version, where Chainguard has one."""
    found = [
        parsed.version
        for role in OURS
        for file in files(role, name, book)
        if "cgr" in file.filename and not file.yanked
        if (parsed := parse_filename(file.filename)) is not None
        if public(parsed.version) == public(wanted) and (parsed.version.local or "").startswith("cgr")
    ]
    return max(found, default=None)
