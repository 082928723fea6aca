"""Both sides of a pull request's lockfiles, read over the API as data. Nothing is ever checked out."""

from __future__ import annotations

from base64 import b64decode
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.github.branch_files import is_inside
from fallback_review.github.changed_files import ChangedEntry, Comparison, compare, listed_tree
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.patches import applied, blob_sha, lines_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fallback_review.github.changed_files import ListedTree
    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent


class Side(StrEnum):
    """Which of the two trees."""

    BASE = "base"
    HEAD = "head"


class LockfileSides(Struct, frozen=True, kw_only=True):
    """One lockfile on both sides. A path is None on the side where the file is not."""

    base_path: str | None
    base_bytes: bytes | None
    head_path: str | None
    head_bytes: bytes | None
    lines_shown: frozenset[int] = frozenset()
    """The head's lines that the diff shows, where a review comment can stand."""
    problem: str | None = None
    """Why this file could not be read, in words: then it is not known what changed in it."""
    stayed: bool = False
    """Whether the file is the same on both sides, and only an input of it changed."""
    link: bool = False
    """Whether the bytes are the target of a symbolic link."""
    left_out: bool = False
    """Whether that is because the run has sent as many requests as it may."""

    @property
    def path(self) -> str:
        """The path at the head, else the one at the base."""
        return self.head_path or self.base_path or ""


