"""The event that started the run: a pull request, a comment, or the clock; and where GitHub is.

Everything comes from the event's payload, never from GITHUB_REF, which for `pull_request` names a merge
commit that GitHub makes and for `pull_request_target` the base branch.
Source: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fallback_review.github.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPENDABOT = "dependabot[bot]"
SUPPORTED = ("pull_request", "pull_request_target", "merge_group", "workflow_dispatch")
DISPATCH_INPUTS = ("pull-request", "pull_request", "pull-request-number", "pr", "number")
"""Names under which a manual run may pass a pull request's number; another whole number is none."""
_SHOWN = 40
"""Characters of a wrong value that are shown."""


class GitHubUrls(Struct, frozen=True, kw_only=True):
    """Where GitHub is, for this run."""

    server_url: str
    api_url: str
    graphql_url: str
    run_url: str | None = None


class PullRequestEvent(Struct, frozen=True, kw_only=True):
    """What is to be reviewed. In a merge queue there is no pull request: `number` is None."""

    name: str
    """The event's name, for example ``pull_request_target``."""
    urls: GitHubUrls
    repository: str
    """``owner/name`` of the base side, where everything is read and written."""
    number: int | None
    head_sha: str
    base_ref: str
    """The base branch's name, without ``refs/heads/``."""
    base_sha: str
    """The base as GitHub last looked at it: it goes stale, so the merge base is asked for."""
    head_repository: str | None = None
    """None where a fork was deleted."""
    head_ref: str | None = None
    """The head branch's name."""
    head_label: str | None = None
    """``owner:branch``."""
    author: str | None = None
    changed_files: int | None = None
    """How many files it changes, where GitHub has said so."""

    @property
    def is_fork(self) -> bool:
        """Whether the head is in another repository, which for `pull_request` means a read-only token."""
        return self.number is not None and self.head_repository != self.repository

    @property
    def is_dependabot(self) -> bool:
        """Whether Dependabot wrote the pull request: the author counts, since anyone may re-run its jobs."""
        return self.author == DEPENDABOT

    @property
    def is_merge_group(self) -> bool:
        """Whether this is a merge queue's run."""
        return self.number is None

    @property
    def head_url(self) -> str:
        """The prefix for links to the head's files."""
        return f"{self.urls.server_url}/{self.head_repository or self.repository}/blob/{self.head_sha}"


class PullRequestNumber(Struct, frozen=True, kw_only=True):
    """A manual run names a pull request: `look_up` finds out the rest."""

    name: str
    urls: GitHubUrls
    repository: str
    number: int


OWNER = "OWNER"
"""The association of a repository's owner: the only one that says what a person may do."""


class CommentEvent(Struct, frozen=True, kw_only=True):
    """A comment on an issue or a pull request."""

    urls: GitHubUrls
    repository: str
    number: int
    action: str
    """``created``, ``edited`` or ``deleted``."""
    on_pull_request: bool
    is_open: bool
    comment_id: int
    body: str
    login: str
    by_person: bool
    """Whether a person wrote it, in person: no bot, and no App in a person's name."""
    by_author: bool
    """Whether it was written by who opened the pull request."""
    by_owner: bool
    """Whether it was written by the repository's owner."""


class RepositoryEvent(Struct, frozen=True, kw_only=True):
    """A scheduled or manual run that names no pull request."""

    name: str
    urls: GitHubUrls
    repository: str
    default_branch: str | None
    """None where the payload does not say it."""
    run_number: int
    """Counts up with each run of the workflow."""
    pushed: str | None = None
    """The ref that a push moved; None for other events."""

    @property
    def elsewhere(self) -> bool:
        """Whether something was pushed, and not to the default branch."""
        here = f"refs/heads/{self.default_branch}"
        return self.pushed is not None and self.default_branch is not None and self.pushed != here


_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Repository(_Payload):
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    default_branch: str | None = None


