"""What a comment remembers in its hidden marker, so that the next look is cheap and knows what changed.

The marker of the comment is all the memory there is: the head that was reviewed, whether anything is open,
a digest of what the comment says, and, for packages in trouble, which projects were asked for at which index
and a digest of what was answered. Where head, settings and these answers are the same, so is the review.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fallback_review import __version__
from fallback_review.pipeline.context import addresses_of
from fallback_review.report import limits, render
from fallback_review.report.findings import findings
from fallback_review.report.tally import Group, group_of
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from fallback_review.index.session import Remembering
    from fallback_review.model import Answer, Index, Review
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Settings

BODY_ROOM = limits.COMMENT - 4_536
"""Less than GitHub's limit: the hidden marker goes in front, and a line about since when all is well."""
_WATCH_ROOM = 3_000
"""What the names in the marker may take; beyond, every look is a whole review."""

State = dict[str, Any]


def is_open(review: Review) -> bool:
    """Return whether a review lists fallbacks, unknowns or anything else that is in trouble."""
    return bool(review.unreadable) or any(
        group_of(change) is Group.TROUBLE for lockfile in review.lockfiles for change in lockfile.changes
    )


def worth_a_comment(review: Review, mode: str) -> bool:
    """Return whether a pull request without a comment gets one, by the input `comment`."""
    if mode == "findings":
        return bool(findings(review))
    return mode != "never" and bool(review.lockfiles or review.unreadable)


def body_of(review: Review, *, about_url: str | None, since: datetime | None = None) -> str:
    """Return the comment's text; `since` is when a later look found all of it resolved."""
    text = render(review, "markdown", about_url=about_url, limit=BODY_ROOM)
    if since is None:
        return text
    title, _, rest = text.partition("\n\n")
    return f"{title}\n\n{resolved_since(since)}\n\n{rest}"


def resolved_since(since: datetime) -> str:
    """Return the line that says since when everything has been resolved."""
    return f"✅ Resolved since {since:%Y-%m-%d %H:%M} UTC, without a new commit."


def state_of(review: Review, settings: Settings, today: date, asked: Remembering) -> State:
    """Return what the comment remembers of a review, for the JSON of its marker."""
    state: State = {"open": is_open(review), "says": _says(review)}
    if not state["open"] or review.unreadable:
        return state
    troubled = {
        change.change.name
        for lockfile in review.lockfiles
        for change in lockfile.changes
        if group_of(change) is Group.TROUBLE
    }
    watch: dict[str, list[str]] = {}
    for name in sorted(troubled & asked.answers.keys()):
        for index in asked.answers[name]:
            watch.setdefault(_key(index), []).append(name)
    if len(json.dumps(watch)) <= _WATCH_ROOM:
        state["watch"] = watch
        state["seen"] = _seen(watch, settings, today, asked.answers)
    return state


def says_the_same(state: State, earlier: State) -> bool:
    """Return whether a comment with the marker `earlier` says what one with `state` would."""
    return bool(state["says"] == earlier.get("says"))


def as_before(earlier: State, settings: Settings, today: date, ask: Remembering) -> bool:
    """Return whether everything that a review of the same head hangs on is what `earlier` remembers.

    Asks the indexes for the packages that were in trouble, and for nothing else. A marker that remembers too
    little, or not in our words, is never as before.
    """
    watch = earlier.get("watch")
    if not isinstance(watch, dict) or not isinstance(earlier.get("seen"), str):
        return False
    try:
        known = {_key(index): index for index in addresses_of(settings.indexes).askable}
        ask({known[key]: [str(name) for name in names] for key, names in watch.items()})
        return bool(_seen(watch, settings, today, ask.answers) == earlier["seen"])
    except (ValueError, KeyError, TypeError, StopIteration):
        return False


def _says(review: Review) -> str:
    # Not the link to the run, which is another one each time, nor remarks, which count days.
    lockfiles = tuple(
        replace(lockfile, changes=tuple(replace(change, note=None) for change in lockfile.changes))
        for lockfile in review.lockfiles
    )
    return _digest(render(replace(review, run_url=None, lockfiles=lockfiles), "markdown", limit=BODY_ROOM))


def _seen(
    watch: Mapping[str, list[str]],
    settings: Settings,
    today: date,
    answers: Answers,
) -> str:
    expiring = [notice.text for notice in policy.expiry_notices(settings.allow, today, path="")]
    told = [
        _told(answer)
        for key, names in sorted(watch.items())
        for name in sorted(names)
        for answer in [next(each for index, each in answers[name].items() if _key(index) == key)]
    ]
    return _digest(json.dumps([__version__, settings.model_dump(mode="json"), expiring, told]))


def _told(answer: Answer) -> list[Any]:
    files = sorted(
        [file.filename, file.sha256 or "", file.tier.value if file.tier else "", file.yanked]
        for file in answer.files
    )
    problem = answer.problem
    return [answer.index.url, answer.name, problem, answer.reason, files]


def _key(index: Index) -> str:
    """Return what the marker calls an index: no address that a reader of the comment could learn."""
    return _digest(index.url)[:8]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
