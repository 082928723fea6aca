"""Pipfile.lock: what Pipenv locks, in JSON.

Source: Pipenv's documentation, "Pipfile & Pipfile.lock", and the files that Pipenv writes. Every section but
``_meta`` holds packages; Pipenv allows sections of any name beside ``default`` and ``develop``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import SpecifierSet

from fallback_review.lockfiles.direct_references import VCS_KINDS, at_revision, is_archive, is_local
from fallback_review.lockfiles.format import Format, Relock
from fallback_review.lockfiles.installer_files import pipenv_files
from fallback_review.lockfiles.limits import versions_too_long
from fallback_review.lockfiles.mend import freshness, hash_lists
from fallback_review.lockfiles.names import PACKAGE_NAME, filename_of, hash_text, normalise_name
from fallback_review.lockfiles.text import LockfileError
from fallback_review.lockfiles.toml.table import Table
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Artifact, LockedPackage, Lockfile, LockIndex, Source, SourceKind

if TYPE_CHECKING:
    from fallback_review.lockfiles.text import Text

_NAME = "Pipfile.lock"

_REMOTE = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_MARKER_KEYS = (
    "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
    "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
    "implementation_version",
)  # fmt: skip
_SHOWN_APART = frozenset({"version", "hashes", "index", "subdirectory"})
_IS_HASH = re.compile(r"\s*[A-Za-z0-9_]+:[0-9A-Fa-f]+\s*", re.ASCII)
_ON_ONE_LINE = (
    "version",
    "markers",
    "os_markers",
    "ref",
    "subdirectory",
    "file",
    "path",
    "git",
    "hg",
    "svn",
    "bzr",
)
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
# Strings (with the colon that makes them keys), brackets and line ends: what the place of a key needs.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"(?P<colon>\s*:)?|[{}\[\]]', re.DOTALL)


class _Lines(Struct):
    """The lines of what is looked up in a JSON text."""

    entries: dict[tuple[str, str], int] = field(default_factory=dict)
    sources: list[int] = field(default_factory=list)


class _TwiceError(ValueError):
    """A key that stands twice in one object."""


def parse(text: Text) -> Lockfile:
    """Read a Pipfile.lock.

    A package that stands in several sections is an entry in each of them. An entry that names no index comes
    from the first source, as Pipenv installs it. ``"version": "*"`` (a package left out on the machine that
    locked) pins nothing and asks for nothing.

    Raises:
        LockfileError: the text is no JSON, a key stands twice, or a value has the wrong type.
    """
    document = _load(text)
    places = _places(text.text)
    root = Table(document, text.path, "")
    meta = root.table("_meta") or Table({}, text.path, "_meta")
    indexes = tuple(_indexes(meta, places))
    packages: list[LockedPackage] = []
    for section in document:
        if section == "_meta":
            continue
        table = root.table(section) or Table({}, text.path, section)
        for name, value in table.data.items():
            line = places.entries[section, name]
            if not name.strip():
                raise LockfileError(text.path, f"{section}: a package without a name", line=line)
            if type(value) is not dict:
                raise LockfileError(text.path, f"{section}.{name}: must be a table", line=line)
            entry = Table(value, text.path, f"{section}.{name}", line)
            packages.append(_package(name, section, entry, indexes))
    return Lockfile(
        path=text.path,
        packages=tuple(packages),
        indexes=indexes,
        requires_python=_requires_python(meta),
        header={"_meta": meta.data},
    )


def looks_like(text: str) -> bool:
    """Whether a text is JSON that begins like a Pipfile.lock."""
    return text.lstrip().startswith("{") and re.search(r'"_meta"\s*:\s*\{', text) is not None


def _load(text: Text) -> dict[str, Any]:
    try:
        document = json.loads(text.text, object_pairs_hook=_object)
    except _TwiceError as error:
        raise LockfileError(text.path, f"the key '{error}' appears twice") from None
    except json.JSONDecodeError as error:
        raise LockfileError(text.path, f"the file is not JSON: {error.msg}", line=error.lineno) from None
    except RecursionError:
        raise LockfileError(text.path, "values are nested too deeply") from None
    except ValueError:
        # Python refuses to read integers of more than some thousand digits.
        raise LockfileError(text.path, "the file holds a number that is too long") from None
    if type(document) is not dict:
        raise LockfileError(text.path, "the file is not a lockfile: its root is not an object")
    if _HALF.search(text.text) is not None and not _is_text(document):
        raise LockfileError(text.path, "the file holds half of a character (a lone surrogate)")
    return document


def _is_text(document: dict[str, Any]) -> bool:
    """Whether every string can be written out again: JSON's escapes can name half of a character."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key that stands twice with equal values, as Pipenv takes it, is no error."""
    values = dict(pairs)
    if len(values) != len(pairs):
        for key, value in pairs:
            if values[key] != value:
                raise _TwiceError(key[:60])
    return values


