"""Whether an entry is what its project asks for: else the installer locks again, and takes something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fallback_review.lockfiles.urls import address_of, registry_key
from fallback_review.model import NotModelled
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from packaging.version import Version

    from fallback_review.model import Demand, Demands, LockedPackage


def left_behind(package: LockedPackage, demands: Demands) -> NotModelled | None:
    """Return what makes an entry outdated; None where nothing does.

    An entry of a forked resolution (with a marker) may be what another part of the project asks for.
    """
    if package.local or not package.source.kind.from_index:
        return None
    location = package.source.location or ""
    registry = registry_key(location) if address_of(location) else None
    for demand in demands.by_name.get(package.name, ()) if package.marker is None else ():
        why = _unmet(demand, package, registry)
        if why is not None:
            return _outdated(demands, why, demand.key, demand.path, demand.line)
    known = demands.registries is None or registry in demands.registries
    if registry is not None and (registry in demands.gone or not known):
        return _outdated(demands, "the lock takes it from an index that the project does not ask", "indexes")
    return None


def respelled(package: LockedPackage, demands: Demands) -> str | None:
    """Return the project's spelling of the entry's index, where the lock's differs in the last slash.

    uv asks the same pages for both and takes the same files, but not the lock: `uv lock --check` refuses it,
    and `uv sync` writes it again, with the same versions (measured with uv 0.13).
    """
    location = package.source.location
    if location is None or package.local or location in demands.spelled:
        return None
    bare = location.rstrip("/")
    return next((each for each in sorted(demands.spelled) if each.rstrip("/") == bare), None)


def _outdated(
    demands: Demands, why: str, key: str, path: str | None = None, line: int | None = None
) -> NotModelled:
    return NotModelled(
        key=key,
        path=path or demands.path,
        line=line,
        effect=f"{why}, so {demands.again}",
        locked_urls=True,
        outdated=True,
    )


def _unmet(demand: Demand, package: LockedPackage, registry: str | None) -> str | None:
    if demand.past_indexes:
        return "the project takes it from elsewhere than an index"
    if demand.registries is not None and registry is not None and registry not in demand.registries:
        return "the project takes it from another index than the lock"
    version = parse_version(package.version)
    if version is not None and not _allows(demand.specifier, version):
        return f"the project asks for {demand.specifier}"
    return None


def _allows(specifier: str, version: Version) -> bool:
    """Whether a version may be taken; what tools read differently (``===``) counts as allowed."""
    if not specifier or "===" in specifier:
        return True
    try:
        wanted = SpecifierSet(specifier)
    except InvalidSpecifier:
        return True
    return any(
        wanted.contains(each, prereleases=True) for each in (version, version.public, version.base_version)
    )
