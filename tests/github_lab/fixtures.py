"""A GitHub of its own for each worker, forgotten between tests; what was asked must be as GitHub describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.github.client import Client, Patience
from fallback_review.github.events import PullRequestEvent, read_event
from tests.github_lab.lab import JOB, Lab, PullRequest
from tests.github_lab.payloads import of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = Patience(retries=3, backoff=0.01, longest_wait=5.0, unnamed_wait=0.01, timeout=10, between_writes=0.0)


@pytest.fixture(scope="session")
def github_lab(in_lab: None) -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.close()


@pytest.fixture
def lab(github_lab: Lab) -> Iterator[Lab]:
    """The GitHub; afterwards every exchange is held against the descriptions of github.com and of Enterprise Server."""
    github_lab.reset()
    yield github_lab
    problems = github_lab.problems()
    assert problems == [], "\n".join(problems)


@pytest.fixture
def connect(lab: Lab) -> Iterator[Callable[..., Client]]:
    """Returns a client with a token, a job's by default."""
    clients: list[Client] = []

    def connect(token: str = JOB, **options: Any) -> Client:
        urls: dict[str, Any] = {"api_url": lab.front.url, "graphql_url": f"{lab.front.url}/graphql"}
        clients.append(Client(token, **{"patience": QUICK, **urls, **options}))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()


@pytest.fixture
def environment(lab: Lab) -> dict[str, str]:
    return {
        "GITHUB_SERVER_URL": lab.front.url,
        "GITHUB_API_URL": lab.front.url,
        "GITHUB_GRAPHQL_URL": f"{lab.front.url}/graphql",
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_RUN_ID": "42",
    }


@pytest.fixture
def event_of(environment: dict[str, str]) -> Callable[..., PullRequestEvent]:
    """Returns the event of a run for a pull request's present head."""

    def event_of(pull: PullRequest, action: str = "opened", name: str = "pull_request") -> PullRequestEvent:
        event = read_event(name, of_pull_request(pull, action), environment)
        assert isinstance(event, PullRequestEvent)
        return event

    return event_of
