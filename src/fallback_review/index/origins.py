"""Where a URL leads: what credentials are bound to, and what a person may be shown of it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

_PATH = r"(?:/(?!\.)[\w.%+~!-]++)+"
_WHOLE = re.compile(rf"https?://[\w.-]+(?::\d+)?{_PATH}", re.ASCII)
_FROM_ROOT = re.compile(_PATH, re.ASCII)
"""Links of which there is nothing to work out: `urljoin` takes longer than all else that a file needs."""
_ROOT = re.compile(r"https?://[\w.-]+(?::\d+)?(?=/)", re.ASCII)
_SENDABLE = re.compile(r"[\w.~:/?\[\]@!$&'()*+,;=%-]*", re.ASCII)
_KEPT = "%/:?[]@!$&'()*+,;=~"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class WebOrigin(NamedTuple):
    """Scheme, host and port (RFC 6454): credentials given for one are good for no other."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        usual = self.port == _DEFAULT_PORTS[self.scheme]
        return self.host if usual else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address of its root."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/"


def origin_of(url: str) -> WebOrigin:
    """Return the origin of an http or https URL; raise `ValueError` for any other text."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not an http or https URL")
    return WebOrigin(parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])


def joined(base: str, url: str) -> str:
    """Return where a link on the page `base` leads, as `urljoin` does; raise `ValueError` as it does."""
    if _WHOLE.fullmatch(url):
        return url
    from_root = _FROM_ROOT.fullmatch(url) and _ROOT.match(base)
    return f"{from_root[0]}{url}" if from_root else urljoin(base, url)


def bare(url: str) -> str:
    """Return the URL without user name, password and fragment; raise `ValueError` if it cannot be read."""
    url = url.partition("#")[0]
    if "@" not in url:
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def sendable(url: str) -> str:
    """Return a bare URL in the characters of RFC 3986; raise `ValueError` for a host name that has none."""
    if _SENDABLE.fullmatch(url):
        return url
    parts = urlsplit(url)
    host = parts.netloc.encode("idna").decode()
    path, query = (quote(part, safe=_KEPT) for part in (parts.path, parts.query))
    return parts._replace(netloc=host, path=path, query=query).geturl()
