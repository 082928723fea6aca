"""Names of packages and of their files, and the hashes beside them, as every format writes them."""

from __future__ import annotations

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

MOST_TAGS = 512
"""Combinations of a wheel's tags: real names have some dozens at most, and few letters make millions."""


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
    """Return ``algorithm:digest`` in lower case."""
    return value.strip().lower()


def stated_hash(value: str | None) -> tuple[str, ...]:
    """Return a file's one hash as an artifact holds it; nothing where none is stated."""
    return (hash_text(value),) if value else ()
