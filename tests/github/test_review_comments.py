from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.github.changed_lockfiles import PullRequestFiles
from fallback_review.github.conversation import LINE, look
from fallback_review.github.delivery import Done, attempt
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.marker import NAME
from fallback_review.github.review_comments import AT_MOST, FIXED, LineComment, deliver_lines
from tests.github_lab.front import Fault
from tests.github_lab.lab import OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client
    from fallback_review.github.delivery import Delivery
    from fallback_review.github.events import PullRequestEvent
    from tests.github_lab.lab import Lab, PullRequest

    Connect = Callable[..., Client]
    EventOf = Callable[..., PullRequestEvent]

REVIEWS = r"/repos/.*/pulls/\d+/reviews"
BEFORE = "".join(f"package-{number}==1.0\n" for number in range(100))


@pytest.fixture
def pull(lab: Lab) -> PullRequest:
    after = BEFORE.replace("package-9==1.0", "package-9==2.0").replace("package-60==1.0", "package-60==2.0")
    return lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": after})


def remark(line: int, key: str | None = None, body: str = "comes from PyPI") -> LineComment:
    return LineComment(path="uv.lock", line=line, about=key or f"uv.lock:{line}", body=body)


def deliver(
    client: Client, event: PullRequestEvent, *comments: LineComment, name: str = NAME, add: bool = True
) -> Delivery:
    files = PullRequestFiles(client, event)
    changed = [files.both_sides(entry) for entry in files.lockfiles(lambda path: path == "uv.lock")]
    shown = {file.path: file.lines_shown for file in changed}
    now = look(client, event, context="", lines=True)
    return deliver_lines(client, event, now, comments, name=name, add=add, lines_shown=shown)


def said(pull: PullRequest) -> list[tuple[int, str]]:
    return [(comment["line"], comment["body"].partition("\n")[2]) for comment in pull.review_comments()]


def reply(lab: Lab, pull: PullRequest, comment: dict[str, Any], login: str = "octocat") -> None:
    values = {**comment, "body": "why?", "in_reply_to_id": comment["id"]}
    lab.front.gaps.add_review_comment(
        OWNER, pull.repository.name, pull.number, lab.front.tokens[f"ghp_{login}"], values
    )


