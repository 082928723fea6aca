"""Serving cases on loopback: Chainguard's indexes, PyPI, and a repository manager that merges them."""

from __future__ import annotations

import hashlib
import html
import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from fallback_review.model import Edition, Index, Owner, ProjectFile
from fallback_review.model.versions import parse_version
from fallback_review.prediction.addresses import Addresses
from fallback_review.prediction.candidates import ARCHIVE_ENDS, parse_filename
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.listing import ListedFile, Page
from tests.prediction.live import contents, serving
from tests.prediction.wheels import sdist_bytes

from .cases import CHAINGUARD, PYPI, REMEDIATED, STRANGER, Case, File
from .oddities import in_html, in_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_MAIN = Index("main", Owner.CHAINGUARD, Edition.MAIN)
_REMEDIATED = Index("remediated", Owner.CHAINGUARD, Edition.REMEDIATED)
_PYPI = Index("pypi", Owner.PYPI)
_ADDRESSES = Addresses(chainguard=_MAIN, remediated=_REMEDIATED, pypi=_PYPI)
"""What the manager merges: told apart by these names alone."""


_SDIST = re.compile(r"(?i)case[-_.]+(?P<number>\d+)-(?P<version>.+)")


@lru_cache(maxsize=100_000)
def body_of(maker: str, filename: str) -> bytes:
    """The bytes of a file: those of one maker and one name are always the same."""
    if filename.endswith(".whl"):
        if parse_filename(_plain(filename)) is None:
            return f"{maker}: no distribution".encode()
        return contents(_plain(filename), origin=f"{maker}:{filename}")
    named = _SDIST.fullmatch(filename.removesuffix(next(filter(filename.endswith, ARCHIVE_ENDS), "")))
    version = parse_version(named["version"]) if named else None
    if named is None or version is None:
        return f"{maker}: no distribution".encode()
    return sdist_bytes(f"case-{named['number']}", str(version), filename, origin=f"{maker}:{filename}")


def _plain(filename: str) -> str:
    """Return the name as `packaging` reads it: uv reads `case__1` too."""
    return filename.replace("__", "_")


def sha256_of(file: File) -> str:
    return hashlib.sha256(body_of(file.maker, file.filename)).hexdigest()


