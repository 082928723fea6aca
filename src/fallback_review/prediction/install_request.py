"""From a lockfile entry to what the installer is asked for, and to the indexes that it looks in."""

from __future__ import annotations

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
from fallback_review.prediction.targets import full_version

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile, LockIndex, Target
    from fallback_review.prediction.context import Book, Situation

_INDEX_LINES = ("index-url", "extra-index-url")


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
    hashes = frozenset(h.partition(":")[2] for h in package.hashes if h.startswith("sha256:"))
    known = {listed.bytes_sha256 for page in pages for listed in page}
    unexplained = [artifact for artifact in package.artifacts if artifact.sha256 not in known]
    return Request(
        name=package.name,
        specifier=specifier_of(package),
        version=parse_version(package.version) if package.version else None,
        hashes=hashes,
        trust_unhashed=bool(hashes - known),
        trusted_names=frozenset(artifact.filename for artifact in unexplained if artifact.filename),
        options=lockfile.options.of(package.name),
        archives=installer.archives,
        python=full_version(target),
        ranks=installer.ranks(target, situation.installer_version),
        doubled_underscores=installer.doubled_underscores,
    )


def specifier_of(package: LockedPackage) -> SpecifierSet:
    """Return the pin as a specifier, or what the entry asks for besides it or without one."""
    if package.version is None or package.specifier is not None:
        try:
            return SpecifierSet(package.specifier or "")
        except InvalidSpecifier:
            return SpecifierSet()
    return _exactly(package.version)


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
