"""From a lockfile entry to what the installer is asked for, and to the indexes that it looks in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fallback_review.lockfiles import format_of
from fallback_review.lockfiles.names import is_sha256
from fallback_review.model import Edition, Index, Owner, Tier
from fallback_review.model.versions import lone_pin, parse_version
from fallback_review.prediction.addresses import owner_of_page
from fallback_review.prediction.candidates import Request
from fallback_review.prediction.installation import files_of
from fallback_review.prediction.installers import INSTALLERS, Installer, InstallerOptions
from fallback_review.prediction.listing import AskedIndex, ListedFile, Page, Pages, one
from fallback_review.prediction.targets import applies, full_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from fallback_review.model import (
        Answer,
        LockedPackage,
        Lockfile,
        PackageOptions,
        ProjectFile,
        Target,
    )
    from fallback_review.prediction.context import Context

_NO_FILE = frozenset({"sha256:none"})
"""Where two sides allow no common hash."""


def installer_of(context: Context) -> Installer:
    """Return the installer's rules; a name that is not known is predicted as pip."""
    return INSTALLERS.get(context.installer, INSTALLERS["pip"])


def options_of(context: Context) -> InstallerOptions:
    """Return what the installer's own configuration decides about the order of indexes."""
    return InstallerOptions(
        uv_strategy=context.uv_strategy,
        respect_source_order=context.respect_source_order,
    )


def request_for(
    package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, pages: Pages
) -> Request:
    """Return what the installer is asked for on one target."""
    installer = installer_of(context)
    options = (context.options or lockfile.options).of(package.name)
    specifier, version, lone_pins = _asked(package, options, target)
    hashed_version, allowed = _hashes(package, options, target, installer)
    missing = options.require_hashes and not allowed
    if not options.verify_hashes:
        allowed = frozenset()
    hashes = frozenset(h.partition(":")[2] for h in allowed if h.startswith("sha256:"))
    known = {listed.bytes_sha256 for page in pages.values() for listed in page}
    unexplained = [
        artifact
        for artifact in package.artifacts
        if artifact.sha256 not in known and (artifact.sha256 is None or is_sha256(artifact.sha256))
    ]
    return Request(
        name=package.name,
        specifier=specifier,
        version=version,
        lone_pins=lone_pins,
        hashes=hashes,
        own_hashes=frozenset(h.partition(":")[2] for h in _own_hashes(package) if h.startswith("sha256:")),
        hashed_version=hashed_version,
        hashes_missing=missing,
        trust_unhashed=any(map(is_sha256, hashes - known)),
        trusted_names=frozenset(artifact.filename for artifact in unexplained if artifact.filename),
        names_elsewhere=frozenset(
            listed.file.filename
            for page in pages.values()
            for listed in page
            if listed.bytes_sha256 in hashes
        ),
        options=options,
        archives=installer.archives,
        python=full_version(target),
        ranks=installer.ranks(target, context.installer_version),
        doubled_underscores=installer.doubled_underscores,
    )


def _asked(
    package: LockedPackage, options: PackageOptions, target: Target
) -> tuple[SpecifierSet, Version | None, frozenset[Version]]:
    """Return what the entry and the options ask for: everything, the pin in it, and pins that stand alone."""
    specifier, version = specifier_of(package), parse_version(package.version) if package.version else None
    every = [specifier] if package.own is None else [*map(SpecifierSet, str(specifier).split(","))]
    overrides = [each for each in options.overrides if applies(each.marker, target)]
    if overrides:
        every = [_specifier(each.specifier) for each in overrides]
        specifier = _all_of(every)
        pins = {each.version for each in specifier if each.operator in ("==", "===")}
        version = parse_version(pins.pop()) if len(pins) == 1 else None
    for constraint in options.constraints:
        if applies(constraint.marker, target):
            every.append(_specifier(constraint.specifier))
            specifier &= every[-1]
    lone = (lone_pin(str(each)) for each in every)
    return specifier, version, frozenset(pin for pin in lone if pin is not None)


