"""Pages with something unusual in them, read entry by entry, as far as all installers read them alike.

What installers make of each field was measured with pip 26.3 and uv 0.13, and is in the sources of PDM's
unearth and of Poetry. A page that one of them refuses is refused; what they read in several ways is an
`Oddity` of the file.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name

from fallback_review.index.errors import PageError, RefusedPageError, check_version
from fallback_review.index.file_names import names_in
from fallback_review.index.origins import bare, joined
from fallback_review.index.tiers import tier_of_file
from fallback_review.lockfiles.listed_names import version_in
from fallback_review.model import Index, Oddity, Owner, ProjectFile
from fallback_review.model.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.index.http import Fetched

_MOST_BYTES = 2**64
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+")
_DIGITS = {"md5": 32, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 64}
"""The kinds of digests that uv knows, and how long they are in hex; pip knows all of them too."""
EMPTY_MARK = Oddity(empty_mark=True)
_FOREIGN_HASH = Oddity(foreign_hash=True)


def read_json(index: Index, name: str, fetched: Fetched) -> Files:
    """Return the files that a JSON page lists; raises `PageError` where some installer refuses it."""
    try:
        page = msgspec.json.decode(fetched.body)
    except (msgspec.DecodeError, RecursionError):
        raise RefusedPageError("answered with invalid or truncated JSON") from None
    meta = page.get("meta") if isinstance(page, dict) else None
    files = page.get("files") if isinstance(page, dict) else None
    if not isinstance(meta, dict) or not isinstance(files, list) or not isinstance(page.get("name"), str):
        raise RefusedPageError("answered with JSON that is not a project detail (PEP 691)")
    check_version(str(meta.get("api-version", "1.0")))
    if canonicalize_name(page["name"]) != name:
        raise PageError("answered with another project's page")
    return Files(_from_entry(index, name, file, fetched.url) for file in files)


def _from_entry(index: Index, name: str, entry: Any, base_url: str) -> ProjectFile:
    if not isinstance(entry, dict):
        raise RefusedPageError("lists a file whose entry cannot be read (PEP 691)")
    for field, is_readable in _FIELDS.items():
        if not is_readable(entry.get(field, msgspec.UNSET)):
            raise RefusedPageError(f"lists a file whose {field} cannot be read (PEP 691)")
    moment, provenance = entry.get("upload-time"), entry.get("provenance", msgspec.UNSET)
    link = provenance if isinstance(provenance, str) and provenance.startswith(("http:", "https:")) else None
    return listed(
        index,
        name,
        base_url,
        filename=entry["filename"],
        written=entry["url"],
        digests=entry["hashes"],
        yanked=entry.get("yanked", False) not in (False, None),
        empty_mark=entry.get("yanked") == "",
        requires_python=entry.get("requires-python"),
        size=size if (size := entry.get("size", -1)) >= 0 else None,
        upload_time=datetime.fromisoformat(moment) if moment else None,
        has_provenance=False if provenance is None else True if link else None,
        provenance_url=link,
    )


def listed(
    index: Index,
    name: str,
    base_url: str,
    *,
    written: str,
    digests: Mapping[str, str],
    yanked: bool,
    empty_mark: bool,
    filename: str | None = None,
    requires_python: str | None = None,
    size: int | None = None,
    upload_time: datetime | None = None,
    has_provenance: bool | None = None,
    provenance_url: str | None = None,
) -> ProjectFile:
    """Return one file of a page, JSON or HTML, with all that is odd about it.

    Args:
        index: Whose page it is.
        name: The project, normalised.
        base_url: What its URL is relative to.
        written: Its URL as the page writes it.
        digests: Its digests by their kind.
        yanked: Whether there is a mark that it is.
        empty_mark: Whether that has no value.
        filename: As the entry says; None where the URL alone tells it.
        requires_python: As the page has it.
        size: In bytes.
        upload_time: When it was uploaded.
        has_provenance: As `ProjectFile` has it.
        provenance_url: As `ProjectFile` has it.

    Raises:
        PageError: The URL can't be read.
    """
    try:
        names = names_in(written)
        url = bare(joined(base_url, written))
    except ValueError:
        raise RefusedPageError("sent a page that holds unreadable markup or URLs") from None
    known = sorted(names) if filename is None else [filename, *sorted(names - {filename})]
    oddity = _oddity_of(known, digests, in_json=filename is not None)
    if oddity is None and empty_mark:
        oddity = EMPTY_MARK
    version = version_in(known[0], name) if len(known) == 1 else None
    return ProjectFile(
        filename=known[0],
        url=url,
        version=version,
        sha256=digests.get("sha256", "").lower() or None,
        requires_python=requires_python or None,
        yanked=yanked,
        size=size,
        upload_time=upload_time,
        has_provenance=has_provenance,
        provenance_url=provenance_url,
        tier=tier_of_file(url, version, base_url) if index.owner is Owner.CHAINGUARD else None,
        oddity=oddity,
    )


def _oddity_of(names: list[str], digests: Mapping[str, str], *, in_json: bool) -> Oddity | None:
    """Return what is odd about a file's names and digests; None where nothing is."""
    if len(names) > 1:
        said = (
            "its URL ends with another name than its entry says"
            if in_json
            else "installers read several names off its URL"
        )
        return Oddity(
            said=f"{said} ({', '.join(each or 'none' for each in names[in_json:])})", names=tuple(names[1:])
        )
    sha256 = digests.get("sha256")
    if sha256 is not None:
        return Oddity(said="its sha256 has capital letters") if sha256 != sha256.lower() else None
    if digests.keys() - _DIGITS.keys():
        return Oddity(said="its digests are of kinds that not every installer knows")
    return _FOREIGN_HASH if digests else None


def _is_digests(value: Any) -> bool:
    """Whether these are digests in hex by their kind; of the kinds that uv does not know, any text."""
    return isinstance(value, dict) and all(
        isinstance(digest, str) and (kind not in _DIGITS or is_digest(kind, digest))
        for kind, digest in value.items()
    )


def is_digest(kind: str, digest: str) -> bool:
    """Whether it is a digest in hex, of a kind that every installer knows."""
    return len(digest) == _DIGITS.get(kind) and _HEX.fullmatch(digest.lower()) is not None


def _is_moment(value: Any) -> bool:
    if value is msgspec.UNSET:
        return True
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_metadata(value: Any) -> bool:
    return value in (msgspec.UNSET, None) or isinstance(value, bool) or _is_digests(value)


_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "filename": lambda value: isinstance(value, str),
    "url": lambda value: isinstance(value, str) and value != "" and "=" not in value.partition("#")[2],
    "hashes": _is_digests,
    "requires-python": lambda value: value in (msgspec.UNSET, None) or isinstance(value, str),
    "yanked": lambda value: value is msgspec.UNSET or isinstance(value, bool | str),
    "size": lambda value: value is msgspec.UNSET or (type(value) is int and 0 <= value < _MOST_BYTES),
    "upload-time": _is_moment,
    "core-metadata": _is_metadata,
    "dist-info-metadata": _is_metadata,
    "data-dist-info-metadata": _is_metadata,
}
"""The fields that some installer reads, and whether all can read a value; `UNSET` where there is none."""
