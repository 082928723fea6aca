"""Project details as HTML (PEP 503), and telling them from other web pages.

A web page is accepted as a project detail by evidence: a link to a distribution file, PEP 629's version tag,
or the "Links for NAME" that repository managers write on an empty page. A page that asks for a password is
refused whatever else it holds.
"""

from __future__ import annotations

import re
from array import array
from html import unescape
from operator import add, methodcaller
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.utils import canonicalize_name

from fallback_review.index import odd_pages
from fallback_review.index.errors import PageError, RefusedPageError, check_version
from fallback_review.index.file_names import names_in
from fallback_review.index.origins import bare, joined
from fallback_review.index.packed_files import NO_DIGEST, PackedFiles, are_plain
from fallback_review.index.tiers import tier_of_file
from fallback_review.lockfiles.listed_names import ENDS
from fallback_review.model import Owner, ProjectFile
from fallback_review.model.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fallback_review.index.http import Fetched
    from fallback_review.model import Index

_VERSION_META = re.compile(
    r"""<meta\s(?=[^>]*\bname\s*=\s*["']?pypi:repository-version["'\s/>])[^>]*>""", re.IGNORECASE
)
_META_CONTENT = re.compile(r"""\bcontent\s*=\s*["']?\s*([0-9.]+)""", re.IGNORECASE)
_PASSWORD = re.compile(r"""<input\s[^>]*\btype\s*=\s*["']?password\b""", re.IGNORECASE)
_FORM = re.compile(r"<form[\s>]", re.IGNORECASE)
_TITLE = re.compile(
    r"<(title|h1)[^>]*>\s*(?:simple\s+index|links\s+for\s+([^<]{1,200}?))\s{0,99}<", re.IGNORECASE
)
_END = "</html>"
_MOST_OPEN = 50
"""Tags that begin before one ends. Expressions, and the parser of older Pythons (CPython issue 135462), look
for the end of each: a page of nothing but beginnings keeps them busy for hours."""

_BLANK = r"[ \t\n\r\f]"
"""What separates attributes in HTML: no vertical tab."""
_ATTRIBUTES = rf'(?:{_BLANK}++(?!href\b)[a-z][a-z-]*+(?:="[^"<>]*+")?+)*+'
_USUAL = re.compile(
    rf'<a({_ATTRIBUTES}){_BLANK}++href="([^"<>&#%?\s\[\]]*/)([\w.+!-]++)(?:#sha256=([0-9a-f]{{64}}))?+"'
    rf"({_ATTRIBUTES}){_BLANK}*+>\3</a>",
    re.ASCII,
)
"""A link as nearly all indexes write it: its text is the file's name, nothing in its address is escaped."""
_LINK = re.compile(
    rf"""<a((?:{_BLANK}++[a-z][a-z-]*+(?:="[^"<>]*+"|='[^'<>]*+')?+)*+){_BLANK}*+>[^<>]*+</a>""",
    re.IGNORECASE,
)
"""A link as indexes write it: attributes in quotes, or without a value, and text alone between its tags."""
_TEXT_ALONE = ("script", "style", "title", "textarea")
_OF_A_TAG = r"""(?:[^<>\0"']++|"[^<>\0"]*+"|'[^<>\0']*+')*+>"""
_WITH_TEXT = "|".join(rf"<{tag}\b{_OF_A_TAG}[^<>\0]*+</{tag}{_BLANK}*+>" for tag in _TEXT_ALONE)
_NOT_PLAIN = "|".join((*_TEXT_ALONE, "a", "base", "iframe", "noembed", "noframes", "plaintext", "xmp"))
_PLAIN = re.compile(
    rf"(?:[^<>\0]++|\0|{_WITH_TEXT}|</?(?!(?:{_NOT_PLAIN})\b)[a-z]{_OF_A_TAG}|<!--(?:[^<>\0-]++|-(?!-))*+-->)*+",
    re.IGNORECASE,
)
"""What may stand around the links, each of them a NUL here, so that every parser finds the same links.

Where a title, a comment or the like holds a link, pip and uv find it or not, each in its own way (measured).
"""
_BASE = re.compile(
    rf"""\A([^\0]*?)<base{_BLANK}++href=(?:"(https?://[^"<>\s&]*/)"|'(https?://[^'<>\s&]*/)'){_BLANK}*+/?>""",
    re.IGNORECASE,
)
_LINK_BEFORE = re.compile(r"<(?:a|link)\b", re.IGNORECASE)
_DOCTYPE = re.compile(r"\s*<!doctype\s[^<>]*>", re.IGNORECASE)
_NO_PAGE = "answered with a web page that is not a simple index page"
_HREF = re.compile(r"""(?:\A|\s)href=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IS_DISTRIBUTION = methodcaller("endswith", ENDS)
_ATTRIBUTE = re.compile(r"""([a-z][a-z-]*)(?:(=)(?:"([^"]*)"|'([^']*)'))?""", re.IGNORECASE)
_UNCLEAR = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#39|#34|#38|#43|#6[02]|#x27|#x2b|#x3[ce]);)")
"""A character reference that parsers read in several ways."""
_ONCE = ("data-yanked", "data-requires-python")
"""Attributes of which parsers take the first or the last."""
_DIGEST = re.compile(r"(\w+)=([^=&]*)", re.ASCII)


