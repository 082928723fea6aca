"""Second looks: a package is missing at first and built on the second look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from fallback_review.bot.recheck import in_turn
from fallback_review.github.conversation import COMMENT
from tests.action.job import SETTINGS, settings
from tests.bot.job import BEFORE, FALLS, LOCK, US, chainguard_builds, statuses, sticky
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fallback_review.cli.demo.server import DemoIndex
    from tests.bot.job import Bot
    from tests.github_lab.lab import Lab, PullRequest, Repository

    Opened = Callable[..., PullRequest]

ABSENT = {LOCK: "good==1.0\nabsent==1.0\n"}
WRITES = {"POST", "PATCH", "DELETE"}


def marked(body: str, head: str, state: dict[str, object] | None = None) -> str:
    return f"{COMMENT.write({'head': head, **(state or {})})}\n{body}"


def writes(lab: Lab) -> list[str]:
    return [
        str(exchange)
        for exchange in lab.front.exchanges
        if exchange.verb in WRITES and exchange.path != "/graphql"
    ]


def state(pull: PullRequest) -> dict[str, Any]:
    found = COMMENT.read(sticky(pull))
    assert found is not None
    return found


def test_comment_and_status_turn_by_themselves(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true")
    first = sticky(pull)
    assert "comes from PyPI" in first
    assert statuses(pull) == ["failure"]
    ended = bot.scheduled(pull.repository, status="true")
    assert (ended.code, sticky(pull), statuses(pull)) == (0, first, ["failure"])
    assert bot.lab.requests() == [
        f"GET {pull.repository.path}/pulls",
        "POST /graphql",
        f"GET {pull.repository.path}/contents/.github/fallback-review.toml",
    ]
    chainguard_builds(index)
    ended = bot.scheduled(pull.repository, status="true", number=2)
    assert ended.code == 0, ended.log
    second = sticky(pull)
    assert "The one changed package comes from Chainguard" in second
    assert "✅ Resolved since 20" in second
    assert statuses(pull) == ["failure", "success"]
    assert (state(pull)["open"], state(pull)["head"]) == (False, pull.head)
    assert f"Pull request {pull.number}: updated" in ended.log
    assert f"Pull request {pull.number}: updated" in ended.summary
    bot.scheduled(pull.repository, status="true", number=3)
    assert (sticky(pull), statuses(pull), writes(bot.lab)) == (second, ["failure", "success"], [])


def test_since_when_survives_another_run_for_the_same_head(
    bot: Bot, opened: Opened, index: DemoIndex
) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull)
    chainguard_builds(index)
    bot.scheduled(pull.repository)
    resolved = sticky(pull)
    assert bot.run(pull, "synchronize").code == 0
    bot.comment(pull, "/fallback-review recheck")
    assert sticky(pull) == resolved
    bot.run(pull.push({LOCK: "good==1.0\nlate==1.0\n"}), "synchronize")
    assert "Resolved since" not in sticky(pull)


def test_some_of_it_built(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, {LOCK: "late==2.0\nabsent==1.0\n"})
    bot.run(pull)
    chainguard_builds(index)
    bot.scheduled(pull.repository)
    assert "1 of 2 changed packages comes from PyPI" in sticky(pull)
    assert "Resolved since" not in sticky(pull)
    assert state(pull)["open"] is True
    assert statuses(pull) == []


def test_an_answer_that_changes_nothing_writes_nothing(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    from fallback_review.cli.demo.universe import Release
    from tests.bot.job import BUILT

    pull = opened({LOCK: "absent==1.0\n"}, {LOCK: "late==2.0\n"})
    bot.run(pull)
    before = sticky(pull)
    chainguard_builds(index, Release(name="late", version="0.1", on=BUILT))  # further off than 1.0
    ended = bot.scheduled(pull.repository)
    assert len(bot.lab.recorded("GET", ".*/compare/.*")) == 1  # reviewed anew…
    assert (sticky(pull), writes(bot.lab)) == (before, [])  # …and found the same
    assert "unchanged" in ended.log


def test_what_could_not_be_checked_at_first(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, {LOCK: "good==1.0\nlate==1.0\n"})
    bot.run(pull, status="true", credentials=False)
    assert statuses(pull) == ["error"]
    bot.scheduled(pull.repository, status="true")
    assert statuses(pull) == ["error", "success"]
    assert "Resolved since" in sticky(pull)


@pytest.mark.parametrize(
    "known", [{}, {"watch": 1, "seen": "x"}, {"watch": {"x": [1]}, "seen": "x"}, {"open": "?"}]
)
def test_a_marker_that_remembers_little_is_reviewed_anew(
    bot: Bot, opened: Opened, known: dict[str, object]
) -> None:
    pull = opened(BEFORE, FALLS)
    pull.comment(marked("an older version's words", pull.head, known), login=US)
    bot.scheduled(pull.repository)
    assert "comes from PyPI" in sticky(pull)
    assert "watch" in state(pull)
    bot.scheduled(pull.repository, number=2)
    assert writes(bot.lab) == []


def test_a_new_head_before_the_look(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull)
    pull.push({LOCK: "good==1.0\nlate==1.0\n"})
    bot.scheduled(pull.repository, status="true")
    assert state(pull)["head"] == pull.head
    assert statuses(pull) == ["success"]
    assert "Resolved since" not in sticky(pull)  # a commit did it


def test_a_new_head_during_the_look(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull)
    chainguard_builds(index)
    runs = bot.environment

    def newer() -> None:
        pull.push({LOCK: "good==1.0\nabsent==1.0\n"})
        bot.process(runs(of_pull_request(pull, "synchronize")))

    bot.lab.front.faults.append(Fault(verb="GET", path=".*/compare/.*", before=newer))
    ended = bot.scheduled(pull.repository, status="true")
    assert "the pull request has a newer commit or another base by now" in ended.log
    assert state(pull)["head"] == pull.head
    assert "absent" in sticky(pull)
    assert statuses(pull) == []  # the status went to the commit that it is about


def test_a_closed_pull_request_is_left_alone(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull)
    before = sticky(pull)
    path = f"{pull.repository.path}/pulls/{pull.number}"
    bot.lab.do("PATCH", path, {"state": "closed"})
    chainguard_builds(index)
    ended = bot.scheduled(pull.repository)
    assert (ended.code, sticky(pull)) == (0, before)
    assert bot.lab.requests() == [f"GET {pull.repository.path}/pulls"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(verb="PATCH", path=".*/issues/comments/.*", status=502, times=99),
        Fault(verb="PATCH", path=".*/issues/comments/.*", killed=True, times=99),
        Fault(verb="POST", path=".*/statuses/.*", status=401, times=99),
        Fault(verb="GET", path=".*/compare/.*", status=401, times=99),
        Fault(verb=".*", path=".*/(issues|pulls).*|/graphql", status=429, headers={"Retry-After": "900"}),
    ],
    ids=lambda fault: f"{fault.verb} {fault.path} {fault.status}",
)
def test_cut_off_in_the_middle(bot: Bot, opened: Opened, index: DemoIndex, fault: Fault) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true")
    chainguard_builds(index)
    fault.times = 99
    bot.lab.front.faults.append(fault)
    assert bot.scheduled(pull.repository, status="true").code != 0 or statuses(pull)[-1] == "failure"
    bot.lab.front.faults.clear()
    assert bot.scheduled(pull.repository, status="true", number=2).code == 0
    assert statuses(pull)[-1] == "success"
    assert state(pull)["open"] is False
    assert "Resolved since" in sticky(pull)
    bot.scheduled(pull.repository, status="true", number=3)
    assert writes(bot.lab) == []


def test_two_runs_at_once(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true")
    chainguard_builds(index)
    with ThreadPoolExecutor(2) as pool:
        ended = list(
            pool.map(lambda number: bot.scheduled(pull.repository, status="true", number=number), (1, 2))
        )
    assert [each.code for each in ended] == [0, 0]
    assert "Resolved since" in sticky(pull)  # and there is one comment
    assert set(statuses(pull)) == {"failure", "success"}
    assert statuses(pull)[-1] == "success"


def test_a_status_that_may_not_be_set_is_owed(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true")
    chainguard_builds(index)
    poor = bot.lab.token(contents="read", pull_requests="write")
    ended = bot.scheduled(pull.repository, status="true", token=poor)
    assert any("`statuses: write`" in line for line in ended.annotations("warning"))
    resolved = sticky(pull)
    assert "Resolved since" in resolved
    assert statuses(pull) == ["failure"]
    bot.scheduled(pull.repository, status="true", token=poor, number=2)
    assert sticky(pull) == resolved
    bot.scheduled(pull.repository, status="true", number=3)
    assert statuses(pull) == ["failure", "success"]
    assert state(pull)["open"] is False
    assert resolved.splitlines()[3] == sticky(pull).splitlines()[3]  # since when, as before


def test_settings_that_change_are_a_reason_to_look(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, ABSENT)
    bot.run(pull, status="true")
    allow = '[[allow]]\npackage = "absent"\nreason = "known"\n'
    pull.repository.push("main", {SETTINGS: settings(index, allow)})
    bot.scheduled(pull.repository, status="true")
    assert statuses(pull) == ["failure", "success"]
    assert "allowed" in sticky(pull)


def test_settings_that_are_wrong_stop_nobody_else(
    bot: Bot, repository: Callable[..., Repository], index: DemoIndex
) -> None:
    home = repository(BEFORE)
    home.push("release", {SETTINGS: "[policy]\nnonsense = 1\n"}, start="main")
    good = home.pull_request(FALLS, branch="good")
    bot.run(good)
    bad = home.pull_request(FALLS, branch="bad")
    bot.lab.do("PATCH", f"{home.path}/pulls/{bad.number}", {"base": "release"})
    bad.comment(marked("x", bad.head), login=US)
    chainguard_builds(index)
    ended = bot.scheduled(home)
    assert ended.code == 3
    [warning] = ended.annotations("warning")
    assert f"Pull request {bad.number}" in warning
    assert "nonsense" in warning
    assert "Resolved since" in sticky(good)


def test_a_pull_request_that_can_not_be_read_stops_nobody_else(
    bot: Bot, repository: Callable[..., Repository], index: DemoIndex
) -> None:
    home = repository(BEFORE)
    first, second = (home.pull_request(FALLS, branch=name) for name in ("one", "two"))
    bot.run(first)
    bot.run(second)
    chainguard_builds(index)
    path = f"{home.path}/compare/main...{first.head}"
    bot.lab.front.faults.append(Fault(verb="GET", path=path, status=500, times=99))
    ended = bot.scheduled(home)
    assert ended.code == 3
    assert "Resolved since" in sticky(second)
    assert "### ❔ Not checked" in sticky(first)
    bot.lab.front.faults.clear()
    assert bot.scheduled(home, number=2).code == 0
    assert "Resolved since" in sticky(first)


def test_nothing_to_do(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, {"README.md": "x\n"})
    pull.comment(marked("copied", pull.head, {"open": True}), login="mallory")
    ended = bot.scheduled(pull.repository)
    assert ended.code == 0
    assert "No open pull request has a comment that lists something." in ended.log
    assert ended.summary == ""
    assert writes(bot.lab) == []


def test_reading_pull_requests_takes_a_permission(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    ended = bot.scheduled(pull.repository, token=bot.lab.token(contents="read"))
    assert ended.code == 3
    [error] = ended.annotations("error")
    assert "pull-requests: read" in error


def test_a_budget_is_kept_and_everyone_has_a_turn(
    bot: Bot, repository: Callable[..., Repository], index: DemoIndex
) -> None:
    home = repository(BEFORE)
    pulls = [home.pull_request(FALLS, branch=f"topic-{number}") for number in range(8)]
    for pull in pulls:
        bot.run(pull)
    chainguard_builds(index)
    turned = []
    for number in range(1, 9):
        ended = bot.scheduled(home, number=number, request_budget="20")
        assert len(bot.lab.front.exchanges) <= 20
        turned.append(sum("Resolved since" in sticky(pull) for pull in pulls))
        if turned[-1] < 8:
            assert "left for a later run" in ended.log
    assert turned[0] >= 1
    assert turned[-1] == 8


def test_a_pull_request_that_is_too_much_for_the_budget(
    bot: Bot, repository: Callable[..., Repository], index: DemoIndex
) -> None:
    home = repository({f"{number}/{LOCK}": "good==1.0\n" for number in range(250)})
    pull = home.pull_request({f"{number}/{LOCK}": "late==2.0\n" for number in range(250)})
    bot.run(pull)
    before = sticky(pull)
    chainguard_builds(index)
    ended = bot.scheduled(home, request_budget="20")
    assert (ended.code, sticky(pull)) == (3, before)
    assert len(bot.lab.front.exchanges) == 20
    [warning] = ended.annotations("warning")
    assert "raise `request-budget`" in warning
    assert bot.scheduled(home, request_budget="100").code == 0
    assert "Resolved since" in sticky(pull)


def test_more_trouble_than_a_marker_holds(bot: Bot, opened: Opened) -> None:
    many = "".join(f"absent-with-a-rather-long-name-{number}==1.0\n" for number in range(100))
    pull = opened(BEFORE, {LOCK: many})
    bot.run(pull)
    assert "watch" not in state(pull)
    before = sticky(pull)
    bot.scheduled(pull.repository)
    assert bot.lab.recorded("GET", ".*/compare/.*")  # reviewed anew
    assert (sticky(pull), writes(bot.lab)) == (before, [])


@pytest.mark.parametrize(
    ("mode", "after", "number"), [("findings", FALLS, 1), ("findings", ABSENT, 1), ("never", FALLS, 0)]
)
def test_whether_there_is_a_comment_at_all(
    bot: Bot, opened: Opened, mode: str, after: dict[str, str], number: int
) -> None:
    pull = opened(BEFORE, after)
    bot.comment(pull, "/fallback-review recheck", comment=mode)
    assert sum(COMMENT.read(each["body"]) is not None for each in pull.comments()) == number


def test_turns() -> None:
    numbers: list[Any] = list(range(7))
    assert in_turn(numbers, 5, 7) == numbers
    for share in (1, 2, 3, 6):
        enough = -(-len(numbers) // share) + 1
        for begun in range(20):
            runs = range(begun, begun + enough)
            assert {each for run in runs for each in in_turn(numbers, run, share)[:share]} == set(numbers)
        first = {in_turn(numbers, run, share)[0] for run in range(200)}
        assert first == set(numbers)  # nobody stands behind somebody for ever
