"""Making the edits of all entries, and holding the result to what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.mend.edits import Edit, MendError, apply_edits
from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.lockfiles.format import Format
    from fallback_review.lockfiles.mend.edits import Mending
    from fallback_review.model import LockedPackage


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
    for each in wanted:
        try:
            edits += list(known.mend(text, each))
        except MendError as error:
            refused.append((each, str(error)))
        else:
            done.append(each)
    new = apply_edits(text, edits)
    _hold(known, path, text, new, done)
    return new, refused


def _hold(known: Format, path: str, before: str, after: str, done: Sequence[Mending]) -> None:
    """Read both texts and compare: what was asked has come, and every other entry is as it was."""
    try:
        old, new = (known.parse(Text(path=path, text=each.replace("\r\n", "\n"))) for each in (before, after))
    except LockfileError as error:
        raise MendError(f"it could not be read afterwards: {error.reason}") from None
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
