"""One module a tool: its configuration files -> what they say. A new tool is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model.registry import Registry

if TYPE_CHECKING:
    from fallback_review.configuration.tools.interface import Tool

TOOLS: Registry[Tool] = Registry(
    {name: f"{__name__}.{name}:TOOL" for name in ("pip", "uv", "poetry", "pdm", "pipenv", "pixi")}
)
"""Each installer's reader; an installer that is not among them is read as pip, as it is predicted."""