def _places(text: str) -> _Lines:
    """Find the lines of entries (keys at the second level) and of sources in a text that is JSON."""
    places = _Lines()
    stack: list[str] = []
    keys = ["", ""]
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "{[":
            if stack == ["{", "{", "["] and keys == ["_meta", "sources"]:
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                places.sources.append(line)
            stack.append(word)
        elif word in "}]":
            stack.pop()
        elif token["colon"] is not None and len(stack) <= len(keys):
            key = str(json.loads(word[: len(word) - len(token["colon"])]))
            keys[len(stack) - 1] = key
            if len(stack) == len(keys):
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                places.entries[keys[0], key] = line
    return places


def _indexes(meta: Table, places: _Lines) -> list[LockIndex]:
    indexes = []
    for number, source in enumerate(meta.tables("sources")):
        url, has_credentials = strip_credentials(source.required("url"))
        indexes.append(
            LockIndex(
                url=url,
                role="source",
                name=source.text("name"),
                line=places.sources[number],
                has_credentials=has_credentials,
            )
        )
    return indexes


def _requires_python(meta: Table) -> str | None:
    requires = meta.table("requires")
    if requires is None:
        return None
    full, short = requires.text("python_full_version"), requires.text("python_version")
    if full:
        return f"=={full}"
    return f"=={short}.*" if short else None


def _package(name: str, section: str, entry: Table, indexes: tuple[LockIndex, ...]) -> LockedPackage:
    _check(name, entry)
    source, file = _source(entry, indexes)
    version, specifier = _version(entry)
    hashes = tuple(hash_text(each.strip()) for each in entry.texts("hashes"))
    artifacts = tuple(Artifact(hashes=(value,)) for value in hashes)
    if file is not None:
        artifacts = (Artifact(filename=file.filename, url=file.url, path=file.path, hashes=hashes),)
    rest = {key: value for key, value in entry.data.items() if key not in _SHOWN_APART}
    return LockedPackage(
        name=normalise_name(name),
        version=version,
        specifier=specifier,
        source=source,
        artifacts=artifacts,
        line=entry.at,
        marker=_marker(entry),
        refused=_refused(entry, indexes) if source.kind.from_index else None,
        local=is_local(source),
        extra={section: rest},
    )


def _check(name: str, entry: Table) -> None:
    """Refuse an entry that says more than its keys do.

    Pipenv writes it on a line for pip, word for word (its `requirement_from_lockfile`). Measured with Pipenv
    2026: an extra of ``] @ https://… #`` is installed from there, whatever version and index stand beside it.

    Raises:
        LockfileError: a name, an extra or a hash is none, or a text goes on in another line.
    """
    if PACKAGE_NAME.fullmatch(name) is None:
        raise LockfileError(entry.file, f"{name[:60]!a} is not a package name", line=entry.line)
    for extra in entry.texts("extras"):
        if PACKAGE_NAME.fullmatch(extra) is None:
            entry.fail("holds something that is not an extra's name", "extras")
    for value in entry.texts("hashes"):
        if _IS_HASH.fullmatch(value) is None:
            entry.fail("holds something that is not a hash", "hashes")
    for key in _ON_ONE_LINE:
        if len((entry.text(key) or "").strip().splitlines()) > 1:
            entry.fail("has more than one line", key)


