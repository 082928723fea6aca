"""The gate: a verdict belongs to the base, the head and the configuration that it was found for, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.github.conversation import COMMENT
from tests.action.job import BEFORE, FALLEN, FIXED, LOCK, SETTINGS, Runner, lock, settings
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Ended
    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]

EVERYTHING: dict[str, Any] = {"status": "true", "review_comments": "true"}
RED = "### ❌ 1 of 1 changed package comes from PyPI"
GREEN = "### ✅ The one changed package comes from Chainguard"
NOT_CHECKED = "### ❔ Not checked"
WRITES = ("POST", "PATCH", "DELETE")


def titles(pull: PullRequest) -> list[str]:
    """Return the first visible line of each comment of ours."""
    ours = [each["body"] for each in pull.comments() if each["user"]["login"] == "github-actions[bot]"]
    return [COMMENT.visible(body).splitlines()[0] for body in ours]


def state(pull: PullRequest, which: int = 0) -> dict[str, Any]:
    found = [state for each in pull.comments() if (state := COMMENT.read(each["body"])) is not None]
    return found[which]


def statuses(pull: PullRequest) -> dict[str, str]:
    """Return the head's newest state in each context."""
    found = pull.repository.lab.front.gaps.statuses
    return {each["context"]: each["state"] for each in found if each["sha"] == pull.head}


def lines(pull: PullRequest) -> list[int]:
    return [each["line"] for each in pull.review_comments()]


def written(lab: Lab) -> list[str]:
    return [str(each) for each in lab.front.exchanges if each.verb in WRITES and each.path != "/graphql"]


@pytest.fixture
def stacked(lab: Lab, runner: Runner) -> PullRequest:
    """A pull request onto a branch that already has the fallback: green there, red onto main."""
    repository = lab.repository({SETTINGS: settings(runner.index), **BEFORE})
    repository.push("parent", FALLEN, start="main")
    return repository.pull_request({LOCK: lock(built="2.0", behind="2.0")}, branch="child", base="parent")


def test_a_stacked_pull_request_that_is_retargeted(runner: Runner, stacked: PullRequest) -> None:
    old = runner.environment(of_pull_request(stacked), **EVERYTHING)
    assert runner.run(stacked, **EVERYTHING).code == 0
    assert (titles(stacked), statuses(stacked)) == ([GREEN], {"fallback-review": "success"})
    assert (state(stacked)["base"], state(stacked)["head"]) == ("parent", stacked.head)
    ended = runner.run(stacked.retarget("main"), "edited", **EVERYTHING)
    assert ended.code == 1
    red = "### ❌ 1 of 2 changed packages comes from PyPI"
    assert (titles(stacked), statuses(stacked), lines(stacked)) == (
        [red],
        {"fallback-review": "failure"},
        [2],
    )
    assert state(stacked)["base"] == "main"
    # Somebody runs the first job again: what it found is of another base.
    runner.lab.front.exchanges.clear()
    ended = runner.step(old)
    assert (ended.code, ended.outputs) == (3, {"conclusion": "unknown"})
    assert "its base is main by now, and this run compared with parent" in ended.annotations("error")[0]
    assert written(runner.lab) == []
    assert (titles(stacked), statuses(stacked), lines(stacked)) == (
        [red],
        {"fallback-review": "failure"},
        [2],
    )


def test_a_retargeting_while_a_run_is_at_work(runner: Runner, stacked: PullRequest) -> None:
    runner.lab.front.faults.append(
        Fault(verb="GET", path=".*/compare/.*", before=lambda: stacked.retarget("main"))
    )
    ended = runner.run(stacked, **EVERYTHING)
    assert (ended.code, titles(stacked), statuses(stacked)) == (3, [], {})


@pytest.mark.parametrize("graphql", [True, False])
def test_a_late_run_of_an_old_head_writes_nothing(runner: Runner, opened: Opened, *, graphql: bool) -> None:
    """No first comment either, and it takes nothing back."""
    runner.lab.front.gaps.graph.absent = not graphql
    pull = opened(BEFORE, FIXED)
    late = runner.environment(of_pull_request(pull), **EVERYTHING)
    runner.run(pull.push(FALLEN), "synchronize", review_comments="true", comment="never")
    assert lines(pull) == [2]
    runner.lab.front.exchanges.clear()
    ended = runner.step(late)
    assert (ended.code, titles(pull), lines(pull), written(runner.lab)) == (3, [], [2], [])
    assert f"its head is {pull.head[:7]} by now" in ended.annotations("error")[0]


