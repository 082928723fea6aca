"""Looking again at a pull request whose comment lists something, and at all of them, within a budget."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.github.changed_lockfiles import PullRequestFiles
from fallback_review.github.comment import of_configuration
from fallback_review.github.conversation import look
from fallback_review.github.delivery import Done
from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.pull_requests import open_pull_requests
from fallback_review.github.status import context_of
from fallback_review.lockfiles import LockfileError
from fallback_review.pull_requests.comment_state import as_before, digest_of, is_about
from fallback_review.pull_requests.deliver import deliver, never_silent
from fallback_review.pull_requests.files import too_many_lockfiles
from fallback_review.pull_requests.review import review_pull_request
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.conversation import OwnComment
    from fallback_review.github.events import PullRequestEvent, RepositoryEvent
    from fallback_review.index.session import IndexSession
    from fallback_review.model import Review
    from fallback_review.pull_requests.review import Reviewed
    from fallback_review.pull_requests.run import Run
    from fallback_review.settings.schema import Settings

UNCHANGED_AT_MOST = 3
"""Requests for a pull request about which nothing is new; usually one."""
REVIEW_AT_MOST = 12
"""Requests for a new review with one lockfile and all that is written then."""


class RecheckResult(StrEnum):
    """What a look found."""

    NOTHING_OPEN = "nothing is open"
    UNCHANGED = "unchanged"
    CHANGED = "updated"
    OVERTAKEN = "the pull request has a newer commit or another base by now"
    FAILED = "could not be checked"


_LEFT_ALONE = frozenset({Done.UNCHANGED, Done.SKIPPED})


class Look(Struct, frozen=True, kw_only=True):
    """One pull request, looked at again."""

    number: int | None
    found: RecheckResult
    review: Review | None = None
    """Where there was reason for a new one."""
    url: str | None = None
    missed: tuple[str, ...] = ()
    """What could not be delivered, in words, or why it could not be checked."""


class Rechecker:
    """Looks at pull requests again; those of one run share settings and the indexes' answers."""

    def __init__(self, run: Run, client: Client, index_session: IndexSession) -> None:
        self._run = run
        self._client = client
        self._index_session = index_session
        self._settings: dict[str, Settings] = {}

    def look(self, event: PullRequestEvent) -> Look:
        """Look whether a comment is still right, and set it right; one request where it is.

        A comment that lists nothing is right as long as nobody has edited it and the pull request has the
        base that it was compared with.

        Raises `GitHubError`, `EventError`, `SettingsError` and `LockfileError`.
        """
        name = self._run.options.name
        now = look(self._client, event, context=context_of(name), lines=False)
        if now.moved(event):
            return Look(number=event.number, found=RecheckResult.OVERTAKEN)
        own = of_configuration(now, name)
        if not own:
            return Look(number=event.number, found=RecheckResult.NOTHING_OPEN)
        sticky = own[0]
        with never_silent(self._run, self._client, event):
            if self._is_right(event, sticky):
                listed = sticky.state.get("open") is not False
                found = RecheckResult.UNCHANGED if listed else RecheckResult.NOTHING_OPEN
                return Look(number=event.number, found=found, url=sticky.url)
            return self._reviewed(event, sticky)

    def review(self, event: PullRequestEvent) -> Look:
        """Review a pull request whatever its comment says; raises as `look`."""
        with never_silent(self._run, self._client, event):
            return self._deliver(
                event, review_pull_request(self._run, self._client, event, self._index_session)
            )

    def _is_right(self, event: PullRequestEvent, sticky: OwnComment) -> bool:
        """Return whether a comment says what a new review would, as far as few requests tell."""
        state = sticky.state
        if not is_about(state, event) or digest_of(sticky.visible, event) != state.get("text"):
            return False
        if state.get("base-sha") != event.base_sha:
            merge_base = PullRequestFiles(self._client, event).comparison.merge_base
            if merge_base != state.get("merge-base"):
                return False
        if state.get("open") is False:
            return True
        if sticky.hidden or "seen" not in state:
            return False
        configured = self._settings_of(event)
        ask = self._index_session.of(configured.indexes)
        return as_before(state, configured, self._run.now.date(), ask)

    def _reviewed(self, event: PullRequestEvent, sticky: OwnComment) -> Look:
        reviewed = review_pull_request(self._run, self._client, event, self._index_session)
        listed = sticky.state.get("open") is not False and is_about(sticky.state, event)
        if reviewed.left_out and listed:  # what the comment says came of a whole run
            missed = (f"{too_many_lockfiles(reviewed.left_out, in_queue=False)}.",)
            return Look(number=event.number, found=RecheckResult.FAILED, missed=missed)
        return self._deliver(event, reviewed)

    def _settings_of(self, event: PullRequestEvent) -> Settings:
        if event.base_ref not in self._settings:
            path = self._run.options.config
            data = PullRequestFiles(self._client, event).settings(path)
            self._settings[event.base_ref] = schema.parse(
                data or b"", path=path, inputs=self._run.options.overrides
            )
        return self._settings[event.base_ref]

    def _deliver(self, event: PullRequestEvent, reviewed: Reviewed) -> Look:
        delivered = deliver(self._run, self._client, event, reviewed)
        found = RecheckResult.CHANGED
        if delivered.moved:
            found = RecheckResult.OVERTAKEN
        elif not delivered.complete:
            found = RecheckResult.FAILED
        elif all(each.done in _LEFT_ALONE for each in delivered.deliveries):
            found = RecheckResult.UNCHANGED
        return Look(
            number=event.number,
            found=found,
            review=reviewed.review,
            url=delivered.comment_url,
            missed=tuple(delivered.missed(event)),
        )


