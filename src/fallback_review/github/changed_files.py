"""Which files a pull request changes, told by name and blob, however many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import quote

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fallback_review.github.errors import GitHubError, Need, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

COMPARE_LIMIT = 300
PULL_REQUEST_LIMIT = 3000
"""What GitHub lists at most: https://docs.github.com/rest/pulls/pulls#list-pull-requests-files"""


class ChangedEntry(Struct, frozen=True, kw_only=True):
    """One file that differs. A path is None on the side where the file is not."""

    base_path: str | None
    head_path: str | None
    sha: str | None = None
    """The head's blob."""
    patch: str | None = None
    """The diff, where GitHub gives it (not for binary and very large ones)."""


class Comparison(Struct, frozen=True, kw_only=True):
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
    mode: str = ""
    sha: str | None = None


class _Tree(_Answer):
    tree: list[_Leaf]
    truncated: bool = False


_COMPARE, _FILES, _TREE = TypeAdapter(_Compare), TypeAdapter(list[_File]), TypeAdapter(_Tree)
_Value = TypeVar("_Value")


def compare(client: Client, event: PullRequestEvent) -> Comparison:
    """Return what the head changes since it left the base branch.

    One request up to 300 files. Beyond, the pull request's files by the page; beyond 3,000, where there is no
    pull request (a merge group), where a push came in between, or where the diff is too much for GitHub, the
    trees of both sides as far as they differ. Raises `GitHubError`.
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
    if event.number is None or (event.changed_files or 0) >= PULL_REQUEST_LIMIT:
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
    """Compare two trees, and where GitHub cuts one off (100,000 entries or 7 MB), those below that differ.

    A folder whose name for git is the same on both sides holds the same, so it costs nothing.
    """
    complete = True
    entries: list[ChangedEntry] = []
    waiting: list[tuple[str, str | None, str | None]] = [("", merge_base, event.head_sha)]
    while waiting:
        prefix, *both = waiting.pop()
        below = [_tree(client, event, tree, deep=True) if tree else _EMPTY for tree in both]
        cut = any(tree.truncated for tree in below)
        if cut:
            below = [_tree(client, event, tree, deep=False) if tree else _EMPTY for tree in both]
            complete = complete and not any(tree.truncated for tree in below)
        before, after = ({f"{prefix}{leaf.path}": leaf for leaf in tree.tree} for tree in below)
        for path in sorted(before.keys() | after.keys()):
            old, new = before.get(path), after.get(path)
            if old and new and (old.type, old.sha) == (new.type, new.sha):
                continue
            old_tree, new_tree = (leaf.sha if leaf and leaf.type == "tree" else None for leaf in (old, new))
            if cut and (old_tree or new_tree):
                waiting.append((f"{path}/", old_tree, new_tree))
            files = [leaf if leaf and leaf.type == "blob" else None for leaf in (old, new)]
            if any(files):
                entries.append(
                    ChangedEntry(
                        base_path=path if files[0] else None,
                        head_path=path if files[1] else None,
                        sha=files[1].sha if files[1] else None,
                    )
                )
    by_path = sorted(entries, key=lambda entry: entry.head_path or entry.base_path or "")
    return Comparison(merge_base=merge_base, entries=tuple(by_path), complete=complete)


class ListedTree(Struct, frozen=True, kw_only=True):
    """Every file of a commit."""

    files: Mapping[str, str | None]
    """Path to what git calls its content."""
    links: frozenset[str]
    """The paths that are symbolic links."""
    complete: bool
    """False where GitHub would not list them all."""


def listed_tree(client: Client, event: PullRequestEvent) -> ListedTree:
    """Return the files of the head (one request); raises `GitHubError`."""
    tree = _tree(client, event, event.head_sha, deep=True)
    return ListedTree(
        files={leaf.path: leaf.sha for leaf in tree.tree if leaf.type == "blob"},
        links=frozenset(leaf.path for leaf in tree.tree if leaf.mode == _LINK),
        complete=not tree.truncated,
    )


_LINK = "120000"
_EMPTY = _Tree(tree=[])


def _tree(client: Client, event: PullRequestEvent, tree: str, *, deep: bool) -> _Tree:
    path = f"/repos/{event.repository}/git/trees/{tree}"
    # Whatever its value, the parameter makes the answer recursive.
    asked = {"recursive": 1} if deep else {}
    return _checked(_TREE, client.get(path, need=Need.CONTENTS_READ, **asked))
