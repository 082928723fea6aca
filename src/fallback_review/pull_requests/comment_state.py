"""What the comment says, and what it remembers in its hidden marker for the next look.

The marker is all the memory there is: the configuration, the head and the base that were compared, whether
anything is open, a digest of what people read, and, for packages in trouble, which projects were asked for at
which index and a digest of what was answered. Where all of these are the same, so is the review.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from fallback_review import __version__
from fallback_review.github.marker import is_of
from fallback_review.model import Conclusion
from fallback_review.pipeline.context import addresses_of
from fallback_review.report import limits, render
from fallback_review.report.escape import destination, inert
from fallback_review.report.findings import findings
from fallback_review.report.tally import Group, group_of
from fallback_review.report.text import readable
from fallback_review.report.words import CONCLUSION_ICONS
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from fallback_review.github.events import PullRequestEvent
    from fallback_review.index.session import Remembering
    from fallback_review.model import Answer, Index, Review
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Settings

BODY_ROOM = limits.COMMENT - 4_536
"""Less than GitHub's limit: the hidden marker goes in front, and a line about since when all is well."""
_WATCH_ROOM = 3_000
"""What the names in the marker may take; beyond, every look is a whole review."""

_LONGEST_REASON = 1_000
_OUT_OF_DATE = "What this comment said before is out of date, and this is not a pass."
_RELEASED = re.compile(r"released (?:today|[\d,]+ days? ago)")

State = dict[str, Any]


def is_open(review: Review) -> bool:
    """Return whether a review lists fallbacks, unknowns or anything else that is in trouble."""
    return bool(review.unreadable) or any(
        group_of(change) is Group.TROUBLE for lockfile in review.lockfiles for change in lockfile.changes
    )


def worth_a_comment(review: Review, mode: str, *, rules: bool) -> bool:
    """Return whether a pull request without a comment gets one, by the input `comment`.

    `rules` says whether the pull request changes something about its own review.
    """
    if mode == "findings":
        return bool(findings(review))
    return mode != "never" and bool(review.lockfiles or review.unreadable or rules)


def body_of(review: Review, *, name: str, about_url: str | None, since: datetime | None = None) -> str:
    """Return what people read: the report, and the configuration's name where it was given one.

    `since` is when a later look found all of it resolved.
    """
    text = render(review, "markdown", about_url=about_url, limit=BODY_ROOM)
    title, _, rest = text.partition("\n\n")
    parts = [named(title, name), resolved_since(since) if since else "", rest]
    return "\n\n".join(filter(None, parts))


def named(title: str, name: str) -> str:
    """Return a heading that tells the configuration, where there may be others on the same pull request."""
    return title if is_of({}, name) else f"{title} · {inert(name)}"


def body_without_verdict(reason: str, *, name: str, event: PullRequestEvent) -> str:
    """Return what people read where a run could not find out anything; `reason` is one sentence or more."""
    run = f"[run]({destination(event.urls.run_url)}) · " if event.urls.run_url else ""
    return "\n\n".join(
        (
            named(f"### {CONCLUSION_ICONS[Conclusion.UNKNOWN]} Not checked", name),
            f"{_OUT_OF_DATE} {inert(readable(reason, _LONGEST_REASON))}",
            f"<sub>{run}commit {inert(event.head_sha[:7])}</sub>\n",
        )
    )


def digest_of(body: str, event: PullRequestEvent) -> str:
    """Return a digest of what people read.

    Not of the link to the run, which is another one each time, nor of how many days ago something was
    released.
    """
    runs = re.escape(f"{event.urls.server_url}/{event.repository}/actions/runs/") + r"\d+"
    text = _RELEASED.sub("released", re.sub(runs, "", body.replace("\r\n", "\n").strip()))
    return _digest(text)


def resolved_since(since: datetime) -> str:
    """Return the line that says since when everything has been resolved."""
    return f"✅ Resolved since {since:%Y-%m-%d %H:%M} UTC, without a new commit."


def state_of(review: Review, settings: Settings, today: date, asked: Remembering) -> State:
    """Return what the comment remembers of a review."""
    state: State = {"open": is_open(review)}
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


def about(event: PullRequestEvent, name: str, merge_base: str | None) -> State:
    """Return what a verdict belongs to: the configuration, the head, and the base that it was compared with.

    `merge_base` is None where nothing was compared.
    """
    return {
        "name": name,
        "head": event.head_sha,
        "base": event.base_ref,
        "base-sha": event.base_sha,
        "merge-base": merge_base,
    }


def is_about(state: State, event: PullRequestEvent) -> bool:
    """Return whether a comment speaks of the head and the base of `event`."""
    return (state.get("head"), state.get("base")) == (event.head_sha, event.base_ref)


def remembers(there: State, new: State) -> bool:
    """Return whether a comment that says the same has no need to be written for what it remembers.

    Answers of the indexes that changed nothing are no reason.
    """
    answers = {"watch", "seen"} if "seen" in there and "seen" in new else set()
    return all(there.get(key) == new.get(key) for key in (there.keys() | new.keys()) - answers)


def as_before(earlier: State, settings: Settings, today: date, ask: Remembering) -> bool:
    """Return whether everything that a review of the same head depends on is what `earlier` remembers.

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


def _seen(
    watch: Mapping[str, list[str]],
    settings: Settings,
    today: date,
    answers: Answers,
) -> str:
    expiring = [notice.text for notice in policy.expiry_notices(settings.allow, today, path="")]
    days = settings.policy.cooldown_days
    # What was uploaded after this day is held back;
    # once a file is not, the day that the advice names has come.
    held_since = today - timedelta(days=days) if days is not None else None
    told = [
        _told(answer, held_since)
        for key, names in sorted(watch.items())
        for name in sorted(names)
        for answer in [next(each for index, each in answers[name].items() if _key(index) == key)]
    ]
    return _digest(json.dumps([__version__, msgspec.to_builtins(settings), expiring, told]))


def _told(answer: Answer, held_since: date | None) -> list[Any]:
    files = sorted(
        [file.filename, file.sha256 or "", file.tier.value if file.tier else "", file.yanked]
        for file in answer.files
    )
    held = sorted(
        file.filename
        for file in answer.files
        if held_since is not None and file.upload_time is not None and file.upload_time.date() > held_since
    )
    return [answer.index.url, answer.name, answer.problem, answer.reason, files, held]


def _key(index: Index) -> str:
    """Return what the marker calls an index: no address that a reader of the comment could learn."""
    return _digest(index.url)[:8]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
