"""Rows of pixi.lock and conda-lock.yml: one a file, so that one package has several.

Rows of one name, version and source become one locked package with an artifact for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.direct_references import is_archive, is_url, read_locked_git, read_url
from fallback_review.lockfiles.names import filename_of, normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Artifact, Ecosystem, LockedPackage, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fallback_review.lockfiles.toml.table import Table

_HASH_KEYS = ("sha256", "md5")


class FileRow(Struct, frozen=True, kw_only=True):
    """One row, read."""

    ecosystem: Ecosystem
    name: str
    """As the file spells it."""
    version: str | None
    source: Source
    artifacts: tuple[Artifact, ...]
    """The row's file, once for each platform that it is for."""
    line: int
    local: bool = False
    requires_python: str | None = None
    key: str
    """What tells the row from the package's other rows: its platform, its file."""
    rest: Mapping[str, Any]
    """What the row says beside."""


def merge(rows: Iterable[FileRow]) -> tuple[LockedPackage, ...]:
    """Unite the rows of one package, in the order and with the line of its first row."""
    groups: dict[tuple[Ecosystem, str, str | None, Source], list[FileRow]] = {}
    for row in rows:
        name = row.name.lower() if row.ecosystem is Ecosystem.CONDA else normalise_name(row.name)
        groups.setdefault((row.ecosystem, name, row.version, row.source), []).append(row)
    return tuple(
        LockedPackage(
            name=name,
            version=version,
            source=source,
            artifacts=tuple(artifact for row in group for artifact in row.artifacts),
            line=group[0].line,
            local=group[0].local,
            ecosystem=ecosystem,
            requires_python=group[0].requires_python,
            extra=_beside(group),
        )
        for (ecosystem, name, version, source), group in groups.items()
    )


def _beside(group: list[FileRow]) -> dict[str, Any]:
    beside: dict[str, Any] = {}
    for row in group:
        if row.key in beside:
            # One platform twice: in two categories, or in two builds.
            beside[row.key] = [*_listed(beside[row.key]), dict(row.rest)]
        else:
            beside[row.key] = dict(row.rest)
    return beside


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


def hashes_of(table: Table) -> tuple[str, ...]:
    """Return a row's hash as ``algorithm:digest``: the SHA-256, the MD5 only where there is no better one."""
    for kind in _HASH_KEYS:
        digest = table.text(kind)
        if digest:
            return (f"{kind}:{digest.lower()}",)
    return ()


def channel_of(url: str) -> Source:
    """Return the conda channel of a file's URL: what stands before ``<platform>/<file>``."""
    clean = strip_credentials(url)[0]
    return Source(kind=SourceKind.CHANNEL, location="/".join(clean.split("/")[:-2]) or None)


def _locked_vcs(place: str, source: Source) -> Source:
    """Return the source with what stands in the query and, of a commit, behind ``#``."""
    fragment = place.partition("#")[2]
    if source.kind is not SourceKind.GIT or "=" in fragment:
        return source
    locked = read_locked_git(f"{source.location}#{fragment}")
    return replace(
        locked,
        reference=locked.reference or source.reference,
        commit=locked.commit or source.commit,
    )


def pypi_source(
    table: Table, place: str, *, hashes: tuple[str, ...], index: str | None, editable: bool, direct: bool
) -> tuple[Source, Artifact]:
    """Return the source and the file of a PyPI row.

    Args:
        table: the row, for errors.
        place: its URL or path.
        hashes: of the file.
        index: the index that the row names, if it does.
        editable: whether the row says that it is installed in place.
        direct: whether the row says that the URL was asked for, rather than found in an index.

    Raises:
        LockfileError: the URL is of version control and names no revision after its ``@``.
    """
    if is_url(place) and not place.lower().startswith("file:"):
        try:
            found = read_url(place)
        except ValueError as error:
            table.fail(str(error))
        url = strip_credentials(place.partition("#")[0])[0]
        if found.source.kind is not SourceKind.URL:
            # What stands as its hash is the commit's.
            return _locked_vcs(place, found.source), Artifact(url=None)
        source = found.source
        if not direct:
            source = Source(kind=SourceKind.REGISTRY, location=index)
        return source, Artifact(filename=filename_of(url), url=url, hashes=hashes)
    kind = SourceKind.EDITABLE if editable else SourceKind.PATH
    filename = filename_of(place) if is_archive(place) else None
    return Source(kind=kind, location=place), Artifact(filename=filename, path=place, hashes=hashes)
