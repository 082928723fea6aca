"""What Chainguard's indexes and PyPI have of one project, each file with whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fallback_review.model.indexed import Index, ProjectFile
    from fallback_review.model.installed import Origin


class Offered(Struct, frozen=True, kw_only=True):
    """A file that an index lists, whose it is, and who is asked for it."""

    file: ProjectFile
    origin: Origin
    index: Index
    """The index that lists it."""


class Project(Struct, frozen=True, kw_only=True):
    """What all indexes say of one project."""

    offered: tuple[Offered, ...] = ()
    """The same bytes once, also where both list them."""
    unanswered: str = ""
    """Why Chainguard's index gave no answer, in words; empty where it did."""
    uncompared: str = ""
    """The same of PyPI."""
    unknown: bool = False
    """Whether every index answered that it knows no such project."""
    blocked: str = ""
    """Why an index blocks the project, in words."""
    malware: bool = False
