"""What a person may do in a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fallback_review.github.errors import GitHubError, Need, Trouble

if TYPE_CHECKING:
    from fallback_review.github.client import Client

_WRITE = frozenset({"admin", "write"})
"""GitHub maps every role to one of admin, write, read and none (maintain to write, triage to read)."""


def may_write(client: Client, repository: str, login: str) -> bool:
    """Return whether a person may push to the repository (one request).

    An association will not do: MEMBER says nothing about this repository, COLLABORATOR may only read, and
    membership that is private does not show.
    Source: https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user.
    Raises `GitHubError`.
    """
    path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
    try:
        answer = client.get(path, need=Need.METADATA_READ)
    except GitHubError as error:
        if error.trouble is Trouble.NOT_FOUND:  # nobody that this repository knows
            return False
        raise
    return answer.get("permission") in _WRITE