def recheck_all(
    run: Run, client: Client, index_session: IndexSession, event: RepositoryEvent
) -> tuple[list[Look], int]:
    """Look at every open pull request again, as far as the client's budget goes; raises `GitHubError`.

    Returns the looks, and how many pull requests were left for a later run.

    Oldest first, but each run begins where the last one's share ended, which the number of the run tells: so
    nothing needs to be written down where nothing changed, and each pull request has its turn.
    """
    pulls = open_pull_requests(client, event.urls, event.repository, name=event.name)
    share = max(1, (client.left or 0) // UNCHANGED_AT_MOST)
    rechecker = Rechecker(run, client, index_session)
    looks: list[Look] = []
    for pull in in_turn(pulls, event.run_number, share):
        if looks and (client.left or 0) < REVIEW_AT_MOST:
            break
        looks.append(_one(run, rechecker, pull))
    return looks, len(pulls) - len(looks)


def in_turn(pulls: Sequence[PullRequestEvent], run_number: int, share: int) -> Sequence[PullRequestEvent]:
    """Return the pull requests in the order of this run; where all fit into its share, oldest first.

    Each run begins `share` after the one before, and one less once in a round: none is passed over, and none
    stands behind the same costly one for ever.
    """
    if len(pulls) <= share:
        return pulls
    start = (run_number * share - run_number * share // len(pulls)) % len(pulls)
    return [*pulls[start:], *pulls[:start]]


def _one(run: Run, rechecker: Rechecker, pull: PullRequestEvent) -> Look:
    try:
        return rechecker.look(pull)
    except GitHubError as error:
        if error.trouble in (Trouble.UNAUTHORIZED, Trouble.RATE_LIMITED):
            raise  # the next one would fare no better
        return Look(number=pull.number, found=RecheckResult.FAILED, missed=(str(error),))
    except (EventError, schema.SettingsError, LockfileError) as error:
        run.debug.say(f"pull request {pull.number}: {type(error).__name__}")
        return Look(number=pull.number, found=RecheckResult.FAILED, missed=(" ".join(str(error).split()),))
