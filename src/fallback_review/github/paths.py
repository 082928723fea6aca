"""Paths of files in a repository's tree."""

from __future__ import annotations


def is_inside(path: str) -> bool:
    """Return whether a path stays in its tree as it is written.

    A lockfile may name any path to include: one that climbs would be another address of the API.
    """
    return not any(part in {"", ".", ".."} for part in path.split("/"))
