"""What the files named by ``-c`` do to requirements.

Source: pip's documentation, "Constraints Files": a constraint never installs anything; it says which version
of a package is taken if a requirement asks for it. So a package that only a constraints file names is no
entry of the lockfile, and an entry without an exact version gets the constraint's version, hashes or URL. The
entry keeps its own line: that is where the package is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from fallback_review.lockfiles.formats.requirements.entries import pinned_version
from fallback_review.lockfiles.formats.requirements.lines import shown
from fallback_review.model import Artifact, Constraint, LockedPackage, Notice, SourceKind
from fallback_review.model.versions import lone_pin, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST = 50
"""Constraints of one name that are applied, pins before ranges; each is compared with each requirement."""


def apply_constraints(
    packages: Iterable[LockedPackage], constraints: Iterable[LockedPackage], *, extras_refused: bool = False
) -> tuple[list[LockedPackage], list[Notice]]:
    """Narrow requirements down by constraints.

    A name with several constraints under different markers (one for each Python version, say) makes one entry
    for each, as only the environment that installs can tell which of them holds. A pinned entry stays beside
    those that constrain it further, or take it from a URL: pip and uv do so for a pin as well (measured).

    Args:
        packages: the requirements.
        constraints: what the files named by ``-c`` hold.
        extras_refused: whether a constraint with extras ends the install: for pip, whatever it is about, and
            not for uv (measured).

    Returns:
        The packages in their order, and what contradicts each other.
    """
    by_name: dict[str, list[LockedPackage]] = defaultdict(list)
    for constraint in constraints:
        by_name[constraint.name].append(constraint)
    refused = _with_extras(by_name) if extras_refused else {}
    narrowed: list[LockedPackage] = []
    notices: list[Notice] = []
    for name, every in by_name.items():
        if len(every) > MOST:
            text = f"{shown(name)} has {len(every):,} constraints, of which the first {MOST} are applied"
            notices.append(Notice(text=text, path=every[0].path, line=every[0].line))
            by_name[name] = sorted(every, key=lambda one: one.version is None)[:MOST]
    for package in packages:
        mine = by_name.get(package.name)
        if mine is None or not package.source.kind.from_index:
            narrowed.append(package)
            continue
        entry = package
        for constraint in mine:
            if constraint.marker is None:
                entry = _narrow(entry, constraint, notices)
        forks = [_fork(entry, constraint, notices) for constraint in mine if constraint.marker is not None]
        if not forks or entry.version is not None:
            narrowed.append(entry)
            forks = [fork for fork in forks if _differs(fork, entry)]
        narrowed.extend(forks)
    if refused:
        narrowed = [replace(each, refused=refused.get(each.name)) for each in narrowed]
    return narrowed, notices


def loose(constraints: Iterable[LockedPackage], path: str) -> Iterator[Constraint]:
    """Give the constraints that name neither one version nor a URL; those without a path stand in `path`."""
    for each in constraints:
        asked = str(_asked(each))
        if each.source.kind.from_index and lone_pin(asked) is None:
            yield Constraint(
                name=each.name, specifier=asked, marker=each.marker, path=each.path or path, line=each.line
            )


def _with_extras(by_name: Mapping[str, Iterable[LockedPackage]]) -> dict[str, str]:
    """Return why pip refuses the constraints of a name, where one of them has extras."""
    return {
        name: f"{shown(one.path or 'a constraint')} constrains {shown(name)} with extras, which pip refuses"
        for name, every in by_name.items()
        for one in every
        if "extras" in one.extra
    }


def _differs(fork: LockedPackage, entry: LockedPackage) -> bool:
    """Whether the environments in which a constraint holds get something else of a pinned entry."""
    told = (entry.source, entry.version, entry.specifier, entry.artifacts)
    return (fork.source, fork.version, fork.specifier, fork.artifacts) != told


def _fork(package: LockedPackage, constraint: LockedPackage, notices: list[Notice]) -> LockedPackage:
    marker = constraint.marker
    if package.marker is not None and package.marker != marker:
        marker = f"({package.marker}) and ({marker})"
    return replace(_narrow(package, constraint, notices), marker=marker)


def _narrow(package: LockedPackage, constraint: LockedPackage, notices: list[Notice]) -> LockedPackage:
    if not package.source.kind.from_index:
        return package
    origin = constraint.path or "the constraints"
    # The path only: a line number would change with every line above it.
    extra = {**package.extra, "constraints": (*package.extra.get("constraints", ()), origin)}
    own = package.own or (str(_asked(package)), package.hashes)
    if constraint.source.kind is not SourceKind.REGISTRY:
        return replace(
            package,
            version=constraint.version,
            specifier=None,
            source=constraint.source,
            artifacts=constraint.artifacts,
            own=own,
            extra=extra,
        )
    artifacts = _allowed_by_both(package.artifacts, constraint.artifacts)
    if None not in (package.version, constraint.version) and _other_versions(package, constraint):
        notices.append(
            Notice(
                text=f"{shown(package.name)} is pinned to {shown(package.version or '')} here and to "
                f"{shown(constraint.version or '')} in {shown(origin)}: pip refuses two different pins",
                path=package.path,
                line=package.line,
            )
        )
    both = _asked(package) & _asked(constraint)
    version, specifier = pinned_version(both)
    if package.version is not None:
        # Where the constraint rules the pin out nothing fits both, and the entry stays what it is called.
        version = package.version
    return replace(package, version=version, specifier=specifier, artifacts=artifacts, own=own, extra=extra)


def _asked(package: LockedPackage) -> SpecifierSet:
    """Return everything that an entry's version has to fit."""
    pin = "" if package.version is None else f"=={package.version}"
    return SpecifierSet(pin if package.specifier is None else package.specifier)


def refuse_other_pins(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Return the entries, with those refused that pin one name to several versions at once (measured).

    Only those whose markers are the same hold at once for sure; the others are judged one by one.
    """
    every = list(packages)
    first: dict[tuple[str, str | None], LockedPackage] = {}
    refused: dict[tuple[str, str | None], str] = {}
    for each in every:
        if each.version is not None and each.source.kind.from_index:
            one = first.setdefault((each.name, each.marker), each)
            if one is not each and _other_versions(one, each):
                pins = f"{shown(one.version or '')} and to {shown(each.version)}"
                refused[each.name, each.marker] = f"{shown(each.name)} is pinned to {pins} at once"
    if not refused:
        return every
    return [replace(each, refused=refused.get((each.name, each.marker), each.refused)) for each in every]


def _other_versions(one: LockedPackage, other: LockedPackage) -> bool:
    versions = parse_version(one.version), parse_version(other.version)
    return versions[0] != versions[1] if all(versions) else one.version != other.version


def _allowed_by_both(first: tuple[Artifact, ...], second: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """Pip's rule for hashes on both sides: those that both allow; one side alone counts as it is."""
    if not first or not second:
        return first or second
    allowed = {value for artifact in second for value in artifact.hashes}
    return tuple(artifact for artifact in first if allowed.intersection(artifact.hashes))
