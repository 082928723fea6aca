"""The input `cache-dir`: pages of the indexes in the workspace, for later runs."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest

from fallback_review.action import main
from fallback_review.action.cache import BOTS
from fallback_review.index.page_cache import FILE
from tests.action.job import BEFORE, FIXED, SETTINGS, Ended, Runner
from tests.github_lab.fixtures import QUICK
from tests.github_lab.payloads import of_pull_request, of_schedule
from tests.servers.scripted import ScriptedServer, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.github_lab.lab import PullRequest


def reply(seen: Seen) -> list[object]:
    """An index with entity tags; a page depends on its address alone."""
    name = seen.path.strip("/").rpartition("/")[2]
    if seen.headers.get("if-none-match") == '"one"':
        return answer(304, headers={"ETag": '"one"'}, content_type=None)
    below = f"/python/simple/{name}" if seen.path.startswith("/python/") else "/packages"
    files = [
        {
            "filename": f"{name}-{version}-py3-none-any.whl",
            "url": f"{below}/{version}/{name}-{version}-py3-none-any.whl",
            "hashes": {"sha256": f"{len(below):x}{version[0]}".rjust(64, "0")},
        }
        for version in ("1.0", "2.0")
    ]
    page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
    return answer(body=json.dumps(page).encode(), headers={"ETag": '"one"'})


@pytest.fixture
def tagged() -> Iterator[ScriptedServer]:
    with scripted(reply) as server:
        yield server


@pytest.fixture
def pull(runner: Runner, tagged: ScriptedServer) -> PullRequest:
    told = (
        f'[indexes]\nchainguard = "{tagged.url}/python/simple/"\npypi = "{tagged.url}/simple/"\n'
        'layout = "virtual-file"\n'
    )
    return runner.lab.repository({SETTINGS: told, **BEFORE}).pull_request(FIXED)


class Jobs:
    """Steps in one workspace, as on a runner that keeps it or gets its cache back."""

    def __init__(self, runner: Runner, pull: PullRequest, tagged: ScriptedServer, workspace: Path) -> None:
        self._runner, self._pull, self._tagged = runner, pull, tagged
        self.workspace = workspace
        workspace.mkdir()

    def run(self, *, scheduled: bool = False, **inputs: Any) -> tuple[Ended, set[bool]]:
        """Run a step; return how it ended, and whether it asked with conditions, without, or both."""
        self._tagged.seen.clear()
        runner, pull = self._runner, self._pull
        environ = (
            runner.environment(of_schedule(pull.repository), event="schedule", **inputs)
            if scheduled
            else runner.environment(of_pull_request(pull, "opened"), **inputs)
        )
        environ["GITHUB_WORKSPACE"] = str(self.workspace)
        if scheduled:
            log = io.StringIO()
            code = main.run(environ, log, patience=QUICK)
            ended = Ended(code=code, log=log.getvalue(), outputs={}, summary="", workspace=self.workspace)
        else:
            ended = runner.step(environ)
        return ended, {"if-none-match" in seen.headers for seen in self._tagged.seen}


@pytest.fixture
def jobs(runner: Runner, pull: PullRequest, tagged: ScriptedServer, tmp_path: Path) -> Jobs:
    return Jobs(runner, pull, tagged, tmp_path / "shared-workspace")


def test_pages_are_confirmed_on_the_next_run(jobs: Jobs) -> None:
    first, asked = jobs.run(cache_dir="kept/pages")
    assert asked == {False}
    before = first.report["lockfiles"]
    second, asked = jobs.run(cache_dir="kept/pages")
    assert asked == {True}
    assert second.report["lockfiles"] == before
    assert (jobs.workspace / "kept/pages" / FILE).is_file()
    assert first.code == second.code == 0, second.log


def test_no_page_is_kept_unasked(jobs: Jobs) -> None:
    for _ in range(2):
        _, asked = jobs.run()
        assert asked == {False}
    assert not list(jobs.workspace.rglob(FILE))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root, as which the container runs, gives files away")
def test_the_folder_belongs_to_the_workspaces_owner(jobs: Jobs) -> None:
    os.chown(jobs.workspace, 1001, 121)
    jobs.run(cache_dir="kept/pages")
    for made in ("kept", "kept/pages"):
        owner = (jobs.workspace / made).stat()
        assert (owner.st_uid, owner.st_gid) == (1001, 121)


def test_a_checkout_may_bring_a_folder_along(jobs: Jobs) -> None:
    jobs.run(cache_dir="kept")
    (jobs.workspace / ".git").mkdir()
    ended, asked = jobs.run(cache_dir="kept")
    assert asked == {False}
    assert ended.code == 0
    [warning] = ended.annotations("warning")
    assert "cache-dir is not used: the workspace holds a checkout" in warning


def test_a_folder_that_cannot_be_used_is_a_warning(jobs: Jobs) -> None:
    (jobs.workspace / "taken").write_text("")
    ended, asked = jobs.run(cache_dir="taken")
    assert (ended.code, asked) == (0, {False})
    [warning] = ended.annotations("warning")
    assert "taken can't be used (File exists): the review goes on without it." in warning


def test_the_bot_keeps_pages_where_nobody_says_otherwise(jobs: Jobs) -> None:
    ended, asked = jobs.run(scheduled=True, mode="drift")
    assert asked == {False}, ended.log
    assert (jobs.workspace / BOTS / FILE).is_file()
    assert jobs.run(scheduled=True, mode="drift")[1] == {True}
    assert jobs.run(scheduled=True, mode="drift", cache_dir="none")[1] == {False}
    (jobs.workspace / ".git").mkdir()
    ended, asked = jobs.run(scheduled=True, mode="drift")
    assert asked == {False}
    assert "cache-dir" not in ended.log