class PullRequestFiles:
    """The two trees of a pull request or merge group. What was read once is not asked for again."""

    def __init__(self, client: Client, event: PullRequestEvent) -> None:
        self._client = client
        self.event = event
        self._read: dict[tuple[str, str], bytes | None] = {}
        self.fetched = 0
        """How many files cost a request of their own."""

    @cached_property
    def comparison(self) -> Comparison:
        """What changed (one request); raises `GitHubError`."""
        return compare(self._client, self.event)

    @cached_property
    def tree(self) -> ListedTree:
        """Every file of the head (one request); raises `GitHubError`."""
        return listed_tree(self._client, self.event)

    def known(self, path: str, side: Side) -> tuple[bytes | None] | None:
        """Return what was read of a path already, as a tuple of one; None where it was not."""
        key = path, self._revision(side)
        return (self._read[key],) if key in self._read else None

    def link(self, path: str) -> bytes | None:
        """Return the target of one of the head's symbolic links; raises `GitHubError`."""
        key = path, self.event.head_sha
        if key not in self._read:
            where = f"/repos/{self.event.repository}/git/blobs/{self.tree.files[path]}"
            self.fetched += 1
            answer = self._client.get(where, need=Need.CONTENTS_READ)
            self._read[key] = b64decode(answer["content"])
        return self._read[key]

    def lockfiles(self, is_lockfile: Callable[[str], bool]) -> tuple[ChangedEntry, ...]:
        """Return the changed files that `is_lockfile` says yes to, by path; raises `GitHubError`.

        A file that is a lockfile under one of its two names only counts as added or deleted.
        """
        chosen = []
        for entry in self.comparison.entries:
            base = entry.base_path if entry.base_path and is_lockfile(entry.base_path) else None
            head = entry.head_path if entry.head_path and is_lockfile(entry.head_path) else None
            if base or head:
                chosen.append(replace(entry, base_path=base, head_path=head))
        return tuple(sorted(chosen, key=lambda entry: entry.head_path or entry.base_path or ""))

    def both_sides(
        self, entry: ChangedEntry, beside: Callable[[str], Iterable[str]] = lambda _path: ()
    ) -> LockfileSides:
        """Return a lockfile with both sides' bytes; raises `GitHubError`.

        `beside` names files without which it can't be judged. They are read first: requests may not be enough
        for everything, and then the lockfile is left out.
        """
        before = after = trouble = None
        base, head = entry.base_path, entry.head_path
        try:
            for side, path in ((Side.BASE, base), (Side.HEAD, head)):
                for other in beside(path) if path else ():
                    self.read(other, side)
            before = None if base is None else _plain_file(base, self.read(base, Side.BASE))
            after = None if head is None else _plain_file(head, self._head(entry, head, before))
        except GitHubError as error:
            if error.trouble not in (Trouble.NOT_FOUND, Trouble.TOO_LARGE, Trouble.BUDGET):
                raise
            trouble = error
        return LockfileSides(
            base_path=base,
            base_bytes=before,
            head_path=head,
            head_bytes=after,
            lines_shown=lines_shown(entry.patch),
            problem=str(trouble) if trouble else None,
            left_out=trouble is not None and trouble.trouble is Trouble.BUDGET,
        )

    def read(self, path: str, side: Side) -> bytes | None:
        """Return the bytes of any file of one side, None where there is none; raises `GitHubError`."""
        return self._at(path, self._revision(side), side)

    def remember(self, path: str, side: Side | None, content: bytes | None) -> None:
        """Take a plain file as read, with None for one that is not there; `side` None is the settings' place.

        One that does not differ is the same on the other side; not so a link, which leads to what may differ.
        """
        self._read[path, self._settings_revision if side is None else self._revision(side)] = content
        if side is Side.BASE and not self.may_differ(path):
            self._read[path, self.event.head_sha] = content

    def may_differ(self, path: str) -> bool:
        """Return whether a path may hold something else at the head; raises `GitHubError`."""
        return path in self._differing or not self.comparison.complete

    @cached_property
    def _differing(self) -> frozenset[str | None]:
        return frozenset(
            path for entry in self.comparison.entries for path in (entry.base_path, entry.head_path)
        )

    def settings(self, path: str) -> bytes | None:
        """Return a file of the base branch as it is now: a pull request can't allow itself.

        Not the merge base's, which whoever opens the pull request chooses, back to laxer days.
        Raises `GitHubError`.
        """
        return self._at(path, self._settings_revision, Side.BASE)

    def _revision(self, side: Side) -> str:
        return self.comparison.merge_base if side is Side.BASE else self.event.head_sha

    @property
    def _settings_revision(self) -> str:
        return self.event.base_sha if self.event.is_merge_group else self.event.base_ref

    def _head(self, entry: ChangedEntry, path: str, before: bytes | None) -> bytes | None:
        if entry.sha:
            content = before or b""
            if blob_sha(content, like=entry.sha) == entry.sha:  # renamed, or empty
                return content
            after = applied(entry.patch, content, sha=entry.sha)
            if after is not None:
                self._read[path, self.event.head_sha] = after
                return after
        return self.read(path, Side.HEAD)

    def _at(self, path: str, revision: str, side: Side) -> bytes | None:
        key = (path, revision)
        if key not in self._read:
            self._read[key] = self._fetch(path, revision, side)
        return self._read[key]

    def _surely_absent(self, path: str, revision: str) -> bool:
        """Return whether the head's tree, where it was listed, tells that there is no such file."""
        listed = self.__dict__.get("tree")
        if listed is None or not listed.complete or path in listed.files:
            return False
        if revision == self.event.head_sha:
            return True
        return revision == self.comparison.merge_base and not self.may_differ(path)

    def _fetch(self, path: str, revision: str, side: Side) -> bytes | None:
        if not is_inside(path) or self._surely_absent(path, revision):
            return None
        # A fork's commits are among the base repository's objects (refs/pull/N/head), which the job's token
        # can read even where the fork is private or deleted; only where they are not, the fork is asked.
        self.fetched += 1
        repositories = [self.event.repository]
        if side is Side.HEAD and self.event.is_fork and self.event.head_repository:
            repositories.append(self.event.head_repository)
        for repository in repositories:
            where = f"/repos/{repository}/contents/{quote(path)}"
            try:
                return self._client.raw(where, need=Need.CONTENTS_READ, ref=revision)
            except GitHubError as error:
                if error.trouble is not Trouble.NOT_FOUND:
                    raise
        return None


def _plain_file(path: str, content: bytes | None) -> bytes:
    # Taking it for deleted would pass what nobody looked at.
    if content is None:
        raise GitHubError(
            Trouble.NOT_FOUND, f"GitHub lists {path} as changed and returns no file (is it a submodule?)"
        )
    return content
