"""`explain NAME`: every step of a prediction, for the packages of one pull request."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from fallback_review.bot import replies
from fallback_review.github.changed_lockfiles import Side
from fallback_review.lockfiles import LockfileError, parse
from fallback_review.pipeline import explain as explaining
from fallback_review.pull_requests.files import text_at
from fallback_review.pull_requests.review import gather
from fallback_review.report.explanation import render_explanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement

    from fallback_review.bot.replies import Reply
    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.index.session import IndexSession
    from fallback_review.lockfiles import Text
    from fallback_review.prediction import Explanation
    from fallback_review.pull_requests.review import Gathered
    from fallback_review.pull_requests.run import Run


def explain(
    run: Run, client: Client, event: PullRequestEvent, requirement: Requirement, index_session: IndexSession
) -> Reply:
    """Explain a package wherever the lockfiles that the pull request changes lock it at its head.

    Raises `GitHubError`, `SettingsError` and `LockfileError`.
    """
    with client.at_most(run.options.request_budget):
        gathered = gather(run, client, event)
        texts = list(_texts(gathered))
        if not texts:
            return replies.no_lockfile()
        ask = index_session.of(gathered.settings.indexes)
        parts = [
            (text.path, part)
            for text in texts
            for part in _told_once(explaining.explain(text, requirement, gathered.settings, ask))
        ]
    if parts:
        return replies.explained(parts)
    names = sorted({package.name for text in texts for package in parse(text).packages})
    wanted = canonicalize_name(requirement.name)
    return replies.not_locked(requirement, difflib.get_close_matches(wanted, names, n=3))


def _told_once(explained: Iterable[tuple[Explanation, str]]) -> Iterator[str]:
    """Yield the explanations, those for several targets that read the same as one."""
    targets: dict[str, list[str]] = {}
    for explanation, why in explained:
        target, _, rest = render_explanation(explanation, why).partition("\n")
        targets.setdefault(rest, []).append(target)
    for rest, titles in targets.items():
        yield "\n".join([*titles, rest])


def _texts(gathered: Gathered) -> Iterator[Text]:
    for file in gathered.changed:
        if file.problem is not None:
            raise LockfileError(file.path, file.problem)
        if file.head_path is not None and file.head_bytes is not None:
            yield text_at(
                gathered.files, Side.HEAD, file.head_path, file.head_bytes, gathered.settings, link=file.link
            )