def test_one_review_on_the_lines_of_the_diff(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    delivery = deliver(client, event_of(pull), remark(10), remark(61, body="install fails"), remark(30))
    assert delivery.done is Done.CREATED
    assert f"/pull/{pull.number}#pullrequestreview-" in (delivery.url or "")
    assert said(pull) == [(10, "comes from PyPI"), (61, "install fails")]  # line 30 is not in the diff
    [review] = lab.recorded("POST", REVIEWS)
    assert (review.body["event"], review.body["commit_id"]) == ("COMMENT", pull.head)
    assert {comment["side"] for comment in review.body["comments"]} == {"RIGHT"}


def test_what_was_said_is_not_said_again(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    assert deliver(client, event, remark(10)).done is Done.UNCHANGED
    assert deliver(client, event, remark(10), remark(61)).done is Done.CREATED
    assert said(pull) == [(10, "comes from PyPI"), (61, "comes from PyPI")]
    first, second = lab.recorded("POST", REVIEWS)
    assert [len(review.body["comments"]) for review in (first, second)] == [1, 1]


def test_a_finding_said_twice_in_one_run_is_said_once(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    deliver(client, event_of(pull), remark(10, "same", "worst"), remark(61, "same", "other"))
    assert said(pull) == [(10, "worst")]


def test_what_is_fixed_is_removed(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10), remark(61))
    assert deliver(client, event, remark(61)).done is Done.UPDATED
    assert said(pull) == [(61, "comes from PyPI")]
    assert deliver(client, event).done is Done.UPDATED
    assert deliver(client, event).done is Done.SKIPPED


def test_a_finding_that_left_the_diff_but_stays_true_is_kept(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10, "stays"))
    assert deliver(client, event, remark(30, "stays")).done is Done.UNCHANGED
    assert said(pull) == [(10, "comes from PyPI")]


@pytest.mark.parametrize("may_resolve", [True, False])
def test_an_answered_comment_is_resolved_not_deleted(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, may_resolve: bool
) -> None:
    lab.front.gaps.graph.may_resolve = may_resolve
    event = event_of(pull)
    deliver(client, event, remark(10))
    [comment] = pull.review_comments()
    reply(lab, pull, comment)
    assert deliver(client, event).done is Done.UPDATED
    assert comment["body"].endswith(FIXED)
    assert len(pull.review_comments()) == 2
    assert (f"PRRT_{comment['id']}" in lab.front.gaps.graph.resolved) is may_resolve
    lab.front.exchanges.clear()
    assert deliver(client, event).done is Done.UNCHANGED
    assert {each.verb for each in lab.front.exchanges if each.path != "/graphql"} == {"GET"}


def test_trouble_while_resolving_is_told(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    reply(lab, pull, pull.review_comments()[0])
    lab.front.faults.append(Fault(verb="POST", path="/graphql", before=lambda: None))  # the look
    lab.front.faults.append(Fault(verb="POST", path="/graphql", status=502, times=99))
    with pytest.raises(GitHubError) as caught:
        deliver(client, event)
    assert caught.value.trouble is Trouble.UNREACHABLE


def test_a_thread_is_found_on_any_page(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    for number in range(120):
        values = {"path": "uv.lock", "line": 10, "body": f"{number}", "commit_id": pull.head}
        lab.front.gaps.add_review_comment(
            OWNER, pull.repository.name, pull.number, lab.front.tokens["ghp_mallory"], values
        )
    deliver(client, event, remark(10))
    last = pull.review_comments()[-1]
    reply(lab, pull, last)
    assert deliver(client, event).done is Done.UPDATED
    assert lab.front.gaps.graph.resolved >= {f"PRRT_{last['id']}"}


def test_anothers_marker_is_left_alone(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    [ours] = pull.review_comments()
    token = lab.front.tokens["ghp_mallory"]
    lab.front.gaps.add_review_comment(OWNER, pull.repository.name, pull.number, token, ours)
    for body in (
        "no marker",
        '<!-- fallback-review-line:v1 "\\x" -->\n',
        '<!-- fallback-review-line:v1 "x -->\n',
    ):
        lab.front.gaps.add_review_comment(
            OWNER, pull.repository.name, pull.number, token, {**ours, "body": body}
        )
    deliver(client, event)
    assert [comment["user"]["login"] for comment in pull.review_comments()] == ["mallory"] * 4


@pytest.mark.parametrize("after_work", [True, False])
def test_trouble_on_creation_leaves_one_review(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, after_work: bool
) -> None:
    lab.front.faults.append(Fault(verb="POST", path=REVIEWS, status=502, after_work=after_work))
    assert deliver(client, event_of(pull), remark(10)).done is Done.CREATED
    assert said(pull) == [(10, "comes from PyPI")]


def test_a_hostile_key_stays_inside_its_marker(pull: PullRequest, client: Client, event_of: EventOf) -> None:
    key = 'uv.lock:--> <script>@everyone</script> "\n<!--'
    event = event_of(pull)
    deliver(client, event, remark(10, key))
    marker, _, text = pull.review_comments()[0]["body"].partition("\n")
    assert (marker.count("-->"), marker.count("<"), text) == (1, 1, "comes from PyPI")
    assert "everyone" not in marker
    assert deliver(client, event, remark(10, key)).done is Done.UNCHANGED


def test_no_more_than_a_reader_bears(lab: Lab, client: Client, event_of: EventOf) -> None:
    after = BEFORE.replace("==1.0", "==2.0")
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": after})
    deliver(client, event_of(pull), *(remark(line) for line in range(100, 0, -1)))
    assert [line for line, _ in said(pull)] == list(range(100, 100 - AT_MOST, -1))


def test_without_permission(lab: Lab, pull: PullRequest, connect: Connect, event_of: EventOf) -> None:
    client = connect(lab.token(contents="read", pull_requests="read"))
    delivery = attempt("review comments", lambda: deliver(client, event_of(pull), remark(10)))
    assert (delivery.done, delivery.permission) == (Done.FORBIDDEN, "pull-requests: write")


def test_runs_again_add_no_more_than_one_run_says(lab: Lab, client: Client, event_of: EventOf) -> None:
    after = BEFORE.replace("==1.0", "==2.0")
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": after})
    event = event_of(pull)
    every = [remark(line) for line in range(1, 71)]
    for _ in range(3):
        deliver(client, event, *every)
        assert len(said(pull)) == AT_MOST
    deliver(client, event, *every[10:])  # ten are fixed, which gives room for ten others
    assert [line for line, _ in said(pull)] == list(range(11, 41))


def test_a_line_that_github_refuses_costs_that_line_alone(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    lab.front.gaps.refused_lines.add(("uv.lock", 61))
    delivery = deliver(client, event_of(pull), remark(10), remark(61))
    assert delivery.done is Done.CREATED
    assert delivery.message == "GitHub refused comments on uv.lock:61"
    assert said(pull) == [(10, "comes from PyPI")]
    lab.front.gaps.refused_lines.add(("uv.lock", 10))
    with pytest.raises(GitHubError) as caught:
        deliver(client, event_of(pull), remark(61))
    assert caught.value.trouble is Trouble.REFUSED


@pytest.mark.parametrize("after_work", [True, False])
def test_trouble_while_lines_are_said_one_by_one(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, after_work: bool
) -> None:
    lab.front.gaps.refused_lines.add(("uv.lock", 61))
    single = r"/repos/.*/pulls/\d+/comments"
    lab.front.faults.append(Fault(verb="POST", path=single, status=502, after_work=after_work))
    assert deliver(client, event_of(pull), remark(10), remark(61)).message
    assert said(pull) == [(10, "comes from PyPI")]
    lab.front.faults.append(Fault(verb="POST", path=single, status=403, times=9))
    with pytest.raises(GitHubError) as caught:
        deliver(client, event_of(pull), remark(9), remark(61))
    assert caught.value.trouble is Trouble.FORBIDDEN


def test_the_review_itself_claims_nothing(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    """Nobody can take it back when all is fixed."""
    deliver(client, event_of(pull), remark(10))
    [review] = lab.recorded("POST", REVIEWS)
    assert review.body["body"] == (
        f"What Fallback Review found at commit {pull.head[:7]} is at the lines below."
    )


def test_one_that_somebody_edited_is_mended(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    [comment] = pull.review_comments()
    whole = comment["body"]
    comment["body"] = whole.replace("comes from PyPI", "all is well")
    assert deliver(client, event, remark(10)).done is Done.UPDATED
    assert comment["body"] == whole
    assert deliver(client, event, remark(10)).done is Done.UNCHANGED


def test_what_was_fixed_and_comes_back_is_said_anew(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    [comment] = pull.review_comments()
    reply(lab, pull, comment)
    deliver(client, event)
    assert deliver(client, event, remark(10)).done is Done.CREATED
    assert comment["body"].endswith(FIXED)
    assert pull.review_comments()[-1]["body"] == comment["body"].removesuffix(f"\n\n{FIXED}")


def test_switched_off_none_is_added_and_what_is_over_goes(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10), remark(61))
    assert deliver(client, event, remark(61), remark(9), add=False).done is Done.UPDATED
    assert said(pull) == [(61, "comes from PyPI")]


def test_configurations_leave_each_other_s_alone(
    pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    deliver(client, event, remark(10))
    deliver(client, event, remark(10), remark(61), name="research")
    assert len(said(pull)) == 3
    deliver(client, event)
    states = [LINE.read(comment["body"]) for comment in pull.review_comments()]
    assert [state and state["name"] for state in states] == ["research"] * 2


def test_by_rest_alone(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    lab.front.gaps.graph.absent = True
    event = event_of(pull)
    deliver(client, event, remark(10), remark(61))
    reply(lab, pull, pull.review_comments()[0])
    assert deliver(client, event).done is Done.UPDATED
    assert [each["body"].splitlines()[-1] for each in pull.review_comments()] == [FIXED, "why?"]
    assert look(client, event, context="", lines=False).lines is None