class _Links(Struct, frozen=True, kw_only=True):
    """What a page's links tell, in its order: those to wheels and sdists."""

    attributes: list[str]
    """As they are written; href is perhaps not among them."""
    names: list[str]
    """File names."""
    urls: list[str]
    """As they are written, without a fragment."""
    names_cut_off: bool = False
    """Whether each URL goes on with the file's name."""
    sha256: list[str]
    """Lower-case hex; empty where a link has none."""
    others: bool = False
    """Whether there are links to anything else."""
    odd: bool = False
    """Whether one of them has to be looked at by itself: all is in its attributes, then."""


def read_html(index: Index, name: str, fetched: Fetched, text: str, *, simple: bool) -> Files:
    """Return the files that an HTML page lists, in its order.

    Args:
        index: Whose page it is.
        name: The project that was asked for, normalised.
        fetched: The answer.
        text: Its body.
        simple: Whether the server has called it a simple page (PEP 691's content type).

    Raises:
        PageError: It is another page, or cut short, or can't be read, or installers read it in several ways.
    """
    base_url, cut = fetched.url, _usual(text) or _links(text)
    if cut is None and (based := _without_base(text)):
        base_url, rest = based
        cut = _usual(rest) or _links(rest)
    if cut is None and any(part.count("<") > _MOST_OPEN for part in text.split(">")):
        raise RefusedPageError("sent a page that holds unreadable markup or URLs")
    outside = text if cut is None else cut[0]
    if _PASSWORD.search(outside):
        raise PageError("answered with a log-in page")
    if not fetched.delimited and _END not in text[-200:].lower():
        raise PageError("sent a page that is cut short")
    meta = _VERSION_META.search(outside)
    if meta:
        check_version(content[1] if (content := _META_CONTENT.search(meta[0])) else "1.0")
    if cut is None:
        raise _not_alike(text)
    links = cut[1]
    if not links.names and (links.others or not (meta or simple or _is_empty_simple_page(text, name))):
        raise PageError(_NO_PAGE)
    if links.names and not (meta or simple or any(map(_names_project(name), links.names))):
        raise PageError("answered with another project's page")
    if links.odd:
        return Files(_one_by_one(index, name, links, base_url))
    return _packed(index, name, links, base_url)


def _not_alike(text: str) -> PageError:
    """Return what there is to say of a page that is not all of what indexes write."""
    if not any(end in text for end in ENDS):
        return PageError(_NO_PAGE)
    return RefusedPageError("sent a page with markup that installers do not read alike")


def _is_empty_simple_page(text: str, name: str) -> bool:
    title = _TITLE.search(text)
    return bool(title and title[2] and canonicalize_name(title[2]) == name and not _FORM.search(text))


def _names_project(name: str) -> Callable[[str], bool]:
    """Tell whether a file's name begins with the project's."""
    return lambda filename: any(
        canonicalize_name(filename[: sign.start()]) == name for sign in re.finditer("-", filename)
    )


def _without_base(text: str) -> tuple[str, str] | None:
    """Return where links start from, as all installers understand it, and the page without that; or None."""
    found = _BASE.match(text)
    if found is None or _LINK_BEFORE.search(found[1]):
        return None
    return found[2] or found[3], f"{found[1]}{text[found.end() :]}"


def _links(text: str) -> tuple[str, _Links] | None:
    """Cut a page into what stands around its links, each a NUL, and what the links tell.

    None where the page is not all of what indexes write: installers' parsers may find other links.
    """
    parts = _LINK.split(_DOCTYPE.sub("", text, count=1))
    outside, links = "\0".join(parts[0::2]), parts[1::2]
    if not _PLAIN.fullmatch(outside):
        return None
    told = _told(links)
    return (outside, told) if told is not None else None


