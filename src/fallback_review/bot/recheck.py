"""Looking again at a pull request whose comment lists something, and at all of them, within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from fallback_review.github.changed_lockfiles import PullRequestFiles
from fallback_review.github.comment import deliver_comment, find
from fallback_review.github.delivery import Done, attempt, shortfall
from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.pull_requests import open_pull_requests
from fallback_review.github.status import deliver_status
from fallback_review.lockfiles import LockfileError
from fallback_review.pull_requests.comment_state import (
    as_before,
    body_of,
    is_open,
    says_the_same,
    worth_a_comment,
)
from fallback_review.pull_requests.deliver import headline_of
from fallback_review.pull_requests.files import too_many_lockfiles
from fallback_review.pull_requests.review import review_pull_request
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.github.client import Client
    from fallback_review.github.comment import StickyComment
    from fallback_review.github.delivery import Delivery
    from fallback_review.github.events import PullRequestEvent, RepositoryEvent
    from fallback_review.index.session import Asking
    from fallback_review.model import Review
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.review import Reviewed
    from fallback_review.pull_requests.run import Run
    from fallback_review.settings.schema import Settings

UNCHANGED_AT_MOST = 3
"""Requests for a pull request about which nothing is new; usually one."""
REVIEW_AT_MOST = 12
"""Requests for a new review with one lockfile and all that is written then."""


class Found(StrEnum):
    """What a look found."""

    NOTHING_OPEN = "nothing is open"
    UNCHANGED = "as before"
    CHANGED = "updated"
    OVERTAKEN = "a newer commit came in between"
    FAILED = "could not be checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One pull request, looked at again."""

    number: int | None
    found: Found
    review: Review | None = None
    """Where there was reason for a new one."""
    url: str | None = None
    missed: tuple[str, ...] = ()
    """What could not be delivered, in words, or why it could not be checked."""


class Rechecker:
    """Looks at pull requests again; those of one run share settings and the indexes' answers."""

    def __init__(self, run: Run, client: Client, asking: Asking) -> None:
        self._run = run
        self._client = client
        self._asking = asking
        self._settings: dict[str, Settings] = {}

    def look(self, event: PullRequestEvent) -> Look:
        """Look whether a comment that lists something is still right, and set it right; one request if it is.

        Raises `GitHubError`, `EventError` and `SettingsError`.
        """
        own = find(self._client, event)
        if not own or own[0].state.get("open") is False:
            return Look(number=event.number, found=Found.NOTHING_OPEN)
        sticky = own[0]
        if sticky.head == event.head_sha and "seen" in sticky.state:
            configured = self._settings_of(event)
            ask = self._asking.of(configured.indexes)
            if as_before(sticky.state, configured, self._run.now.date(), ask):
                return Look(number=event.number, found=Found.UNCHANGED, url=sticky.url)
        reviewed = review_pull_request(self._run, self._client, event, self._asking)
        if reviewed.left_out:  # what the comment says came of a whole run
            missed = (f"{too_many_lockfiles(reviewed.left_out)}.",)
            return Look(number=event.number, found=Found.FAILED, missed=missed)
        if sticky.head == event.head_sha and says_the_same(reviewed.state, sticky.state):
            return Look(number=event.number, found=Found.UNCHANGED, review=reviewed.review, url=sticky.url)
        return self._deliver(event, reviewed, sticky)

    def review(self, event: PullRequestEvent) -> Look:
        """Review a pull request whatever its comment says; raises as `look`."""
        own = find(self._client, event)
        reviewed = review_pull_request(self._run, self._client, event, self._asking)
        return self._deliver(event, reviewed, own[0] if own else None)

    def _settings_of(self, event: PullRequestEvent) -> Settings:
        if event.base_ref not in self._settings:
            path = self._run.options.config
            data = PullRequestFiles(self._client, event).settings(path)
            self._settings[event.base_ref] = schema.parse(
                data or b"", path=path, inputs=self._run.options.overrides
            )
        return self._settings[event.base_ref]

    def _deliver(self, event: PullRequestEvent, reviewed: Reviewed, sticky: StickyComment | None) -> Look:
        """Set the status first and then the comment, whose marker says that all of it is done."""
        review, channels, client = reviewed.review, self._run.options.channels, self._client
        deliveries: list[Delivery] = []
        if channels.status:
            deliveries.append(
                attempt(
                    "commit status",
                    lambda: deliver_status(client, event, review.conclusion, headline_of(review)),
                )
            )
        owed = not all(delivery.delivered for delivery in deliveries)
        since = self._since(event, reviewed, sticky)
        state: State = {**reviewed.state, **({"since": since.isoformat()} if since else {})}
        if owed:  # looked at again, until the status could be set
            state = {"open": True, "since": state["since"]} if since else {"open": True}
        body = body_of(review, about_url=self._run.about_url, since=since)
        comment = attempt(
            "comment",
            lambda: deliver_comment(
                client, event, body, create=worth_a_comment(review, channels.comment), state=state
            ),
        )
        deliveries.append(comment)
        found = Found.OVERTAKEN if comment.done is Done.SUPERSEDED else Found.CHANGED
        if not comment.delivered:
            found = Found.FAILED
        return Look(
            number=event.number,
            found=found,
            review=review,
            url=comment.url,
            missed=shortfall(deliveries),
        )

    def _since(
        self, event: PullRequestEvent, reviewed: Reviewed, sticky: StickyComment | None
    ) -> datetime | None:
        """Return since when all is resolved, where that happened without a new commit."""
        if sticky is None or is_open(reviewed.review) or sticky.head != event.head_sha:
            return None
        try:
            return datetime.fromisoformat(str(sticky.state["since"]))
        except (KeyError, ValueError):
            return None if sticky.state.get("open") is False else self._run.now.replace(microsecond=0)


def recheck_all(run: Run, client: Client, asking: Asking, event: RepositoryEvent) -> tuple[list[Look], int]:
    """Look at every open pull request again, as far as the client's budget goes; raises `GitHubError`.

    Returns the looks, and how many pull requests were left for a later run.

    Oldest first, but each run begins where the last one's share ended, which the number of the run tells: so
    nothing needs to be written down where nothing changed, and each pull request has its turn.
    """
    pulls = open_pull_requests(client, event.urls, event.repository, name=event.name)
    share = max(1, (client.left or 0) // UNCHANGED_AT_MOST)
    rechecker = Rechecker(run, client, asking)
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
        return Look(number=pull.number, found=Found.FAILED, missed=(str(error),))
    except (EventError, schema.SettingsError, LockfileError) as error:
        run.debug.say(f"pull request {pull.number}: {type(error).__name__}")
        return Look(number=pull.number, found=Found.FAILED, missed=(" ".join(str(error).split()),))
