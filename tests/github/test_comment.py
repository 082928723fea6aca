"""The comment, looked for by GraphQL and by REST: one for each configuration, whatever fails and whoever writes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from fallback_review.github.comment import deliver_comment, of_configuration, withdraw_comment
from fallback_review.github.conversation import COMMENT, look
from fallback_review.github.delivery import Delivery, Done, attempt
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.marker import NAME
from fallback_review.report import limits
from tests.github_lab.fixtures import QUICK
from tests.github_lab.front import Fault
from tests.github_lab.lab import JOB

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client
    from fallback_review.github.conversation import OwnComment
    from fallback_review.github.events import PullRequestEvent
    from tests.github_lab.lab import Lab, PullRequest

    Connect = Callable[..., Client]
    EventOf = Callable[..., PullRequestEvent]

US = "github-actions[bot]"
COMMENTS = r"/repos/.*/issues/\d+/comments"


@pytest.fixture(params=["GraphQL", "REST"], autouse=True)
def way(request: pytest.FixtureRequest, lab: Lab) -> str:
    lab.front.gaps.graph.absent = request.param == "REST"
    return str(request.param)


@pytest.fixture
def pull(lab: Lab) -> PullRequest:
    return lab.repository({"uv.lock": "a\n"}).pull_request({"uv.lock": "b\n"})


def ours(pull: PullRequest) -> list[str]:
    return [comment["body"] for comment in pull.comments() if COMMENT.read(comment["body"]) is not None]


def marked(body: str, head: str, name: str = NAME) -> str:
    return f"{COMMENT.write({'name': name, 'head': head})}\n{body}"


def find(client: Client, event: PullRequestEvent, name: str = NAME) -> tuple[OwnComment, ...]:
    return of_configuration(look(client, event, context="", lines=False), name)


def say(
    client: Client,
    event: PullRequestEvent,
    body: str,
    *,
    create: bool = True,
    show: bool = False,
    look_again: bool = True,
    name: str = NAME,
) -> Delivery:
    """Look, and say it unless the pull request has moved."""
    now = look(client, event, context="", lines=False)
    if now.moved(event):
        return Delivery(channel="comment", done=Done.SUPERSEDED)
    text = marked(body, event.head_sha, name)
    return deliver_comment(
        client,
        event,
        now,
        text,
        name=name,
        create=create,
        show=show,
        look_again=look_again,
        same=lambda there: there.body.replace("\r\n", "\n").strip() == text.replace("\r\n", "\n").strip(),
    )


def asked(lab: Lab, pull: PullRequest, way: str) -> list[str]:
    """Return what a look asks for."""
    if way == "GraphQL":
        return ["POST /graphql"]
    path = pull.repository.path
    return [
        *(["POST /graphql"] if not lab.front.exchanges or lab.requests()[0] == "POST /graphql" else []),
        f"GET {path}/pulls/{pull.number}",
        f"GET {path}/git/ref/heads/topic",
        f"GET {path}/issues/{pull.number}/comments",
    ]


def test_the_first_comment_carries_the_marker(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, way: str
) -> None:
    delivery = say(client, event_of(pull), "All is well.")
    assert delivery.done is Done.CREATED
    [comment] = pull.comments()
    assert comment["body"] == (
        f'<!-- fallback-review:v1 {{"head":"{pull.head}","name":"Fallback Review"}} -->\nAll is well.'
    )
    assert delivery.url == comment["html_url"]
    once = asked(lab, pull, way)
    again = [request for request in once if request != "POST /graphql"] or once
    assert lab.requests() == [
        *once,
        f"POST {pull.repository.path}/issues/{pull.number}/comments",
        *again,  # somebody else may have been quicker
    ]


def test_the_same_again_writes_nothing(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    say(client, event, "one")
    lab.front.exchanges.clear()
    assert say(client, event, "one\r\n").done is Done.UNCHANGED
    assert [exchange for exchange in lab.front.exchanges if exchange.verb == "PATCH"] == []


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {}])
def test_a_limit_is_waited_for(
    lab: Lab,
    pull: PullRequest,
    client: Client,
    event_of: EventOf,
    monkeypatch: pytest.MonkeyPatch,
    *,
    verb: str,
    status: int,
    headers: dict[str, str],
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("fallback_review.github.client.sleep", slept.append)
    body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    lab.front.faults.append(Fault(verb=verb, path=COMMENTS, status=status, headers=headers, body=body))
    assert say(client, event_of(pull), "patience").done is Done.CREATED
    if lab.front.faults[0].times == 0:  # GraphQL has no need of the list
        assert max(slept) >= float(headers.get("Retry-After", QUICK.unnamed_wait))
    assert len(ours(pull)) == 1


@pytest.mark.parametrize("status", [403, 429])
def test_too_long_a_limit_is_not_waited_for(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, status: int
) -> None:
    lab.front.faults.append(Fault(verb="POST", path=COMMENTS, status=status, headers={"Retry-After": "3600"}))
    with pytest.raises(GitHubError, match="run the job again after 20") as caught:
        say(client, event_of(pull), "patience")
    assert (caught.value.trouble, caught.value.retry_after) == (Trouble.RATE_LIMITED, 3600)


@pytest.mark.parametrize(
    "permissions",
    [
        {"contents": "read"},
        {"contents": "read", "pull_requests": "read"},
    ],
)
def test_a_missing_permission_is_named(
    lab: Lab,
    pull: PullRequest,
    connect: Connect,
    event_of: EventOf,
    *,
    permissions: dict[str, str],
) -> None:
    client = connect(lab.token(**permissions))
    delivery = attempt("comment", lambda: say(client, event_of(pull), "x"))
    assert (delivery.done, delivery.permission) == (Done.FORBIDDEN, "pull-requests: write")
    assert "add `pull-requests: write` to the job's `permissions:`" in (delivery.message or "")
    assert pull.comments() == []


def test_a_persons_token_knows_its_own(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf, way: str
) -> None:
    pull.comment(marked("the job's", pull.head), login=US)
    client, event = connect("ghp_octocat"), event_of(pull)
    say(client, event, "mine")
    assert say(client, event, "mine, changed").done is Done.UPDATED
    assert ours(pull) == [marked("the job's", pull.head), marked("mine, changed", pull.head)]
    assert len(lab.recorded("GET", "/user")) == (way == "REST")


def test_an_apps_token_knows_its_own(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf, way: str
) -> None:
    app = lab.token(pull_requests="write", contents="read")
    lab.front.tokens[app].login = "our-app[bot]"
    pull.comment(marked("of an earlier run", pull.head), login="our-app[bot]")
    client = connect(app)
    # REST alone does not tell an App's token who it is.
    assert say(client, event_of(pull), "new").done is (Done.UPDATED if way == "GraphQL" else Done.CREATED)


def test_an_app_that_is_told_its_name_asks_nobody(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf
) -> None:
    lab.front.tokens[JOB].login = "our-app[bot]"
    pull.comment(marked("of an earlier run", pull.head), login="our-app[bot]")
    assert say(connect(login="our-app[bot]"), event_of(pull), "new").done is Done.UPDATED
    assert lab.recorded("GET", "/user") == []


def test_a_person_named_like_the_app_is_not_it(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf
) -> None:
    app = lab.token(pull_requests="write", contents="read")
    lab.front.tokens[app].login = "mallory[bot]"
    pull.comment(marked("I was here first", pull.head), login="mallory")
    assert find(connect(app, login="mallory[bot]"), event_of(pull)) == ()


def test_a_token_of_no_known_kind(lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf) -> None:
    lab.front.tokens["plain"] = lab.front.tokens[JOB]
    pull.comment(marked("theirs", pull.head), login="mallory")
    assert say(connect("plain"), event_of(pull), "ours").done is Done.CREATED


def test_identity_is_not_guessed_when_github_cannot_be_asked(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf
) -> None:
    pull.comment(marked("theirs", pull.head), login="mallory")
    for path in ("/user", "/graphql"):
        lab.front.faults.append(Fault(verb="GET|POST", path=path, status=502, times=99))
    for token in ("ghp_octocat", JOB):
        with pytest.raises(GitHubError) as caught:
            say(connect(token), event_of(pull), "x")
        assert caught.value.trouble is Trouble.UNREACHABLE


def test_a_request_saved(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, way: str) -> None:
    event = event_of(pull)
    say(client, event, "x", look_again=False)
    assert lab.requests() == [
        *asked(lab, pull, way),
        f"POST {pull.repository.path}/issues/{pull.number}/comments",
    ]
    pull.comment(marked("of a run at the same moment", pull.head), login=US)
    say(client, event, "y", look_again=False)
    assert ours(pull) == [marked("y", pull.head)]  # the next run tidies up


def test_each_configuration_has_its_own(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    event = event_of(pull)
    names = (NAME, "research", 'odd --> "name" <!--', "Größe 🎉")
    for name in names:
        assert say(client, event, f"of {name}", name=name).done is Done.CREATED
    for name in names:
        assert say(client, event, f"of {name}", name=name).done is Done.UNCHANGED
    assert say(client, event, "another", name="RESEARCH").done is Done.UPDATED  # capitals make no other
    assert [body.splitlines()[-1] for body in ours(pull)] == [
        f"of {NAME}",
        "another",
        *(f"of {name}" for name in names[2:]),
    ]
    now = look(client, event, context="", lines=False)
    assert withdraw_comment(client, event, now, name="research").done is Done.REMOVED
    assert len(ours(pull)) == 3
    now = look(client, event, context="", lines=False)
    assert withdraw_comment(client, event, now, name="research").done is Done.SKIPPED


def test_one_from_before_there_were_names_is_the_first_configuration_s(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    pull.comment(f"{COMMENT.write({'head': pull.head})}\nold", login=US)
    event = event_of(pull)
    assert say(client, event, "of another", name="other").done is Done.CREATED
    assert say(client, event, "new").done is Done.UPDATED


@pytest.mark.parametrize("may_show", [True, False])
def test_a_hidden_comment_is_shown_again(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, way: str, *, may_show: bool
) -> None:
    graph = lab.front.gaps.graph
    graph.may_show = may_show
    event = event_of(pull)
    say(client, event, "trouble")
    [hidden] = pull.comments()
    graph.hidden.add(f"IC_{hidden['id']}")
    lab.front.gaps.minimised.add(hidden["id"])
    assert say(client, event, "all clear").done is Done.UPDATED
    assert [comment["id"] for comment in pull.comments()] == [hidden["id"]]  # as somebody wished
    delivery = say(client, event, "trouble", show=True)
    [shown] = pull.comments()
    assert (COMMENT.visible(shown["body"]), delivery.url) == ("trouble", shown["html_url"])
    assert f"IC_{shown['id']}" not in graph.hidden
    assert (shown["id"] == hidden["id"]) is (may_show and way == "GraphQL")


def test_a_push_updates_in_place(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    say(client, event_of(pull), "2 of 14")
    [before] = pull.comments()
    pull.push({"uv.lock": "c\n"})
    delivery = say(client, event_of(pull, "synchronize"), "all clear")
    [after] = pull.comments()
    assert delivery.done is Done.UPDATED
    assert (after["id"], COMMENT.read(after["body"])) == (before["id"], {"head": pull.head, "name": NAME})
    assert after["body"].endswith("all clear")


def test_an_older_run_does_not_overwrite_a_newer_head(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    old = event_of(pull)
    pull.push({"uv.lock": "c\n"})
    say(client, event_of(pull, "synchronize"), "new")
    lab.front.exchanges.clear()
    delivery = say(client, old, "old")
    assert delivery.done is Done.SUPERSEDED
    assert [body.splitlines()[-1] for body in ours(pull)] == ["new"]
    assert {exchange.verb for exchange in lab.front.exchanges if exchange.path != "/graphql"} <= {"GET"}


def test_after_a_force_push_the_present_head_wins(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    say(client, event_of(pull), "first")
    pull.push({"uv.lock": "forced\n"}, force=True)
    assert say(client, event_of(pull, "synchronize"), "forced").done is Done.UPDATED
    assert [body.splitlines()[-1] for body in ours(pull)] == ["forced"]


def test_found_behind_150_comments(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, way: str
) -> None:
    for number in range(150):
        pull.comment(f"remark {number}")
    event = event_of(pull)
    say(client, event, "first")
    assert say(client, event, "second").done is Done.UPDATED
    assert len(pull.comments()) == 151
    assert ours(pull) == [marked("second", pull.head)]
    pages = lab.recorded("POST", "/graphql") if way == "GraphQL" else lab.recorded("GET", COMMENTS)
    assert len(pages) == 6  # two each of the three looks


def test_another_authors_marker_is_left_alone(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    theirs = marked("I was here first", pull.head)
    pull.comment(theirs, login="mallory")
    pull.comment(theirs, login="dependabot[bot]")
    assert say(client, event_of(pull), "ours").done is Done.CREATED
    assert ours(pull) == [theirs, theirs, marked("ours", pull.head)]
    assert say(client, event_of(pull), "ours again").done is Done.UPDATED
    assert ours(pull)[:2] == [theirs, theirs]


def test_a_marker_that_is_only_quoted_is_not_ours(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    pull.comment(f"> {marked('quoted', pull.head)}", login=US)
    assert find(client, event_of(pull)) == ()


def test_of_several_the_oldest_is_kept(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    first, *_extra = [pull.comment(marked(str(number), pull.head), login=US) for number in range(3)]
    pull.comment("a person's", login="octocat")
    assert say(client, event_of(pull), "kept").done is Done.UPDATED
    assert [
        (comment["id"], comment["body"]) for comment in pull.comments() if comment["user"]["login"] == US
    ] == [(first, marked("kept", pull.head))]
    assert len(pull.comments()) == 2


def test_damaged_marker_is_still_ours(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    pull.comment("<!-- fallback-review:v1 {nonsense} -->\nold", login=US)
    assert say(client, event_of(pull), "new").done is Done.UPDATED
    assert ours(pull) == [marked("new", pull.head)]


def test_nothing_is_started_where_nothing_is_to_be_said(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    assert say(client, event, "all clear", create=False).done is Done.SKIPPED
    assert pull.comments() == []
    say(client, event, "trouble")
    assert say(client, event, "all clear", create=False).done is Done.UPDATED


@pytest.mark.parametrize("after_work", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_trouble_on_creation_leaves_one_comment(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, after_work: bool, killed: bool
) -> None:
    lab.front.faults.append(
        Fault(
            verb="POST", path=COMMENTS, status=None if killed else 502, killed=killed, after_work=after_work
        )
    )
    delivery = say(client, event_of(pull), "once")
    assert delivery.done is Done.CREATED
    assert ours(pull) == [marked("once", pull.head)]
    assert delivery.url == pull.comments()[0]["html_url"]
    assert len(lab.recorded("POST", COMMENTS)) == (1 if after_work else 2)


def test_trouble_without_end_is_told(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    lab.front.faults.append(Fault(verb="POST", path=COMMENTS, status=502, times=99))
    delivery = attempt("comment", lambda: say(client, event_of(pull), "never"))
    assert delivery.done is Done.FAILED
    assert "502" in (delivery.message or "")
    assert pull.comments() == []


def test_an_update_is_repeated_after_trouble(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    say(client, event, "one")
    single = r"/repos/.*/issues/comments/\d+"
    lab.front.faults.append(Fault(verb="PATCH", path=single, status=502))
    lab.front.faults.append(Fault(verb="PATCH", path=single, killed=True))
    assert say(client, event, "two").done is Done.UPDATED
    assert ours(pull) == [marked("two", pull.head)]


def test_a_comment_deleted_meanwhile_is_written_anew(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    say(client, event, "one")
    [first] = pull.comments()
    path = f"{pull.repository.path}/issues/comments/{first['id']}"
    lab.front.faults.append(Fault(verb="PATCH", path=path, before=lambda: lab.do("DELETE", path)))
    assert say(client, event, "two").done is Done.CREATED
    assert ours(pull) == [marked("two", pull.head)]


@pytest.mark.parametrize("same_head", [True, False])
def test_two_runs_at_once_leave_one_comment_for_the_newest_head(
    lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf, *, same_head: bool
) -> None:
    events = [event_of(pull)]
    if not same_head:
        pull.push({"uv.lock": "c\n"})
    events.append(event_of(pull, "synchronize"))
    together = threading.Barrier(2)
    # Both have looked, and found nothing, before either writes.
    lab.front.faults.append(Fault(verb="POST", path=COMMENTS, times=2, before=lambda: together.wait(10)))
    clients = [connect(), connect()]
    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                lambda pair: say(pair[0], pair[1], pair[1].head_sha),
                zip(clients, events, strict=True),
            )
        )
    assert ours(pull) == [marked(pull.head, pull.head)]
    assert all(delivery.delivered for delivery in done)


def test_an_older_run_that_writes_second_withdraws(
    lab: Lab, pull: PullRequest, client: Client, connect: Connect, event_of: EventOf
) -> None:
    old = event_of(pull)
    other = connect()

    def newer() -> None:
        pull.push({"uv.lock": "c\n"})
        say(other, event_of(pull, "synchronize"), "new")

    lab.front.faults.append(Fault(verb="POST", path=COMMENTS, before=newer))
    assert say(client, old, "old").done is Done.SUPERSEDED
    assert ours(pull) == [marked("new", pull.head)]


def test_a_locked_conversation_is_no_missing_permission(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    body = {"message": "Unable to create comment because issue is locked."}
    lab.front.faults.append(Fault(verb="POST", path=COMMENTS, status=403, body=body))
    delivery = attempt("comment", lambda: say(client, event_of(pull), "x"))
    assert (delivery.done, delivery.permission) == (Done.FORBIDDEN, None)
    assert "issue is locked" in (delivery.message or "")


def test_a_bad_token_is_told_without_showing_it(
    pull: PullRequest, connect: Connect, event_of: EventOf
) -> None:
    client = connect("ghs_wrong_and_secret")
    with pytest.raises(GitHubError, match="check the github-token input") as caught:
        say(client, event_of(pull), "x")
    assert caught.value.trouble is Trouble.UNAUTHORIZED
    assert "secret" not in str(caught.value)


def test_too_long_a_body_is_refused_by_github(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    delivery = attempt("comment", lambda: say(client, event_of(pull), "x" * limits.COMMENT))
    assert delivery.done is Done.FAILED
    assert "422" in (delivery.message or "")


def test_trouble_on_update_is_told(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    say(client, event_of(pull), "one")
    lab.front.faults.append(Fault(verb="PATCH", path=".*", status=502, times=99))
    with pytest.raises(GitHubError) as caught:
        say(client, event_of(pull), "two")
    assert caught.value.trouble is Trouble.UNREACHABLE
