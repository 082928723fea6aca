"""One requirement of a requirements file -> a locked package, or a requirement without a name.

Sources: PEP 508 (through `packaging.requirements`), PEP 440, and pip's documentation, "Requirement
Specifiers", "VCS support" and "Local project installs".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

from fallback_review.lockfiles.direct_references import (
    VCS_KINDS,
    Direct,
    is_archive,
    is_local,
    is_url,
    place_of,
    read_path,
    read_url,
    same_project,
)
from fallback_review.lockfiles.limits import LONGEST_NAME, LONGEST_VERSION, too_long, versions_too_long
from fallback_review.lockfiles.names import hash_text, normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Artifact, LockedPackage, Source, SourceKind
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.specifiers import SpecifierSet

LONGEST = 20_000
"""Characters of one requirement without its options: real ones have a few hundred at most."""

_PATH_EXTRAS = re.compile(r"(?P<path>[^\[]+)(?P<extras>\[[^\[\]]+\])?")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]")
_OWN_FOLDER = frozenset({".", "./", "file:.", "file:./", "file:"})
_REGISTRY = Source(kind=SourceKind.REGISTRY)


class RefusedError(Exception):
    """A requirement that pip would refuse; the text says why."""


class Position(Struct, frozen=True, kw_only=True):
    """Where a requirement stands."""

    line: int
    path: str | None
    """None in the lockfile itself."""


class Unnamed(Struct, frozen=True, kw_only=True):
    """A requirement that has no name before it is built: a folder, a bare archive."""

    text: str
    """As the file spells it."""
    in_sight: bool = True
    """False for an editable folder beside the lockfile's own: nothing here says that it exists."""
    had_credentials: bool = False
    package: LockedPackage | None = None
    """What it installs, under its text for a name; None of a folder or archive of the project's own tree."""


class NamedRequirement(Struct, frozen=True, kw_only=True):
    """A requirement with a name."""

    package: LockedPackage
    had_credentials: bool = False


class Details(Struct, frozen=True, kw_only=True):
    """The parts of a requirement that do not say where it comes from."""

    hashes: Sequence[str] = ()
    marker: Marker | None = None
    extras: frozenset[str] = frozenset()
    options: dict[str, Any] = field(default_factory=dict)


def read_requirement(
    text: str, place: Position, hashes: Sequence[str], options: dict[str, Any]
) -> NamedRequirement | Unnamed:
    """Read what stands on a line before its options.

    Args:
        text: the requirement, without comment and options.
        place: where it stands.
        hashes: the values of its ``--hash`` options.
        options: other options of the requirement, kept as they are.

    Raises:
        RefusedError: pip would refuse it.
    """
    if len(text) > LONGEST:
        raise RefusedError(f"longer than {LONGEST:,} characters")
    if is_url(text):
        # pip: in a bare URL only "; " starts a marker, as a URL may hold a semicolon.
        url, _, condition = text.partition("; ")
        asked = Details(hashes=hashes, marker=_marker(condition), options=options)
        return _from_direct(_direct(url.strip()), url.strip(), place, asked)
    try:
        parsed = Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        path, _, condition = text.partition(";")
        if not _is_path(path.strip()):
            raise RefusedError(_reason(error)) from error
        asked = Details(hashes=hashes, marker=_marker(condition), options=options)
        return _from_path(path.strip(), place, asked)
    if is_archive(text) and not parsed.url and not parsed.specifier:
        return _from_path(text, place, Details(hashes=hashes, options=options))
    asked = Details(hashes=hashes, marker=parsed.marker, extras=frozenset(parsed.extras), options=options)
    if parsed.url:
        return _from_direct(_direct(parsed.url), parsed.url, place, asked, name=parsed.name)
    if versions_too_long(parsed.specifier):
        raise RefusedError(f"a version of more than {LONGEST_VERSION} characters")
    version, specifier = pinned_version(parsed.specifier)
    package = _package(
        parsed.name, place, asked, source=_REGISTRY, version=version, specifier=specifier, direct=None
    )
    return NamedRequirement(package=package)


def read_editable(text: str, place: Position, options: dict[str, Any]) -> NamedRequirement | Unnamed:
    """Read the value of ``-e``.

    Raises:
        RefusedError: pip would refuse it.
    """
    if len(text) > LONGEST:
        raise RefusedError(f"longer than {LONGEST:,} characters")
    try:
        parsed = Requirement(text)
    except (InvalidRequirement, RecursionError):
        parsed = None
    if parsed is not None and parsed.url:
        asked = Details(marker=parsed.marker, extras=frozenset(parsed.extras), options=options)
        direct = _direct(parsed.url, editable=True)
        return _from_direct(direct, parsed.url, place, asked, name=parsed.name)
    url = text
    for vcs in VCS_KINDS:
        if text.lower().startswith(f"{vcs}:"):
            url = f"{vcs}+{text}"
    if is_url(url):
        direct = _direct(url, editable=True)
        if direct.source.kind is SourceKind.URL:
            raise RefusedError("-e takes a folder or a version-control URL")
        if direct.name is None and direct.source.kind is not SourceKind.EDITABLE:
            raise RefusedError("-e with a version-control URL needs a name: NAME @ URL")
        return _from_direct(direct, text, place, Details(options=options))
    found = _PATH_EXTRAS.fullmatch(text)
    if found is None or found["path"].endswith(";"):
        raise RefusedError("-e takes a folder, with extras in brackets and without spaces")
    return _from_path(text, place, Details(options=options), editable=True)


