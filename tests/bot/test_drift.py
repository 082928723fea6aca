"""The default branch: one issue, kept up to date, closed and reopened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.bot.drift_memory import KNOWN, POINTS, Memory, Point, is_marked, recall, remembered
from fallback_review.bot.drift_text import LIMIT, TITLE, Open, issue_text
from fallback_review.github.marker import NAME
from fallback_review.model import Outcome
from tests.action.job import SETTINGS, settings
from tests.bot.job import BEFORE, FALLS, LOCK, US, chainguard_builds
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_schedule
from tests.report import pictures
from tests.report.github import page, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.cli.demo.server import DemoIndex
    from tests.action.job import Ended
    from tests.bot.job import Bot
    from tests.github_lab.lab import Repository

    Made = Callable[..., Repository]

TODAY = datetime.now(UTC).date()


def issues(home: Repository) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = home.lab.do("GET", f"{home.path}/issues?state=all&direction=asc")
    return [issue for issue in found if "pull_request" not in issue]


def issue(home: Repository) -> dict[str, Any]:
    [only] = issues(home)
    return only


def drift(bot: Bot, home: Repository, **more: Any) -> Ended:
    return bot.scheduled(home, "drift", **more)


def hashed(index: DemoIndex, name: str, version: str) -> str:
    """Return a line that pins PyPI's files by their hashes."""
    files = [
        file
        for file in index._sites[1].files.values()
        if (file.release.name, file.release.version) == (name, version)
    ]
    return " ".join([f"{name}=={version}", *(f"--hash=sha256:{file.sha256}" for file in files)]) + "\n"


@pytest.mark.parametrize(
    ("ref", "issues_"), [("refs/heads/main", 1), ("refs/heads/topic", 0), ("refs/tags/v1", 0)]
)
def test_a_push_to_the_default_branch_is_followed(bot: Bot, repository: Made, ref: str, issues_: int) -> None:
    home = repository(FALLS)
    payload = {**of_schedule(home), "ref": ref}
    del payload["schedule"]
    bot.lab.front.exchanges.clear()
    ended = bot.step(bot.environment(payload, event="push", mode="drift"))
    assert (ended.code, len(issues(home))) == (0, issues_)
    assert ("is not to the default branch" in ended.log) is (issues_ == 0)
    assert bool(bot.lab.front.exchanges) is (issues_ == 1)


def test_an_issue_tells_what_is_open(bot: Bot, repository: Made) -> None:
    home = repository({LOCK: "good==1.0\nlate==2.0\n", "sub/requirements.txt": "absent==1.0\n"})
    ended = drift(bot, home)
    assert ended.code == 0, ended.log
    made = issue(home)
    assert (made["title"], made["state"], made["user"]["login"]) == (TITLE, "open", US)
    assert [label["name"] for label in made["labels"]] == ["fallback-review"]
    body = made["body"]
    assert "**2** packages need a look." in body
    assert "Chainguard covers 1 of 3 packages (33.3 %)" in body
    assert "New in the last seven days (2)" in body
    assert "late" in body
    place = f"{bot.lab.front.url}/{home.full_name}/blob/{home.commits['main']}"
    assert f"[absent]({place}/sub/requirements.txt#L1) 1.0<br>" in body
    assert f"<sub>sub/requirements.txt · since {TODAY}</sub>" in body
    assert f"| {TODAY} | 1 of 3 | 33.3 % |" in body
    assert "1 of 3 packages come from Chainguard Libraries; 2 open" in ended.log
    assert "The default branch" in ended.summary
    html = parsed(body)
    assert html.count("<table>") == 2
    drift(bot, home, number=2)
    assert issue(home)["body"] == body
    assert {exchange.verb for exchange in bot.lab.front.exchanges if exchange.path != "/graphql"} == {"GET"}


def test_built_by_now_with_the_command_that_moves_the_lock(
    bot: Bot, repository: Made, index: DemoIndex
) -> None:
    home = repository({LOCK: hashed(index, "late", "2.0")})
    drift(bot, home)
    assert "Built by now" not in issue(home)["body"]
    chainguard_builds(index)
    drift(bot, home)
    body = issue(home)["body"]
    assert "Chainguard has built **1** of them: move the lock." in body
    assert "🟢 Built by now: move the lock (1)" in body
    assert "`chainctl libraries update-hashes requirements.txt`" in body


