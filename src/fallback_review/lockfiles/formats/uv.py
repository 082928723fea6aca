"""uv.lock, and the lock of one script (``script.py.lock``), which has the same form.

Source of the form: uv's own writer and reader (`uv-resolver`, ``lock/mod.rs``). Revisions only add fields, so
they are not told apart; early files call the array of entries ``distribution`` and write a source as one
string (``registry+https://…``).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.direct_references import is_local, read_locked_git
from fallback_review.lockfiles.format import Format, Relock
from fallback_review.lockfiles.formats.uv_markers import with_markers
from fallback_review.lockfiles.installer_files import uv_files
from fallback_review.lockfiles.mend import tables
from fallback_review.lockfiles.names import filename_of, stated_hash
from fallback_review.lockfiles.text import LockfileError
from fallback_review.lockfiles.toml.reader import TomlReader
from fallback_review.lockfiles.toml.table import Notices, Table
from fallback_review.lockfiles.urls import address_of
from fallback_review.model import Artifact, Compiled, LockedPackage, Lockfile, Notice, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.lockfiles.text import Text
    from fallback_review.lockfiles.toml.blocks import TomlDocument

_NAME = "uv.lock"
_SCRIPT = "uv lock --script"
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
_LOOKS = re.compile(
    r"^source = (?:\{ (?:registry|editable|virtual|git|url|path|directory) = |\"registry\+)", re.MULTILINE
)


def _looks_like(text: str) -> bool:
    headed = "[[package]]" in text or "[[distribution]]" in text
    return headed and text.lstrip().startswith("version = 1\n") and _LOOKS.search(text) is not None


def _lockfile(text: Text, document: TomlDocument) -> Lockfile:
    header = Table(document.header, text.path, "")
    if not document.entries and "version" not in document.header:
        raise LockfileError(text.path, "not a uv.lock: it has neither a version nor a package")
    version = document.header.get("version")
    if type(version) is int and version > _KNOWN_VERSION:
        header.fail(f"lock version {version} is newer than this tool reads ({_KNOWN_VERSION})", "version")
    notices = Notices(text.path)
    entries = tuple(document.tables(text.path, "package"))
    packages = _without_repeated(
        entries, with_markers(text.text, tuple(_package(entry, notices) for entry in entries))
    )
    refused = tuple(_refused(packages, text.path))
    return Lockfile(
        path=text.path,
        compiled=_script(text.path),
        packages=packages,
        requires_python=header.text("requires-python"),
        environments=header.texts("supported-markers"),
        notices=(*notices.all(), *refused),
        unread=refused,
        header=document.header,
        omitted=document.omitted,
    )


def _script(path: str) -> Compiled | None:
    """Return the script that a lock is for: ``uv lock --script tool.py`` writes ``tool.py.lock``."""
    name = path.rpartition("/")[2]
    return Compiled(tool=_SCRIPT, source=name.removesuffix(".lock")) if name.endswith(".py.lock") else None


def _refused(packages: Iterable[LockedPackage], path: str) -> Iterator[Notice]:
    """Give the entries of an index with a file without URL, or without a file: uv 0.13 refuses them."""
    for package in packages:
        location = address_of(package.source.location or "")
        if package.source.kind is not SourceKind.REGISTRY or location is None or location.scheme == "file":
            continue
        if not package.artifacts or not all(artifact.url for artifact in package.artifacts):
            text = f"{package.name} lacks a file's URL, and uv asks no index for it: lock again"
            yield Notice(text=text, path=path, line=package.line)


def _without_repeated(
    entries: Iterable[Table], packages: tuple[LockedPackage, ...]
) -> tuple[LockedPackage, ...]:
    """Return the packages, with those refused that stand twice.

    uv tells packages apart by name, version and source, and compares sources as they are written: of two
    that differ in a slash or a user it installs the one that a dependency names (measured with 0.13).
    """
    keys = [
        (package.name, package.version, json.dumps(entry.data.get("source"), sort_keys=True, default=str))
        for entry, package in zip(entries, packages, strict=True)
    ]
    if len(set(keys)) == len(keys):
        return packages
    counts = Counter(keys)
    why = "the lock has it twice, of one version and source: uv refuses the lock"
    return tuple(
        replace(package, refused=why) if counts[key] > 1 else package
        for key, package in zip(keys, packages, strict=True)
    )


def _package(entry: Table, notices: Notices) -> LockedPackage:
    source = _source(entry, notices)
    return LockedPackage(
        name=entry.package_name(),
        version=entry.text("version"),
        source=source,
        artifacts=tuple(_artifacts(entry, source, notices)),
        line=entry.at,
        marker=" or ".join(entry.texts("resolution-markers")) or None,
        local=is_local(source),
        extra={key: value for key, value in entry.data.items() if key not in _OWN_FIELDS},
    )


def _source(entry: Table, notices: Notices) -> Source:
    subdirectory = None
    if _is_early(entry):
        kind, _, location = entry.required("source").partition("+")
        fields = {kind: location}
    else:
        table = entry.table("source")
        if table is None:
            entry.fail("is missing", "source")
        fields = {kind: table.required(kind) for kind in _KINDS if kind in table.data}
        if len(fields) != 1:
            table.fail(f"must name exactly one of {', '.join(sorted(_KINDS))}")
        subdirectory = table.text("subdirectory")
    name, location = fields.popitem()
    if name not in _KINDS:
        entry.fail(f"must name one of {', '.join(sorted(_KINDS))}", "source")
    location = notices.clean(location, entry.line)
    kind = _KINDS[name]
    if kind is not SourceKind.GIT:
        return Source(kind=kind, location=location, subdirectory=subdirectory)
    return read_locked_git(location)


def _artifacts(entry: Table, source: Source, notices: Notices) -> Iterator[Artifact]:
    """Give the files as uv finds them: by URL, else by path, else by name (measured with uv 0.13)."""
    sdist = entry.table("sdist")
    wheels = "wheel" if _is_early(entry) else "wheels"
    for file in [*entry.tables(wheels), *([sdist] if sdist else [])]:
        url, path = file.text("url"), file.text("path")
        filename = filename_of(url or path or "") or file.text("filename")
        if url:
            url, path = notices.clean(url, entry.line), None
        elif not path and source.kind is SourceKind.URL:
            url = source.location
            filename = filename or filename_of(url or "")
        yield Artifact(filename=filename, url=url, path=path, hashes=stated_hash(file.text("hash")))


def _is_early(entry: Table) -> bool:
    """Whether an entry is of a form that today's uv refuses: a source in one string, and ``wheel``."""
    return isinstance(entry.data.get("source"), str)


_READER = TomlReader(read=_lockfile, keys=("package", "distribution"), opaque="dependencies")

FORMAT = Format(
    name=_NAME,
    installer="uv",
    looks_like=_looks_like,
    parse=_READER.parse,
    parse_pair=_READER.parse_pair,
    configured_by=uv_files,
    relock=Relock(
        newest="uv lock {folder}--upgrade-package {name}",
        exact="uv lock {folder}--upgrade-package {requirement}",
        whole="uv {folder}lock",
        folder="--directory {} ",
    ),
    relock_by={
        _SCRIPT: Relock(
            newest="uv lock --script {source} --upgrade-package {name}",
            exact="uv lock --script {source} --upgrade-package {requirement}",
            whole="uv lock --script {source}",
        )
    },
    update_hashes=True,
    mend=tables.uv,
    locks_index=True,
    resolves_again=True,
    install_again="uv sync --reinstall",
    heeds_requires_python=True,
    locks_urls=True,
)