def _usual(text: str) -> tuple[str, _Links] | None:
    """Cut a page as `_links` does, and read its links at once; None where one is written otherwise."""
    parts = _USUAL.split(_DOCTYPE.sub("", text, count=1))
    outside = "\0".join(parts[0::6])
    names = parts[3::6]
    before, after = parts[1::6], parts[5::6]
    attributes = list(map(add, before, after)) if any(before) else after
    if (
        not names
        or not _PLAIN.fullmatch(outside)
        or not all(map(_IS_DISTRIBUTION, names))
        or not are_plain(parts[2::6], names)
        or NO_DIGEST in parts[4::6]
        or _are_unclear(set(attributes))
    ):
        return None
    sha256 = [digest or "" for digest in parts[4::6]]
    return outside, _Links(
        attributes=attributes, names=names, urls=parts[2::6], names_cut_off=True, sha256=sha256
    )


def _told(links: Sequence[str]) -> _Links | None:
    """Return what the links tell; None where an installer refuses one, or finds another target."""
    attributes, names, urls, sha256, others, odd = [], [], [], [], False, False
    for written in links:
        target = _target(written)
        if target is None:
            return None
        url, _, fragment = target.partition("#")
        digest = _DIGEST.fullmatch(fragment)
        try:
            called = sorted(names_in(url))
        except ValueError:
            return None
        if (
            any(sign in url for sign in "[]")
            or "%" in fragment
            or ("=" in fragment and not _is_digest(digest))
        ):
            return None
        if not any(map(_IS_DISTRIBUTION, called)):
            others = others or bool(target)
            continue
        attributes.append(written)
        names.append(called[0])
        urls.append(url)
        sha256.append(digest[2] if digest else "")
        odd = (
            odd
            or len(called) > 1
            or not target.isascii()
            or "\n" in url
            or bool(digest and not _is_usual(digest))
        )
    return _Links(attributes=attributes, names=names, urls=urls, sha256=sha256, others=others, odd=odd)


def _target(attributes: str) -> str | None:
    """Return where a link leads, empty where it leads nowhere; None where that is not clear."""
    found = [double or single for double, single in _HREF.findall(attributes)]
    lower = attributes.lower()
    if _are_unclear({attributes, lower}) or lower.count("href") != len(found) or len(found) > 1:
        return None
    return unescape(found[0]) if found else ""


def _are_unclear(attributes: set[str]) -> bool:
    """Whether parsers read some link's attributes, in lower case, in several ways."""
    return bool(
        _UNCLEAR.search("\n".join(attributes))
        or any(each.count(name) > 1 for name in _ONCE for each in attributes)
    )


def _is_digest(found: re.Match[str] | None) -> bool:
    return found is not None and odd_pages.is_digest(found[1], found[2])


def _is_usual(digest: re.Match[str]) -> bool:
    return digest[1] == "sha256" and digest[2] == digest[2].lower() != NO_DIGEST


def _packed(index: Index, name: str, links: _Links, base_url: str) -> Files:
    """Return the files that links lead to, each as `_one_by_one` reads it."""
    distinct = {attributes: at for at, attributes in enumerate(dict.fromkeys(links.attributes))}
    attributes, which = list(distinct), array("I", map(distinct.__getitem__, links.attributes))
    tiered = index.owner is Owner.CHAINGUARD

    def make(at: int, filename: str, url: str, version: str | None, digest: str | None) -> ProjectFile:
        there = bare(joined(base_url, url))
        given = _given(attributes[which[at]])
        yanked = given.get("data-yanked")
        return ProjectFile(
            filename=filename,
            url=there,
            version=version,
            sha256=digest,
            requires_python=given.get("data-requires-python") or None,
            yanked="data-yanked" in given,
            has_provenance=True if "data-provenance" in given else None,
            provenance_url=given.get("data-provenance"),
            tier=tier_of_file(there, version, base_url) if tiered else None,
            oddity=odd_pages.EMPTY_MARK if "data-yanked" in given and yanked is None else None,
        )

    return PackedFiles(name, links.names, links.urls, links.sha256, make, names_cut_off=links.names_cut_off)


def _one_by_one(index: Index, name: str, links: _Links, base_url: str) -> Iterator[ProjectFile]:
    for attributes, url in zip(links.attributes, links.urls, strict=True):
        given = _given(attributes)
        digest = _DIGEST.fullmatch((given.get("href") or "").partition("#")[2])
        yield odd_pages.listed(
            index,
            name,
            base_url,
            written=url,
            digests={digest[1]: digest[2]} if digest else {},
            yanked="data-yanked" in given,
            empty_mark="data-yanked" in given and given["data-yanked"] is None,
            requires_python=given.get("data-requires-python"),
            has_provenance=True if "data-provenance" in given else None,
            provenance_url=given.get("data-provenance"),
        )


def _given(attributes: str) -> dict[str, str | None]:
    """Return the attributes of a link; None for one without a value."""
    return {
        key.lower(): unescape(double or single) if equals else None
        for key, equals, double, single in _ATTRIBUTE.findall(attributes)
    }