def pinned_version(specifiers: SpecifierSet) -> tuple[str | None, str | None]:
    """Return the pinned version, and the specifier as `packaging` prints it where it says more than that.

    ``==`` without a wildcard and ``===`` pin (PEP 440): ``==1.0`` gives (``1.0``, None), and ``===1.0``,
    which ``1.0+cgr.1`` does not fit, (``1.0``, ``===1.0``). Two different pins, or a pin that another part of
    the specifier excludes, ask for nothing that exists, and are shown as they stand.
    """
    pins = sorted(
        one.version
        for one in specifiers
        if one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*"))
    )
    if len({parse_version(pin) or pin for pin in pins}) == 1:
        pin = pins[0]
        if len(specifiers) == 1 or specifiers.contains(pin, prereleases=True):
            return pin, None if str(specifiers) == f"=={pin}" else str(specifiers)
    return None, str(specifiers) or None


def _direct(url: str, *, editable: bool = False) -> Direct:
    try:
        return read_url(url, editable=editable)
    except ValueError as error:
        raise RefusedError(f"{error}") from error


def _from_direct(
    direct: Direct, text: str, place: Position, asked: Details, name: str | None = None
) -> NamedRequirement | Unnamed:
    version = direct.version
    if name is not None and direct.name is not None and not same_project(name, direct.name):
        version = None
    name = name or direct.name
    if name is None:
        return _unnamed(direct, text, place, asked)
    if direct.egg is not None and name == direct.egg:
        name, extras = _egg(direct.egg)
        asked = Details(hashes=asked.hashes, marker=asked.marker, extras=extras, options=asked.options)
    package = _package(
        name, place, asked, source=direct.source, version=version, specifier=None, direct=direct
    )
    return NamedRequirement(package=package, had_credentials=direct.had_credentials)


def _unnamed(direct: Direct, text: str, place: Position, asked: Details, *, in_sight: bool = True) -> Unnamed:
    """Return a requirement without a name; what comes from elsewhere goes by its text instead of one."""
    clean = strip_credentials(text)[0] if is_url(text) else text
    package = None
    if place_of(direct.source):
        found = _package("", place, asked, source=direct.source, version=None, specifier=None, direct=direct)
        package = replace(found, name=clean[:LONGEST_NAME])
    return Unnamed(text=clean, in_sight=in_sight, had_credentials=direct.had_credentials, package=package)


def _from_path(
    text: str, place: Position, asked: Details, *, editable: bool = False
) -> NamedRequirement | Unnamed:
    found = _PATH_EXTRAS.fullmatch(text)
    path = found["path"].rstrip() if found else text
    direct = read_path(path, editable=editable)
    if direct.name is None:
        return _unnamed(direct, text, place, asked, in_sight=not editable or path in _OWN_FOLDER)
    return _from_direct(direct, text, place, asked)


def _egg(egg: str) -> tuple[str, frozenset[str]]:
    # "name", and "name[extra]" as older versions of pip take it.
    try:
        parsed = Requirement(egg)
    except (InvalidRequirement, RecursionError) as error:
        raise RefusedError(f"#egg={egg[:60]} is not a project name") from error
    return parsed.name, frozenset(parsed.extras)


def _package(
    name: str,
    place: Position,
    asked: Details,
    *,
    source: Source,
    version: str | None,
    specifier: str | None,
    direct: Direct | None,
) -> LockedPackage:
    extra = dict(asked.options)
    if asked.marker is not None:
        extra["marker"] = str(asked.marker)
    if asked.extras:
        extra["extras"] = tuple(sorted(asked.extras))
    hashes = tuple(map(hash_text, asked.hashes))
    artifacts = tuple(Artifact(hashes=(value,)) for value in hashes)
    if direct is not None and direct.artifact is not None:
        file = direct.artifact
        every = tuple(dict.fromkeys((*file.hashes, *hashes)))
        artifacts = (Artifact(filename=file.filename, url=file.url, path=file.path, hashes=every),)
    package = LockedPackage(
        name=normalise_name(name),
        version=version,
        specifier=specifier,
        source=source,
        artifacts=artifacts,
        line=place.line,
        path=place.path,
        marker=str(asked.marker) if asked.marker is not None else None,
        local=is_local(source),
        extra=extra,
    )
    problem = too_long(package)
    if problem is not None:
        raise RefusedError(problem)
    return package


def _marker(text: str) -> Marker | None:
    if not text.strip():
        return None
    try:
        return Marker(text.strip())
    except (InvalidMarker, RecursionError) as error:
        raise RefusedError(_reason(error)) from error


def _is_path(text: str) -> bool:
    if text.startswith(("./", "../", "/", ".\\", "..\\", "~/")) or _WINDOWS_PATH.match(text):
        return True
    if any(blank in text for blank in " \t,<>=") or "://" in text:
        return False
    return text in (".", "..") or text.startswith(".[") or "/" in text or is_archive(text)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).partition("\n")[0].strip()
