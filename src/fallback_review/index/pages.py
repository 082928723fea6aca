"""Reading a project detail, JSON (PEP 691, 700, 740) or HTML (PEP 503), into its files.

Pages as indexes write them are read at once; one with anything unusual in it is read by `odd_pages`.
"""

from __future__ import annotations

import re
from array import array
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from packaging.utils import canonicalize_name

from fallback_review.index import odd_pages
from fallback_review.index.errors import PageError, RefusedPageError, check_version
from fallback_review.index.file_names import names_in
from fallback_review.index.origins import bare, joined
from fallback_review.index.packed_files import NO_DIGEST, PackedFiles, folders_of
from fallback_review.index.tiers import tier_of_file
from fallback_review.model import Owner, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.index.http import Fetched
    from fallback_review.model import Index
    from fallback_review.model.files import Files

_JSON = "application/vnd.pypi.simple.v1+json"
_SIMPLE_HTML = "application/vnd.pypi.simple.v1+html"
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1"})
_USUAL_PARAMETERS = frozenset({"", "charset=utf-8"})
_UNSAFE = re.compile(r"[^\w.+/;= -]")
_MOST_BYTES = 2**62
_HEX = b"0123456789abcdef"
_LENGTH = {len(NO_DIGEST)}
_DIGITS = b"0123456789"
_SIGNS_AND_DIGITS = b"0123456789-T:.Z\n"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_LINKS = re.compile(r"(?:https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{1,4})?(?:/[\w./%+~-]*)?\n)*", re.ASCII)


