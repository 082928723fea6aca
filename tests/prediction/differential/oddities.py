"""Unusual entries of pages: what an index, or somebody hostile, may write where it should not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING = object()
_VALUES: Mapping[str, tuple[Any, ...]] = {
    "yanked": ("", None, 0, 1, "why", []),
    "size": (None, -1, "7", 1.5, True, 2**63, 2**64),
    "upload-time": (
        None, "", "yesterday", 5, False, "2026-01-02", "2026-01-02T03:04:05", "2026-02-30T00:00:00Z",
        "2026-01-02T03:04:60Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02 03:04:05+02:00",
    ),
    "requires-python": (None, "", 5, False, [], "banana"),
    "hashes": (_MISSING, None, {}, [], {"sha256": None}, {"sha256": "short"}, {"md5": "00" * 16}, {"new": "00"}),
    "core-metadata": (5, "true", ""),
    "provenance": (5, "no URL"),
    "gpg-sig": ("maybe",),
    "filename": (_MISSING, None, "", "notes.txt"),
    "url": (_MISSING, None, "", "http://[bad"),
}  # fmt: skip
_URLS: Mapping[str, Callable[[str], str]] = {
    "query": lambda url: f"{url}?a=1&b=2",
    "slash in the query": lambda url: f"{url}?a=b/c",
    "name in the query": lambda url: "{}/download?/{}".format(*url.rsplit("/", 1)),
    "no name": lambda url: f"{url.rsplit('/', 1)[0]}/download",
    "another build": lambda url: url.replace("-py3", "-9-py3"),
    "another version": lambda url: url.replace("-1.0", "-2.0"),
    "escaped dashes": lambda url: url.replace("-", "%2D"),
    "escaped slash": lambda url: "%2F".join(url.rsplit("/", 1)),
    "last slash": lambda url: f"{url}/",
    "backslash": lambda url: "\\".join(url.rsplit("/", 1)),
    "at sign": lambda url: "/x@y/".join(url.rsplit("/", 1)),
    "semicolon": lambda url: f"{url};x",
    "blanks": lambda url: f" {url} ",
    "tab": lambda url: f"{url[:-6]}\t{url[-6:]}",
    "upwards": lambda url: "/x/../".join(url.rsplit("/", 1)),
    "credentials": lambda url: url.replace("://", "://ann:pw@"),
}
_FRAGMENTS = (
    "#egg=x",
    "#egg=",
    "#new=00",
    "#main",
    "#md5=" + "00" * 16,
    "#sha1=" + "00" * 20,
    "#sha256=short",
)
_LINKS: Mapping[str, str] = {
    "capitals": '<A HREF="{href}"{rest}>x</A>',
    "single quotes": "<a href='{href}'{rest}>x</a>",
    "no quotes": "<a href={href}{rest}>x</a>",
    "attribute twice": '<a href="{href}" href="elsewhere"{rest}>x</a>',
    "attribute twice, last": '<a href="elsewhere" href="{href}"{rest}>x</a>',
    "no blank": '<a rel="x"href="{href}"{rest}>x</a>',
    "vertical tab": '<a\vhref="{href}"{rest}>x</a>',
    "tag inside": '<a href="{href}"{rest}><b>x</b></a>',
    "not closed": '<a href="{href}"{rest}>x',
    "yanked, no value": '<a href="{href}"{rest} data-yanked>x</a>',
    "yanked twice": '<a href="{href}"{rest} data-yanked data-yanked="why">x</a>',
    "requires-python twice": (
        '<a href="{href}"{rest} data-requires-python=">=3.99" data-requires-python=">=3">x</a>'
    ),
    "requires-python, no value": '<a href="{href}"{rest} data-requires-python>x</a>',
    **{
        f"inside {tag}": f'<{tag}><a href="{{href}}"{{rest}}>x</a></{tag}>'
        for tag in (
            "title",
            "textarea",
            "script",
            "style",
            "noscript",
            "template",
            "iframe",
            "xmp",
            "select",
            "td",
        )
    },
    "in a comment": '<!-- <a href="{href}"{rest}>x</a> -->',
    "behind an empty comment": '<!--><a href="{href}"{rest}>x</a>-->',
    "behind a comment that ends otherwise": '<!-- x --!><a href="{href}"{rest}>x</a>-->',
    "behind a processing instruction": '<? x ><a href="{href}"{rest}>x</a>',
    "behind a script": '<script>if (x) {{}}</script><a href="{href}"{rest}>x</a>',
    "behind a strange link": '<a href="x#a=b">x</a><a href="{href}"{rest}>x</a>',
    "behind broken UTF-8": '<a href="%ff">x</a><a href="{href}"{rest}>x</a>',
    "behind broken brackets": '<a href="http://[x/">x</a><a href="{href}"{rest}>x</a>',
    "references": '<a href="{numbered}"{rest}>x</a>',
    "named reference": '<a href="{named}"{rest}>x</a>',
    "behind a base": '<base href="http://127.0.0.1:9/"><a href="{href}"{rest}>x</a>',
}
JSON = (
    *(f"{field}: {number}" for field, values in _VALUES.items() for number in range(len(values))),
    *_URLS,
    *_FRAGMENTS,
    "capital digest",
    "two digests",
)
HTML = (*_URLS, *_FRAGMENTS, *_LINKS, "capital digest", "digest and egg")


def in_json(odd: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with this in it."""
    field, _, number = odd.partition(": ")
    if field in _VALUES:
        value = _VALUES[field][int(number)]
        rest = {key: each for key, each in entry.items() if key != field}
        return rest if value is _MISSING else {**rest, field: value}
    if odd in _URLS:
        return {**entry, "url": _URLS[odd](entry["url"])}
    if odd.startswith("#"):
        return {**entry, "url": f"{entry['url']}{odd}"}
    digests = entry["hashes"]
    if odd == "capital digest":
        return {**entry, "hashes": {kind: digest.upper() for kind, digest in digests.items()}}
    return {**entry, "hashes": {**digests, "new": "00"}}


def in_html(odd: str, url: str, fragment: str, rest: str) -> str:
    """Return a link with this in it."""
    link = _LINKS.get(odd, '<a href="{href}"{rest}>x</a>')
    if odd in _URLS:
        url = _URLS[odd](url)
    elif odd.startswith("#"):
        fragment = odd
    elif odd == "capital digest":
        fragment = "=".join(part.upper() if at else part for at, part in enumerate(fragment.split("=")))
    elif odd == "digest and egg":
        fragment = f"{fragment}&amp;egg=x" if fragment else "#egg=x"
    href = f"{url.replace('&', '&amp;')}{fragment}"
    numbered, named = href.replace("-", "&#45;"), href.replace("_", "&lowbar;")
    return f"{link.format(href=href, rest=rest, numbered=numbered, named=named)}<br>\n"
