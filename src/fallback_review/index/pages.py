"""Reading a project detail, JSON (PEP 691, 700, 740) or HTML (PEP 503), into its files.

Pages as indexes write them are read at once; one with anything unusual in it is read by `odd_pages`.
"""

from __future__ import annotations

import re
from array import array
from datetime import datetime
from email.message import Message
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name

from fallback_review.index import odd_pages
from fallback_review.index.errors import PageError, check_version
from fallback_review.index.origins import bare, joined
from fallback_review.index.packed_files import NO_DIGEST, PackedFiles
from fallback_review.index.tiers import tier_of_file
from fallback_review.model import Owner, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.index.http import Fetched
    from fallback_review.model import Index
    from fallback_review.model.files import Files

_JSON = "application/vnd.pypi.simple.v1+json"
_SIMPLE_HTML = "application/vnd.pypi.simple.v1+html"
_UNSAFE = re.compile(r"[^\w.+/;= -]")
_MOST_BYTES = 2**62
_HEX = b"0123456789abcdef"
_LENGTHS = {0, len(NO_DIGEST)}
_DIGITS = b"0123456789"
_SIGNS_AND_DIGITS = b"0123456789-T:.Z\n"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_TIMES = re.compile(rf"(?:(?:{_TIME.pattern})?\n)*", re.ASCII)
_LINKS = re.compile(r"(?:https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{1,4})?(?:/[\w./%+~-]*)?\n)*", re.ASCII)


class _Hashes(msgspec.Struct, gc=False):
    """The digests of a file, as far as somebody looks at them."""

    sha256: str = ""


class _Entry(msgspec.Struct, gc=False):
    """A file of a JSON page, as far as somebody looks at it; other types make the page an odd one."""

    filename: str
    url: str
    hashes: _Hashes
    requires_python: str | None = msgspec.field(name="requires-python", default=None)
    yanked: bool | str | None = False
    size: int | None = None
    upload_time: str | None = msgspec.field(name="upload-time", default=None)
    provenance: str | msgspec.UnsetType | None = msgspec.UNSET


class _Detail(msgspec.Struct, gc=False):
    """A JSON page."""

    meta: dict[str, Any]
    name: str
    files: list[_Entry]


_DECODER = msgspec.json.Decoder(_Detail)


def read_page(index: Index, name: str, fetched: Fetched) -> Files:
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
    from fallback_review.index import html_page  # noqa: PLC0415 - where no index answers with JSON

    try:
        text = fetched.body.decode(declared.get_content_charset("utf-8"), "replace")
    except LookupError:
        raise PageError("answered in a character set that is not known") from None
    return html_page.read_html(index, name, fetched, text, simple=kind == _SIMPLE_HTML)


def _read_json(index: Index, name: str, fetched: Fetched) -> Files:
    try:
        detail = _DECODER.decode(fetched.body)
    except msgspec.DecodeError:
        return odd_pages.read_json(index, name, fetched)
    check_version(str(detail.meta.get("api-version", "1.0")))
    if canonicalize_name(detail.name) != name:
        raise PageError("answered with another project's page")
    packed = _packed(index, name, detail.files, fetched.url)
    return packed if packed is not None else odd_pages.read_json(index, name, fetched)


def _packed(index: Index, name: str, entries: list[_Entry], base_url: str) -> Files | None:
    """Return the files of a page whose entries are all as usual; None where one is not."""
    names, urls = [entry.filename for entry in entries], [entry.url for entry in entries]
    sha256 = [entry.hashes.sha256 for entry in entries]
    uploaded = [entry.upload_time or "" for entry in entries]
    times = "\n".join(uploaded)
    provenance = [entry.provenance for entry in entries]
    links = [each for each in provenance if isinstance(each, str)]
    told = "".join([f"{link}\n" for link in links])
    known = [entry.size for entry in entries if entry.size is not None]
    every = "".join((*names, *urls))
    if (
        "\n" in every
        or not every.isascii()
        or "[" in every
        or "]" in every
        or not _are_digests(sha256)
        or (known and not 0 <= min(known) <= max(known) < _MOST_BYTES)
        or not _are_times(uploaded, times)
        or not _LINKS.fullmatch(told)
        or told.count("\n") != len(links)
    ):
        return None
    same: dict[str | None, str | None] = {}
    requires = [same.setdefault(entry.requires_python, entry.requires_python) for entry in entries]
    yanked = bytes([entry.yanked not in (False, None) for entry in entries])
    sizes = array("q", [-1 if entry.size is None else entry.size for entry in entries])
    tiered = index.owner is Owner.CHAINGUARD

    widths = set(map(len, uploaded))
    width = widths.pop() if len(widths) == 1 else None

    def time_of(at: int) -> str:
        if width is None:
            return times.split("\n")[at]
        begin = at * (width + 1)
        return times[begin : begin + width]

    def make(at: int, filename: str, url: str, version: str | None, digest: str | None) -> ProjectFile:
        there = bare(joined(base_url, url))
        return ProjectFile(
            filename=filename,
            url=there,
            version=version,
            sha256=digest,
            requires_python=requires[at],
            yanked=bool(yanked[at]),
            size=sizes[at] if sizes[at] >= 0 else None,
            upload_time=_moment(time_of(at)),
            has_provenance=None if provenance[at] is msgspec.UNSET else provenance[at] is not None,
            provenance_url=link if isinstance(link := provenance[at], str) else None,
            tier=tier_of_file(there, version, base_url) if tiered else None,
        )

    return PackedFiles(name, names, urls, sha256, make)


def _are_digests(sha256: Sequence[str]) -> bool:
    """Whether each is a digest in lower-case hex, and not the one that stands for none; or empty."""
    every = "".join(sha256)
    return (
        _LENGTHS.issuperset(map(len, sha256))
        and every.isascii()
        and not every.encode().translate(None, _HEX)
        and NO_DIGEST not in sha256
    )


def _are_times(uploaded: Sequence[str], times: str) -> bool:
    """Whether each is a time as indexes write it, or empty.

    Args:
        uploaded: The times.
        times: The same, one in each line.
    """
    width = len(uploaded[0]) if uploaded else 0
    usual = _TIME.fullmatch(uploaded[0]) if width else None
    if usual is None or {*map(len, uploaded)} != {width}:
        every = f"{times}\n"
        return _TIMES.fullmatch(every) is not None and every.count("\n") == max(len(uploaded), 1)
    # All are as long as the first: what stands at its signs is the same in each, and all else is a digit.
    signs = [at for at, sign in enumerate(usual[0]) if not sign.isdecimal()]
    lines = f"{times}\n".encode()
    return (
        not lines.translate(None, _SIGNS_AND_DIGITS)
        and all(lines[at :: width + 1] == usual[0][at].encode() * len(uploaded) for at in signs)
        and len(lines.translate(None, _DIGITS)) == (len(signs) + 1) * len(uploaded)
    )


def _moment(text: str) -> datetime | None:
    """Return a time; None where there is none, or no such day or hour."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
