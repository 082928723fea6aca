from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fallback_review.github.delivery import Done, attempt
from fallback_review.github.status import CONTEXT, deliver_status, shortened
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
    deliver_status(client, event_of(pull), Conclusion.FAIL, "litellm " * 40, target_url=f"{lab.front.url}/x")
    [status] = statuses(lab, pull)
    assert status["description"] == "litellm " * 16 + "litellm…"
    assert status["target_url"].endswith("/x")


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