def _hashes(
    package: LockedPackage, options: PackageOptions, target: Target, installer: Installer
) -> tuple[Version | None, frozenset[str]]:
    """Return the hashes that are allowed, and the one version that they are for, if they are."""
    if installer.pinned_hashes:
        specifier, hashes = package.own or (str(specifier_of(package)), package.hashes)
        pin = lone_pin(specifier)
        return pin, hashes if pin is not None else frozenset()
    hashes = package.hashes
    for constraint in options.constraints:
        if applies(constraint.marker, target):
            both = hashes & constraint.hashes if hashes and constraint.hashes else hashes | constraint.hashes
            hashes = both or (hashes and _NO_FILE)
    return None, hashes


def _own_hashes(package: LockedPackage) -> frozenset[str]:
    return package.own[1] if package.own is not None else package.hashes


def specifier_of(package: LockedPackage) -> SpecifierSet:
    """Return what an entry asks for: its specifier, or its pin as one."""
    if package.version is None or package.specifier is not None:
        return _specifier(package.specifier or "")
    return _exactly(package.version)


def _all_of(specifiers: Iterable[SpecifierSet]) -> SpecifierSet:
    every = SpecifierSet()
    for each in specifiers:
        every &= each
    return every


def _specifier(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return SpecifierSet()


@lru_cache(maxsize=16384)
def _exactly(version: str) -> SpecifierSet:
    operator = "==" if parse_version(version) else "==="
    try:
        return SpecifierSet(f"{operator}{version}")
    except InvalidSpecifier:  # a blank, or whatever else no version can hold: nothing is called that
        return SpecifierSet("===no-version")


def pages_of(answers: Mapping[Index, Answer], context: Context) -> Pages:
    """Return the page of each index that answered, as an installer gets it.

    A page that was redirected to another index is that index's. A file of the upstream tier is PyPI's, and so
    is its SHA-256 where the link has none.
    """
    theirs = {file.filename: file.sha256 for file in files_of(answers.get(context.addresses.pypi))}
    installer = installer_of(context)
    found: dict[Index, Page] = {}
    for index, answer in answers.items():
        if not answer.answered or index.edition is Edition.VEX:
            continue
        owner = owner_of_page(index, answer.url, context.addresses) if answer.url else index
        found[index] = tuple(
            ListedFile(
                file=file if file.oddity is None else _as_read(file, installer),
                index=owner,
                digest=theirs.get(file.filename)
                if file.sha256 is None and file.tier is Tier.UPSTREAM
                else None,
            )
            for file in files_of(answer)
        )
    return found


def _as_read(file: ProjectFile, installer: Installer) -> ProjectFile:
    """Return an odd entry as one installer reads it, as far as its rules are known."""
    empty = file.oddity is not None and file.oddity.empty_mark
    return replace(file, yanked=False) if empty and not installer.empty_mark_yanks else file


def indexes_for(package: LockedPackage, lockfile: Lockfile, context: Context) -> tuple[AskedIndex, ...]:
    """Return the indexes that the installer asks for this entry, in its configuration's order.

    Poetry and Pipenv ask the one source that the lock names (Pipenv without a name: the first). Another
    installer asks what it is configured with, whatever the lock says of the index.
    """
    installer = installer_of(context)
    if not installer.one_source or context.search_all_sources:
        return context.indexes
    named = named_index(package, context)
    if named is None and lockfile.indexes:
        named = context.addresses.index_at(lockfile.indexes[0].url)
    if named is None and any(each.modelled for each in context.indexes):
        return context.indexes
    if named is None:
        return (
            (one(context.addresses.pypi),)
            if format_of(lockfile).unnamed_is_default_index
            else context.indexes[:1]
        )
    if named.owner is Owner.OWN and not context.addresses.can_be_asked(named):
        virtual = tuple(each for each in context.indexes if each.modelled)
        return virtual or (one(named),)
    return (one(named),)


def named_index(package: LockedPackage, context: Context) -> Index | None:
    """Return the index that the entry itself names; None where it names none."""
    location, reference = package.source.location, package.source.reference
    if not package.source.kind.from_index:
        return None
    if reference is not None and context.sources is not None:
        pypi = context.addresses.pypi if reference.lower() == "pypi" else None
        return context.sources.get(reference.lower(), pypi)
    return context.addresses.index_at(location) if location is not None else None


def misses_source(package: LockedPackage, context: Context) -> bool:
    """Whether an entry goes by the name of a source that the project does not have."""
    reference = package.source.reference
    return (
        context.sources is not None
        and package.source.kind.from_index
        and reference is not None
        and reference.lower() not in (*context.sources, "pypi")
    )
