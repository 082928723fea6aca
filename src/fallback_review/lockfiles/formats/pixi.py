"""pixi.lock, versions 1 to 7: PyPI and conda packages, each row a file.

Source: pixi's documentation, "Lock File", and rattler_lock, which reads and writes it. Rows of versions 4 and
5 say ``kind``. Since version 6 a row is ``pypi: <URL or path>`` or ``conda: <URL or path>``, and a conda row
has no name and version of its own: they stand in the file's name. Versions 1 to 3 hold conda-lock's rows.

Measured with rattler 0.28: a PyPI row that no environment asks for is installed nowhere, one that several
platforms ask for on each of them, and of two rows with one place the last one counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fallback_review.lockfiles.format import Format, Relock
from fallback_review.lockfiles.formats.conda_lock import platform_rows
from fallback_review.lockfiles.formats.conda_rows import FileRow, channel_of, hashes_of, merge, pypi_source
from fallback_review.lockfiles.installer_files import pixi_files
from fallback_review.lockfiles.names import filename_of
from fallback_review.lockfiles.toml.table import Table
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Artifact, Ecosystem, Lockfile, LockIndex, Notice, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fallback_review.lockfiles.text import Text
    from fallback_review.lockfiles.yaml import YamlDocument

_NAME = "pixi.lock"

_CONDA_FILE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-[^-]+\.(?:conda|tar\.bz2)")
# "input" is a hash over the sources of a package built in place: it changes with every commit.
_SHOWN_APART = frozenset(
    {
        "input",
        "kind",
        "pypi",
        "conda",
        "conda_source",
        "url",
        "path",
        "name",
        "version",
        "sha256",
        "md5",
        "index",
    }
)
_NEWEST = 7
_LONGEST_PLACE = 200


def parse(text: Text) -> Lockfile:
    """Read a pixi.lock.

    Conda packages are entries of their own ecosystem: listed, and not judged.

    Raises:
        LockfileError: the text is no such YAML, or a row lacks what it needs.
    """
    from fallback_review.lockfiles.yaml import read_yaml  # noqa: PLC0415 - other formats do without PyYAML

    document = read_yaml(text.path, text.text)
    root = Table(document.data, text.path, "")
    version = root.required("version")
    notices: list[Notice] = []
    if not version.isdecimal() or int(version[:9]) > _NEWEST:
        notices.append(
            Notice(
                text=f"version {version[:20]} of pixi.lock is newer than {_NEWEST}: packages may be missed",
                path=text.path,
            )
        )
    environments = root.table("environments") or Table({}, text.path, "environments")
    rows = list(platform_rows(root, document, notices)) if "package" in root.data else []
    rows += _rows(root, document, _platforms(environments), notices)
    unread = _undescribed(environments, root)
    return Lockfile(
        path=text.path,
        packages=merge(rows),
        indexes=tuple(dict.fromkeys(_indexes(environments))),
        notices=tuple(notices),
        unread=tuple(
            Notice(text=f"an environment asks for {place}, which `packages` does not hold", path=text.path)
            for place in unread
        ),
        header={"version": version, "environments": _without_packages(environments)},
    )


def looks_like(text: str) -> bool:
    """Whether a text begins as a pixi.lock does: a version, then environments or the old metadata."""
    return re.match(r"version: \d+\n(?:environments:|metadata:\n  content_hash:)", text) is not None


def _rows(
    root: Table, document: YamlDocument, platforms: Mapping[str, Sequence[str]], notices: list[Notice]
) -> list[FileRow]:
    """Read the rows under ``packages``, with the platforms that ask for each."""
    rows: dict[object, FileRow] = {}
    for plain in root.tables("packages"):
        table = Table(plain.data, plain.file, plain.where, document.line(plain.data))
        found = _row(table)
        if found is None:
            keys = ", ".join(sorted(table.data))[:100]
            said = f"was not understood: it has the keys {keys}; the package is not reviewed"
        else:
            place, row = found
            asked = tuple(
                replace(file, target_platform=platform)
                for file in row.artifacts
                for platform in platforms.get(place, ())
            )
            if row.ecosystem is Ecosystem.CONDA:
                # One folder can be the place of several packages.
                rows[table.where] = replace(row, artifacts=asked or row.artifacts)
                continue
            if asked:
                rows.pop(place, None)
                rows[place] = replace(row, artifacts=asked)
                continue
            said = "belongs to no environment: it is not installed, and not reviewed"
        notices.append(Notice(text=f"{table.where} {said}", path=table.file, line=table.line))
    return list(rows.values())


def _row(table: Table) -> tuple[str, FileRow] | None:
    """Return a row and its place, by which environments ask for it; None for what is no known row."""
    kind = table.text("kind")
    if kind in ("pypi", "conda"):
        place = table.text("url") or table.required("path")
    elif table.text("pypi") is not None:
        kind, place = "pypi", table.required("pypi")
    elif table.text("conda") is not None:
        kind, place = "conda", table.required("conda")
    elif table.text("conda_source") is not None:
        return table.required("conda_source"), _source_row(table)
    else:
        return None
    return place, _pypi(table, place) if kind == "pypi" else _conda(table, place)


def _pypi(table: Table, place: str) -> FileRow:
    direct = place.startswith("direct+")
    index = table.text("index")
    source, artifact = pypi_source(
        table,
        place.removeprefix("direct+"),
        hashes=hashes_of(table),
        index=strip_credentials(index)[0] if index else None,
        editable=table.text("editable") == "true",
        direct=direct,
    )
    local = source.kind is SourceKind.EDITABLE or (
        source.kind is SourceKind.PATH and artifact.filename is None
    )
    return FileRow(
        ecosystem=Ecosystem.PYPI,
        name=table.required("name"),
        version=table.text("version"),
        source=source,
        artifacts=(artifact,),
        line=table.at,
        local=local,
        requires_python=table.text("requires_python"),
        key=artifact.filename or source.location or place,
        rest=_rest(table),
    )


def _conda(table: Table, place: str) -> FileRow:
    url = strip_credentials(place)[0]
    filename = filename_of(url) or ""
    found = _CONDA_FILE.fullmatch(filename)
    name, version = table.text("name"), table.text("version")
    if found is not None:
        name, version = name or found["name"], version or found["version"]
    if not name:
        table.fail("has no name, and its file's name is not <name>-<version>-<build>", "conda")
    remote = "://" in url
    return FileRow(
        ecosystem=Ecosystem.CONDA,
        name=name,
        version=version,
        source=channel_of(url) if remote else Source(kind=SourceKind.PATH, location=url),
        artifacts=(
            Artifact(
                filename=filename if found is not None else None,
                url=url if remote else None,
                path=None if remote else url,
                hashes=hashes_of(table),
            ),
        ),
        line=table.at,
        local=not remote and found is None,
        key=filename or url,
        rest=_rest(table),
    )


def _source_row(table: Table) -> FileRow:
    # "name[hash] @ path": a conda package that pixi builds from a folder.
    text = table.required("conda_source")
    name, _, place = text.partition("@")
    return FileRow(
        ecosystem=Ecosystem.CONDA,
        name=name.partition("[")[0].strip() or text,
        version=table.text("version"),
        source=Source(kind=SourceKind.PATH, location=strip_credentials(place.strip())[0] or None),
        artifacts=(Artifact(path=place.strip() or None),),
        line=table.at,
        local=True,
        key=text,
        rest=_rest(table),
    )


def _rest(table: Table) -> dict[str, Any]:
    return {key: value for key, value in table.data.items() if key not in _SHOWN_APART}


def _platforms(environments: Table) -> dict[str, list[str]]:
    """For each place the platforms that ask for it."""
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    for _, place, platform in _asked(environments):
        asked[place][platform] = None
    return {place: list(platforms) for place, platforms in asked.items()}


def _asked(environments: Table) -> Iterator[tuple[str, str, str]]:
    """Give ecosystem, place and platform of all that the environments ask for."""
    for _, environment in _environments(environments):
        packages = environment.table("packages") or Table({}, environment.file, environment.where)
        for platform in packages.data:
            for entry in packages.tables(platform):
                for key in ("pypi", "conda"):
                    place = entry.text(key)
                    if place is not None:
                        yield key, place, platform


def _undescribed(environments: Table, root: Table) -> list[str]:
    """Return the Python packages that an environment asks for and no row describes, for a notice."""
    described = {found[0] for table in root.tables("packages") if (found := _row(table)) is not None}
    asked = dict.fromkeys(place for key, place, _ in _asked(environments) if key == "pypi")
    return [strip_credentials(place)[0][:_LONGEST_PLACE] for place in asked if place not in described]


def _environments(environments: Table) -> Iterator[tuple[str, Table]]:
    for name in environments.data:
        environment = environments.table(name)
        if environment is not None:
            yield name, environment


def _indexes(environments: Table) -> Iterator[LockIndex]:
    for _, environment in _environments(environments):
        for url in environment.texts("indexes"):
            clean, has_credentials = strip_credentials(url)
            yield LockIndex(url=clean, role="source", has_credentials=has_credentials)


def _without_packages(environments: Table) -> dict[str, Any]:
    return {
        name: {key: value for key, value in environment.data.items() if key != "packages"}
        for name, environment in _environments(environments)
    }


FORMAT = Format(
    name=_NAME,
    installer="pixi",
    looks_like=looks_like,
    parse=parse,
    configured_by=pixi_files,
    relock=Relock(
        newest="pixi update {folder}{name}",
        exact="pixi add --pypi {folder}{requirement}",
        folder="--manifest-path {} ",
    ),
    per_platform=True,
    locks_urls=True,
)
