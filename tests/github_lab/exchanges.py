"""What passed between the code under test and the stateful GitHub."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what came back."""

    verb: str
    url: str
    """Path and query."""
    login: str | None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    status: int | None = None
    """None where the connection was killed."""
    answer: Any = None
    injected: bool = False
    """Whether the answer was made by a fault, not by GitHub's stand-in."""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.url.partition("?")[0]

    def __str__(self) -> str:
        return f"{self.verb} {self.url} -> {self.status}"
