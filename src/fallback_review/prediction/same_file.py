"""Which of the files that a page lists a locked file is: by its address, its name or its bytes."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from fallback_review.lockfiles.urls import address_of
from fallback_review.prediction.candidates import parse_filename
from fallback_review.prediction.locked_urls import filename_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Artifact, ProjectFile


def entry_of(artifact: Artifact, listed: Iterable[ProjectFile]) -> ProjectFile | None:
    """Return the listed file that a locked one is: at its address, else of its name; None for none."""
    files = tuple(listed)
    return at_its_address(artifact, files) or next(
        (file for file in files if is_called(artifact, file)), None
    )


def at_its_address(artifact: Artifact, listed: Iterable[ProjectFile]) -> ProjectFile | None:
    """Return the listed file that has the locked URL; None where there is none."""
    return next((file for file in listed if is_at(artifact, file)), None)


def is_at(artifact: Artifact, file: ProjectFile) -> bool:
    """Whether a listed file has the locked URL, however the two are spelt."""
    url = artifact.url or ""
    return file.url == url or (address_of(url) is not None and address_of(file.url) == address_of(url))


def is_called(artifact: Artifact, file: ProjectFile) -> bool:
    """Whether a listed file has the name that the locked URL ends with, however an index spells it."""
    called = filename_in(artifact.url or "")
    return file.filename == called or (
        parse_filename(called) is not None and parse_filename(file.filename) == parse_filename(called)
    )


def with_bytes(sha256: str | None, listed: Iterable[ProjectFile]) -> ProjectFile | None:
    """Return the listed file with a SHA-256; None where there is none."""
    return next((file for file in listed if file.sha256 == sha256), None) if sha256 else None


def with_any_bytes(accepted: frozenset[str], listed: Iterable[ProjectFile]) -> ProjectFile | None:
    """Return a listed file with one of several SHA-256; None where there is none."""
    return next((file for file in listed if file.sha256 in accepted), None)


def any_has_bytes(accepted: frozenset[str], listed: Iterable[ProjectFile]) -> bool:
    """Whether a listed file has one of several SHA-256."""
    return with_any_bytes(accepted, listed) is not None


def same_name(one: ProjectFile, other: ProjectFile) -> bool:
    """Whether two files have the name of one wheel or sdist, however an index spells it."""
    return one.filename == other.filename or parse_filename(one.filename) == parse_filename(other.filename)


def same_version(artifact: Artifact, file: ProjectFile) -> bool:
    """Whether a locked file's name and a listed one's tell the same version."""
    wanted, there = parse_filename(artifact.filename or ""), parse_filename(file.filename)
    return wanted is not None and there is not None and wanted.version == there.version


def side_by_side(one: str, other: str) -> bool:
    """Whether two file URLs lie in one folder of one host."""
    here, there = address_of(one), address_of(other)
    if here is None or there is None:
        return False
    return (here.host, posixpath.dirname(here.path)) == (there.host, posixpath.dirname(there.path))
