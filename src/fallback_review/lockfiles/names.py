"""Names of packages and of their files, and the hashes beside them, as every format writes them."""

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

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.utils import BuildTag, NormalizedName
    from packaging.version import Version

PACKAGE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?")
"""The names that PEP 508 allows."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_DIGITS = {
    "md5": (32,), "sha1": (40,), "sha224": (56,), "sha256": (64,), "sha384": (96,), "sha512": (128,),
    "blake2b": (64, 128),
}  # fmt: skip
"""How many digits a digest has."""
MOST_TAGS = 512
"""Combinations of a wheel's tags: real names have some dozens at most, and few letters make millions."""


def is_project_name(text: str) -> bool:
    """Whether a text is a project's name; a requirement without one goes by its URL."""
    return PACKAGE_NAME.fullmatch(text) is not None


@lru_cache(maxsize=65536)
def normalise_name(name: str) -> str:
    """Return the name as PEP 503 normalises it."""
    return canonicalize_name(name)


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


def read_filename(filename: str) -> tuple[str | None, str | None]:
    """Return the project name and version that a wheel's or source distribution's file name carries.

    The version keeps the file name's spelling. Both are None when it is no such name.
    """
    lower = filename.lower()
    try:
        if lower.endswith(".whl"):
            name = str(read_wheel_name(filename)[0])
            return name, filename.split("-")[1]
        if lower.endswith((".tar.gz", ".zip")):
            name = str(parse_sdist_filename(filename)[0])
            stem = filename[: -len(".zip")] if lower.endswith(".zip") else filename[: -len(".tar.gz")]
            return name, stem.rpartition("-")[2]
    except ValueError:  # an invalid name, or a number of more digits than Python reads
        return None, None
    return None, None


def hash_text(value: str) -> str:
    """Return ``algorithm:digest`` with the digest in lower case.

    pip and uv know algorithms in lower case alone, and digests in either (measured with 26.3 and 0.13).
    """
    algorithm, colon, digest = value.partition(":")
    return f"{algorithm}{colon}{digest.lower()}"


def stated_hash(value: str | None) -> tuple[str, ...]:
    """Return a file's one hash as an artifact holds it; nothing where none is stated."""
    return () if value is None else (hash_text(value),)


def is_sha256(digest: str) -> bool:
    """Whether a text is a SHA-256 as pages tell it; whatever else a lock calls one matches no file."""
    return _SHA256.fullmatch(digest) is not None


def can_match(value: str) -> bool:
    """Whether some file can have a hash (``algorithm:digest``), by the number of its digits."""
    algorithm, colon, digest = value.partition(":")
    length = _DIGITS.get(algorithm.lower())
    if not colon or length is None:
        return bool(value)
    return len(digest) in length and _HEX.fullmatch(digest) is not None
