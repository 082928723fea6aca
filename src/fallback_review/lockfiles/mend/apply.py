"""Making the edits of all entries, and holding the result to what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.mend.edits import Edit, MendError, apply_edits
from fallback_review.lockfiles.text import LockfileError, Text, as_read
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.lockfiles.format import Format
    from fallback_review.lockfiles.mend.edits import Mending
    from fallback_review.model import LockedPackage, Lockfile

_TWICE = "the lock has it once for each of several markers, and would have the same entry twice afterwards"


def mended(
    known: Format, path: str, text: str, wanted: Sequence[Mending]
) -> tuple[str, list[tuple[Mending, str]]]:
    """Return a lock's text with entries mended, and those that could not be, each with the reason.

    Args:
        known: The lock's format.
        path: Where it is.
        text: What it says, its line ends as they are.
        wanted: What the entries will say.

    Raises:
        MendError: the mended text would not say what was asked, or would say something else besides.
    """
    if known.mend is None:
        raise MendError("this kind of lock can't be fixed")
    edits: list[Edit] = []
    done: list[Mending] = []
    refused: list[tuple[Mending, str]] = []
    old = _read(known, path, text)
    for each in wanted:
        try:
            edits += list(known.mend(text, each))
        except MendError as error:
            refused.append((each, str(error)))
        else:
            done.append(each)
    new = apply_edits(text, edits)
    read = _read(known, path, new)
    _hold(old, read, done)
    again = _repeated(old, read)
    if again:
        twice = [each for each in done if _key(each.package) in again]
        rest, more = mended(known, path, text, [each for each in wanted if each not in twice])
        return rest, [*more, *((each, _TWICE) for each in twice)]
    return new, refused


def _read(known: Format, path: str, text: str) -> Lockfile:
    try:
        return known.parse(Text(path=path, text=as_read(text)))
    except LockfileError as error:
        raise MendError(f"it could not be read afterwards: {error.reason}") from None


def _repeated(old: Lockfile, new: Lockfile) -> set[tuple[str, int]]:
    """Return the entries as they were that would say the same version and source as another one does.

    Forks for several platforms differ in one of both; uv refuses a lock in which they don't (measured).
    """
    held: dict[tuple[object, ...], list[tuple[LockedPackage, LockedPackage]]] = {}
    for was, now in zip(old.packages, new.packages, strict=True):
        held.setdefault(_identity(now), []).append((was, now))
    return {
        _key(was)
        for pairs in held.values()
        if len({_identity(was) for was, _ in pairs}) > 1
        for was, _ in pairs
    }


def _identity(package: LockedPackage) -> tuple[object, ...]:
    source = replace(package.source, location=(package.source.location or "").rstrip("/"))
    return package.name, parse_version(package.version) or package.version, source


def _hold(old: Lockfile, new: Lockfile, done: Sequence[Mending]) -> None:
    """Compare: what was asked has come, and every other entry is as it was."""
    wanted = {_key(each.package): each for each in done}
    if len(old.packages) != len(new.packages):
        raise MendError("it would have other entries afterwards")
    for was, now in zip(old.packages, new.packages, strict=True):
        asked = wanted.get(_key(was))
        if asked is None:
            if _said(was) != _said(now):
                raise MendError(f"{was.name} would change too")
            continue
        digests = {each.rpartition(":")[2] for each in was.hashes} - {digest for digest, _ in asked.rows}
        digests |= {file.sha256 for _, files in asked.rows for file in files}
        version = asked.version or was.version
        if (
            {each.rpartition(":")[2] for each in now.hashes} != digests
            or now.name != was.name
            or parse_version(now.version) != parse_version(version)
        ):
            raise MendError(f"{was.name} would not say what it should")


def _key(package: LockedPackage) -> tuple[str, int]:
    return package.name, package.line


def _said(package: LockedPackage) -> tuple[object, ...]:
    return package.name, package.version, package.source, package.artifacts, package.marker
