"""What the TOML formats share: reading a side whole or a pair in part, and the version in ``[metadata]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.lockfiles.toml.blocks import TomlDocument, read_pair, read_whole
from fallback_review.lockfiles.toml.table import Table
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

    from fallback_review.model import Lockfile


class TomlReader(Struct, frozen=True, kw_only=True):
    """Reads a TOML lockfile: one side whole, or a pair without what both sides share (`blocks.read_pair`)."""

    read: Callable[[Text, TomlDocument], Lockfile]
    """Makes a lockfile of a document."""
    keys: tuple[str, ...] = ("package",)
    """The names that the array of entries goes by."""
    beside: tuple[str, ...] = ()
    """Tables under ``[metadata]`` that hold parts of the entries."""
    opaque: str | None = None
    """An array of the entries that is only compared."""

    def parse(self, text: Text) -> Lockfile:
        """Read one side; raises `LockfileError`."""
        return self.read(text, read_whole(text, self.keys))

    def parse_pair(self, base: Text, head: Text) -> tuple[Lockfile, Lockfile]:
        """Read both sides; raises `LockfileError`."""
        left, right = read_pair(base, head, self.keys, beside=self.beside, opaque=self.opaque)
        return self.read(base, left), self.read(head, right)


def versioned_metadata(
    text: Text, document: TomlDocument, *, name: str, key: str, newest: int
) -> tuple[Table, Version]:
    """Return the ``[metadata]`` of a lock and the lock version under its `key`, 0 where it states none.

    Raises:
        LockfileError: there is no ``[metadata]``, or its version is newer than `newest` (a major one).
    """
    metadata = Table(document.header, text.path, "").table("metadata")
    if metadata is None:
        raise LockfileError(text.path, f"not a whole {name}: it has no [metadata]")
    version = parse_version(metadata.text(key) or "0")
    if version is None or version.major > newest:
        metadata.fail(f"this tool reads lock versions up to {newest}.x", key)
    return metadata, version
