"""What every lockfile format needs: names, URLs without credentials, file names, artifacts' hashes."""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING
from urllib.parse import unquote

from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from fallback_review.lockfiles.urls import address_of
from fallback_review.model import Notice, SourceKind

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.utils import BuildTag, NormalizedName
    from packaging.version import Version

MOST_TAGS = 512
"""Combinations of a wheel's tags: real names have some dozens at most, and few letters make millions."""
# Each of these takes linear time on any text: a lockfile's URLs are an attacker's, and may be megabytes long.
_RUN = re.compile(r"[^\s/\\?#]+")
_FAR = 16
_BEFORE_USER = re.compile(r"(?::(?://|\\\\)|(?:https?|ftp):[/\\]{1,9})\Z")
_BARE_SCHEME = re.compile(r"(?:^|[^a-z0-9+.\-])(?:https?|ftp):", re.IGNORECASE)
_QUERY_VALUE = re.compile(r"([?&;])([\w.\-]*+)=([^&#;\s]*)")
_SECRET_NAME = re.compile(
    r"token|secret|password|signature|credential|api[_\-]?key|\A(?:sig|key|auth)\Z", re.IGNORECASE
)
VCS_KINDS = {kind.value: kind for kind in (SourceKind.GIT, SourceKind.HG, SourceKind.SVN, SourceKind.BZR)}
"""Version control by the word that lockfiles and URLs have for it."""
LOCAL_KINDS = frozenset({SourceKind.DIRECTORY, SourceKind.EDITABLE, SourceKind.VIRTUAL})
"""Sources in the project's own tree: workspace members, editables, the project itself."""
_PLACEHOLDER = re.compile(r"(?:\$\{?\w++\}?|%\w++%|[:@*]|\[?REDACTED\]?)++", re.IGNORECASE)


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


def host_of(url: str) -> str | None:
    """Return the host (with its port where one is named) of a URL; None where it has none."""
    at = address_of(url)
    return at.host if at and at.host else None


def filename_of(url: str) -> str | None:
    """Return the last part of a URL's or a path's path, percent-decoded; None where it ends in a slash."""
    bare = url.partition("#")[0].partition("?")[0].replace("\\", "/")
    return unquote(bare.rpartition("/")[2]) or None


def has_too_many_tags(filename: str) -> bool:
    """Whether a wheel's file name stands for more tags than any real one.

    Each of its last three parts may list many (PEP 425), and every combination counts.
    """
    lists = filename.removesuffix(".whl").rsplit("-", 3)[1:]
    return filename.endswith(".whl") and prod(each.count(".") + 1 for each in lists) > MOST_TAGS


def read_wheel_name(filename: str) -> tuple[NormalizedName, Version, BuildTag, frozenset[Tag]]:
    """Return name, version, build tag and tags of a wheel's file name.

    Raises:
        ValueError: it is none, holds a number of more digits than Python reads, or has too many tags.
    """
    if has_too_many_tags(filename):
        raise InvalidWheelFilename("more tags than any wheel has")
    return parse_wheel_filename(filename)


def version_in_filename(filename: str) -> str | None:
    """Return the version that a wheel's or sdist's file name carries; None where it is neither."""
    try:
        if filename.endswith(".whl"):
            return str(read_wheel_name(filename)[1])
        return str(parse_sdist_filename(filename)[1])
    except ValueError:  # an invalid name, or a number of more digits than Python reads
        return None


def hash_text(value: str) -> str:
    """Return ``algorithm:digest`` in lower case."""
    return value.strip().lower()


def stated_hash(value: str | None) -> tuple[str, ...]:
    """Return a file's one hash as an artifact holds it; nothing where none is stated."""
    return (hash_text(value),) if value else ()


class Findings:
    """Collects what a person should know about one file: one notice for each kind, at the first place."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: dict[str, list[int | None]] = {}

    def note(self, text: str, line: int | None) -> None:
        """Keep a finding of the kind that `text` describes."""
        self._lines.setdefault(text, []).append(line)

    def clean(self, url: str, line: int | None) -> str:
        """Return the URL without credentials; where it held some, keep a finding without them."""
        bare, had_credentials = strip_credentials(url)
        if had_credentials:
            self.note("a URL holds credentials; take them out and revoke them", line)
        return bare

    def notices(self) -> tuple[Notice, ...]:
        """Return one notice for each kind of finding."""
        return tuple(
            Notice(
                text=text if len(lines) == 1 else f"{text} ({len(lines)} entries, the first one here)",
                path=self._path,
                line=lines[0],
            )
            for text, lines in self._lines.items()
        )