def test_a_run_again_for_a_head_that_was_pushed_away(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FIXED)
    old = runner.environment(of_pull_request(pull), **EVERYTHING)
    assert runner.step(old).code == 0
    assert runner.run(pull.push(FALLEN, force=True), "synchronize", **EVERYTHING).code == 1
    assert runner.step(old).code == 3
    assert (titles(pull), statuses(pull)) == ([RED], {"fallback-review": "failure"})


def test_two_configurations_on_one_pull_request(runner: Runner, opened: Opened) -> None:
    """A monorepo's two jobs, or an organisation's workflow beside the repository's own."""
    pull = opened(
        {**BEFORE, f"research/{LOCK}": lock(built="1.0")},
        {**FALLEN, f"research/{LOCK}": lock(built="2.0")},
    )
    services: dict[str, Any] = {"name": "Services", "lockfiles": "!research/", **EVERYTHING}
    research: dict[str, Any] = {
        "name": "Research --> @everyone",
        "lockfiles": "!/requirements.txt",
        **EVERYTHING,
    }
    for _ in range(2):
        assert runner.run(pull, **services).code == 1
        assert runner.run(pull, **research).code == 0
        assert titles(pull) == [
            f"{RED} · Services",
            f"{GREEN} · Research --&#62; &#64;&#8203;everyone",
        ]
        assert statuses(pull) == {
            "fallback-review / Services": "failure",
            "fallback-review / Research --> @everyone": "success",
        }
        assert lines(pull) == [2]
    writes = len(written(runner.lab))
    runner.run(pull, **services)
    assert len(written(runner.lab)) == writes  # nothing flips back and forth


@pytest.mark.parametrize("name", ["two\nlines", "wide  gap", "in\u200bvisible", "\u202eback", "x" * 101])
def test_names_that_nobody_could_tell_apart(runner: Runner, opened: Opened, name: str) -> None:
    ended = runner.run(opened(BEFORE, FIXED), name=name)
    assert ended.code == 2
    assert "input name" in ended.annotations("error")[0]
    assert runner.lab.front.exchanges == []


def stops_at(runner: Runner, pull: PullRequest, how: str) -> Ended:
    """Run where no verdict can be had."""
    if how == "settings":
        pull.repository.push("main", {SETTINGS: "[policy]\nfail-of = 1\n"})
    else:
        runner.lab.front.faults.append(Fault(verb="GET", path=".*/compare/.*", status=502, times=99))
    ended = runner.run(pull, "synchronize", **EVERYTHING)
    runner.lab.front.faults.clear()
    return ended


@pytest.mark.parametrize(("how", "code", "why"), [("settings", 2, "fail-of"), ("GitHub", 3, "said 502")])
@pytest.mark.parametrize("before", [FIXED, FALLEN])
def test_a_run_without_a_verdict_replaces_what_was_said(
    runner: Runner, opened: Opened, before: dict[str, str], *, how: str, code: int, why: str
) -> None:
    pull = opened(BEFORE, before)
    runner.run(pull, **EVERYTHING)
    said = lines(pull)
    ended = stops_at(runner, pull.push({"README.md": "more\n"}), how)
    assert (ended.code, ended.outputs) == (code, {"conclusion": "unknown"})
    assert (titles(pull), statuses(pull)) == ([NOT_CHECKED], {"fallback-review": "error"})
    assert why in pull.comments()[0]["body"]
    assert lines(pull) == said  # nobody knows whether they hold
    assert "Not checked" in ended.summary
    assert why in ended.summary
    pull.repository.push("main", {SETTINGS: settings(runner.index)})
    runner.run(pull, "synchronize", **EVERYTHING)
    assert titles(pull) == [GREEN if before is FIXED else RED]