class _User(_Payload):
    login: str
    id: int = 0
    type: str = "User"


class _Side(_Payload):
    ref: str
    sha: _Sha
    label: str | None = None
    repo: _Repository | None = None


class _PullRequest(_Payload):
    number: Annotated[int, Field(ge=1)]
    head: _Side
    base: _Side
    user: _User | None = None
    changed_files: int | None = None


class _PullRequestEvent(_Payload):
    pull_request: _PullRequest
    repository: _Repository


class _MergeGroup(_Payload):
    head_sha: _Sha
    base_sha: _Sha
    base_ref: str


class _MergeGroupEvent(_Payload):
    merge_group: _MergeGroup
    repository: _Repository


class _DispatchEvent(_Payload):
    inputs: dict[str, Any] | None = None
    repository: _Repository


def urls_of(environment: Mapping[str, str]) -> GitHubUrls:
    """Return where GitHub is, from the runner's variables; raises `EventError` where they are missing.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
    """
    names = ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL")
    absent = [name for name in names if not environment.get(name)]
    if absent:
        raise EventError(f"{absent[0]} is not set: this runs as a step of a GitHub Actions job")
    server, api, graphql = (environment[name].rstrip("/") for name in names)
    run, repository = environment.get("GITHUB_RUN_ID"), environment.get("GITHUB_REPOSITORY")
    run_url = f"{server}/{repository}/actions/runs/{run}" if run and repository else None
    return GitHubUrls(server_url=server, api_url=api, graphql_url=graphql, run_url=run_url)


