"""The reading of pages by the library pypi-simple alone, every entry an object: what the reader is held to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import ValidationError
from pypi_simple import (
    DistributionPackage,
    Link,
    UnparsableFilenameError,
    parse_filename,
    parse_links_stream,
)

from fallback_review.index.errors import PageError
from fallback_review.index.origins import bare
from fallback_review.index.tiers import tier_of_file
from fallback_review.model import Index, Owner, ProjectFile

if TYPE_CHECKING:
    from fallback_review.index.http import Fetched

_VERSION_META = re.compile(
    r"""<meta\s(?=[^>]*\bname\s*=\s*["']?pypi:repository-version["'\s/>])[^>]*>""", re.IGNORECASE
)
_META_CONTENT = re.compile(r"""\bcontent\s*=\s*["']?\s*([0-9.]+)""", re.IGNORECASE)
_PASSWORD = re.compile(r"""<input\s[^>]*\btype\s*=\s*["']?password\b""", re.IGNORECASE)
_FORM = re.compile(r"<form[\s>]", re.IGNORECASE)
_TITLE = re.compile(
    r"<(title|h1)[^>]*>\s*(?:simple\s+index|links\s+for\s+([^<]{1,200}?))\s{0,99}<", re.IGNORECASE
)
_FRAGMENT = re.compile(r"(?:^|&)sha256=([0-9a-fA-F]{64})(?=&|$)")
_END = "</html>"
_MOST_OPEN = 50
"""Tags that begin before one ends. Expressions, and the parser of older Pythons (CPython issue 135462), look
for the end of each: a page of nothing but beginnings keeps them busy for hours."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link to a distribution file, and what its file name says."""

    filename: str
    url: str
    project: str
    """Normalised."""
    version: str
    kind: str
    """What `pypi_simple.parse_filename` calls it: ``wheel``, ``sdist``, ``egg``…"""
    attrs: dict[str, str | list[str]]

    @property
    def sha256(self) -> str | None:
        """The hex digest in the URL's fragment, in lower case whatever the page spells."""
        found = _FRAGMENT.search(self.url.partition("#")[2])
        return found[1].lower() if found else None


def read_links(text: str, base_url: str, name: str, *, delimited: bool, simple: bool) -> list[FileLink]:
    """Return a page's links to distribution files.

    The library's streaming parser is used, which costs a third of its Beautiful Soup one.

    A web page is accepted as a project detail by evidence: a link to a distribution file, PEP 629's version
    tag, or the "Links for NAME" that repository managers write on an empty page. A page that asks for a
    password is refused whatever else it holds.

    Args:
        text: The page.
        base_url: Where it came from.
        name: The project that was asked for, normalised.
        delimited: Whether HTTP has shown that the page is complete.
        simple: Whether the server has called it a simple page (PEP 691's content type).

    Raises:
        PageError: It is another page, or cut short.
    """
    if any(part.count("<") > _MOST_OPEN for part in text.split(">")):
        raise PageError("sent a page that holds unreadable markup or URLs")
    if _PASSWORD.search(text):
        raise PageError("answered with a log-in page")
    if not delimited and _END not in text[-200:].lower():
        raise PageError("sent a page that is cut short")
    meta = _VERSION_META.search(text)
    if meta:
        check_version(content[1] if (content := _META_CONTENT.search(meta[0])) else "1.0")
        # The library would warn of newer minor versions; PEP 629 leaves that to the client.
        text = text.replace(meta[0], "")
    links = list(parse_links_stream([text], base_url))
    files = [file for link in links if (file := _file_link(link, name))]
    if not files and (links or not (meta or simple or _is_empty_simple_page(text, name))):
        raise PageError("answered with a web page that is not a simple index page")
    if files and not (meta or simple) and all(file.project != name for file in files):
        raise PageError("answered with another project's page")
    return files


def check_version(version: str) -> None:
    """Accept every repository version 1.x, as PEP 629 asks; raise `PageError` for others."""
    if version.partition(".")[0] != "1":
        raise PageError(
            f"speaks version {version[:20]!a} of the simple index protocol, and only 1 is understood"
        )


def _is_empty_simple_page(text: str, name: str) -> bool:
    title = _TITLE.search(text)
    return bool(title and title[2] and canonicalize_name(title[2]) == name and not _FORM.search(text))


def _file_link(link: Link, name: str) -> FileLink | None:
    """Read a link as pip and uv do: by the last part of its URL, whatever its text says."""
    path = link.url.partition("#")[0].partition("?")[0]
    filename = unquote(path.rpartition("/")[2])
    try:
        project, version, kind = parse_filename(filename, name)
    except UnparsableFilenameError:
        return None
    return FileLink(filename, link.url, canonicalize_name(project), version, kind, link.attrs)


_JSON = "application/vnd.pypi.simple.v1+json"
_SIMPLE_HTML = "application/vnd.pypi.simple.v1+html"
_INSTALLABLE = frozenset({"wheel", "sdist"})
_NEEDED = frozenset({"filename", "url", "hashes", "requires-python", "yanked"})
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r"[^\w.+/;= -]")