class _Hashes(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The digests of a file; others than these make the page an odd one."""

    sha256: str | msgspec.UnsetType = msgspec.UNSET


class _Entry(msgspec.Struct, gc=False):
    """A file of a JSON page, as far as somebody looks at it; other types make the page an odd one."""

    filename: str
    url: str
    hashes: _Hashes
    requires_python: str | None = msgspec.field(name="requires-python", default=None)
    yanked: bool | str = False
    size: int | msgspec.UnsetType = msgspec.UNSET
    upload_time: str | msgspec.UnsetType = msgspec.field(name="upload-time", default=msgspec.UNSET)
    provenance: str | msgspec.UnsetType | None = msgspec.UNSET
    core_metadata: bool | _Hashes | None = msgspec.field(name="core-metadata", default=None)


class _Detail(msgspec.Struct, gc=False):
    """A JSON page."""

    meta: dict[str, Any]
    name: str
    files: list[_Entry]


Value = TypeVar("Value")
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
    kind, _, parameters = fetched.content_type.partition(";")
    kind = kind.strip().lower()
    if kind == _JSON:
        return _read_json(index, name, fetched)
    if kind not in (_SIMPLE_HTML, "text/html"):
        shown = _UNSAFE.sub("?", fetched.content_type[:80]) or "no Content-Type"
        raise RefusedPageError(f"answered with {shown} instead of a simple index page")
    from fallback_review.index import html_page  # noqa: PLC0415 - where no index answers with JSON

    charset = _charset(parameters)
    if charset not in _CHARSETS:
        raise RefusedPageError("answered in a character set that not every installer knows")
    try:
        text = fetched.body.decode(charset)
    except UnicodeDecodeError:
        raise RefusedPageError("answered with text that is not of the character set that it names") from None
    return html_page.read_html(index, name, fetched, text, simple=kind == _SIMPLE_HTML)


def _charset(parameters: str) -> str:
    """Return the character set that a Content-Type names, as pip reads it."""
    if parameters.strip().lower() in _USUAL_PARAMETERS:
        return "utf-8"
    from email.message import Message  # noqa: PLC0415 - seldom there is anything to read

    declared = Message()
    declared["Content-Type"] = f"text/html;{parameters}"
    return declared.get_content_charset("utf-8")


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
    marks = [entry.yanked for entry in entries]
    uploaded = [entry.upload_time for entry in entries]
    provenance = [entry.provenance for entry in entries]
    links = [each for each in provenance if isinstance(each, str)]
    told = "".join([f"{link}\n" for link in links])
    sizes = [entry.size for entry in entries]
    folders = folders_of(names, urls)
    if (
        (folders is None and not _are_named(names, urls, base_url))
        or not _are_digests(_given(sha256))
        or "" in marks
        or not _are_sizes(_given(sizes))
        or not _are_moments(_given(uploaded))
        or not _LINKS.fullmatch(told)
        or told.count("\n") != len(links)
    ):
        return None
    numbers = array("q", _filled(sizes, -1))
    times = "\n".join(_filled(uploaded, ""))
    same: dict[str | None, str | None] = {}
    requires = [same.setdefault(entry.requires_python, entry.requires_python) for entry in entries]
    yanked = bytes(map(bool, marks))
    tiered = index.owner is Owner.CHAINGUARD

    widths = set(map(len, _filled(uploaded, "")))
    width = widths.pop() if len(widths) == 1 else None

    def time_of(at: int) -> datetime | None:
        begin = at * ((width or 0) + 1)
        text = times.split("\n")[at] if width is None else times[begin : begin + width]
        return datetime.fromisoformat(text) if text else None

    def make(at: int, filename: str, url: str, version: str | None, digest: str | None) -> ProjectFile:
        there = bare(joined(base_url, url))
        return ProjectFile(
            filename=filename,
            url=there,
            version=version,
            sha256=digest,
            requires_python=requires[at],
            yanked=bool(yanked[at]),
            size=numbers[at] if numbers[at] >= 0 else None,
            upload_time=time_of(at),
            has_provenance=None if provenance[at] is msgspec.UNSET else provenance[at] is not None,
            provenance_url=link if isinstance(link := provenance[at], str) else None,
            tier=tier_of_file(there, version, base_url) if tiered else None,
        )

    places = urls if folders is None else folders
    digests = _filled(sha256, "")
    return PackedFiles(name, names, places, digests, make, names_cut_off=folders is not None)


def _given(values: list[Value | msgspec.UnsetType]) -> list[Value]:
    """Return the values of those entries that have one."""
    if msgspec.UNSET not in values:
        return cast("list[Value]", values)
    return [each for each in values if each is not msgspec.UNSET]


def _filled(values: list[Value | msgspec.UnsetType], instead: Value) -> list[Value]:
    """Return a value for each entry."""
    if msgspec.UNSET not in values:
        return cast("list[Value]", values)
    return [instead if each is msgspec.UNSET else each for each in values]


def _are_named(names: Sequence[str], urls: Sequence[str], base_url: str) -> bool:
    """Whether each leads somewhere by a URL whose last part is the file's name, to every installer."""
    try:
        return all(
            "#" not in url and names_in(url) == {name} and joined(base_url, url)
            for name, url in zip(names, urls, strict=True)
        )
    except ValueError:
        return False


def _are_digests(sha256: Sequence[str]) -> bool:
    """Whether each is a digest in lower-case hex, and not the one that stands for none."""
    every = "".join(sha256)
    return (
        _LENGTH.issuperset(map(len, sha256))
        and every.isascii()
        and not every.encode().translate(None, _HEX)
        and NO_DIGEST not in sha256
    )


def _are_moments(uploaded: Sequence[str]) -> bool:
    """Whether each is a time as indexes write it, of a day and an hour that there are."""
    try:
        return all(map(datetime.fromisoformat, uploaded)) and _are_times(uploaded)
    except ValueError:
        return False


def _are_times(uploaded: Sequence[str]) -> bool:
    """Whether each is written as a time."""
    first = uploaded[0] if uploaded else ""
    if not _TIME.fullmatch(first) or {*map(len, uploaded)} != {len(first)}:
        return all(map(_TIME.fullmatch, uploaded))
    # All are as long as the first: what stands at its signs is the same in each, and all else is a digit.
    signs = [at for at, sign in enumerate(first) if not sign.isdecimal()]
    lines = "".join([f"{each}\n" for each in uploaded]).encode()
    return (
        not lines.translate(None, _SIGNS_AND_DIGITS)
        and all(lines[at :: len(first) + 1] == first[at].encode() * len(uploaded) for at in signs)
        and len(lines.translate(None, _DIGITS)) == (len(signs) + 1) * len(uploaded)
    )


def _are_sizes(sizes: Sequence[int]) -> bool:
    return not sizes or 0 <= min(sizes) <= max(sizes) < _MOST_BYTES