def read_event(
    name: str, payload: Mapping[str, Any], environment: Mapping[str, str]
) -> PullRequestEvent | PullRequestNumber:
    """Return what the event called `name` asks to review; raises `EventError`.

    `payload` is the content of the file at GITHUB_EVENT_PATH, `environment` the runner's variables.
    """
    urls = urls_of(environment)
    try:
        match name:
            case "pull_request" | "pull_request_target":
                return _of_pull_request(name, urls, _PullRequestEvent.model_validate(payload))
            case "merge_group":
                return _of_merge_group(name, urls, _MergeGroupEvent.model_validate(payload))
            case "workflow_dispatch":
                return _of_dispatch(name, urls, _DispatchEvent.model_validate(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EventError(f"the payload of {name} is not as documented: {where}: {first['msg']}") from None
    raise EventError(f"the event {name!r} names no pull request; run this on one of: {', '.join(SUPPORTED)}")


def names_one(payload: Mapping[str, Any]) -> bool:
    """Return whether a manual run gives an input that is called like a pull request's number."""
    inputs = payload.get("inputs")
    return isinstance(inputs, dict) and any(str(inputs.get(key) or "").strip() for key in DISPATCH_INPUTS)


def read_pull_request(asked: PullRequestNumber, answer: Any) -> PullRequestEvent:
    """Return the pull request that GitHub's API describes in `answer`; raises `EventError`."""
    try:
        pull = _PullRequest.model_validate(answer)
    except ValidationError:
        raise EventError(f"GitHub's answer about pull request {asked.number} is not as documented") from None
    payload = _PullRequestEvent(pull_request=pull, repository=_Repository(full_name=asked.repository))
    return _of_pull_request(asked.name, asked.urls, payload)


def _of_pull_request(name: str, urls: GitHubUrls, payload: _PullRequestEvent) -> PullRequestEvent:
    pull = payload.pull_request
    return PullRequestEvent(
        name=name,
        urls=urls,
        repository=payload.repository.full_name,
        number=pull.number,
        head_sha=pull.head.sha,
        base_ref=pull.base.ref,
        base_sha=pull.base.sha,
        head_repository=pull.head.repo.full_name if pull.head.repo else None,
        head_ref=pull.head.ref,
        head_label=pull.head.label,
        author=pull.user.login if pull.user else None,
        changed_files=pull.changed_files,
    )


def _of_merge_group(name: str, urls: GitHubUrls, payload: _MergeGroupEvent) -> PullRequestEvent:
    group = payload.merge_group
    return PullRequestEvent(
        name=name,
        urls=urls,
        repository=payload.repository.full_name,
        number=None,
        head_sha=group.head_sha,
        base_ref=group.base_ref.removeprefix("refs/heads/"),
        base_sha=group.base_sha,
        head_repository=payload.repository.full_name,
    )


def _of_dispatch(name: str, urls: GitHubUrls, payload: _DispatchEvent) -> PullRequestNumber:
    inputs = {key: str(value).strip() for key, value in (payload.inputs or {}).items()}
    whole = {key: int(value) for key, value in inputs.items() if re.fullmatch(r"[1-9][0-9]{0,9}", value)}
    named = [whole[key] for key in DISPATCH_INPUTS if key in whole]
    wrong = next((key for key in DISPATCH_INPUTS if inputs.get(key) and key not in whole), None)
    if wrong is not None and not named:
        raise EventError(
            f"the workflow's input `{wrong}` is {inputs[wrong][:_SHOWN]!r}, which is no number of a pull "
            "request: give its number, such as 12"
        )
    if not named:
        raise EventError(
            "a manual run needs to know the pull request: give the workflow an input `pull-request` "
            "and pass its number"
        )
    return PullRequestNumber(name=name, urls=urls, repository=payload.repository.full_name, number=named[0])


class _Comment(_Payload):
    id: int
    body: str | None = None
    user: _User | None = None
    author_association: str = "NONE"
    performed_via_github_app: dict[str, Any] | None = None


class _Issue(_Payload):
    number: Annotated[int, Field(ge=1)]
    state: str = "open"
    user: _User | None = None
    pull_request: dict[str, Any] | None = None


class _CommentEvent(_Payload):
    action: str
    comment: _Comment
    issue: _Issue
    repository: _Repository


class _RepositoryEvent(_Payload):
    repository: _Repository
    ref: str | None = None


def read_comment(payload: Mapping[str, Any], environment: Mapping[str, str]) -> CommentEvent:
    """Return what an `issue_comment` event tells; raises `EventError`."""
    try:
        told = _CommentEvent.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise EventError(f"the payload of issue_comment is not as documented at {where}") from None
    writer, author = told.comment.user, told.issue.user
    return CommentEvent(
        urls=urls_of(environment),
        repository=told.repository.full_name,
        number=told.issue.number,
        action=told.action,
        on_pull_request=told.issue.pull_request is not None,
        is_open=told.issue.state == "open",
        comment_id=told.comment.id,
        body=told.comment.body or "",
        login=writer.login if writer else "",
        by_person=writer is not None
        and writer.type == "User"
        and not writer.login.endswith("[bot]")
        and told.comment.performed_via_github_app is None,
        by_author=writer is not None and author is not None and writer.id == author.id,
        by_owner=told.comment.author_association == OWNER,
    )


def read_repository(name: str, payload: Mapping[str, Any], environment: Mapping[str, str]) -> RepositoryEvent:
    """Return where a run without a pull request is; raises `EventError`.

    A schedule's payload is not documented: what it lacks is taken from the runner's variables.
    """
    urls = urls_of(environment)
    try:
        told = _RepositoryEvent.model_validate(payload)
    except ValidationError:
        told = None
    repository = told.repository if told else None
    full_name = repository.full_name if repository else environment.get("GITHUB_REPOSITORY", "")
    if not full_name:
        raise EventError("GITHUB_REPOSITORY is not set: this runs as a step of a GitHub Actions job")
    number = environment.get("GITHUB_RUN_NUMBER", "")
    return RepositoryEvent(
        name=name,
        urls=urls,
        repository=full_name,
        default_branch=repository.default_branch if repository else None,
        run_number=int(number) if number.isdecimal() else 0,
        pushed=told.ref if told and name == "push" else None,
    )
