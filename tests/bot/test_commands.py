"""Commands: who may give them, what is answered, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.bot import replies
from fallback_review.bot.command import Verb, read_command
from fallback_review.github.answers import answers_to
from tests import hostile
from tests.bot.job import BEFORE, FALLS, LOCK, US, chainguard_builds, statuses, sticky
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_comment
from tests.report.github import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.cli.demo.server import DemoIndex
    from tests.bot.job import Bot
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

RECHECK = "/fallback-review recheck"


def answers(pull: PullRequest) -> list[tuple[str, str]]:
    return [
        (to, comment["body"])
        for comment in pull.comments()
        if (to := answers_to(comment["body"])) is not None and comment["user"]["login"] == US
    ]


def reactions(bot: Bot, comment: int) -> list[str]:
    return bot.lab.front.gaps.bot.said(comment)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (RECHECK, "recheck"),
        ("/fallback-review", "help"),
        ("/fallback-review\thelp  ", "help"),
        ("Thanks!\n/fallback-review recheck\nbye", "recheck"),
        ("Thanks!\r\n\r\n/fallback-review recheck\r\nbye", "recheck"),
        ("/fallback-review help\n/fallback-review recheck", "help"),
        ("/fallback-review explain Orj.SON==3.10.1", "explain orj-son==3.10.1"),
        ("/fallback-review explain `typing_extensions`", "explain typing-extensions"),
        ("> /fallback-review recheck\n\n/fallback-review help", "help"),
        ("/fallback-review explain", "unknown"),
        ("/fallback-review explain a b", "unknown"),
        ("/fallback-review explain a[x]", "unknown"),
        ("/fallback-review explain a@https://index.example/x.whl", "unknown"),
        ("/fallback-review explain ../../etc/passwd", "unknown"),
        ("/fallback-review explain <img src=x>", "unknown"),
        ("/fallback-review format c:", "unknown"),
        ("/fallback-review explain " + "a" * 300, "unknown"),
    ],
)
def test_commands_are_read(body: str, key: str) -> None:
    command = read_command(body)
    assert command is not None
    assert command.key == key


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nothing",
        "please /fallback-review recheck",
        "/fallback-reviewer recheck",
        "/fallback-review/recheck",
        "/Fallback-Review recheck",
        "> /fallback-review recheck",
        "> quoted\n/fallback-review recheck",  # still the quote, as GitHub shows it
        "```\n/fallback-review recheck\n```",
        "~~~~\n```\n/fallback-review recheck",
        "    /fallback-review recheck",
        "- /fallback-review recheck",
        "# /fallback-review recheck",
        "<!--\n/fallback-review recheck\n-->",
        "<div>\n/fallback-review recheck\n</div>",
        "`/fallback-review recheck`",
        "see `one\n/fallback-review recheck`",
        "[/fallback-review recheck](https://index.example)",
        "\u200b/fallback-review recheck",
        "x" * 4_000 + "\n/fallback-review recheck",
        "x" * 65_537 + "\n\n/fallback-review recheck",
    ],
)
def test_talk_about_commands_is_none(body: str) -> None:
    assert read_command(body) is None


@pytest.mark.parametrize("made", hostile.MARKDOWN.values(), ids=hostile.MARKDOWN)
def test_hostile_markdown_hides_no_command_before_it(made: Callable[[int], str]) -> None:
    text = made(hostile.ENOUGH)
    command = read_command(f"{RECHECK}\n\n{text}")
    assert command is not None
    assert command.verb is Verb.RECHECK
    assert read_command(f"{text}\n{RECHECK}") in (None, command)


def test_help_once_and_in_place(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    comment, ended = bot.comment(pull, "/fallback-review help")
    assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "+1"])
    [(to, body)] = answers(pull)
    assert to == "help"
    assert "/fallback-review explain NAME" in body
    again, _ = bot.comment(pull, "/fallback-review help")
    assert reactions(bot, again) == ["eyes", "+1"]
    assert answers(pull) == [(to, body)]
    assert sum("/collaborators/" in each for each in bot.lab.requests()) == 0  # the author may


def test_recheck(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true")
    chainguard_builds(index)
    comment, ended = bot.comment(pull, RECHECK, "mallory", status="true")
    assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "+1"])
    assert "Resolved since" in sticky(pull)
    assert statuses(pull) == ["failure", "success"]
    [(_, body)] = answers(pull)
    assert "The one changed package comes from Chainguard, at commit" in body
    assert pull.head[:7] in body
    [url] = [each["html_url"] for each in pull.comments() if each["body"] == sticky(pull)]
    assert f"({url})" in body


def test_recheck_without_a_comment_yet(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.comment(pull, RECHECK)
    assert "comes from PyPI" in sticky(pull)
    other = opened(BEFORE, {"README.md": "x\n"})
    bot.comment(other, RECHECK)
    [(_, body)] = answers(other)
    assert "No lockfile changed" in body
    assert len(other.comments()) == 2


def test_recheck_overtaken_by_a_commit(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.run(pull)

    def newer() -> None:
        pull.push({LOCK: "good==1.0\nabsent==1.0\n"})
        from tests.github_lab.payloads import of_pull_request

        bot.process(bot.environment(of_pull_request(pull, "synchronize")))

    bot.lab.front.faults.append(Fault(verb="GET", path=".*/compare/.*", before=newer))
    comment, ended = bot.comment(pull, RECHECK)
    assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "confused"])
    assert "A new commit has arrived" in answers(pull)[0][1]
    assert "absent" in sticky(pull)


def test_the_owner_is_known_without_asking(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.comment(pull, "/fallback-review help", "acme", at={"association": "OWNER"})
    assert len(answers(pull)) == 1
    assert sum("/collaborators/" in each for each in bot.lab.requests()) == 0


@pytest.mark.parametrize("role", ["pull", "triage", None])
@pytest.mark.parametrize("association", ["NONE", "MEMBER", "COLLABORATOR"])
def test_an_outsider_gets_no_answer_at_all(
    bot: Bot, opened: Opened, role: str | None, association: str
) -> None:
    pull = opened(BEFORE, FALLS)
    person = f"{pull.repository.path}/collaborators/mallory"
    bot.lab.do("DELETE", person)
    if role:
        bot.lab.do("PUT", person, {"permission": role})
    comment, ended = bot.comment(pull, RECHECK, "mallory", at={"association": association})
    assert (ended.code, reactions(bot, comment), answers(pull)) == (0, [], [])
    assert bot.lab.requests() == [f"GET {person}/permission"]
    assert bot.index.log == []


@pytest.mark.parametrize("login", [US, "dependabot[bot]", "our-app[bot]"])
def test_bots_are_not_listened_to(bot: Bot, opened: Opened, login: str) -> None:
    comment, ended = bot.comment(opened(BEFORE, FALLS), RECHECK, login)
    assert (ended.code, bot.lab.requests(), reactions(bot, comment)) == (0, [], [])


def test_what_the_bot_wrote_with_a_person_s_token(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.comment(pull, "/fallback-review help", token="ghp_octocat")
    bot.run(pull, token="ghp_octocat")
    for comment in pull.comments()[1:]:
        bot.lab.front.exchanges.clear()
        payload = of_comment(pull, comment["id"])
        payload["comment"]["body"] += f"\n\n{RECHECK}"
        ended = bot.step(bot.environment(payload, event="issue_comment"))
        assert (ended.code, bot.lab.requests()) == (0, [])


@pytest.mark.parametrize(
    "change",
    [
        {"action": "edited"},
        {"action": "deleted"},
        {"issue": {"pull_request": None}},
        {"comment": {"performed_via_github_app": {"id": 1}}},
        {"comment": {"user": None}},
        {"comment": {"body": None}},
    ],
    ids=str,
)
def test_what_is_no_new_comment_of_a_person_on_a_pull_request(
    bot: Bot, opened: Opened, change: dict[str, object]
) -> None:
    pull = opened(BEFORE, FALLS)
    payload = of_comment(pull, pull.comment(RECHECK))
    for name, value in change.items():
        payload[name] = {**payload[name], **value} if isinstance(value, dict) else value
    bot.lab.front.exchanges.clear()
    ended = bot.step(bot.environment(payload, event="issue_comment"))
    assert (ended.code, bot.lab.requests()) == (0, [])


def test_a_payload_that_is_not_as_documented(bot: Bot, opened: Opened) -> None:
    payload = of_comment(pull := opened(BEFORE, FALLS), pull.comment(RECHECK))
    payload["issue"]["number"] = 0
    ended = bot.step(bot.environment(payload, event="issue_comment"))
    assert ended.code == 2
    assert "issue.number" in ended.annotations("error")[0]


def test_explain(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    comment, ended = bot.comment(pull, "/fallback-review explain Late")
    assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "+1"])
    [(to, body)] = answers(pull)
    assert to == "explain late"
    assert "version-missing" in body
    assert "late==2.0 on py3.12 linux-x86_64" in body
    assert "late==2.0 on py3.12 linux-aarch64" in body
    assert body.count("version-missing") == 1  # the same for both
    bot.comment(pull, "/fallback-review explain good")
    assert [to for to, _ in answers(pull)] == ["explain late", "explain good"]


def test_explain_what_is_not_locked(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    comment, _ = bot.comment(pull, "/fallback-review explain god")
    assert reactions(bot, comment) == ["eyes", "confused"]
    assert "locks `god`. Did you mean `good`?" in answers(pull)[0][1]
    bot.comment(pull, "/fallback-review explain late==1.0")
    assert "locks `late==1.0`. Did you mean `late`?" in answers(pull)[1][1]
    other = opened(BEFORE, {"README.md": "x\n"})
    bot.comment(other, "/fallback-review explain late")
    assert "changes no lockfile" in answers(other)[0][1]
    gone = opened(BEFORE, {LOCK: None})
    bot.comment(gone, "/fallback-review explain good")
    assert "changes no lockfile" in answers(gone)[0][1]


def test_explain_with_a_file_beside(bot: Bot, opened: Opened) -> None:
    pull = opened({LOCK: "-r more.txt\n", "more.txt": "good==1.0\n"}, {LOCK: "-r more.txt\nlate==2.0\n"})
    bot.comment(pull, "/fallback-review explain good")
    assert "good==1.0 on" in answers(pull)[0][1]


@pytest.mark.parametrize("content", ["[[package\n", b"\xff\xfe\x00\x01\x02"])
def test_explain_a_lockfile_that_can_not_be_read(bot: Bot, opened: Opened, content: str | bytes) -> None:
    pull = opened({"uv.lock": "version = 1\n"}, {"uv.lock": content})
    comment, ended = bot.comment(pull, "/fallback-review explain good")
    assert (ended.code, reactions(bot, comment)) == (3, ["eyes", "confused"])
    assert "This failed: uv.lock" in answers(pull)[0][1]


def test_explain_a_lockfile_that_github_does_not_hand_out(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.lab.front.faults += [
        Fault(verb="POST", path="/graphql", status=502, times=99),
        Fault(verb="GET", path=".*/contents/requirements.txt", status=404, times=9),
    ]
    _, ended = bot.comment(pull, "/fallback-review explain late")
    assert ended.code == 3
    assert "This failed: requirements.txt" in answers(pull)[0][1]


def test_hostile_text(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    hostile = "/fallback-review explain <img/src=x> @everyone ::error::x [a](javascript:x) #1 ``` --> |"
    comment, ended = bot.comment(pull, hostile)
    assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "confused"])
    [(to, body)] = answers(pull)
    assert to == "unknown"
    for part in ("img", "everyone", "javascript", "#1"):
        assert part not in body
        assert part not in ended.log


def test_a_closed_pull_request(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.lab.do("PATCH", f"{pull.repository.path}/pulls/{pull.number}", {"state": "closed"})
    for body in (RECHECK, "/fallback-review explain late"):
        comment, ended = bot.comment(pull, body)
        assert (ended.code, reactions(bot, comment)) == (0, ["eyes", "confused"])
    assert [body.splitlines()[1] for _, body in answers(pull)] == [replies.closed().text] * 2


def test_duplicates_of_ours_go_and_others_stay(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    bot.comment(pull, "/fallback-review help")
    [(_, body)] = answers(pull)
    pull.comment(body, login=US)
    pull.comment(body, login="mallory")
    pull.comment("<!-- fallback-review-answer:v1 {broken -->\nx", login=US)
    pull.comment('<!-- fallback-review-answer:v1 {"to"} -->\nx', login=US)
    bot.comment(pull, "/fallback-review help")
    assert [to for to, _ in answers(pull)] == ["help", ""]
    assert sum(each["body"] == body for each in pull.comments()) == 2


def test_an_answer_is_posted_once_though_its_answer_was_lost(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    fault = Fault(verb="POST", path=r".*/issues/\d+/comments", status=502, after_work=True)
    bot.lab.front.faults.append(fault)
    _, ended = bot.comment(pull, "/fallback-review help")
    assert ended.code == 0
    assert len(answers(pull)) == 1


def test_without_permission_to_write(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    poor = bot.lab.token(contents="read", pull_requests="read")
    comment, ended = bot.comment(pull, "/fallback-review help", token=poor)
    assert (ended.code, reactions(bot, comment), answers(pull)) == (3, [], [])
    warnings = ended.annotations("warning")
    assert len(warnings) == 3
    assert all("`pull-requests: write`" in line for line in warnings)


def test_a_review_that_is_not_possible(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    poor = bot.lab.token(pull_requests="write")
    comment, ended = bot.comment(pull, RECHECK, token=poor)
    assert (ended.code, reactions(bot, comment)) == (3, ["eyes", "confused"])
    assert "contents&#58;" in answers(pull)[0][1] or "contents: read" in answers(pull)[0][1]


def test_a_comment_that_may_not_be_written_is_told_of(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, FALLS)
    poor = bot.lab.token(contents="read", pull_requests="write")
    _, ended = bot.comment(pull, RECHECK, token=poor, status="true")
    assert any("No commit status" in line for line in ended.annotations("warning"))
    assert ended.code == 0


def test_asking_who_may_can_fail(bot: Bot, opened: Opened) -> None:
    bot.lab.front.faults.append(Fault(verb="GET", path=".*/permission", status=500, times=99))
    pull = opened(BEFORE, FALLS)
    _, ended = bot.comment(pull, RECHECK, "mallory")
    assert ended.code == 3
    assert answers(pull) == []


def test_long_explanations_are_left_out_whole() -> None:
    reply = replies.explained([("a.lock", "x" * 40_000), ("b.lock", "y" * 40_000), ("c.lock", "z")])
    assert "y" * 10 not in reply.text
    assert "z" in reply.text
    assert "… and 1 more" in reply.text
    assert len(reply.text) < 65_000


@pytest.mark.lab
def test_nothing_ends_a_code_block() -> None:
    reply = replies.explained([("a|b<c>@d.lock", "one\n````\n<b>two</b>\n```")])
    html = parsed(reply.text)
    assert html.count("<pre") == 1
    assert "<b>" not in html


def test_every_verb_is_explained_in_help() -> None:
    for verb in set(Verb) - {Verb.UNKNOWN}:
        assert f"/fallback-review {verb.value}" in replies.HELP
