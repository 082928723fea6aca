"""One module a tool: its configuration files -> what they say. A new tool is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.configuration.tools import pdm, pip, pipenv, pixi, poetry, uv, uv_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


TOOLS: Mapping[str, Tool] = {
    "pip": Tool(read=pip.read, keys=(pip.KEYS,), variables=pip.VARIABLES),
    "uv": Tool(
        read=uv.read, keys=(uv_keys.KEYS, uv_keys.PIP_KEYS, uv_keys.INDEX_KEYS), variables=uv_keys.VARIABLES
    ),
    "poetry": Tool(
        read=poetry.read,
        keys=(poetry.KEYS, poetry.PROJECT_KEYS, poetry.SOURCE_KEYS),
        variables=poetry.VARIABLES,
    ),
    "pdm": Tool(
        read=pdm.read,
        keys=(pdm.KEYS, pdm.PROJECT_KEYS, pdm.RESOLUTION_KEYS, pdm.SOURCE_KEYS),
        variables=pdm.VARIABLES,
    ),
    "pipenv": Tool(read=pipenv.read, keys=(pipenv.KEYS,), variables=pipenv.VARIABLES),
    "pixi": Tool(read=pixi.read, keys=(pixi.KEYS,)),
}
"""Each installer's reader; an installer that is not among them is read as pip, as it is predicted."""
