"""Pages with something unusual in them, read entry by entry with the library pypi-simple.

It is as lenient as installers are, and costs twenty times as much as reading what indexes usually write. It
is imported for such a page alone.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec import Struct
from packaging.utils import canonicalize_name

from fallback_review.index.errors import PageError, check_version
from fallback_review.index.origins import bare
from fallback_review.index.tiers import tier_of_file
from fallback_review.lockfiles.listed_names import version_in
from fallback_review.model import Index, Owner, ProjectFile
from fallback_review.model.files import Files

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage, Link

    from fallback_review.index.http import Fetched

_NEEDED = frozenset({"filename", "url", "hashes", "requires-python", "yanked"})
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FRAGMENT = re.compile(r"(?:^|&)sha256=([0-9a-fA-F]{64})(?=&|$)")


def read_json(index: Index, name: str, fetched: Fetched) -> Files:
    """Return the files that a JSON page lists; raises `PageError` where it is none, or can't be read."""
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
        return Files(_from_entry(index, name, file, fetched.url) for file in files)
    except ValueError as error:
        raise PageError("lists a file whose entry cannot be read (PEP 691)") from error


def _from_entry(index: Index, name: str, entry: Any, base_url: str) -> ProjectFile:
    package = _package(entry, name, base_url)
    sha256 = package.digests.get("sha256", "").lower()
    url, version = bare(package.url), version_in(package.filename, name)
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
        tier=tier_of_file(url, version, base_url) if index.owner is Owner.CHAINGUARD else None,
    )


def _package(file: Any, name: str, base_url: str) -> DistributionPackage:
    """Read one entry; a field that no prediction needs is dropped rather than believed or fatal."""
    from pydantic import ValidationError  # noqa: PLC0415 - for odd pages alone
    from pypi_simple import DistributionPackage  # noqa: PLC0415 - as above

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


def _has_provenance(package: DistributionPackage, entry: Any) -> bool | None:
    """Tell "none" (PEP 740: null) from an index that does not speak of attestations."""
    if package.provenance_url is not None:
        return True
    return False if entry.get("provenance", "") is None else None


class FileLink(Struct, frozen=True):
    """A link to a distribution file."""

    filename: str
    url: str
    project: str
    """Normalised, as the file name says it."""
    attributes: dict[str, str | list[str]]


class Links(Struct, frozen=True):
    """What an HTML page links to."""

    files: list[FileLink]
    any: bool
    """Whether it links to anything at all."""


def read_links(text: str, base_url: str, name: str) -> Links:
    """Return an HTML page's links to distribution files; raises `PageError` where it can't be read.

    The library's streaming parser is used, which costs a third of its Beautiful Soup one.
    """
    from pypi_simple import parse_links_stream  # noqa: PLC0415 - for odd pages alone

    try:
        links = list(parse_links_stream([text], base_url))
        files = [file for link in links if (file := _file_link(link, name))]
    except (ValueError, AssertionError):  # The standard library's HTML parser asserts on broken declarations.
        raise PageError("sent a page that holds unreadable markup or URLs") from None
    return Links(files, any=bool(links))


def _file_link(link: Link, name: str) -> FileLink | None:
    """Read a link as pip and uv do: by the last part of its URL, whatever its text says (measured)."""
    from pypi_simple import UnparsableFilenameError, parse_filename  # noqa: PLC0415 - as above

    path = link.url.partition("#")[0].partition("?")[0]
    filename = unquote(path.rpartition("/")[2])
    try:
        project, _, _ = parse_filename(filename, name)
    except UnparsableFilenameError:
        return None
    return FileLink(filename, link.url, canonicalize_name(project), link.attrs)


def listed(index: Index, name: str, links: Links, base_url: str) -> Files:
    """Return the files that a page's links lead to; raises `PageError` where a URL can't be read."""
    try:
        return Files(_from_link(index, name, link, base_url) for link in links.files)
    except ValueError:
        raise PageError("sent a page that holds unreadable markup or URLs") from None


def _from_link(index: Index, name: str, link: FileLink, base_url: str) -> ProjectFile:
    requires_python = link.attributes.get("data-requires-python")
    digest = _FRAGMENT.search(link.url.partition("#")[2])
    url, version = bare(link.url), version_in(link.filename, name)
    return ProjectFile(
        filename=link.filename,
        url=url,
        version=version,
        sha256=digest[1].lower() if digest else None,
        requires_python=str(requires_python) if requires_python else None,
        yanked="data-yanked" in link.attributes,
        has_provenance=True if "data-provenance" in link.attributes else None,
        provenance_url=str(link.attributes["data-provenance"])
        if "data-provenance" in link.attributes
        else None,
        tier=tier_of_file(url, version, base_url) if index.owner is Owner.CHAINGUARD else None,
    )
