"""More lockfiles in one pull request than the requests that a run may send: said, and never green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.job import LOCK, Runner, lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

BUDGET = 20


def many(number: int, content: str) -> dict[str, str]:
    return {f"service{each:03}/{LOCK}": content for each in range(number)}


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("diffs", [True, False])
def test_as_many_as_requests_allow(runner: Runner, opened: Opened, *, graphql: bool, diffs: bool) -> None:
    runner.lab.front.gaps.graph.absent = not graphql
    pull = opened(many(290, lock(built="1.0")), many(290, lock(built="2.0")))
    if not diffs:
        runner.lab.front.gaps.without_patch.add(pull.repository.full_name)
    ended = runner.run(pull, request_budget=str(BUDGET), status="true")
    looking = 1 if graphql else 3
    assert len(runner.lab.front.exchanges) == BUDGET + looking + 2  # the comment and the status
    assert (ended.code, ended.outputs["conclusion"], ended.outputs["unknown-count"]) == (3, "unknown", "1")
    read = [each["path"] for each in ended.report["lockfiles"]]
    assert read == list(many(len(read), ""))
    assert len(read) == int(ended.outputs["chainguard-count"])
    assert (len(read) > 100) is graphql
    words = (
        f"{290 - len(read)} lockfiles were not read, the first of them service{len(read):03}/{LOCK}: the run "
        "has sent as many requests to GitHub as it may. Split the pull request, leave lockfiles out with "
        "`lockfiles`, or raise `request-budget`"
    )
    assert f"could not be checked: {words}" in ended.annotations("error")[0]
    [comment] = pull.comments()
    assert f"{290 - len(read)} lockfiles were not read" in comment["body"]
    assert len(comment["body"]) < 65_536
    [status] = runner.lab.front.gaps.statuses[-1:]
    assert (status["sha"], status["state"]) == (pull.head, "error")


def test_those_that_settings_leave_out_cost_nothing(runner: Runner, opened: Opened) -> None:
    before, after = many(290, lock(built="1.0")), many(290, lock(built="2.0"))
    pull = opened({**before, f"app/{LOCK}": lock(built="1.0")}, {**after, f"app/{LOCK}": lock(built="2.0")})
    ended = runner.run(pull, request_budget="20", lockfiles="!service*/")
    assert (ended.code, [each["path"] for each in ended.report["lockfiles"]]) == (0, [f"app/{LOCK}"])
    assert len(runner.lab.front.exchanges) < 10


def test_many_with_unusual_names(runner: Runner, opened: Opened) -> None:
    before = {f"locks/{each}/pins": lock(built="1.0") for each in range(100)}
    pull = opened(before, {path: lock(built="2.0") for path in before})
    ended = runner.run(pull, lockfiles="locks/*/pins")
    assert (ended.code, ended.outputs["chainguard-count"]) == (0, "100")
    assert len(runner.lab.front.exchanges) < 25


def test_files_that_lockfiles_include_count_too(runner: Runner, opened: Opened) -> None:
    included = {f"service{each:03}/more.txt": lock(behind="1.0") for each in range(100)}
    including = f"-r more.txt\n{lock(built='2.0')}"
    pull = opened({**included, **many(100, lock(built="1.0"))}, many(100, including))
    ended = runner.run(pull, request_budget=str(BUDGET))
    assert len(runner.lab.front.exchanges) == BUDGET + 2  # a look, and the comment
    assert ended.code != 0
    read = len(ended.report["lockfiles"])
    assert 0 < read < 100
    assert f"{100 - read} lockfiles were not read" in pull.comments()[0]["body"]


def test_when_there_is_not_even_enough_to_see_what_changed(runner: Runner, opened: Opened) -> None:
    pull = opened({}, {f"docs/{each:04}.md": "x\n" for each in range(2_100)})
    ended = runner.run(pull, request_budget="20")
    assert (ended.code, ended.outputs, pull.comments()) == (3, {"conclusion": "unknown"}, [])
    [line] = ended.annotations("error")
    assert "raise `request-budget`" in line


def test_what_does_not_differ_is_read_once(runner: Runner, opened: Opened) -> None:
    """Also where the lockfile is new; a link's target may differ though the link does not."""
    pip = "[global]\nindex-url = https://{}.example/simple/\n"
    base = {"a/pip.conf": pip.format("old"), "b/pip.conf": pip.format("same"), "c/pip.conf": "[global]"}
    before, after = ({f"{each}/{LOCK}": lock(built=version) for each in "abc"} for version in ("1.0", "2.0"))
    pull = opened(
        {**base, **before, "real.conf": "x"}, {**after, f"d/{LOCK}": lock(built="2.0"), "a/pip.conf": None}
    )
    ended = runner.run(pull)
    assert len(ended.report["lockfiles"]) == 4
    [query] = [each for each in runner.lab.recorded("POST", "/graphql") if "side1" in each.body["variables"]]
    base_side, head_side = (query.body["variables"][f"side{number}"] for number in (1, 2))
    files = [value for key, value in query.body["variables"].items() if key.startswith("file")]
    for path, sides in (("a/pip.conf", 2), ("b/pip.conf", 1), ("c/pip.conf", 1), ("d/pip.conf", 1)):
        asked = [value for value in files if value.endswith(f":{path}")]
        assert asked == [f"{base_side}:{path}", f"{head_side}:{path}"][:sides]
    # Without a line end it may be a link: REST follows it, on each side.
    linked = [each.url.partition("?ref=")[2] for each in runner.lab.recorded("GET", ".*/contents/c/pip.conf")]
    assert sorted(linked) == sorted([base_side, head_side])
