"""pylock.toml and ``pylock.<name>.toml`` (PEP 751).

Source of the form: the standard, https://packaging.python.org/en/latest/specifications/pylock-toml/. Real
files break it; what can be read without guessing is read, and a notice says what is odd. What would hide a
package (no name, two sources at once, a newer major version) is an error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fallback_review.lockfiles.direct_references import VCS_KINDS, is_local
from fallback_review.lockfiles.format import Format
from fallback_review.lockfiles.installer_files import any_installers_files
from fallback_review.lockfiles.mend import tables
from fallback_review.lockfiles.names import filename_of, version_in_filename
from fallback_review.lockfiles.toml.reader import TomlReader
from fallback_review.lockfiles.toml.table import Notices, Table
from fallback_review.model import Artifact, LockedPackage, Lockfile, Source, SourceKind
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.lockfiles.text import Text
    from fallback_review.lockfiles.toml.blocks import TomlDocument

_NAME = "pylock.toml"
_LOOKS = re.compile(r"^lock-version = ['\"]", re.MULTILINE)
_MAJOR = 1
_INSTALLERS = ("pip", "uv", "pdm", "poetry", "pipenv")
_ANYBODY = ("pip", "uv")
"""Who reads any pylock.toml that names files: `pip install -r`, `uv pip sync` (measured)."""
_DIRECT = ("vcs", "directory", "archive")
_OWN_FIELDS = frozenset({"name", "version", "index", "sdist", "wheels", *_DIRECT})


def _looks_like(text: str) -> bool:
    return _LOOKS.search(text) is not None and ("[[packages]]" in text or "\npackages = [" in text)


def _lockfile(text: Text, document: TomlDocument) -> Lockfile:
    header = Table(document.header, text.path, "")
    notices = Notices(text.path)
    lock_version = header.text("lock-version")
    if lock_version is None:
        if not document.entries:
            header.fail("not a pylock file: it has neither a lock-version nor a package")
        notices.note("PEP 751 requires a lock-version; the file has none, and is read as 1.0", 1)
    else:
        known = parse_version(lock_version)
        if known is None or known.major != _MAJOR:
            header.fail(f"this tool reads version {_MAJOR}.x of the standard", "lock-version")
        if known.minor:
            notices.note(f"lock-version {known} is newer than 1.0, which this tool knows", 1)
    author = (header.text("created-by") or "").lower().partition(" ")[0]
    reader = _Reader(notices, invented_urls=author == "pipenv")
    return Lockfile(
        path=text.path,
        packages=tuple(map(reader.package, document.tables(text.path, "packages"))),
        requires_python=header.text("requires-python"),
        environments=header.texts("environments"),
        installer=author if author in _INSTALLERS else None,
        read_by=_ANYBODY if not reader.invented_urls else (),
        notices=notices.all(),
        header={key: value for key, value in document.header.items() if key != "tool"},
        omitted=document.omitted,
    )


class _Reader:
    """Reads entries, and notes where they break the standard."""

    def __init__(self, notices: Notices, *, invented_urls: bool) -> None:
        self._notices = notices
        self.invented_urls = invented_urls
        """Pipenv makes up each file's name and URL; only its hashes can be trusted."""

    def package(self, entry: Table) -> LockedPackage:
        name = entry.package_name()
        if name != entry.text("name"):
            self._notices.note("PEP 751 requires normalised names, and an entry's name is not", entry.line)
        source, artifacts = self._direct(entry) or self._indexed(entry)
        files = [entry.table("sdist"), *entry.tables("wheels")] if source.kind.from_index else []
        return LockedPackage(
            name=name,
            version=entry.text("version"),
            source=source,
            artifacts=artifacts,
            line=entry.at,
            marker=entry.text("marker"),
            uploaded=tuple(_upload_times(artifacts, filter(None, files))),
            requires_python=entry.text("requires-python"),
            local=is_local(source),
            extra={key: value for key, value in entry.data.items() if key not in _OWN_FIELDS},
        )

    def _indexed(self, entry: Table) -> tuple[Source, tuple[Artifact, ...]]:
        index = entry.text("index")
        location = self._notices.clean(index, entry.line) if index else None
        artifacts = []
        sdist = entry.table("sdist")
        if sdist is not None:
            artifacts.append(self._file(sdist))
            filename = artifacts[0].filename
            if filename and version_in_filename(filename) is None:
                self._notices.note("an sdist's file name is not one that the standard allows", entry.line)
        artifacts.extend(self._file(wheel) for wheel in entry.tables("wheels"))
        if not artifacts:
            self._notices.note("an entry names no file at all", entry.line)
        path = next((artifact.path for artifact in artifacts if artifact.path), None)
        if path is not None:
            return Source(kind=SourceKind.PATH, location=path), tuple(artifacts)
        return Source(kind=SourceKind.REGISTRY, location=location), tuple(artifacts)

    def _direct(self, entry: Table) -> tuple[Source, tuple[Artifact, ...]] | None:
        """Read a source beside the indexes; None where the entry has none."""
        tables = [(key, table) for key in _DIRECT if (table := entry.table(key))]
        if not tables:
            return None
        if len(tables) > 1 or "wheels" in entry.data or "sdist" in entry.data:
            entry.fail(f"{tables[0][0]} must be the only source of an entry (PEP 751)")
        key, table = tables[0]
        if key == "directory":
            kind = SourceKind.EDITABLE if table.flag("editable") else SourceKind.DIRECTORY
            subdirectory = table.text("subdirectory")
            return Source(kind=kind, location=table.required("path"), subdirectory=subdirectory), ()
        if key == "vcs":
            vcs = VCS_KINDS.get(table.required("type"))
            if vcs is None:
                table.fail(f"must be one of {', '.join(VCS_KINDS)}", "type")
            return Source(
                kind=vcs,
                location=self._place(table),
                reference=table.text("requested-revision"),
                commit=table.text("commit-id"),
                subdirectory=table.text("subdirectory"),
            ), ()
        kind = SourceKind.PATH if table.text("path") else SourceKind.URL
        source = Source(kind=kind, location=self._place(table), subdirectory=table.text("subdirectory"))
        return source, (self._file(table),)

    def _place(self, table: Table) -> str:
        """Return a path, else a URL: pip and uv take the path where both are stated (measured)."""
        place = table.text("path") or table.text("url")
        if not place:
            table.fail("has neither url nor path")
        return self._notices.clean(place, table.line)

    def _file(self, file: Table) -> Artifact:
        url, path = file.text("url"), file.text("path")
        hashes = tuple(self._hashes(file))
        if not hashes:
            self._notices.note("PEP 751 requires hashes of every file, and a file has none", file.line)
        if self.invented_urls:
            return Artifact(hashes=hashes)
        if not (url or path):
            self._notices.note(
                "PEP 751 requires a URL or a path of every file, and a file has neither", file.line
            )
        filename = file.text("name") or filename_of(path or url or "")
        url = self._notices.clean(url, file.line) if url and not path else None
        return Artifact(filename=filename, url=url, path=path, hashes=hashes)

    def _hashes(self, file: Table) -> Iterator[str]:
        table = file.table("hashes")
        if table is not None:
            for algorithm in table.data:
                yield f"{algorithm}:{table.required(algorithm)}".lower()


def _upload_times(artifacts: Iterable[Artifact], files: Iterable[Table]) -> Iterator[tuple[str, datetime]]:
    for artifact, file in zip(artifacts, files, strict=False):
        moment = file.data.get("upload-time")
        if isinstance(moment, datetime) and artifact.filename:
            yield artifact.filename, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READER = TomlReader(read=_lockfile, keys=("packages",))

FORMAT = Format(
    name=_NAME,
    installer="pip",
    looks_like=_looks_like,
    parse=_READER.parse,
    parse_pair=_READER.parse_pair,
    configured_by=any_installers_files,
    update_hashes=True,
    mend=tables.pylock,
    asks_index=False,
    install_again="uv pip sync --reinstall {file}",
    heeds_requires_python=True,
    heeds_entries_python=True,
    locks_urls=True,
    by_pip_interface=True,
)