def test_closed_when_nothing_is_left_and_reopened_for_something_new(
    bot: Bot, repository: Made, index: DemoIndex
) -> None:
    home = repository(FALLS)
    drift(bot, home)
    chainguard_builds(index)
    drift(bot, home)
    closed = issue(home)
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    assert "🟢 **Nothing is left to do.**" in closed["body"]
    drift(bot, home)
    assert issue(home)["body"] == closed["body"]
    home.push("main", {LOCK: "absent==1.0\n"})
    drift(bot, home)
    assert issue(home)["state"] == "open"
    assert "absent" in issue(home)["body"]


def test_a_person_who_closes_it_is_not_overruled_for_the_same(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    drift(bot, home)
    bot.lab.do("PATCH", f"{home.path}/issues/{issue(home)['number']}", {"state": "closed"})
    drift(bot, home)
    assert issue(home)["state"] == "closed"
    home.push("main", {LOCK: "late==2.0\nabsent==1.0\n"})
    drift(bot, home)
    assert issue(home)["state"] == "open"


def test_nothing_open_makes_no_issue(bot: Bot, repository: Made) -> None:
    home = repository(BEFORE)
    assert drift(bot, home).code == 0
    assert issues(home) == []
    assert drift(bot, repository({"README.md": "x\n"})).code == 0


def test_someone_else_s_issue_with_our_marker_is_left_alone(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    text = Memory(known={}).marker(NAME) + "\nmine"
    bot.lab.do("POST", f"{home.path}/issues", {"title": "x", "body": text}, login="mallory")
    bot.lab.do("POST", f"{home.path}/issues", {"title": "y", "body": "no marker"}, login=US)
    drift(bot, home)
    assert [each["body"] for each in issues(home)][:2] == [text, "no marker"]
    assert len(issues(home)) == 3


def test_found_without_its_label(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    drift(bot, home)
    bot.lab.do("DELETE", f"{home.path}/issues/{issue(home)['number']}/labels/fallback-review")
    drift(bot, home)
    assert issue(home)["labels"] == []
    drift(bot, home, token="ghp_octocat")
    assert len(issues(home)) == 2  # somebody else's is not ours


def test_two_runs_at_once_leave_one_issue_open(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    bot.environment({"repository": {"full_name": home.full_name}})
    with ThreadPoolExecutor(2) as pool:
        codes = [ended.code for ended in pool.map(lambda number: drift(bot, home, number=number), (1, 2))]
    assert codes == [0, 0]
    drift(bot, home)
    opened = [each for each in issues(home) if each["state"] == "open"]
    assert [each["number"] for each in opened] == [min(each["number"] for each in issues(home))]


def test_a_duplicate_is_closed(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    drift(bot, home)
    again = {"title": "again", "body": issue(home)["body"], "labels": ["fallback-review"]}

    def other_run() -> None:
        bot.lab.do("POST", f"{home.path}/issues", again, login=US)

    other_run()
    drift(bot, home)
    assert [each["state"] for each in issues(home)] == ["open", "closed"]
    fresh = repository(FALLS)
    again_there = {**again, "title": "first"}
    bot.lab.front.faults.append(
        Fault(
            verb="POST",
            path=f"{fresh.path}/issues",
            before=lambda: bot.lab.do("POST", f"{fresh.path}/issues", again_there, login=US),
        )
    )
    drift(bot, fresh)
    assert [(each["title"], each["state"]) for each in issues(fresh)] == [
        ("first", "open"),
        (TITLE, "closed"),
    ]


def test_made_once_though_the_answer_was_lost(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    bot.lab.front.faults.append(Fault(verb="POST", path=".*/issues", status=502, after_work=True))
    assert drift(bot, home).code == 0
    assert len(issues(home)) == 1


def test_a_run_cut_off_changes_nothing(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    drift(bot, home)
    body = issue(home)["body"]
    bot.lab.front.faults.append(Fault(verb="GET", path=".*/git/trees/.*", status=502, times=99))
    assert drift(bot, home).code == 3
    assert issue(home)["body"] == body


def test_what_could_not_be_checked_is_no_news(bot: Bot, repository: Made, index: DemoIndex) -> None:
    home = repository(FALLS)
    drift(bot, home)
    body = issue(home)["body"]
    ended = drift(bot, home, credentials=False)
    assert ended.code == 3
    assert "No package of the default branch could be checked" in ended.annotations("warning")[0]
    assert issue(home)["body"] == body
    # one of two: the issue tells of it, and takes no point of it
    index._sites[0].blocked.clear()
    private = {SETTINGS: settings(index, '\n[[allow]]\npackage = "x"\nreason = "y"\n')}
    home.push("main", {**private, "uv.lock": "nonsense [", LOCK: "late==2.0\n"})
    ended = drift(bot, home)
    assert ended.code == 3
    after = issue(home)["body"]
    assert "Could not be read" in after
    assert "uv.lock" in after
    assert recall(after).points == recall(body).points
    assert recall(after).known.keys() >= recall(body).known.keys()


def test_no_permission_for_issues(bot: Bot, repository: Made) -> None:
    ended = drift(bot, repository(FALLS), token=bot.lab.token(contents="read", issues="read"))
    assert ended.code == 3
    assert "`issues: write`" in ended.annotations("warning")[0]


def test_the_default_branch_is_asked_for_where_the_payload_is_silent(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    environ = bot.environment(
        {"repository": {"full_name": home.full_name}}, event="workflow_dispatch", mode="drift"
    )
    assert bot.step(environ).code == 0
    assert issue(home)["state"] == "open"
    environ = bot.environment(
        {"repository": {"full_name": home.full_name}}, event="schedule", mode="recheck,drift"
    )
    (bot.folder / str(bot.runs) / "event.json").write_text("{}")
    assert bot.step(environ).code == 0
    environ["GITHUB_REPOSITORY"] = ""
    assert bot.step(environ).code == 2


def test_a_budget_of_requests(bot: Bot, repository: Made) -> None:
    home = repository({f"{number}/requirements.txt": "good==1.0\n" for number in range(20)})
    ended = drift(bot, home, request_budget="20")
    assert len(bot.lab.front.exchanges) <= 20
    assert ended.code == 3
    assert "more lockfiles were not read" in issue(home)["body"]


def test_files_beside_and_lockfiles_that_are_odd(bot: Bot, repository: Made, index: DemoIndex) -> None:
    home = repository(
        {
            LOCK: "-r more.txt\n-r ../out.txt\n-r none.txt\n",
            "more.txt": "late==2.0\n",
            "bin/requirements.txt": b"good==1.0\n\xff\xff\x00",
        }
    )
    assert drift(bot, home).code == 3
    body = issue(home)["body"]
    assert "late" in body
    assert "bin/requirements.txt" in body
    assert not bot.lab.recorded("GET", ".*none.txt")


@pytest.mark.parametrize("trouble", ["too-large", "gone", "truncated", "broken"])
def test_trouble_with_a_file(bot: Bot, repository: Made, trouble: str) -> None:
    home = repository(FALLS)
    path = ".*/contents/requirements.txt"
    faults = {
        "too-large": Fault(
            verb="GET", path=path, status=403, body={"message": "x", "errors": [{"code": "too_large"}]}
        ),
        "gone": Fault(verb="GET", path=path, status=404),
        "truncated": Fault(
            verb="GET",
            path=".*/git/trees/.*",
            status=200,
            body={"sha": "0" * 40, "truncated": True, "tree": [{"path": LOCK, "type": "blob"}]},
        ),
        "broken": Fault(verb="GET", path=path, status=500, times=99),
    }
    bot.lab.front.faults.append(faults[trouble])
    ended = drift(bot, home)
    assert ended.code == 3
    assert len(issues(home)) == (0 if trouble == "broken" else 1)
    if trouble != "broken":
        assert "Could not be read" in issue(home)["body"]


def test_hostile_names_are_inert(bot: Bot, repository: Made) -> None:
    name = "a@everyone|<img src=x>`x"
    home = repository(
        {f"{name}/requirements.txt": "late==2.0 ; python_version > '3' # <b>\n", LOCK: "absent==1.0\n"}
    )
    drift(bot, home)
    html = parsed(issue(home)["body"])
    assert "<img" not in html
    assert "@everyone" not in issue(home)["body"]


def test_a_body_within_the_limit(bot: Bot, repository: Made) -> None:
    many = "".join(f"absent-with-a-rather-long-name-{number}==1.0\n" for number in range(700))
    home = repository({LOCK: many})
    drift(bot, home)
    body = issue(home)["body"]
    assert len(body.encode()) <= LIMIT
    assert "more |" in body
    assert len(recall(body).known) == 700
    assert "<details><summary>Coverage over time</summary>" in body


DAY = date(2026, 3, 1)


def point(day: int, covered: int, total: int = 50) -> Point:
    return Point(day=DAY + timedelta(days=day), covered=covered, total=total)


def look(before: Memory, new: Point | None, *keys: str, everything_seen: bool = True) -> Memory:
    day = new.day if new else DAY
    return remembered(before, keys, day, new, everything_seen=everything_seen)


def test_memory_survives_its_marker() -> None:
    memory = Memory(points=(point(0, 10), point(1, 20)), known={"ab12cd34": DAY})
    body = f"{memory.marker(NAME)}\ntext"
    assert is_marked(body, "fallback review")
    assert not is_marked(body, "another")
    assert recall(body) == memory


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "{x}",
        "[]",
        '{"points":[[1]]}',
        '{"points":[["x",1,2]]}',
        '{"known":{"a":1e99}}',
        '{"known":[]}',
        '{"known":{"a":-1}}',
    ],
)
def test_a_damaged_marker_is_forgotten(state: str) -> None:
    assert recall(f"<!-- fallback-review-drift:v1 {state} -->") == Memory(known={})
    assert recall("no marker") == Memory(known={})


def test_points_are_one_a_day_and_few() -> None:
    memory = Memory(known={})
    for day in range(10):
        memory = look(memory, point(day, 10))
    assert [each.day for each in memory.points] == [DAY, point(9, 10).day]
    memory = look(memory, point(9, 11))
    assert [each.covered for each in memory.points] == [10, 11]
    for day in range(10, 200):
        memory = look(memory, point(day, day % 50))
    assert len(memory.points) == POINTS
    assert look(memory, None).points == memory.points


def test_since_when() -> None:
    memory = look(Memory(known={}), point(0, 1), "a", "b")
    memory = look(memory, point(5, 1), "b", "c")
    assert memory.known == {"b": DAY, "c": point(5, 1).day}
    memory = look(memory, point(6, 1), "c", everything_seen=False)
    assert set(memory.known) == {"b", "c"}
    assert len(look(memory, point(7, 1), *map(str, range(KNOWN + 50))).known) == KNOWN


def test_nearly_all_is_not_all() -> None:
    assert (point(0, 50).share, point(0, 9_999, 10_000).share, point(0, 0).share) == (100.0, 99.9, 0.0)


def test_a_chart_over_time(bot: Bot, repository: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from fallback_review.bot import drift_text

    points = tuple(point(day, day % 50) for day in range(40))
    chart = drift_text._chart(points)
    days, shares = (line.count(",") + 1 for line in chart.splitlines()[2:] if "[" in line)
    assert days == shares == 15
    assert "03-01" in chart
    assert "04-09" in chart
    assert drift_text._chart(points[:1]) == ""
    assert drift_text._chart(points[:2]).count(", ") == 2


def test_since_is_shown_once_it_is_old(bot: Bot, repository: Made) -> None:
    home = repository(FALLS)
    drift(bot, home)
    made = issue(home)
    memory = recall(made["body"])
    older = Memory(
        points=(Point(day=TODAY - timedelta(days=30), covered=0, total=2),),
        known=dict.fromkeys(memory.known, TODAY - timedelta(days=30)),
    )
    bot.lab.do("PATCH", f"{home.path}/issues/{made['number']}", {"body": older.marker(NAME)}, login=US)
    drift(bot, home)
    body = issue(home)["body"]
    assert "🟠 Still open (1)" in body
    assert f"requirements.txt · since {TODAY - timedelta(days=30)}</sub>" in body
    assert "xychart-beta" in body
    assert "line [0.0, 50.0]" in body


def told(*ages: int, built: int = 0) -> str:
    """Return the body about the demo's packages in trouble, each first seen so many days ago."""
    whole = replace(pictures.comment(), scope="all")
    (lock,) = whole.lockfiles
    trouble = [each for each in lock.changes if each.outcome in (Outcome.PYPI, Outcome.INSTALL_FAILS)]
    found = [
        Open(reviewed=each, lockfile=lock, key=each.change.name, built=number < built)
        for number, each in enumerate(trouble)
    ]
    since = {each.key: DAY - timedelta(days=age) for each, age in zip(found, ages, strict=False)}
    memory = Memory(points=(point(-9, 10), point(0, 12)), known=since)
    return issue_text(whole, found, memory, DAY, branch="main", name=NAME)


@pytest.mark.lab
def test_what_is_open_for_long_folds_behind_what_is_new() -> None:
    body = told(0, 0, 30, 30, built=1)
    assert "#### 🟢 Built by now: move the lock (1)" in body
    assert "#### 🆕 New in the last seven days (1)" in body
    assert "<details><summary>🟠 Still open (2)</summary>" in body
    assert body.count("<details>") == body.count("</details>") == 2
    assert "#### 🟠 Still open (4)" in told(30, 30, 30, 30)


@pytest.mark.lab
@pytest.mark.parametrize("width", [390, 900])
def test_no_table_is_wider_than_the_screen(width: int) -> None:
    shown = page(told(0, 0, 30, 30, built=1), "light").replace("<details>", "<details open>")
    assert shown.count("<table>") == 4
    assert pictures.too_wide(shown, width=width) == 0
