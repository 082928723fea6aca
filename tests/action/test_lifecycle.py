"""One pull request from its opening to its end: what people see of it on GitHub at each step."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.action.job import BEFORE, FALLEN, FIXED, LOCK, Runner, lock, settings
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import Lab, PullRequest

    Opened = Callable[..., PullRequest]

RED = "### ❌ 1 of 1 changed package comes from PyPI"
GREEN = "### ✅ The one changed package comes from Chainguard"
CLEAR = "### ✅ No lockfile changed"


def headlines(pull: PullRequest) -> list[str]:
    """Return the visible first line of every comment of ours."""
    ours = [comment for comment in pull.comments() if comment["user"]["login"] == "github-actions[bot]"]
    return [comment["body"].splitlines()[1] for comment in ours]


def head_in_marker(pull: PullRequest) -> str:
    first: str = pull.comments()[-1]["body"].splitlines()[0]
    assert first.startswith("<!-- fallback-review:v1 ")
    marked: dict[str, Any] = json.loads(first.removeprefix("<!-- fallback-review:v1 ").removesuffix(" -->"))
    return str(marked["head"])


def test_opened(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    ended = runner.run(pull)
    assert ended.code == 1
    [comment] = pull.comments()
    assert headlines(pull) == [RED]
    assert "| [behind](" in comment["body"]
    assert head_in_marker(pull) == pull.head
    assert ended.summary.startswith(RED)
    assert ended.outputs == {
        "conclusion": "fail",
        "changed-count": "1",
        "fallback-count": "1",
        "chainguard-count": "0",
        "unknown-count": "0",
        "report": "fallback-review.json",
        "patch": "",
        "prediction-held": "",
        "comment-url": comment["html_url"],
    }
    assert (ended.report["conclusion"], ended.report["head"]) == ("fail", pull.head)


def test_synchronised_then_fixed_then_taken_back(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    [first] = pull.comments()
    shown = []
    for files in ({"README.md": "more\n"}, FIXED, BEFORE):
        ended = runner.run(pull.push(files), "synchronize")
        shown.append((ended.code, *headlines(pull)))
        assert ended.outputs["comment-url"] == first["html_url"]
        assert head_in_marker(pull) == pull.head
    assert shown == [(1, RED), (0, GREEN), (0, CLEAR)]
    assert [comment["id"] for comment in pull.comments()] == [first["id"]]


def test_run_again_on_the_same_head(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    ended = runner.run(pull, variables={"GITHUB_RUN_ID": "43"})
    assert ended.code == 1
    assert headlines(pull) == [RED]
    assert ended.outputs["comment-url"] == pull.comments()[0]["html_url"]
    assert runner.lab.recorded("PATCH", ".*") == []  # it says the same already


def test_a_change_taken_back_before_anything_was_said(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN).push(BEFORE)
    ended = runner.run(pull, "synchronize")
    assert (ended.code, pull.comments()) == (0, [])
    assert ended.outputs["comment-url"] == ""


def test_no_lockfile_changed(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, {"app.py": "print()\n"})
    ended = runner.run(pull)
    assert (ended.code, ended.outputs["conclusion"], pull.comments()) == (0, "pass", [])
    assert "No lockfile changed" in ended.log
    assert "No lockfile changed" in ended.summary
    assert runner.index.log == []
    assert len(runner.lab.front.exchanges) == 3


def test_lockfile_deleted(runner: Runner, opened: Opened) -> None:
    pull = opened({**BEFORE, "keep.txt": "x\n"}, {LOCK: None})
    ended = runner.run(pull)
    assert (ended.code, ended.outputs["conclusion"]) == (0, "pass")
    assert [change["kind"] for change in ended.report["lockfiles"][0]["changes"]] == ["removed", "removed"]
    assert headlines(pull) == ["### ✅ Nothing new to install from an index"]
    assert runner.index.log == []


def test_lockfile_added(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened({}, {LOCK: lock(built="1.0", absent="1.0")}))
    assert ended.code == 1
    assert ended.outputs["changed-count"] == "2"
    assert (ended.outputs["fallback-count"], ended.outputs["chainguard-count"]) == ("1", "1")


def test_lockfile_renamed(runner: Runner, opened: Opened) -> None:
    content = lock(**{f"package{number}": "1.0" for number in range(30)})
    pull = opened({LOCK: content}, {LOCK: None, "requirements/requirements.txt": content})
    ended = runner.run(pull)
    assert (ended.code, ended.outputs["changed-count"]) == (0, "0")
    assert runner.index.log == []


def test_lockfile_migrated(runner: Runner, opened: Opened) -> None:
    pylock = (
        'lock-version = "1.0"\ncreated-by = "test"\n'
        '[[packages]]\nname = "built"\nversion = "1.0"\n'
        '[[packages]]\nname = "behind"\nversion = "2.0"\n'
    )
    ended = runner.run(opened(BEFORE, {LOCK: None, "pylock.toml": pylock}))
    [lockfile] = ended.report["lockfiles"]
    assert lockfile["path"] == "pylock.toml"
    assert [(change["name"], change["kind"]) for change in lockfile["changes"]] == [
        ("behind", "upgraded"),
        ("built", "artifacts-changed"),  # neither side has a hash that shows it to be the same file
    ]


def test_two_runs_at_once_leave_one_comment(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    steps = [runner.environment(of_pull_request(pull)) for _ in range(2)]
    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(runner.step, steps))
    assert [each.code for each in ended] == [1, 1]
    assert headlines(pull) == [RED]
    assert {each.outputs["comment-url"] for each in ended} == {pull.comments()[0]["html_url"]}


def test_a_run_that_was_overtaken_changes_nothing(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    late = runner.environment(of_pull_request(pull.push({"README.md": "1\n"}), "synchronize"), status="true")
    runner.run(pull.push(FIXED), "synchronize")
    ended = runner.step(late)
    assert ended.code == 3  # its verdict is about something that is no more
    assert headlines(pull) == [GREEN]
    assert head_in_marker(pull) == pull.head


def test_a_push_while_a_run_is_at_work(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull)
    early = runner.environment(of_pull_request(pull.push({"README.md": "1\n"}), "synchronize"))

    def push() -> None:
        runner.run(pull.push(FIXED), "synchronize")

    runner.lab.front.faults.append(Fault(verb="POST", path="/graphql", before=lambda: None))  # the files
    runner.lab.front.faults.append(Fault(verb="POST", path="/graphql", before=push))
    runner.step(early)
    assert headlines(pull) == [GREEN]


def test_a_comment_by_somebody_else_with_our_marker(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    fake = '<!-- fallback-review:v1 {"head":"0"} -->\n### 🟢 All is well'
    pull.comment(fake, login="mallory")
    runner.run(pull)
    runner.run(pull.push(FIXED), "synchronize")
    assert [(comment["user"]["login"], comment["body"].splitlines()[1]) for comment in pull.comments()] == [
        ("mallory", "### 🟢 All is well"),
        ("github-actions[bot]", GREEN),
    ]


def test_150_earlier_comments(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    for number in range(75):
        pull.comment(f"{number}")
    runner.run(pull)
    for number in range(75):
        pull.comment(f"{number}")
    runner.run(pull.push(FIXED), "synchronize")
    assert len(pull.comments()) == 151
    assert headlines(pull) == [GREEN]


def test_more_of_our_comments_than_one(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    for _ in range(3):
        pull.comment('<!-- fallback-review:v1 {"head":"0"} -->\nold', login="github-actions[bot]")
    first = pull.comments()[0]["id"]
    runner.run(pull)
    assert [comment["id"] for comment in pull.comments()] == [first]
    assert headlines(pull) == [RED]


@pytest.mark.parametrize(
    ("mode", "after", "comments"),
    [
        ("changes", FIXED, [GREEN]),
        ("findings", FIXED, []),
        ("findings", FALLEN, [RED]),
        ("never", FALLEN, []),
    ],
)
def test_when_to_comment(
    runner: Runner, opened: Opened, mode: str, after: dict[str, str], comments: list[str]
) -> None:
    pull = opened(BEFORE, after)
    ended = runner.run(pull, comment=mode)
    assert headlines(pull) == comments
    assert ended.code == (1 if after is FALLEN else 0)


def test_findings_that_are_gone_are_taken_back(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    runner.run(pull, comment="findings")
    runner.run(pull.push(FIXED), "synchronize", comment="findings")
    assert headlines(pull) == [GREEN]


def test_the_base_moves_on(runner: Runner, opened: Opened, lab: Lab) -> None:
    """What others merged meanwhile is not this pull request's: the merge base counts."""
    pull = opened(BEFORE, FALLEN)
    payload = of_pull_request(pull)
    pull.repository.push("main", {LOCK: lock(built="2.0", behind="1.0", absent="1.0")})
    ended = runner.step(runner.environment(payload))
    assert [change["name"] for change in ended.report["lockfiles"][0]["changes"]] == ["behind"]