def _version(entry: Table) -> tuple[str | None, str | None]:
    """Return what `version` pins, or what else it asks for."""
    text = (entry.text("version") or "").strip()
    pin = text.removeprefix("===") if text.startswith("===") else text.removeprefix("==")
    if pin != text and not pin.endswith(".*") and "," not in pin:
        return pin.strip() or None, None
    if text in ("", "*"):
        return None, None
    try:
        specifiers = SpecifierSet(text)
        shown = str(specifiers)
    except ValueError:  # InvalidSpecifier, or a number of more digits than Python reads
        entry.fail("is neither a version nor a specifier", "version")
    if versions_too_long(specifiers):
        entry.fail("is too long for a version", "version")
    return None, shown or None


def _source(entry: Table, indexes: tuple[LockIndex, ...]) -> tuple[Source, Artifact | None]:
    for key, kind in VCS_KINDS.items():
        url = entry.text(key)
        if url is not None:
            source = at_revision(kind, strip_credentials(url)[0], entry.text("ref"))
            return replace(source, subdirectory=entry.text("subdirectory")), None
    place = entry.text("file") or entry.text("path")
    if place is not None and _REMOTE.match(place):
        url = strip_credentials(place)[0]
        source = Source(kind=SourceKind.URL, location=url, subdirectory=entry.text("subdirectory"))
        return source, Artifact(filename=filename_of(url), url=url)
    if place is not None:
        if entry.flag("editable"):
            return Source(kind=SourceKind.EDITABLE, location=place), None
        if is_archive(place):
            return Source(kind=SourceKind.PATH, location=place), Artifact(
                filename=filename_of(place), path=place
            )
        return Source(kind=SourceKind.DIRECTORY, location=place), None
    return Source(kind=SourceKind.REGISTRY, location=_index(entry, indexes)), None


def _index(entry: Table, indexes: tuple[LockIndex, ...]) -> str | None:
    """Return the address of the source that the entry names, or of the first one, as Pipenv goes."""
    named = entry.text("index")
    if named is None:
        return indexes[0].url if indexes else None
    found = next((index.url for index in indexes if index.name == named), None)
    if found is None and _REMOTE.match(named):
        return strip_credentials(named)[0]
    return found


def _refused(entry: Table, indexes: tuple[LockIndex, ...]) -> str | None:
    """Say it where the entry names an index that is no source's name: Pipenv 2026 gives up (measured).

    It does so even where an address is named that a source has.
    """
    named = entry.text("index")
    if named is None or any(index.name == named for index in indexes):
        return None
    shown = strip_credentials(named)[0][:60]
    return f"it names the index '{shown}', which is not one of the lock's sources, and Pipenv fails"


def _marker(entry: Table) -> str | None:
    """Return `markers`, joined with the variables that old files hold as keys of their own.

    As Pipenv joins them (`translate_markers`, measured with 2026): sorted, by "and", without parentheses; it
    passes over ``os_name``, and over what asks for an extra.
    """
    markers = entry.text("markers")
    parts = [markers] if markers and "extra" not in markers else []
    parts += [f"{key} {entry.data[key]}" for key in _MARKER_KEYS if type(entry.data.get(key)) is str]
    return " and ".join(sorted(set(map(_spelled, parts)))) or None


def _spelled(marker: str) -> str:
    """Return a marker as `packaging` spells it, by which Pipenv sorts; one that is none as it stands."""
    try:
        return str(Marker(marker))
    except (InvalidMarker, RecursionError):
        return marker


FORMAT = Format(
    name=_NAME,
    installer="pipenv",
    looks_like=looks_like,
    parse=parse,
    configured_by=pipenv_files,
    project_file="Pipfile",
    relock=Relock(
        newest="{folder}pipenv upgrade {name}",
        exact="{folder}pipenv upgrade {requirement}",
        whole="{folder}pipenv lock",
        folder="cd {} && ",
    ),
    update_hashes=True,
    mend=hash_lists.pipfile,
    locks_index=True,
    install_again="pipenv --rm && pipenv sync",
    refreshed=freshness.pipfile,
    made_from="Pipfile",
    project_sources=freshness.pipfile_sources,
)
