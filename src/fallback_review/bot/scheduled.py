"""Runs without a pull request: looking again at the open ones, and at the default branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.bot.drift import follow_drift
from fallback_review.bot.recheck import RecheckResult, recheck_all
from fallback_review.github.errors import Need
from fallback_review.model import Conclusion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.bot.recheck import Look
    from fallback_review.github.client import Client
    from fallback_review.github.events import RepositoryEvent
    from fallback_review.index.session import IndexSession
    from fallback_review.pull_requests.run import Run

ALL_CHECKED, COULD_NOT_CHECK = Conclusion.PASS.exit_code, Conclusion.UNKNOWN.exit_code


def look_after(run: Run, event: RepositoryEvent, modes: Sequence[str]) -> int:
    """Do what `modes` say (``recheck``, ``drift``); return the exit code, 3 where not all could be checked.

    Raises `GitHubError`, `EventError` and `SettingsError`.
    """
    needed = [*run.reviewing] if "recheck" in modes else [Need.CONTENTS_READ]
    needed += [Need.ISSUES_WRITE] if "drift" in modes else []
    codes = []
    with run.connect(event.urls, event.repository, needed) as client, run.index_session() as index_session:
        if "recheck" in modes:
            client.left = run.options.request_budget
            codes.append(_recheck(run, client, index_session, event))
        if "drift" in modes:
            client.left = run.options.request_budget
            codes.append(_drift(run, client, index_session, event))
    return max(codes)


def _recheck(run: Run, client: Client, index_session: IndexSession, event: RepositoryEvent) -> int:
    looks, left = recheck_all(run, client, index_session, event)
    lines = [_line(look) for look in looks if look.found is not RecheckResult.NOTHING_OPEN]
    lines += [f"{left} left for a later run: the budget of requests is used up."] if left else []
    run.output.say(*(lines or ["No open pull request has a comment that lists something."]))
    for look in looks:
        for sentence in look.missed:
            run.output.warn(f"Pull request {look.number}: {sentence}")
    run.output.summarise("Open pull requests, reviewed again", lines)
    return COULD_NOT_CHECK if any(look.found is RecheckResult.FAILED for look in looks) else ALL_CHECKED


def _line(look: Look) -> str:
    return f"Pull request {look.number}: {look.found.value}"


def _drift(run: Run, client: Client, index_session: IndexSession, event: RepositoryEvent) -> int:
    if event.elsewhere:
        run.output.say("Nothing to do: the push is not to the default branch.")
        return ALL_CHECKED
    drift = follow_drift(run, client, index_session, event)
    run.output.say(*drift.told)
    for sentence in drift.missed:
        run.output.warn(sentence)
    run.output.summarise("The default branch", [*drift.told, *drift.missed])
    return ALL_CHECKED if drift.checked else COULD_NOT_CHECK
