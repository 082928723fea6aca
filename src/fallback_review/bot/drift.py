"""Following the default branch: one issue that says what does not come from Chainguard, kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.bot.drift_memory import Point, is_marked, key_of, recall, remembered
from fallback_review.bot.drift_text import TITLE, Open, issue_text
from fallback_review.github.branch_files import BranchFiles
from fallback_review.github.delivery import Delivery, Done, attempt, shortfall
from fallback_review.github.errors import GitHubError, Need, Trouble
from fallback_review.github.issues import Wish, close_duplicate, find_issues, keep_issue
from fallback_review.github.marker import is_of
from fallback_review.lockfiles import LockfileError, Text
from fallback_review.model import Cause, Notice, Outcome
from fallback_review.pipeline import review
from fallback_review.pipeline.compare import text_of, whole
from fallback_review.pipeline.discovery import is_lockfile
from fallback_review.report.tally import Group, group_of, tally
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.github.client import Client
    from fallback_review.github.events import RepositoryEvent
    from fallback_review.github.issues import Issue
    from fallback_review.index.session import IndexSession
    from fallback_review.model import Review
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.prediction import Answers
    from fallback_review.pull_requests.run import Run
    from fallback_review.settings.schema import Settings

LABEL = "fallback-review"
ONE_LOCKFILE = 6
"""Requests for one lockfile and its installer's configuration, and for the issue."""
_ONLY_THE_LOCK = frozenset(
    {
        Cause.LOCK_PINS_PYPI_URL,
        Cause.LOCK_PINS_PYPI_HASH,
        Cause.HASH_MISMATCH,
        Cause.INSTALLER_PREFERS_PYPI,
    }
)
"""Causes of a package that Chainguard has, where it has answered."""


class Drift(Struct, frozen=True, kw_only=True):
    """What became of it."""

    told: tuple[str, ...]
    missed: tuple[str, ...] = ()
    checked: bool
    """Whether every package could be checked and the issue says so."""


class _Found(Struct, frozen=True, kw_only=True):
    review: Review
    open_now: list[Open]
    branch: str


def follow_drift(run: Run, client: Client, index_session: IndexSession, event: RepositoryEvent) -> Drift:
    """Review every lockfile of the default branch and keep the tracking issue; raises `GitHubError`.

    The issue is made when something is open, closed when nothing is left, and reopened for what it has not
    listed before: a person who closes it is not overruled for the same packages.
    """
    branch = event.default_branch or _default_branch(client, event.repository)
    files = BranchFiles(client, event.repository, branch)
    configured = schema.parse(
        files.read(run.options.config) or b"", path=run.options.config, inputs=run.options.overrides
    )
    lockfiles, unreadable = _lockfiles(client, files, configured)
    ask = index_session.of(configured.indexes)
    result = replace(
        review.review(lockfiles, configured, ask, today=run.now.date(), unreadable=unreadable, scope="all"),
        head=files.commit,
        head_url=f"{event.urls.server_url}/{event.repository}/blob/{files.commit}",
    )
    numbers = tally(result)
    unknown = numbers.outcomes[Outcome.UNKNOWN]
    if unknown and unknown == numbers.from_indexes:
        words = "No package of the default branch could be checked; the issue stays as it is."
        return Drift(told=(), missed=(words, *_first_reason(result)), checked=False)
    open_now = list(_open(result, ask.answers))
    found = _Found(review=result, open_now=open_now, branch=branch)
    delivery = attempt("tracking issue", lambda: _keep(run, client, event.repository, found))
    share = f"{numbers.from_chainguard} of {numbers.from_indexes} packages come from Chainguard Libraries"
    return Drift(
        told=(f"{branch}: {share}; {len(open_now)} open. Tracking issue: {_done(delivery)}",),
        missed=shortfall([delivery]),
        checked=delivery.delivered and not unknown and not result.unreadable,
    )


def _done(delivery: Delivery) -> str:
    return f"{delivery.done.value} {delivery.url or ''}".rstrip()


