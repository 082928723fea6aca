"""What a pull request changes about its own review: the settings, and the workflow that runs it.

Settings count once they are on the base branch. The workflow of a `pull_request` event is the pull request's
own, so that whoever edits it decides the inputs of this very run: people are told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fallback_review.github.changed_lockfiles import Side
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.prefetch import Wanted
from fallback_review.model import Notice
from fallback_review.settings.changes import settings_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.github.changed_lockfiles import PullRequestFiles

_WORKFLOWS = ".github/workflows/"
_MOST = 20
"""Changed workflows that are looked into."""
_OWN = "fallback-review"
"""What is in the name of the action, and of its image."""
_OWN_FILE = re.compile(r"\b(?:pull_request|merge_group)\b")
"""Events that run the workflow as the pull request has it."""


def wanted(files: PullRequestFiles, config: str) -> Iterator[Wanted]:
    """Give what is to be read of a pull request for this; nothing for one that changes none of it."""
    for path in (*_workflows(files), *([config] if files.may_differ(config) else ())):
        for side in Side:
            yield Wanted(side=side, path=path)


def changes_of_rules(files: PullRequestFiles, config: str, *, workflow: str | None) -> tuple[Notice, ...]:
    """Say what a pull request changes about its own review.

    Args:
        files: the pull request's trees.
        config: the path of the settings file.
        workflow: which workflow runs this, as GITHUB_WORKFLOW_REF tells; None where that is not known.

    Raises `GitHubError`, but not where requests are used up: then what changed is not told in detail.
    """
    found = [_of_workflow(files, path) for path in _workflows(files) if _runs_this(files, path, workflow)]
    if config in _differing(files):
        before, after = (_bytes(files, config, side) for side in Side)
        found += settings_changes(before, after, path=config)
    return tuple(found)


def _differing(files: PullRequestFiles) -> set[str]:
    return {path for each in files.comparison.entries for path in (each.base_path, each.head_path) if path}


def _workflows(files: PullRequestFiles) -> list[str]:
    changed = sorted(path for path in _differing(files) if path.startswith(_WORKFLOWS))
    return [path for path in changed if path.endswith((".yml", ".yaml"))][:_MOST]


def _runs_this(files: PullRequestFiles, path: str, workflow: str | None) -> bool:
    # OWNER/NAME/.github/workflows/review.yml@refs/pull/7/merge
    if workflow is not None and workflow.partition("@")[0] == f"{files.event.repository}/{path}":
        return True
    return any(_uses(_text(files, path, side)) for side in Side)


def _uses(text: str) -> bool:
    steps = re.findall(r"^[ \t-]*[\"']?uses[\"']?[ \t]*:[ \t]*(\S{1,500})", text, re.MULTILINE)
    return any(_OWN in step for step in steps)


def _text(files: PullRequestFiles, path: str, side: Side) -> str:
    return (_bytes(files, path, side) or b"").decode("utf-8", "replace")


def _bytes(files: PullRequestFiles, path: str, side: Side) -> bytes | None:
    try:
        return files.read(path, side)
    except GitHubError as error:
        if error.trouble not in (Trouble.BUDGET, Trouble.TOO_LARGE):
            raise
        return None


def _of_workflow(files: PullRequestFiles, path: str) -> Notice:
    # By the file and not by this run's event, so that later looks say the same.
    own = any(_OWN_FILE.search(_text(files, path, side)) for side in Side)
    when = (
        "on `pull_request` the file that runs is the pull request's own, so it can change the inputs of this "
        "review: let an owner of the file approve the change"
        if own
        else "what it changes counts once merged"
    )
    return Notice(path=path, text=f"this pull request changes a workflow that runs this review; {when}")