@dataclass
class Host:
    """One host: `/<shelf>/simple/<project>/` lists, `/<shelf>/simple/<project>/<name>` is a file."""

    origins: Origins
    base: str = ""

    def respond(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        del authorization
        parts = [unquote(part) for part in path.split("/") if part]
        case = self.origins.cases.get(parts[2]) if len(parts) > 2 else None
        if case is None:
            return 404, b"nothing here"
        if len(parts) == 3:
            page = self.origins.listed(parts[0], case)
            return (200, self.origins.page(page, case)) if page else (404, b"no such project")
        name = parts[3].removesuffix(".metadata")
        maker = {PYPI: "p", "python-upstream": "p", STRANGER: "s"}.get(parts[0], "c")
        body = body_of(maker, name)
        if not parts[3].endswith(".metadata"):
            self.origins.taken.append(f"{parts[0]}:{name}")
            return 200, body
        return 200, metadata_of(name)


@dataclass
class Origins:
    """Every case of a run, on three hosts."""

    cases: dict[str, Case] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    """Shelf and name of each file that was downloaded."""

    def __post_init__(self) -> None:
        self.chainguard, self.pypi, self.manager = Host(self), Host(self), Host(self)
        self.stranger = Host(self)

    def index(self, what: str) -> str:
        """The address of an index: a shelf's own, or a manager's by the name of its layout."""
        hosts = {
            PYPI: self.pypi,
            CHAINGUARD: self.chainguard,
            REMEDIATED: self.chainguard,
            STRANGER: self.stranger,
        }
        host = hosts.get(what, self.manager)
        return f"{host.base}/{what}/simple/"

    def url(self, file: File, case: Case) -> str:
        host = {PYPI: self.pypi, STRANGER: self.stranger}.get(file.shelf, self.chainguard)
        return f"{host.base}/{file.shelf}/simple/{case.normalised}/{quote(file.filename)}"

    def listed(self, index: str, case: Case) -> tuple[File, ...]:
        """What an index lists, in its order."""
        apart = tuple(each for each in case.chainguard if case.remediated_apart and each.shelf == REMEDIATED)
        own = tuple(each for each in case.chainguard if each not in apart)
        if index in (CHAINGUARD, REMEDIATED, PYPI, STRANGER):
            remediated = tuple(each for each in case.chainguard if each.shelf == REMEDIATED)
            shown = {CHAINGUARD: own, REMEDIATED: remediated, PYPI: case.pypi, STRANGER: case.stranger}
            return shown[index]
        sides = {_MAIN: own, _REMEDIATED: apart, _PYPI: case.pypi}
        (merged,) = LAYOUTS[index].arrange(_ADDRESSES)
        seen = merged.page({each: _page(files, each) for each, files in sides.items()}).page
        return tuple(
            next(each for each in sides[link.index] if each.filename == link.file.filename)
            for link in seen
            if link.index is not None
        )

    def page(self, files: Sequence[File], case: Case) -> bytes:
        if case.json_pages:
            entries = [self._entry(each, case) for each in files]
            meta = {"meta": {"api-version": "1.1"}, "name": case.normalised, "versions": [], "files": entries}
            return json.dumps(meta).encode()
        links = "".join(self._link(each, case) for each in files)
        return f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def _entry(self, file: File, case: Case) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "filename": file.filename,
            "url": self.url(file, case),
            "hashes": {"sha256": sha256_of(file)} if file.linked_hash else {},
            "yanked": file.yanked,
            "size": len(body_of(file.maker, file.filename)),
        }
        if file.maker not in case.untimed:
            entry["upload-time"] = file.uploaded
        if file.requires_python:
            entry["requires-python"] = file.requires_python
        if offers_metadata(file):
            entry["core-metadata"] = {"sha256": hashlib.sha256(metadata_of(file.filename)).hexdigest()}
        return in_json(file.odd, entry) if file.odd else entry

    def _link(self, file: File, case: Case) -> str:
        fragment = f"#sha256={sha256_of(file)}" if file.linked_hash else ""
        attributes = {
            "data-yanked": "" if file.yanked else None,
            "data-requires-python": file.requires_python,
        }
        if offers_metadata(file):
            attributes["data-core-metadata"] = (
                f"sha256={hashlib.sha256(metadata_of(file.filename)).hexdigest()}"
            )
        shown = "".join(f' {key}="{html.escape(v)}"' for key, v in attributes.items() if v is not None)
        url = self.url(file, case)
        if file.odd:
            return in_html(file.odd, url, fragment, shown)
        return f'<a href="{url}{fragment}"{shown}>{html.escape(file.filename)}</a><br>\n'


def offers_metadata(file: File) -> bool:
    return (
        file.metadata and file.filename.endswith(".whl") and parse_filename(_plain(file.filename)) is not None
    )


def metadata_of(filename: str) -> bytes:
    parsed = parse_filename(_plain(filename))
    assert parsed is not None
    return f"Metadata-Version: 2.1\nName: {parsed.name}\nVersion: {parsed.version}\n".encode()


def _page(files: Sequence[File], index: Index) -> Page:
    return tuple(
        ListedFile(file=ProjectFile(filename=each.filename, url="", version=each.version), index=index)
        for each in files
    )


@contextmanager
def serving_origins() -> Iterator[Origins]:
    """Serve the three hosts until the block ends."""
    origins = Origins()
    with ExitStack() as stack:
        for host in (origins.chainguard, origins.pypi, origins.manager, origins.stranger):
            stack.enter_context(serving(host))
        yield origins
