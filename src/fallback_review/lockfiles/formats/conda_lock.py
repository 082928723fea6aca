"""conda-lock.yml: conda and pip packages, one row for each platform.

Source: conda-lock's documentation and its `lockfile/v1` models. pixi's first three versions wrote the same
rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fallback_review.lockfiles.format import Format, Relock
from fallback_review.lockfiles.formats.conda_rows import FileRow, channel_of, hashes_of, merge, pypi_source
from fallback_review.lockfiles.names import filename_of, stated_hash
from fallback_review.lockfiles.toml.table import Table
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Artifact, Ecosystem, Lockfile, Notice, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.lockfiles.text import Text
    from fallback_review.lockfiles.yaml import YamlDocument

_NAME = "conda-lock.yml"

_SHOWN_APART = frozenset({"name", "version", "manager", "platform", "url", "hash"})


def parse(text: Text) -> Lockfile:
    """Read a conda-lock.yml.

    Raises:
        LockfileError: the text is no such YAML, or a row lacks what it needs.
    """
    from fallback_review.lockfiles.yaml import read_yaml  # noqa: PLC0415 - other formats do without PyYAML

    document = read_yaml(text.path, text.text)
    root = Table(document.data, text.path, "")
    metadata = root.table("metadata")
    notices: list[Notice] = []
    return Lockfile(
        path=text.path,
        packages=merge(platform_rows(root, document, notices)),
        notices=tuple(notices),
        header=dict(metadata.data) if metadata is not None else {},
    )


def platform_rows(root: Table, document: YamlDocument, notices: list[Notice]) -> Iterator[FileRow]:
    """Read the rows under ``package``; what is of no known manager becomes a notice.

    Raises:
        LockfileError: a row lacks what it needs.
    """
    for plain in root.tables("package"):
        table = Table(plain.data, plain.file, plain.where, document.line(plain.data))
        manager = table.required("manager")
        if manager == "conda":
            yield _conda(table)
        elif manager in ("pip", "pypi"):
            yield _pip(table)
        else:
            notices.append(
                Notice(
                    text=f"{table.where} was not understood: '{manager[:60]}' is no known manager; "
                    "the package is not reviewed",
                    path=table.file,
                    line=table.line,
                )
            )


def looks_like(text: str) -> bool:
    """Whether a text has a list of packages with a manager each, as conda-lock writes it."""
    if not text.startswith("package:") and "\npackage:\n" not in text:
        return False
    first = text.partition("package:\n")[2][:5000]
    return re.search(r"^[- ] manager: (?:conda|pip)$", first, re.MULTILINE) is not None


def _conda(table: Table) -> FileRow:
    url = strip_credentials(table.required("url"))[0]
    return FileRow(
        ecosystem=Ecosystem.CONDA,
        name=table.required("name"),
        version=table.required("version"),
        source=channel_of(url),
        artifacts=(
            Artifact(
                filename=filename_of(url),
                url=url,
                hashes=_hashes(table),
                target_platform=table.text("platform"),
            ),
        ),
        line=table.at,
        key=_platform(table),
        rest=_rest(table),
    )


def _pip(table: Table) -> FileRow:
    url = table.required("url")
    asked = table.table("source")
    direct = asked is not None and asked.text("type") == "url"
    source, artifact = pypi_source(
        table, url, hashes=_hashes(table), index=None, editable=False, direct=direct
    )
    return FileRow(
        ecosystem=Ecosystem.PYPI,
        name=table.required("name"),
        version=table.text("version"),
        source=source,
        artifacts=(replace(artifact, target_platform=table.text("platform")),),
        line=table.at,
        local=source.kind is SourceKind.PATH and artifact.filename is None,
        key=_platform(table),
        rest=_rest(table),
    )


def _hashes(table: Table) -> tuple[str, ...]:
    stated = table.data.get("hash")
    if type(stated) is str and ":" in stated:  # "md5:…", before conda-lock's version 1
        return stated_hash(stated.lower())
    hashes = table.table("hash")
    return hashes_of(hashes) if hashes is not None else ()


def _platform(table: Table) -> str:
    return table.text("platform") or "any"


def _rest(table: Table) -> dict[str, Any]:
    return {key: value for key, value in table.data.items() if key not in _SHOWN_APART}


FORMAT = Format(
    name=_NAME,
    installer="pip",
    looks_like=looks_like,
    parse=parse,
    relock=Relock(newest="conda-lock lock --lockfile {file} --update {name}"),
    per_platform=True,
    locks_urls=True,
)
