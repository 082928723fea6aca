"""What a library would look for in the environment of this process, and nobody needs."""

from __future__ import annotations

import os


def without_plugins() -> None:
    """Keep pydantic from looking for plugins, before it is imported.

    It reads what every installed package says of itself for that: a tenth of the start. Who wants plugins
    sets the variable.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
