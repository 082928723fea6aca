"""Project details as HTML (PEP 503), and telling them from other web pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from pypi_simple import Link, UnparsableFilenameError, parse_filename, parse_links_stream

_VERSION_META = re.compile(
    r"""<meta\s(?=[^>]*\bname\s*=\s*["']?pypi:repository-version["'\s/>])[^>]*>""", re.IGNORECASE
)
_META_CONTENT = re.compile(r"""\bcontent\s*=\s*["']?\s*([0-9.]+)""", re.IGNORECASE)
_PASSWORD = re.compile(r"""<input\s[^>]*\btype\s*=\s*["']?password\b""", re.IGNORECASE)
_FORM = re.compile(r"<form[\s>]", re.IGNORECASE)
_TITLE = re.compile(
    r"<(title|h1)[^>]*>\s*(?:simple\s+index|links\s+for\s+([^<]{1,200}?))\s{0,99}<", re.IGNORECASE
)
_SHA256 = re.compile(r"(?:^|&)sha256=([0-9a-fA-F]{64})(?=&|$)")
_END = "</html>"
_MOST_OPEN = 50
"""Tags that begin before one ends. Expressions, and the parser of older Pythons (CPython issue 135462), look
for the end of each: a page of nothing but beginnings keeps them busy for hours."""


class PageError(Exception):
    """An answer that is not the project detail that was asked for: says why, as a clause."""


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
        found = _SHA256.search(self.url.partition("#")[2])
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
    """Read a link as pip and uv do: by the last part of its URL; where that is no file name, by its text."""
    path = link.url.partition("#")[0].partition("?")[0]
    for filename in (unquote(path.rpartition("/")[2]), link.text):
        try:
            project, version, kind = parse_filename(filename, name)
        except UnparsableFilenameError:
            continue
        return FileLink(filename, link.url, canonicalize_name(project), version, kind, link.attrs)
    return None
