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
from urllib.parse import unquote

from msgspec import Struct
from packaging.utils import canonicalize_name

from fallback_review.index import odd_pages
from fallback_review.index.errors import PageError, check_version
from fallback_review.index.origins import bare, joined
from fallback_review.index.packed_files import NO_DIGEST, PackedFiles
from fallback_review.index.tiers import tier_of_file
from fallback_review.lockfiles.listed_names import ENDS
from fallback_review.model import Owner, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.index.http import Fetched
    from fallback_review.model import Index
    from fallback_review.model.files import Files

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

_ATTRIBUTES = r'(?:\s++(?!href\b)[a-z][a-z-]*+(?:="[^"<>]*+")?+)*+'
_USUAL = re.compile(
    rf'<a({_ATTRIBUTES})\s++href="([^"<>&#%?\s\[\]]*/)([\w.+!-]++)(?:#sha256=([0-9a-f]{{64}}))?+"'
    rf"({_ATTRIBUTES})\s*+>\3</a>",
    re.ASCII,
)
"""A link as nearly all indexes write it: its text is the file's name, nothing in its address is escaped."""
_LINK = re.compile(
    r"""<a((?:\s++[a-z][a-z-]*+(?:="[^"<>]*+"|='[^'<>]*+')?+)*+)\s*+>[^<>]*+</a>""", re.IGNORECASE
)
"""A link as indexes write it: attributes in quotes, or without a value, and text alone between its tags."""
_PLAIN = re.compile(
    r"(?:[^<>\0]++|\0|</?(?:html|head|meta|title|body|h[1-6]|br|p|hr|pre)\b(?:[^<>\0\"']++|\"[^<>\0\"]*+\"|'[^<>\0']*+')*+>"
    r"|<!--(?:[^<>\0-]++|-(?!-))*+-->)*+"
)
"""What may stand around the links, each of them a NUL here, without changing what a parser makes of them."""
_DOCTYPE = re.compile(r"\s*<!doctype\s[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"""(?:\A|\s)href=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IS_DISTRIBUTION = methodcaller("endswith", ENDS)
_ATTRIBUTE = re.compile(r"""([a-z][a-z-]*)(?:="([^"]*)"|='([^']*)')?""", re.IGNORECASE)
_OPEN_REFERENCE = re.compile(r"&(?!#?\w+;)")
"""A character reference without its end, which parsers read in several ways."""
_SHA256 = re.compile(r"(?:^|&)sha256=([0-9a-fA-F]{64})(?=&|$)")


class _Links(Struct, frozen=True, kw_only=True):
    """What a page's links tell, in its order."""

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


def read_html(index: Index, name: str, fetched: Fetched, text: str, *, simple: bool) -> Files:
    """Return the files that an HTML page lists, in its order.

    Args:
        index: Whose page it is.
        name: The project that was asked for, normalised.
        fetched: The answer.
        text: Its body.
        simple: Whether the server has called it a simple page (PEP 691's content type).

    Raises:
        PageError: It is another page, or cut short, or can't be read.
    """
    usual = _usual(text)
    cut = None if usual else _links(text)
    if not (usual or cut) and any(part.count("<") > _MOST_OPEN for part in text.split(">")):
        raise PageError("sent a page that holds unreadable markup or URLs")
    outside = usual[0] if usual else cut[0] if cut else text
    if _PASSWORD.search(outside):
        raise PageError("answered with a log-in page")
    if not fetched.delimited and _END not in text[-200:].lower():
        raise PageError("sent a page that is cut short")
    meta = _VERSION_META.search(outside)
    if meta:
        check_version(content[1] if (content := _META_CONTENT.search(meta[0])) else "1.0")
    told = usual[1] if usual else _told(cut[1]) if cut else None
    packed = _packed(index, name, told, fetched.url) if told else None
    if packed is not None:
        return packed
    # The library would warn of newer minor versions; PEP 629 leaves that to the client.
    links = odd_pages.read_links(text.replace(meta[0], "") if meta else text, fetched.url, name)
    if not links.files and (links.any or not (meta or simple or _is_empty_simple_page(text, name))):
        raise PageError("answered with a web page that is not a simple index page")
    if links.files and not (meta or simple) and all(link.project != name for link in links.files):
        raise PageError("answered with another project's page")
    return odd_pages.listed(index, name, links, fetched.url)


def _is_empty_simple_page(text: str, name: str) -> bool:
    title = _TITLE.search(text)
    return bool(title and title[2] and canonicalize_name(title[2]) == name and not _FORM.search(text))


def _links(text: str) -> tuple[str, list[str]] | None:
    """Cut a page into what stands around its links, and the attributes of each link.

    None where the page is not all of what indexes write, so that a parser has to read it.
    """
    parts = _LINK.split(_DOCTYPE.sub("", text, count=1))
    outside, links = "\0".join(parts[0::2]), parts[1::2]
    if not _PLAIN.fullmatch(outside) or _OPEN_REFERENCE.search("".join(links)):
        return None
    return outside, links


def _usual(text: str) -> tuple[str, _Links] | None:
    """Cut a page as `_links` does, and read its links at once; None where one is written otherwise."""
    parts = _USUAL.split(_DOCTYPE.sub("", text, count=1))
    outside = "\0".join(parts[0::6])
    names = parts[3::6]
    before, after = parts[1::6], parts[5::6]
    attributes = list(map(add, before, after)) if any(before) else after
    if (
        not _PLAIN.fullmatch(outside)
        or not all(map(_IS_DISTRIBUTION, names))
        or any(map(_OPEN_REFERENCE.search, set(attributes)))
    ):
        return None
    sha256 = [digest or "" for digest in parts[4::6]]
    return outside, _Links(
        attributes=attributes, names=names, urls=parts[2::6], names_cut_off=True, sha256=sha256
    )


def _target(attributes: str) -> str | None:
    """Return where a link leads; None where its form is unusual."""
    found = _HREF.search(attributes)
    if found is None or attributes.lower().count("href") > 1:
        return None
    target = unescape(found[1] or found[2] or "")
    # With brackets it is perhaps no URL at all, and then the whole page is refused, whatever the link names.
    return None if "[" in target or "]" in target else target


def _told(links: Sequence[str]) -> _Links | None:
    """Return what the links to distributions tell; None where one is not of the usual form."""
    attributes, names, urls, sha256 = [], [], [], []
    for written in links:
        target = _target(written)
        if target is None:
            return None
        url, _, fragment = target.partition("#")
        # As pip and uv do: by the last part of the URL, whatever the text says (measured).
        filename = unquote(url.partition("?")[0].rpartition("/")[2])
        if not filename.endswith(ENDS):
            continue
        digest = _SHA256.search(fragment)
        attributes.append(written)
        names.append(filename)
        urls.append(url)
        sha256.append(digest[1].lower() if digest else "")
    return _Links(attributes=attributes, names=names, urls=urls, sha256=sha256)


def _packed(index: Index, name: str, links: _Links, base_url: str) -> Files | None:
    """Return the wheels and sdists of a page that has at least one of `name`; None where it has none.

    None also where a link is unusual. Files of other kinds, which no installer takes, are left out before.
    """
    names, urls, sha256 = links.names, links.urls, links.sha256
    every = "\n".join((*names, *urls))
    usual = every.isascii() and not any(sign in every for sign in "[]&")
    if not names or not usual or NO_DIGEST in sha256 or every.count("\n") != 2 * len(names) - 1:
        return None
    distinct = {attributes: at for at, attributes in enumerate(dict.fromkeys(links.attributes))}
    attributes, which = list(distinct), array("I", map(distinct.__getitem__, links.attributes))
    tiered = index.owner is Owner.CHAINGUARD

    def make(at: int, filename: str, url: str, version: str | None, digest: str | None) -> ProjectFile:
        there = bare(joined(base_url, url))
        given = {
            key.lower(): unescape(double or single)
            for key, double, single in _ATTRIBUTE.findall(attributes[which[at]])
        }
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
        )

    packed = PackedFiles(name, names, urls, sha256, make, names_cut_off=links.names_cut_off)
    return packed if packed.every_version_told else None
