"""The files of a branch as they are now, at one commit."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from fallback_review.github.errors import GitHubError, Need, Trouble

if TYPE_CHECKING:
    from fallback_review.github.client import Client


class BranchFiles:
    """Reads a branch's files; one that the tree does not list costs no request."""

    def __init__(self, client: Client, repository: str, branch: str) -> None:
        self._client = client
        self._repository = repository
        self._branch = branch
        self._read: dict[str, bytes | None] = {}

    @cached_property
    def commit(self) -> str:
        """The branch's newest commit (one request); raises `GitHubError`."""
        path = f"/repos/{self._repository}/git/ref/heads/{quote(self._branch)}"
        return str(self._client.get(path, need=Need.CONTENTS_READ)["object"]["sha"])

    @cached_property
    def _tree(self) -> tuple[frozenset[str], bool]:
        path = f"/repos/{self._repository}/git/trees/{self.commit}"
        answer = self._client.get(path, need=Need.CONTENTS_READ, recursive=1)
        files = frozenset(leaf["path"] for leaf in answer["tree"] if leaf["type"] == "blob")
        return files, not answer.get("truncated", False)

    @property
    def paths(self) -> frozenset[str]:
        """Every file (one request); raises `GitHubError`."""
        return self._tree[0]

    @property
    def complete(self) -> bool:
        """Whether GitHub listed them all (it stops at 100,000 entries or 7 MB)."""
        return self._tree[1]

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is none; raises `GitHubError`."""
        if path not in self._read:
            self._read[path] = self._fetch(path)
        return self._read[path]

    def _fetch(self, path: str) -> bytes | None:
        if not is_inside(path) or (self.complete and path not in self.paths):
            return None
        where = f"/repos/{self._repository}/contents/{quote(path)}"
        try:
            return self._client.raw(where, need=Need.CONTENTS_READ, ref=self.commit)
        except GitHubError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise
            return None


def is_inside(path: str) -> bool:
    """Return whether a path stays in its tree as it is written.

    A lockfile may name any path to include: one that climbs would be another address of the API.
    """
    return not any(part in {"", ".", ".."} for part in path.split("/"))
