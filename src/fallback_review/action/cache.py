"""Where a step keeps pages of the indexes for the steps of later runs."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fallback_review.index.open import NO_CACHE, CacheFolder

if TYPE_CHECKING:
    from fallback_review.action.runner import Runner

BOTS = ".fallback-review-cache"
"""The folder of the bot, which comes back to the same pages: it keeps them where nobody says otherwise."""


def cache_folder(given: str | None, runner: Runner, *, bot: bool) -> CacheFolder | None:
    """Return the folder that keeps pages, made where there is none; None where pages are kept nowhere.

    A checkout may bring a folder along that a pull request filled: its pages would pass for an index's. So no
    folder of a workspace with a checkout is used, and a warning says so where an input names it.

    Args:
        given: The input, a path from the workspace.
        runner: Whose workspace that is.
        bot: Whether this run is one of the bot's.
    """
    name = given or (BOTS if bot else NO_CACHE)
    if name == NO_CACHE:
        return None
    workspace = Path(os.path.normpath(runner.workspace))
    folder = Path(os.path.normpath(workspace / name))
    if folder.is_relative_to(workspace):
        if os.path.lexists(workspace / ".git"):
            if given:
                runner.warn(
                    "The input cache-dir is not used: the workspace holds a checkout, which may have brought "
                    "that folder along."
                )
            return None
        with suppress(OSError):  # Whoever opens it says what is wrong.
            _make(folder, workspace)
    return CacheFolder(folder, runner.warn)


def _make(folder: Path, workspace: Path) -> None:
    """Make a folder for the workspace's owner: later steps could not delete what belongs to root."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = workspace.stat()
    for each in (folder, *folder.parents):
        if each == workspace:
            return
        os.chown(each, owner.st_uid, owner.st_gid)