def _default_branch(client: Client, repository: str) -> str:
    return str(client.get(f"/repos/{repository}", need=Need.METADATA_READ)["default_branch"])


def _lockfiles(
    client: Client, files: BranchFiles, configured: Settings
) -> tuple[list[ComparedLockfile], list[Notice]]:
    """Read the branch's lockfiles, as far as the budget goes; one that can't be read is named."""
    paths = sorted(path for path in files.paths if is_lockfile(path, configured.lockfiles))
    found: list[ComparedLockfile] = []
    unreadable: list[Notice] = []
    if not files.complete:
        unreadable.append(Notice(text="the branch has more files than GitHub lists; not all were seen"))
    for number, path in enumerate(paths):
        if number and (client.left or 0) < ONE_LOCKFILE:
            left = len(paths) - number
            words = f"{left} more lockfiles were not read: the budget of requests is used up"
            unreadable.append(Notice(text=f"{words}; raise `request-budget`, or exclude some"))
            break
        try:
            found.append(whole(_text(files, path, configured)))
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
        except GitHubError as error:
            if error.trouble is not Trouble.TOO_LARGE:
                raise
            unreadable.append(Notice(path=path, text=str(error)))
    return found, unreadable


def _text(files: BranchFiles, path: str, configured: Settings) -> Text:
    data = files.read(path)
    if data is None:
        raise LockfileError(path, "GitHub lists it and returns no file (is it a submodule?)")
    return text_of(path, data, files.read, configured)


def _open(result: Review, answers: Answers) -> Iterator[Open]:
    for lockfile in result.lockfiles:
        for reviewed in lockfile.changes:
            if group_of(reviewed) is not Group.TROUBLE:
                continue
            change = reviewed.change
            heard = [each for each in answers.get(change.name, {}).values() if each.index.chainguards]
            yield Open(
                reviewed=reviewed,
                lockfile=lockfile,
                key=key_of(lockfile.path, change.name, [entry.shown_version or "" for entry in change.after]),
                built=(reviewed.cause in _ONLY_THE_LOCK and any(each.answered for each in heard))
                or reviewed.reason == "built-available",
            )


def _keep(run: Run, client: Client, repository: str, found: _Found) -> Delivery:
    today, name = run.now.date(), run.options.name

    def ours(body: str) -> bool:
        return is_marked(body, name)

    issues = find_issues(client, repository, ours, label=LABEL)
    issue = issues[0] if issues else None
    for duplicate in issues[1:]:
        close_duplicate(client, repository, duplicate)
    before = recall(issue.body if issue else "")
    result, open_now = found.review, found.open_now
    numbers = tally(result)
    everything = not numbers.outcomes[Outcome.UNKNOWN] and not result.unreadable
    point = (
        Point(day=today, covered=numbers.from_chainguard, total=numbers.from_indexes)
        if everything and numbers.from_indexes
        else None
    )
    after = remembered(before, (each.key for each in open_now), today, point, everything_seen=everything)
    wish = Wish(
        title=TITLE if is_of({}, name) else f"{TITLE} ({name})",
        body=issue_text(result, open_now, after, today, branch=found.branch, name=name),
        open=_stays_open(issue, open_now, before.known, result),
        label=LABEL,
    )
    delivery = keep_issue(client, repository, issue, wish)
    if delivery.done is Done.CREATED:
        # Another run may have made one since we looked: the first one stays.
        for duplicate in find_issues(client, repository, ours, label=LABEL)[1:]:
            close_duplicate(client, repository, duplicate)
    return delivery


def _stays_open(
    issue: Issue | None, open_now: Iterable[Open], known: Mapping[str, object], result: Review
) -> bool:
    keys = {each.key for each in open_now}
    if issue is None or issue.open:
        return bool(keys or result.unreadable)
    return bool(keys - known.keys())


def _first_reason(result: Review) -> tuple[str, ...]:
    whys = (
        change.why
        for lockfile in result.lockfiles
        for change in lockfile.changes
        if change.outcome is Outcome.UNKNOWN
    )
    return tuple(why for why in [next(whys, "")] if why)
