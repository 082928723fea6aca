"""What the TOML formats share: reading a side whole or a pair in part, and the version in ``[metadata]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles.interface import Format, LockfileError, Text
from fallback_review.lockfiles.toml.blocks import Document, read_pair, read_whole
from fallback_review.lockfiles.toml.table import Table
from fallback_review.model.versions import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

    from fallback_review.model import Lockfile


def toml_format(
    read: Callable[[Text, Document], Lockfile],
    *,
    name: str,
    installer: str,
    claims: Callable[[str], bool],
    looks_like: Callable[[str], bool],
    keys: tuple[str, ...] = ("package",),
    beside: tuple[str, ...] = (),
    opaque: str | None = None,
) -> Format:
    """Return a format whose `read` makes a lockfile of a document; for the rest see `blocks.read_pair`."""

    def parse(text: Text) -> Lockfile:
        return read(text, read_whole(text, keys))

    def parse_pair(base: Text, head: Text) -> tuple[Lockfile, Lockfile]:
        left, right = read_pair(base, head, keys, beside=beside, opaque=opaque)
        return read(base, left), read(head, right)

    return Format(
        name=name,
        installer=installer,
        claims=claims,
        looks_like=looks_like,
        parse=parse,
        parse_pair=parse_pair,
    )


def versioned_metadata(
    text: Text, document: Document, *, name: str, key: str, newest: int
) -> tuple[Table, Version]:
    """Return the ``[metadata]`` of a lock and the lock version under its `key`, 0 where it states none.

    Raises:
        LockfileError: there is no ``[metadata]``, or its version is newer than `newest` (a major one).
    """
    metadata = Table(document.header, text.path, "").table("metadata")
    if metadata is None:
        raise LockfileError(text.path, f"not a whole {name}: it has no [metadata]")
    version = parsed(metadata.text(key) or "0")
    if version is None or version.major > newest:
        metadata.fail(f"this tool reads lock versions up to {newest}.x", key)
    return metadata, version
