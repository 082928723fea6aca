"""What every lockfile format needs: names, URLs without credentials, file names, artifacts' hashes."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

_USERINFO = re.compile(r"(?i)([a-z][a-z0-9+.\-]*:(?://|\\\\))([^\s/\\?#]*)@")
_SECRET_QUERY = re.compile(
    r"(?i)([?&;])((?:[\w.\-]*(?:token|secret|password|signature|credential|api[_\-]?key)[\w.\-]*|sig|key|auth))"
    r"=([^&#;\s]*)"
)
_PLACEHOLDER = re.compile(r"(?:\$\{?\w+\}?|%\w+%|[:@]|\*+|\[?REDACTED\]?)+", re.IGNORECASE)


@lru_cache(maxsize=65536)
def normalise_name(name: str) -> str:
    """Return the name as PEP 503 normalises it."""
    return canonicalize_name(name)


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
        scheme, user = match.group(1), match.group(2)
        if "ssh" in scheme.lower() and ":" not in user:
            return match.group(0)
        found = found or not _PLACEHOLDER.fullmatch(user)
        return scheme

    def without_value(match: re.Match[str]) -> str:
        nonlocal found
        found = found or not _PLACEHOLDER.fullmatch(match.group(3))
        return match.group(1) + match.group(2)

    return _SECRET_QUERY.sub(without_value, _USERINFO.sub(without_user, url)), found


def host_of(url: str) -> str | None:
    """Return the host (with its port where one is named) of a URL; None where it has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    return host if port is None else f"{host}:{port}"


def filename_of(url: str) -> str | None:
    """Return the last part of a URL's or a path's path, percent-decoded; None where it ends in a slash."""
    bare = url.partition("#")[0].partition("?")[0].replace("\\", "/")
    return unquote(bare.rpartition("/")[2]) or None


def version_in_filename(filename: str) -> str | None:
    """Return the version that a wheel's or sdist's file name carries; None where it is neither."""
    try:
        if filename.endswith(".whl"):
            return str(parse_wheel_filename(filename)[1])
        return str(parse_sdist_filename(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def same_directory(path: str) -> bool:
    """Whether a path names the folder of the lockfile itself."""
    return path.rstrip("/") in ("", ".")
