"""One module a tool: its configuration files -> the indexes that they name. A new tool is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.tools import pdm, pip, pipenv, pixi, poetry, uv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.configuration.documents import Files
    from fallback_review.configuration.values import Configuration
    from fallback_review.model import Lockfile

TOOLS: Mapping[str, Callable[[Lockfile, Files], Configuration]] = {
    "pip": pip.read,
    "uv": uv.read,
    "poetry": poetry.read,
    "pdm": pdm.read,
    "pipenv": pipenv.read,
    "pixi": pixi.read,
}
"""Each installer's reader; an installer that is not among them is read as pip, as it is predicted."""
