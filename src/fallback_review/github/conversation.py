"""What is said on a pull request now, and what its head and base are: looked at before anything is written.

One GraphQL query tells all of it. Where GraphQL does not, REST does with a few requests more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Struct, field
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.events import PullRequestNumber
from fallback_review.github.identity import is_own
from fallback_review.github.marker import Marker
from fallback_review.github.pull_requests import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent

COMMENT = Marker("fallback-review:v1")
"""Begins the comment of a configuration."""
LINE = Marker("fallback-review-line:v1")
"""Begins a comment on a line."""

_QUERY = """
query (
  $owner: String!, $name: String!, $number: Int!, $head: GitObjectID!, $context: String!,
  $comments: String, $threads: String
) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      headRef { target { oid } }
      baseRefName
      comments(first: 100, after: $comments) {
        nodes { id fullDatabaseId url body isMinimized author { __typename login } }
        pageInfo { hasNextPage endCursor }
      }
      reviewThreads(first: 100, after: $threads) {
        nodes {
          id
          isResolved
          comments(first: 1) {
            totalCount
            nodes { fullDatabaseId body author { __typename login } }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
    object(oid: $head) { ... on Commit { status { context(name: $context) { state description } } } }
  }
}
"""


class OwnComment(Struct, frozen=True, kw_only=True):
    """A comment on the pull request that carries our marker and was written by us."""

    id: int
    node_id: str
    url: str
    body: str
    hidden: bool = False
    """Whether somebody has hidden it (minimised, in GitHub's terms)."""

    @property
    def state(self) -> dict[str, Any]:
        """What its marker holds; empty where it is damaged."""
        return COMMENT.read(self.body) or {}

    @property
    def visible(self) -> str:
        """What people read."""
        return COMMENT.visible(self.body)


class OwnLine(Struct, frozen=True, kw_only=True):
    """A comment on a line that carries our marker and was written by us; it begins a thread."""

    id: int
    body: str
    answered: bool
    """Whether somebody has answered."""
    thread: str | None = None
    """The thread's node id, where GraphQL told it."""
    resolved: bool = False


class StatusNow(Struct, frozen=True, kw_only=True):
    """The commit status of one context, as it is."""

    state: str
    """In lower case, as it is set."""
    description: str


class Conversation(Struct, frozen=True, kw_only=True):
    """A pull request as it is now."""

    head_sha: str
    base_ref: str
    comments: tuple[OwnComment, ...] = ()
    """Ours, of every configuration, oldest first."""
    lines: tuple[OwnLine, ...] | None = ()
    """Ours, of every configuration; None where nobody looked."""
    status: StatusNow | None = None
    """The head commit's, in the context that was asked for; None as well where it is not known."""

    def moved(self, event: PullRequestEvent) -> str | None:
        """Say what is no longer as `event` says: then its run speaks of something else. None where all is."""
        if self.head_sha != event.head_sha:
            return f"its head is {self.head_sha[:7]} by now, and this run is about {event.head_sha[:7]}"
        if self.base_ref != event.base_ref:
            return f"its base is {self.base_ref} by now, and this run compared with {event.base_ref}"
        return None


def look(client: Client, event: PullRequestEvent, *, context: str, lines: bool) -> Conversation:
    """Return the pull request of `event` as it is now.

    `context` is the commit status to look for, as far as that costs no request; `lines` says whether comments
    on lines are needed, even where they cost one. Raises `GitHubError` and `EventError`.
    """
    try:
        return _by_graphql(client, event, context)
    except (
        GitHubError,
        ValidationError,
        LookupError,
        TypeError,
    ):  # a shortcut: no trouble with it is an error
        return _by_rest(client, event, lines=lines)


class _Node(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Author(_Node):
    kind: Annotated[str, Field(alias="__typename")]
    login: str


class _Page(_Node):
    more: Annotated[bool, Field(alias="hasNextPage")]
    end: Annotated[str | None, Field(alias="endCursor")] = None


class _Comment(_Node):
    id: str = ""
    number: Annotated[int, Field(alias="fullDatabaseId")]
    url: str = ""
    body: str
    hidden: Annotated[bool, Field(alias="isMinimized")] = False
    author: _Author | None


class _Comments(_Node):
    nodes: list[_Comment]
    page: Annotated[_Page, Field(alias="pageInfo")]


class _Begun(_Node):
    """A thread's first comment, and how many there are."""

    nodes: list[_Comment]
    total: Annotated[int, Field(alias="totalCount")]


class _Thread(_Node):
    id: str
    resolved: Annotated[bool, Field(alias="isResolved")]
    comments: _Begun


class _Threads(_Node):
    nodes: list[_Thread]
    page: Annotated[_Page, Field(alias="pageInfo")]


class _Target(_Node):
    oid: str


class _Ref(_Node):
    target: _Target | None


class _PullRequest(_Node):
    head_oid: Annotated[str, Field(alias="headRefOid")]
    head_ref: Annotated[_Ref | None, Field(alias="headRef")]
    base_ref: Annotated[str, Field(alias="baseRefName")]
    comments: _Comments
    threads: Annotated[_Threads, Field(alias="reviewThreads")]


class _Context(_Node):
    state: Literal["ERROR", "EXPECTED", "FAILURE", "PENDING", "SUCCESS"]
    description: str | None = None


class _Status(_Node):
    context: _Context | None = None


class _Commit(_Node):
    status: _Status | None = None


class _Repository(_Node):
    pull: Annotated[_PullRequest, Field(alias="pullRequest")]
    commit: Annotated[_Commit | None, Field(alias="object")] = None


class _Viewer(_Node):
    login: str


class _Answer(_Node):
    viewer: _Viewer
    repository: _Repository


class _Found(Struct):
    """What the pages have told so far."""

    comments: list[OwnComment] = field(default_factory=list)
    lines: list[OwnLine] = field(default_factory=list)


def _by_graphql(client: Client, event: PullRequestEvent, context: str) -> Conversation:
    owner, _, name = event.repository.partition("/")
    variables: dict[str, Any] = {
        "owner": owner,
        "name": name,
        "number": event.number,
        "head": event.head_sha,
        "context": context,
        "comments": None,
        "threads": None,
    }
    found = _Found()
    while True:
        told = client.shortcut(
            _QUERY, variables, need=Need.PULL_REQUESTS_READ, optional=("repository", "object")
        )
        answer = _Answer.model_validate(told)
        pull = answer.repository.pull
        found.comments += _own_comments(pull.comments.nodes, answer.viewer.login)
        found.lines += _own_lines(pull.threads.nodes, answer.viewer.login)
        if not (pull.comments.page.more or pull.threads.page.more):
            break
        # A cursor that is at its end gives an empty page from then on.
        variables["comments"] = pull.comments.page.end or variables["comments"]
        variables["threads"] = pull.threads.page.end or variables["threads"]
    commit = answer.repository.commit
    status = commit.status.context if commit and commit.status else None
    target = pull.head_ref.target if pull.head_ref else None
    return Conversation(
        # The branch itself is never behind a push; the pull request may be for a moment.
        head_sha=target.oid if target else pull.head_oid,
        base_ref=pull.base_ref,
        comments=tuple(sorted(found.comments, key=lambda each: each.id)),
        lines=tuple(found.lines),
        status=StatusNow(state=status.state.lower(), description=status.description or "")
        if status
        else None,
    )


def _own_comments(nodes: Iterable[_Comment], viewer: str) -> Iterator[OwnComment]:
    for node in nodes:
        if COMMENT.read(node.body) is not None and _wrote(viewer, node.author):
            yield OwnComment(
                id=node.number, node_id=node.id, url=node.url, body=node.body, hidden=node.hidden
            )


def _own_lines(nodes: Iterable[_Thread], viewer: str) -> Iterator[OwnLine]:
    for node in nodes:
        for first in node.comments.nodes[:1]:
            if LINE.read(first.body) is not None and _wrote(viewer, first.author):
                yield OwnLine(
                    id=first.number,
                    body=first.body,
                    answered=node.comments.total > 1,
                    thread=node.id,
                    resolved=node.resolved,
                )


def _wrote(viewer: str, author: _Author | None) -> bool:
    """Return whether the token's own login is an author's.

    GraphQL calls the same App ``github-actions`` as an author and ``github-actions[bot]`` as the viewer; a
    person of that name is not it.
    """
    if author is None:
        return False
    name = viewer.removesuffix("[bot]")
    return author.login.removesuffix("[bot]") == name and (author.kind == "Bot") == (name != viewer)


def _by_rest(client: Client, event: PullRequestEvent, *, lines: bool) -> Conversation:
    assert event.number is not None  # noqa: S101 - a merge group has no conversation
    asked = PullRequestNumber(
        name=event.name, urls=event.urls, repository=event.repository, number=event.number
    )
    pull = look_up(client, asked, need=Need.PULL_REQUESTS_WRITE)
    head = pull.head_sha
    if head == event.head_sha and event.head_ref and not event.is_fork:
        head = _branch(client, event.repository, event.head_ref) or head
    return Conversation(
        head_sha=head,
        base_ref=pull.base_ref,
        comments=_listed_comments(client, event),
        lines=_listed_lines(client, event) if lines else None,
    )


def _branch(client: Client, repository: str, branch: str) -> str | None:
    """Return a branch's newest commit; None where it is gone."""
    try:
        path = f"/repos/{repository}/git/ref/heads/{quote(branch)}"
        return str(client.get(path, need=Need.CONTENTS_READ)["object"]["sha"])
    except GitHubError as error:
        if error.trouble is not Trouble.NOT_FOUND:
            raise
        return None


def _listed_comments(client: Client, event: PullRequestEvent) -> tuple[OwnComment, ...]:
    path = f"/repos/{event.repository}/issues/{event.number}/comments"
    marked = _marked(client.pages(path, need=Need.PULL_REQUESTS_WRITE), COMMENT)
    own = is_own(client, marked)
    return tuple(
        OwnComment(
            id=int(item["id"]),
            node_id=str(item.get("node_id", "")),
            url=str(item["html_url"]),
            body=item["body"],
            hidden=bool(item.get("minimized")),
        )
        for item in sorted(marked, key=lambda item: int(item["id"]))
        if own(item)
    )


def _listed_lines(client: Client, event: PullRequestEvent) -> tuple[OwnLine, ...]:
    path = f"/repos/{event.repository}/pulls/{event.number}/comments"
    listed = list(client.pages(path, need=Need.PULL_REQUESTS_WRITE))
    answered = {item.get("in_reply_to_id") for item in listed}
    marked = _marked(listed, LINE)
    own = is_own(client, marked)
    return tuple(
        OwnLine(id=int(item["id"]), body=item["body"], answered=item["id"] in answered)
        for item in marked
        if own(item)
    )


def _marked(items: Iterable[Mapping[str, Any]], marker: Marker) -> list[Mapping[str, Any]]:
    return [item for item in items if marker.read(item.get("body") or "") is not None]