def test_settings_of_the_base_alone_count(runner: Runner, opened: Opened) -> None:
    allow = '[[allow]]\npackage = "*"\nreason = "because I say so"\n[policy]\nfail-on = []\n'
    own = settings(runner.index).replace("[indexes]", f"{allow}\n[indexes]")
    pull = opened(BEFORE, {**FALLEN, ".github/fallback-review.toml": own})
    assert runner.run(pull).code == 1
    # Once merged, they count for the next pull request; also for one that left from before they were.
    pull.repository.push("main", {".github/fallback-review.toml": own})
    assert runner.run(pull).code == 0


def test_an_allowance_of_the_base(runner: Runner, opened: Opened) -> None:
    allow = '[[allow]]\npackage = "behind"\nreason = "known"\nowner = "@acme/platform"\n'
    ended = runner.run(opened(BEFORE, FALLEN, policy=allow))
    assert (ended.code, ended.outputs["conclusion"], ended.outputs["fallback-count"]) == (0, "pass", "1")


def test_settings_in_another_place(runner: Runner, opened: Opened) -> None:
    other = settings(runner.index) + "[policy]\nfail-on = []\n"
    pull = opened({**BEFORE, "tools/review.toml": other}, FALLEN)
    assert runner.run(pull, config="tools/review.toml").code == 0
    assert runner.run(pull).code == 1


def test_inputs_lie_over_settings(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    assert runner.run(pull, fail_on="none").code == 0
    pull = opened({**BEFORE, "locks/odd": lock(behind="1.0")}, {"locks/odd": lock(behind="2.0")})
    assert runner.run(pull).outputs["changed-count"] == "0"
    assert runner.run(pull, lockfiles="locks/*").code == 1
    pull = opened(BEFORE, FALLEN)
    assert runner.run(pull, lockfiles="!requirements.txt").code == 0
