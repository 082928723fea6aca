"""`fix`: the patch that fixes a pull request's lockfiles, or a commit of it where the team has said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.bot import replies
from fallback_review.github.commits import commit, refusal
from fallback_review.github.errors import GitHubError, Need
from fallback_review.github.transport import AppKey
from fallback_review.pull_requests.mend import whole_patch
from fallback_review.pull_requests.review import review_pull_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.bot.replies import Reply
    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.index.session import IndexSession
    from fallback_review.pipeline.mend import Mended
    from fallback_review.pull_requests.run import Run

MESSAGE = "Take Chainguard's files in the lockfiles"


def fix(run: Run, client: Client, event: PullRequestEvent, index_session: IndexSession) -> Reply:
    """Answer with the patch, or commit it where the base branch's policy and an App's permissions allow.

    Raises `GitHubError` and `SettingsError`.
    """
    reviewed = review_pull_request(run, client, event, index_session)
    fixes = reviewed.fixes
    if not fixes:
        return replies.nothing_to_mend()
    said = ""
    if reviewed.gathered.settings.policy.commit_fixes:
        url, why = _committed(run, client, event, fixes)
        if url is not None:
            return replies.committed(url, [each.path for each in fixes])
        said = f"Nothing was committed: {why}."
    return replies.mended(whole_patch(fixes), [each.path for each in fixes], said)


def _committed(
    run: Run, client: Client, event: PullRequestEvent, fixes: Sequence[Mended]
) -> tuple[str | None, str]:
    """Return the commit's address, or why there is none."""
    if not isinstance(run.identity, AppKey):
        return None, "it needs a GitHub App (app-id) with the permission contents: write"
    if why := refusal(client, event):
        return None, why
    files = {each.path: each.after.encode() for each in fixes}
    try:
        with run.connect(event.urls, event.repository, (Need.CONTENTS_WRITE,)) as writing:
            return commit(writing, event, MESSAGE, files), ""
    except GitHubError as error:
        return None, str(error).rstrip(".")