def read_page(index: Index, name: str, fetched: Fetched) -> tuple[ProjectFile, ...]:
    """Return the files that a project detail lists, in its order.

    Args:
        index: Whose page it is: only Chainguard's files have a tier.
        name: The project that was asked for, normalised.
        fetched: The answer, status 200.

    Raises:
        PageError: The answer is no project detail of that project; says why.
    """
    declared = Message()
    declared["Content-Type"] = fetched.content_type or "no content type"
    kind = declared.get_content_type()
    if kind == _JSON:
        return _read_json(index, name, fetched)
    if kind not in (_SIMPLE_HTML, "text/html"):
        shown = _UNSAFE.sub("?", fetched.content_type[:80]) or "no Content-Type"
        raise PageError(f"answered with {shown} instead of a simple index page")
    try:
        text = fetched.body.decode(declared.get_content_charset("utf-8"), "replace")
    except LookupError:
        raise PageError("answered in a character set that is not known") from None
    simple = kind == _SIMPLE_HTML
    try:
        links = read_links(text, fetched.url, name, delimited=fetched.delimited, simple=simple)
        return tuple(_from_link(index, name, link) for link in links)
    except (ValueError, AssertionError):  # The standard library's HTML parser asserts on broken declarations.
        raise PageError("sent a page that holds unreadable markup or URLs") from None


def _read_json(index: Index, name: str, fetched: Fetched) -> tuple[ProjectFile, ...]:
    try:
        page = json.loads(fetched.body)
    except (ValueError, RecursionError):
        raise PageError("answered with invalid or truncated JSON") from None
    meta = page.get("meta") if isinstance(page, dict) else None
    files = page.get("files") if isinstance(page, dict) else None
    if not isinstance(meta, dict) or not isinstance(files, list) or not isinstance(page.get("name"), str):
        raise PageError("answered with JSON that is not a project detail (PEP 691)")
    check_version(str(meta.get("api-version", "1.0")))
    if canonicalize_name(page["name"]) != name:
        raise PageError("answered with another project's page")
    try:
        return tuple(_from_entry(index, name, file, fetched.url) for file in files)
    except ValueError as error:
        raise PageError("lists a file whose entry cannot be read (PEP 691)") from error


def _package(file: Any, name: str, base_url: str) -> DistributionPackage:
    """Read one entry; a field that no prediction needs is dropped rather than believed or fatal."""
    try:
        return DistributionPackage.from_json_data(file, name, base_url)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        if isinstance(file, dict) and "hashes" not in file:
            return _package({**file, "hashes": {}}, name, base_url)
        if isinstance(file, dict) and file.get("yanked", False) is None:  # as pip reads it
            return _package({**file, "yanked": False}, name, base_url)
        if not wrong or wrong & _NEEDED:
            raise
    return DistributionPackage.from_json_data(
        {k: v for k, v in file.items() if k not in wrong}, name, base_url
    )


def _from_entry(index: Index, name: str, entry: Any, base_url: str) -> ProjectFile:
    package = _package(entry, name, base_url)
    sha256 = package.digests.get("sha256", "").lower()
    url = bare(package.url)
    version = _version(package.package_type, package.project, package.version, name)
    return ProjectFile(
        filename=package.filename,
        url=url,
        version=version,
        sha256=sha256 if _SHA256.fullmatch(sha256) else None,
        requires_python=package.requires_python,
        yanked=package.is_yanked,
        size=package.size,
        upload_time=package.upload_time,
        has_provenance=_has_provenance(package, entry),
        provenance_url=package.provenance_url,
        tier=tier_of_file(url, version) if index.owner is Owner.CHAINGUARD else None,
    )


def _has_provenance(package: DistributionPackage, entry: Any) -> bool | None:
    """Tell "none" (PEP 740: null) from an index that does not speak of attestations."""
    if package.provenance_url is not None:
        return True
    return False if entry.get("provenance", "") is None else None


def _from_link(index: Index, name: str, link: FileLink) -> ProjectFile:
    requires_python = link.attrs.get("data-requires-python")
    url = bare(link.url)
    version = _version(link.kind, link.project, link.version, name)
    return ProjectFile(
        filename=link.filename,
        url=url,
        version=version,
        sha256=link.sha256,
        requires_python=str(requires_python) if requires_python else None,
        yanked="data-yanked" in link.attrs,
        has_provenance=True if "data-provenance" in link.attrs else None,
        provenance_url=str(link.attrs["data-provenance"]) if "data-provenance" in link.attrs else None,
        tier=tier_of_file(url, version) if index.owner is Owner.CHAINGUARD else None,
    )


def _version(kind: str | None, project: str | None, version: str | None, name: str) -> str | None:
    """Return the version of a wheel or sdist of this very project; installers pass over all other files."""
    if kind not in _INSTALLABLE or project is None or version is None or canonicalize_name(project) != name:
        return None
    return version if _is_version(version) else None


@lru_cache(maxsize=65536)
def _is_version(version: str) -> bool:
    try:
        Version(version)
    except ValueError:  # InvalidVersion, or a number of more digits than Python reads
        return False
    return True
