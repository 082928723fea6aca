"""uv.lock, and the lock of one script (``script.py.lock``), which has the same form.

Source of the form: uv's own writer and reader (`uv-resolver`, ``lock/mod.rs``). Revisions only add fields, so
they are not told apart; early files call the array of entries ``distribution`` and write a source as one
string (``registry+https://…``).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fallback_review.lockfiles.blocks import Document, read_pair, read_whole
from fallback_review.lockfiles.common import (
    LOCAL_KINDS,
    Findings,
    filename_of,
    hash_text,
)
from fallback_review.lockfiles.interface import Format, LockfileError, Text
from fallback_review.lockfiles.table import Table
from fallback_review.model import Artifact, LockedPackage, Lockfile, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = ("package", "distribution")
_KNOWN_VERSION = 1
_KINDS = {
    "registry": SourceKind.REGISTRY,
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "direct": SourceKind.URL,
    "path": SourceKind.PATH,
    "directory": SourceKind.DIRECTORY,
    "editable": SourceKind.EDITABLE,
    "virtual": SourceKind.VIRTUAL,
}
_OWN_FIELDS = frozenset({"name", "version", "source", "sdist", "wheels", "wheel"})
_DEPENDENCY = re.compile(r'\n[ ]*\{ name = "([^"\n]+)"([^\n]*)\},?(?=\n)')
_LOCAL = re.compile(r"^source = \{ (?:editable|virtual|directory) = ", re.MULTILINE)
_MARKER = re.compile(r', marker = "([^"\n]+)"')
_LOOKS = re.compile(
    r"^source = (?:\{ (?:registry|editable|virtual|git|url|path|directory) = |\"registry\+)", re.MULTILINE
)


def _claims(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name == "uv.lock" or name.endswith((".py.lock", ".uv.lock"))


def _looks_like(text: str) -> bool:
    headed = "[[package]]" in text or "[[distribution]]" in text
    return headed and text.lstrip().startswith("version = 1\n") and _LOOKS.search(text) is not None


def _parse(text: Text) -> Lockfile:
    return _lockfile(text, read_whole(text, _KEYS))


def _parse_pair(base: Text, head: Text) -> tuple[Lockfile, Lockfile]:
    left, right = read_pair(base, head, _KEYS, opaque="dependencies")
    return _lockfile(base, left), _lockfile(head, right)


def _lockfile(text: Text, document: Document) -> Lockfile:
    header = Table(document.header, text.path, "")
    if not document.entries and "version" not in document.header:
        raise LockfileError(text.path, "not a uv.lock: it has neither a version nor a package")
    version = document.header.get("version")
    if type(version) is int and version > _KNOWN_VERSION:
        header.fail(f"lock version {version} is newer than this tool reads ({_KNOWN_VERSION})", "version")
    findings = Findings(text.path)
    packages = _with_markers(
        text.text,
        tuple(
            _package(Table(data, text.path, "package", line), line, findings)
            for line, data in document.entries
        ),
    )
    return Lockfile(
        path=text.path,
        format=FORMAT.name,
        packages=packages,
        requires_python=header.text("requires-python"),
        notices=findings.notices(),
        header=document.header,
        omitted=document.omitted,
    )


def _with_markers(text: str, packages: tuple[LockedPackage, ...]) -> tuple[LockedPackage, ...]:
    """Say when entries are installed, as far as the file tells.

    `resolution-markers` say which fork takes which of a name's entries; a lone entry is every fork's. When
    entries that have files for some platforms only are needed at all, the entry does not say; the
    dependencies that lead to it do, one a line as uv writes them. They are looked for only where they can
    matter: a sdist or a pure wheel fits everywhere.
    """
    entries = Counter(package.name for package in packages)
    names = {package.name for package in packages if _only_native(package)}
    needed = _needed(text, names) if names else {}
    return tuple(
        replace(
            package,
            marker=package.marker if entries[package.name] > 1 else None,
            needed_when=needed.get(package.name),
        )
        if package.name in needed or package.marker
        else package
        for package in packages
    )


def _needed(text: str, names: set[str]) -> dict[str, str]:
    """Return when some packages are needed: what the project itself asks for without a marker, always.

    Left out is what another package asks for without a marker: it is needed when that one is.
    """
    markers: dict[str, set[str]] = {name: set() for name in names}
    for dependency in _DEPENDENCY.finditer(text):
        name, rest = dependency.groups()
        if name in names:
            said = _MARKER.search(rest)
            entry = text.rfind("\n[[", 0, dependency.start())
            local = _LOCAL.search(text, entry, dependency.start()) is not None
            markers[name].add(said[1] if said else "" if local else "?")
    return {
        name: "" if "" in found else " or ".join(f"({marker})" for marker in sorted(found))
        for name, found in markers.items()
        if "" in found or (found and "?" not in found)
    }


def _only_native(package: LockedPackage) -> bool:
    names = [artifact.filename or "" for artifact in package.artifacts]
    return bool(names) and all(name.endswith(".whl") and not name.endswith("-any.whl") for name in names)


def _package(entry: Table, line: int, findings: Findings) -> LockedPackage:
    source = _source(entry, line, findings)
    return LockedPackage(
        name=entry.package_name(),
        version=entry.text("version"),
        source=source,
        artifacts=tuple(_artifacts(entry, source, line, findings)),
        line=line,
        marker=" or ".join(entry.texts("resolution-markers")) or None,
        local=source.kind in LOCAL_KINDS,
        extra={key: value for key, value in entry.data.items() if key not in _OWN_FIELDS},
    )


def _source(entry: Table, line: int, findings: Findings) -> Source:
    if isinstance(entry.data.get("source"), str):
        kind, _, location = entry.required("source").partition("+")
        fields = {kind: location}
    else:
        table = entry.table("source")
        if table is None:
            entry.fail("is missing", "source")
        fields = {kind: table.required(kind) for kind in _KINDS if kind in table.data}
        if len(fields) != 1:
            table.fail(f"must name exactly one of {', '.join(sorted(_KINDS))}")
    name, location = fields.popitem()
    if name not in _KINDS:
        entry.fail(f"must name one of {', '.join(sorted(_KINDS))}", "source")
    location = findings.clean(location, line)
    kind = _KINDS[name]
    if kind is not SourceKind.GIT:
        return Source(kind=kind, location=location)
    url, _, commit = location.partition("#")
    url, _, query = url.partition("?")
    asked = parse_qs(query)
    reference = next((asked[key][0] for key in ("rev", "tag", "branch") if key in asked), None)
    return Source(kind=kind, location=url, reference=reference, commit=commit or None)


def _artifacts(entry: Table, source: Source, line: int, findings: Findings) -> Iterator[Artifact]:
    sdist = entry.table("sdist")
    files = [*entry.tables("wheels"), *entry.tables("wheel"), *([sdist] if sdist else [])]
    for file in files:
        url, path, digest = file.text("url"), file.text("path"), file.text("hash")
        url = findings.clean(url, line) if url else None
        if url is None and source.kind is SourceKind.URL:
            url = source.location
        yield Artifact(
            filename=file.text("filename") or filename_of(path or url or "") or None,
            url=url,
            path=path,
            hashes=(hash_text(digest),) if digest else (),
        )


FORMAT = Format(
    name="uv.lock",
    installer="uv",
    claims=_claims,
    looks_like=_looks_like,
    parse=_parse,
    parse_pair=_parse_pair,
)
