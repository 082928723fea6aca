"""From a lockfile entry to what the installer is asked for, and to the indexes that it looks in."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fallback_review.model import Role, Tier
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import Request
from fallback_review.prediction.context import Place, place
from fallback_review.prediction.installers import INSTALLERS, Installer, Options
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.listing import (
    Index,
    Layout,
    ListedFile,
    Page,
    Pages,
    listing,
    one_index,
)
from fallback_review.prediction.origin import files
from fallback_review.prediction.targets import applies, full_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from fallback_review.model import LockedPackage, Lockfile, LockIndex, PackageOptions, Target
    from fallback_review.prediction.context import Book, Situation

_INDEX_LINES = ("index-url", "extra-index-url")
_NO_FILE = frozenset({"sha256:none"})
"""Where two sides allow no common hash."""


def installer_of(situation: Situation) -> Installer:
    """Return the installer's rules; a name that is not known is predicted as pip."""
    return INSTALLERS.get(situation.installer, INSTALLERS["pip"])


def options_of(situation: Situation) -> Options:
    """Return what the installer's own configuration decides, from settings and layout."""
    layout = LAYOUTS[situation.layout]
    return Options(
        uv_strategy=situation.uv_strategy or layout.uv_strategy,
        respect_source_order=layout.respect_source_order,
    )


def request_for(
    package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, pages: Pages
) -> Request:
    """Return what the installer is asked for on one target."""
    installer = installer_of(situation)
    options = (situation.options or lockfile.options).of(package.name)
    specifier, version, allowed = _asked(package, options, target)
    if allowed:
        options = replace(options, require_hashes=False)
    if not options.verify_hashes:
        allowed = frozenset()
    hashes = frozenset(h.partition(":")[2] for h in allowed if h.startswith("sha256:"))
    known = {listed.bytes_sha256 for page in pages for listed in page}
    unexplained = [artifact for artifact in package.artifacts if artifact.sha256 not in known]
    return Request(
        name=package.name,
        specifier=specifier,
        version=version,
        hashes=hashes,
        trust_unhashed=bool(hashes - known),
        trusted_names=frozenset(artifact.filename for artifact in unexplained if artifact.filename),
        options=options,
        archives=installer.archives,
        python=full_version(target),
        ranks=installer.ranks(target, situation.installer_version),
        doubled_underscores=installer.doubled_underscores,
    )


def _asked(
    package: LockedPackage, options: PackageOptions, target: Target
) -> tuple[SpecifierSet, Version | None, frozenset[str]]:
    """Return what is asked for, the pin in it, and the allowed hashes: the entry's, with what options say."""
    specifier, version = specifier_of(package), parse_version(package.version) if package.version else None
    overrides = [each for each in options.overrides if applies(each.marker, target)]
    if overrides:
        specifier = _all_of(each.specifier for each in overrides)
        pins = {each.version for each in specifier if each.operator in ("==", "===")}
        version = parse_version(pins.pop()) if len(pins) == 1 else None
    hashes = package.hashes
    for constraint in options.constraints:
        if applies(constraint.marker, target):
            specifier &= _specifier(constraint.specifier)
            both = hashes & constraint.hashes if hashes and constraint.hashes else hashes | constraint.hashes
            hashes = both or (hashes and _NO_FILE)
    return specifier, version, hashes


def specifier_of(package: LockedPackage) -> SpecifierSet:
    """Return what an entry asks for: its specifier, or its pin as one."""
    if package.version is None or package.specifier is not None:
        return _specifier(package.specifier or "")
    return _exactly(package.version)


def _all_of(specifiers: Iterable[str]) -> SpecifierSet:
    every = SpecifierSet()
    for each in specifiers:
        every &= _specifier(each)
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


def pages_of(name: str, book: Book) -> Pages:
    """Return Chainguard's, the remediated index's and PyPI's page of a project, as far as they answered."""
    return (
        _page(Role.CHAINGUARD, name, book),
        _page(Role.REMEDIATED, name, book),
        _page(Role.PYPI, name, book),
    )


def indexes_for(
    package: LockedPackage, lockfile: Lockfile, situation: Situation, layout: Layout, pages: Pages
) -> tuple[Index, ...]:
    """Return the indexes that the installer asks for this entry, in its configuration's order.

    Poetry and Pipenv ask the one source that the lock names. Index lines in a requirements file that name
    only known indexes are what pip and uv use; without an ``--index-url`` line, the default is the layout's.
    """
    arranged = listing(layout, pages)
    named = place(package.source.location, situation)
    if installer_of(situation).one_source:
        if named is Place.UNSTATED and situation.installer == "pipenv" and lockfile.indexes:
            named = place(lockfile.indexes[0].url, situation)
        if named is Place.UNSTATED and layout.client:
            return one_index(pages[2]) if situation.installer == "poetry" else arranged[:1]
        return _at(named, pages) or arranged
    lines = _standing(lockfile, situation)
    placed = [(line, _at(place(line.url, situation), pages)) for line in lines]
    if not placed or any(there is None for _, there in placed):
        return arranged
    own = tuple(
        Index(page=there[0].page, default=line.role == "index-url")
        for line, there in placed
        if there is not None
    )
    return own if any(index.default for index in own) else (*arranged, *own)


def _standing(lockfile: Lockfile, situation: Situation) -> list[LockIndex]:
    """Return the index lines that count: for pip an ``--index-url`` replaces every line before it.

    Measured; pip's `handle_option_line` says the same. uv keeps them all.
    """
    lines = [index for index in lockfile.indexes if index.role in _INDEX_LINES]
    if installer_of(situation).name == "uv":
        return lines
    last = max((number for number, line in enumerate(lines) if line.role == "index-url"), default=0)
    return lines[last:]


def _at(where: Place, pages: Pages) -> tuple[Index, ...] | None:
    number = {Place.CHAINGUARD: 0, Place.REMEDIATED: 1, Place.PYPI: 2}.get(where)
    return None if number is None else one_index(pages[number])


def _page(role: Role, name: str, book: Book) -> Page:
    """Return one index's page; a file of the upstream tier is PyPI's, and so is its SHA-256."""
    listed = files(role, name, book)
    bare = {file.filename for file in listed if file.sha256 is None and file.tier is Tier.UPSTREAM}
    if not bare:
        return tuple(ListedFile(file=file, owner=role) for file in listed)
    theirs = {file.filename: file.sha256 for file in files(Role.PYPI, name, book) if file.filename in bare}
    return tuple(ListedFile(file=file, owner=role, digest=theirs.get(file.filename)) for file in listed)
