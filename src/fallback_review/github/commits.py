"""Committing to a pull request's branch: one commit by the API, which GitHub signs for the App."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from fallback_review.github.errors import Need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

_COMMIT = """
mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}
"""


def refusal(client: Client, event: PullRequestEvent) -> str | None:
    """Return why nothing may be committed to a pull request's branch, None where it may (one request).

    Never to a fork's branch, and never to the default branch. Raises `GitHubError`.
    """
    if event.is_fork or event.head_ref is None:
        return "its branch is in a fork"
    repository = client.get(f"/repos/{event.repository}", need=Need.METADATA_READ)
    if event.head_ref == repository.get("default_branch"):
        return "its branch is the default branch"
    return None


def commit(client: Client, event: PullRequestEvent, message: str, files: Mapping[str, bytes]) -> str:
    """Commit files on top of the head that was read; return the commit's address.

    It fails where the branch has moved on, and GitHub signs it. Raises `GitHubError`.
    Source: https://docs.github.com/graphql/reference/mutations#createcommitonbranch
    """
    wanted = {
        "branch": {"repositoryNameWithOwner": event.repository, "branchName": event.head_ref},
        "message": {"headline": message},
        "expectedHeadOid": event.head_sha,
        "fileChanges": {
            "additions": [
                {"path": path, "contents": b64encode(data).decode()} for path, data in files.items()
            ]
        },
    }
    data = client.graphql(_COMMIT, {"input": wanted}, need=Need.CONTENTS_WRITE, writes=True)
    return str(data["createCommitOnBranch"]["commit"]["url"])
