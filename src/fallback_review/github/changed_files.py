"""Which files a pull request changes, told by name and blob, however many they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fallback_review.github.errors import GitHubError, Need, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

COMPARE_LIMIT = 300
PULL_REQUEST_LIMIT = 3000
"""What GitHub lists at most: https://docs.github.com/rest/pulls/pulls#list-pull-requests-files"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """One file that differs. A path is None on the side where the file is not."""

    base_path: str | None
    head_path: str | None
    sha: str | None = None
    """The head's blob."""
    patch: str | None = None
    """The diff, where GitHub gives it (not for binary and very large ones)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a pull request changes."""

    merge_base: str
    """The commit that the head is compared with. The payload's ``base.sha`` goes stale."""
    entries: tuple[ChangedEntry, ...]
    complete: bool = True
    """False where GitHub would not list everything: there may be more that changed."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _File(_Answer):
    filename: str
    status: str
    sha: str | None = None
    previous_filename: str | None = None
    patch: str | None = None
    contents_url: str = ""

    def entry(self) -> ChangedEntry:
        base: str | None = self.filename
        if self.status in {"added", "copied"}:
            base = None
        elif self.status == "renamed":
            base = self.previous_filename
        head = None if self.status == "removed" else self.filename
        return ChangedEntry(base_path=base, head_path=head, sha=self.sha if head else None, patch=self.patch)


class _Commit(_Answer):
    sha: str


class _Compare(_Answer):
    merge_base_commit: _Commit
    files: Annotated[list[_File], Field(default_factory=list)]


class _Leaf(_Answer):
    path: str
    type: str
    sha: str | None = None


class _Tree(_Answer):
    tree: list[_Leaf]
    truncated: bool = False


_COMPARE, _FILES, _TREE = TypeAdapter(_Compare), TypeAdapter(list[_File]), TypeAdapter(_Tree)
_Value = TypeVar("_Value")


def compare(client: Client, event: PullRequestEvent) -> Comparison:
    """Return what the head changes since it left the base branch.

    One request up to 300 files. Beyond, the pull request's files by the page; beyond 3,000, where there is no
    pull request (a merge group), where a push came in between, or where the diff is too much for GitHub, both
    trees. Raises `GitHubError`.
    """
    try:
        answer = _compare(client, event)
        merge_base = answer.merge_base_commit.sha
        files = answer.files if len(answer.files) < COMPARE_LIMIT else _listed(client, event)
    except GitHubError as error:
        if error.trouble is not Trouble.TOO_LARGE:
            raise
        # Files come with the first page alone, so that there is no diff to make for another.
        merge_base, files = _compare(client, event, page=2).merge_base_commit.sha, None
    if files is None:
        return _of_trees(client, event, merge_base)
    return Comparison(merge_base=merge_base, entries=tuple(file.entry() for file in files))


def _listed(client: Client, event: PullRequestEvent) -> list[_File] | None:
    """Return the files of a pull request, None where these are not surely all that its head changes."""
    if event.number is None:
        return None
    path = f"/repos/{event.repository}/pulls/{event.number}/files"
    pages = client.pages(path, need=Need.PULL_REQUESTS_READ, limit=PULL_REQUEST_LIMIT)
    files = _checked(_FILES, list(pages))
    # GitHub lists what the head of this moment changes: after a push that may hide what ours does.
    heads = {file.contents_url.rpartition("?ref=")[2] for file in files if file.status != "removed"}
    complete = heads == {event.head_sha} and COMPARE_LIMIT <= len(files) < PULL_REQUEST_LIMIT
    return files if complete else None


def _checked(shape: TypeAdapter[_Value], answer: Any) -> _Value:
    try:
        return shape.validate_python(answer)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise GitHubError(Trouble.REFUSED, f"GitHub's answer is not as documented at {where}") from None


def _compare(client: Client, event: PullRequestEvent, *, page: int = 1) -> _Compare:
    *others, last = _sides(event)
    for base, head in others:
        try:
            return _ask(client, event, base, head, page)
        except GitHubError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise
    return _ask(client, event, *last, page)


def _ask(client: Client, event: PullRequestEvent, base: str, head: str, page: int) -> _Compare:
    path = f"/repos/{event.repository}/compare/{quote(base)}...{quote(head, safe=':/')}"
    # One commit a page is enough: the files come with the first page whatever its size.
    return _checked(_COMPARE, client.get(path, need=Need.CONTENTS_READ, per_page=1, page=page))


def _sides(event: PullRequestEvent) -> Iterator[tuple[str, str]]:
    # The branch first, since the payload's commit goes stale; a branch may be gone by now, its commit is not.
    if not event.is_merge_group:
        yield event.base_ref, event.head_sha
    yield event.base_sha, event.head_sha
    if event.is_fork and event.head_label:
        yield event.base_sha, event.head_label


def _of_trees(client: Client, event: PullRequestEvent, merge_base: str) -> Comparison:
    base, head = (_tree(client, event, commit) for commit in (merge_base, event.head_sha))
    before = {leaf.path: leaf.sha for leaf in base.tree if leaf.type == "blob"}
    after = {leaf.path: leaf.sha for leaf in head.tree if leaf.type == "blob"}
    entries = tuple(
        ChangedEntry(
            base_path=path if path in before else None,
            head_path=path if path in after else None,
            sha=after.get(path),
        )
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    )
    complete = not (base.truncated or head.truncated)
    return Comparison(merge_base=merge_base, entries=entries, complete=complete)


def _tree(client: Client, event: PullRequestEvent, commit: str) -> _Tree:
    path = f"/repos/{event.repository}/git/trees/{commit}"
    return _checked(_TREE, client.get(path, need=Need.CONTENTS_READ, recursive=1))
