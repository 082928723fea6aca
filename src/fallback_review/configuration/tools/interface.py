"""What a tool is to whoever reads how installers are configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.configuration.documents import ConfigurationFiles
    from fallback_review.configuration.keys import Keys
    from fallback_review.configuration.values import Configuration
    from fallback_review.model import Lockfile


class Tool(Struct, frozen=True, kw_only=True):
    """How an installer is configured."""

    read: Callable[[Lockfile, ConfigurationFiles], Configuration]
    keys: tuple[Keys, ...]
    """Every key of its files, sorted by what becomes of it."""
    variables: frozenset[str] = frozenset()
    """The environment variables that override what its files say of indexes and files."""
