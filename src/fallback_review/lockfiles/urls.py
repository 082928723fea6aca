r"""Where an address of a lockfile leads, read as installers read it, and its credentials, which go.

uv reads URLs by the WHATWG standard (url.spec.whatwg.org, "basic URL parser"), pip by urllib3: for both, a
backslash ends the host as a slash does, so that in ``https://a.example\@b.example/`` the host is a.example,
where Python's own `urlsplit` says b.example. Measured with uv 0.13: ``https:a.example/`` and
``https:\\a.example/`` are fetched from a.example as well.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]+):", re.IGNORECASE)  # one letter is a drive of Windows
_SLASHED = frozenset({"http", "https", "ftp", "file"})
"""Schemes for which a backslash is a slash, and slashes may be missing."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_HOST = re.compile(r"(?P<name>[^\s\[\]:/?#@\\]+|\[[0-9a-f:.]+\])(?P<port>:\d+)?")
_IGNORED = str.maketrans("", "", "\t\r\n")
_AROUND = "".join(map(chr, range(33)))
# Each of these takes linear time on any text: a lockfile's URLs are an attacker's, and may be megabytes long.
_RUN = re.compile(r"[^\s/\\?#]+")
_FAR = 16
_BEFORE_USER = re.compile(r"(?::(?://|\\\\)|(?:https?|ftp):[/\\]{1,9})\Z")
_BARE_SCHEME = re.compile(r"(?:^|[^a-z0-9+.\-])(?:https?|ftp):", re.IGNORECASE)
_QUERY_VALUE = re.compile(r"([?&;])([\w.\-]*+)=([^&#;\s]*)")
_SECRET_NAME = re.compile(
    r"token|secret|password|signature|credential|api[_\-]?key|\A(?:sig|key|auth)\Z", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"(?:\$\{?\w++\}?|%\w++%|[:@*]|\[?REDACTED\]?)++", re.IGNORECASE)


class Address(Struct, frozen=True):
    """A URL's parts, each in the one spelling that all spellings of it share."""

    scheme: str
    host: str
    """With the port where it is not the scheme's own; empty where there is none, or none
    that can be one."""
    path: str
    """Percent-decoded, without ``.`` and ``..``; never without a leading slash."""


@lru_cache(maxsize=16384)
def address_of(text: str) -> Address | None:
    """Return where a URL leads; None for a path, or whatever else has no scheme."""
    text = text.translate(_IGNORED).strip(_AROUND)
    found = _SCHEME.match(text)
    if found is None:
        return None
    scheme = found[1].lower()
    rest = text[found.end() :].partition("#")[0].partition("?")[0]
    if scheme in _SLASHED:
        rest = rest.replace("\\", "/")
        rest = rest.removeprefix("//") if scheme == "file" else rest.lstrip("/")
    elif rest.startswith("//"):
        rest = rest[2:]
    else:
        return Address(scheme, "", _plain_path(rest))
    host, _, path = rest.partition("/")
    return Address(scheme, _plain_host(host.rpartition("@")[2], scheme), _plain_path(path))


def registry_key(url: str) -> str:
    """Return an index's address in the one spelling that all its spellings share, without a last slash."""
    at = address_of(url)
    return f"{at.scheme}://{at.host}{at.path.rstrip('/')}" if at else url


def _plain_host(text: str, scheme: str) -> str:
    """Return a host as DNS sees it: decoded, lower case, full stops as such, without a last one."""
    host = text.lower()
    if "%" in text or not text.isascii():
        host = unicodedata.normalize("NFKC", unquote(text)).replace("\u3002", ".").lower()
    found = _HOST.fullmatch(host.removesuffix(_DEFAULT_PORTS.get(scheme, ":")))
    return f"{found['name'].removesuffix('.')}{found['port'] or ''}" if found else ""


def _plain_path(text: str) -> str:
    plain = f"/{text}"
    if "%" not in text and "//" not in plain and "/." not in plain:
        return plain
    parts: list[str] = []
    words = unquote(text).split("/")
    for word in words:
        if word == "..":
            del parts[-1:]
        elif word not in ("", "."):
            parts.append(word)
    end = "/" if parts and words[-1] in ("", ".", "..") else ""
    return f"/{'/'.join(parts)}{end}"


def strip_credentials(url: str) -> tuple[str, bool]:
    """Return the URL without user information and secret query values, and whether it held credentials.

    A lone user of an SSH URL (``ssh://git@host``) is an address, not a secret, and stays. Placeholders
    (``${TOKEN}``) are taken out, but are no credentials.
    """
    if "@" not in url and "=" not in url:
        return url, False
    found = False

    def without_user(match: re.Match[str]) -> str:
        nonlocal found
        run, at = match[0], match.start()
        user, sign, rest = run.rpartition("@")
        if not sign:
            return run
        kept = ""
        before = url[max(0, at - _FAR) : at].lower()
        if not _BEFORE_USER.search(before):
            bare = _BARE_SCHEME.search(user)
            if bare is None:
                return run
            kept, user = user[: bare.end()], user[bare.end() :]
        elif "ssh" in before and ":" not in user:
            return run
        found = found or not _PLACEHOLDER.fullmatch(user)
        return kept + rest

    def without_value(match: re.Match[str]) -> str:
        nonlocal found
        if not _SECRET_NAME.search(match[2]):
            return match[0]
        found = found or not _PLACEHOLDER.fullmatch(match[3])
        return match[1] + match[2]

    return _QUERY_VALUE.sub(without_value, _RUN.sub(without_user, url)), found


def has_variable(text: str) -> bool:
    """Whether the environment decides a part of an address: ``${HOST}``, as pip, uv and Pipenv replace it."""
    return "${" in text


def host_of(url: str) -> str | None:
    """Return the host (with its port where one is named) of a URL; None where it has none."""
    at = address_of(url)
    return at.host if at and at.host else None