def test_without_a_verdict_nothing_is_begun(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FIXED)
    assert stops_at(runner, pull, "settings").code == 2
    assert (titles(pull), statuses(pull)) == ([], {"fallback-review": "error"})


def test_a_comment_that_an_earlier_setting_left(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    runner.run(pull, name="another")
    runner.run(pull, comment="never")
    assert titles(pull) == [f"{RED} · another"]


def test_channels_that_are_switched_off_go_on_telling_the_truth(runner: Runner, opened: Opened) -> None:
    """A status and comments on lines of another workflow, or of an earlier setting."""
    pull = opened(BEFORE, FALLEN)
    runner.run(pull, **EVERYTHING)
    assert (lines(pull), statuses(pull)) == ([2], {"fallback-review": "failure"})
    pull.repository.push("main", {SETTINGS: settings(runner.index, "[policy]\nfail-on = []\n")})
    runner.run(pull)
    assert (lines(pull), statuses(pull)) == ([2], {"fallback-review": "success"})
    runner.run(pull.push(FIXED), "synchronize")
    assert lines(pull) == []


def test_a_status_that_can_not_be_set_right_is_told(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull, **EVERYTHING)
    pull.repository.push("main", {SETTINGS: settings(runner.index, "[policy]\nfail-on = []\n")})
    poor = runner.lab.token(contents="read", pull_requests="write", statuses="read")
    ended = runner.run(pull, token=poor)
    assert [line for line in ended.annotations("warning") if "statuses: write" in line], ended.log


def test_a_comment_that_somebody_edited_is_mended(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    [comment] = pull.comments()
    marker = comment["body"].splitlines()[0]
    for tampered in (
        f"{marker}\n### ✅ All is well",
        comment["body"].replace("❌", "✅"),
        f"{COMMENT.write({**state(pull), 'open': False})}\n### ✅ All is well",
        comment["body"].replace("/actions/runs/42", "/actions/runs/42/evil"),
    ):
        pull.edit(comment["id"], tampered)
        ended = runner.run(pull, variables={"GITHUB_RUN_ID": "43"})
        assert ended.code == 1
        assert pull.comments()[0]["body"] == comment["body"].replace("/runs/42)", "/runs/43)")
        pull.edit(comment["id"], comment["body"])


@pytest.mark.parametrize(("after", "shown"), [(FALLEN, True), (FIXED, False)])
def test_a_comment_that_somebody_hid(
    runner: Runner, opened: Opened, after: dict[str, str], *, shown: bool
) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    [comment] = pull.comments()
    pull.hide(comment["id"])
    runner.run(pull.push({**after, "README.md": "x\n"}), "synchronize")
    assert (f"IC_{comment['id']}" not in runner.lab.front.gaps.graph.hidden) is shown


def test_runs_again_add_no_comments_on_lines(runner: Runner, opened: Opened) -> None:
    """Seventy findings made thirty comments, then sixty, then seventy."""
    many = {f"absent-{number}": "1.0" for number in range(70)}
    pull = opened({LOCK: "built==1.0\n"}, {LOCK: "built==1.0\n" + lock(**many)})
    for _ in range(3):
        runner.run(pull, **EVERYTHING)
        assert len(lines(pull)) == 30


def test_a_line_that_github_refuses_costs_that_line_alone(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, {LOCK: lock(built="1.0", behind="2.0", absent="1.0")})
    runner.lab.front.gaps.refused_lines.add((LOCK, 2))
    ended = runner.run(pull, **EVERYTHING)
    assert lines(pull) == [3]
    [line] = ended.annotations("warning")
    assert "Some review comments: GitHub refused comments on requirements.txt:2" in line


def test_the_base_is_gone(runner: Runner, stacked: PullRequest) -> None:
    """A parent that was merged and deleted: GitHub retargets the child, whose old run can be run again."""
    old = runner.environment(of_pull_request(stacked), **EVERYTHING)
    stacked.retarget("main")
    runner.lab.do("DELETE", f"{stacked.repository.path}/git/refs/heads/parent")
    assert runner.step(old).code == 3
    assert (titles(stacked), statuses(stacked)) == ([], {})
