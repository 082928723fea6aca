from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.github.conversation import look
from fallback_review.github.delivery import Done, attempt
from fallback_review.github.marker import NAME
from fallback_review.github.status import CONTEXT, context_of, deliver_status, shortened
from fallback_review.model import Conclusion
from tests.github_lab.front import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from tests.github_lab.lab import Lab, PullRequest

    EventOf = Callable[..., PullRequestEvent]

STATUSES = r"/repos/.*/statuses/.*"


@pytest.fixture
def pull(lab: Lab) -> PullRequest:
    return lab.repository({"uv.lock": "a\n"}).pull_request({"uv.lock": "b\n"})


def statuses(lab: Lab, pull: PullRequest) -> list[dict[str, str]]:
    return [status for status in lab.front.gaps.statuses if status["repository"] == pull.repository.full_name]


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        (Conclusion.PASS, "success"),
        (Conclusion.WARN, "success"),
        (Conclusion.FAIL, "failure"),
        (Conclusion.UNKNOWN, "error"),
    ],
)
def test_the_head_gets_a_status(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf, *, conclusion: Conclusion, state: str
) -> None:
    delivery = deliver_status(client, event_of(pull), conclusion, "2 of 14 come from PyPI")
    assert delivery.done is Done.CREATED
    [status] = statuses(lab, pull)
    assert (status["sha"], status["context"], status["state"]) == (pull.head, CONTEXT, state)
    assert status["description"] == "2 of 14 come from PyPI"
    assert status["target_url"] == delivery.url == f"{lab.front.url}/acme/app/actions/runs/42"


def test_a_long_description_is_cut_to_github_s_limit(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    deliver_status(client, event_of(pull), Conclusion.FAIL, "litellm " * 40)
    [status] = statuses(lab, pull)
    assert status["description"] == "litellm " * 16 + "litellm…"


def test_trouble_is_waited_for(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    lab.front.faults.append(Fault(verb="POST", path=STATUSES, status=503))
    deliver_status(client, event_of(pull), Conclusion.PASS, "all well")
    assert [status["state"] for status in statuses(lab, pull)] == ["success"]


def test_a_missing_permission_is_named(
    lab: Lab, pull: PullRequest, connect: Callable[..., Client], event_of: EventOf
) -> None:
    client = connect(lab.token(contents="read", pull_requests="write"))
    delivery = attempt("commit status", lambda: deliver_status(client, event_of(pull), Conclusion.PASS, "x"))
    assert (delivery.done, delivery.permission) == (Done.FORBIDDEN, "statuses: write")


def test_a_run_without_an_address(lab: Lab, pull: PullRequest, client: Client, event_of: EventOf) -> None:
    event = event_of(pull)
    event = replace(event, urls=replace(event.urls, run_url=None))
    assert deliver_status(client, event, Conclusion.PASS, "all well").url is None
    assert statuses(lab, pull)[0]["target_url"] is None


def test_a_status_that_says_the_same_is_not_set_again(
    lab: Lab, pull: PullRequest, client: Client, event_of: EventOf
) -> None:
    event = event_of(pull)
    for conclusion in (Conclusion.FAIL, Conclusion.FAIL, Conclusion.PASS):
        now = look(client, event, context=context_of("research"), lines=False).status
        deliver_status(client, event, conclusion, "so it is", name="research", now=now)
    assert [(each["context"], each["state"]) for each in statuses(lab, pull)] == [
        ("fallback-review / research", "failure"),
        ("fallback-review / research", "success"),
    ]
    assert look(client, event, context=CONTEXT, lines=False).status is None


def test_a_token_that_may_not_read_statuses(
    lab: Lab, pull: PullRequest, connect: Callable[..., Client], event_of: EventOf
) -> None:
    """What is optional in a query does not cost the rest of it."""
    client = connect(lab.token(contents="read", pull_requests="read"))
    assert look(client, event_of(pull), context=CONTEXT, lines=True).head_sha == pull.head
    assert lab.requests() == ["POST /graphql"]


def test_contexts_are_no_job_s_name() -> None:
    """A check and a status of one name would both be required."""
    assert context_of(NAME) == context_of("fallback review") == "fallback-review"
    assert context_of("Research") == "fallback-review / Research"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("two  lines\nhere", 140, "two lines here"),
        ("exactly", 7, "exactly"),
        ("one two three", 8, "one…"),
        ("oneverylongword", 8, "onevery…"),
    ],
)
def test_shortened(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected
    assert len(shortened(text, limit)) <= limit
