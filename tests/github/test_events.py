from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.events import (
    PullRequestEvent,
    PullRequestNumber,
    read_event,
    read_pull_request,
    urls_of,
)
from fallback_review.github.pull_requests import is_current, look_up
from tests.github_lab.payloads import example, examples, of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.github.client import Client
    from tests.github_lab.lab import Lab

HERE = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_API_URL": "https://github.example/api/v3/",
    "GITHUB_GRAPHQL_URL": "https://github.example/api/graphql",
    "GITHUB_REPOSITORY": "acme/app",
    "GITHUB_RUN_ID": "42",
    "GITHUB_REF": "refs/pull/999/merge",
    "GITHUB_SHA": "f" * 40,
}


@pytest.fixture(autouse=True)
def _needs_examples(github_lab: Lab) -> None:
    """The payloads are among the lab's packages."""


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_every_example_of_a_pull_request_is_read(name: str) -> None:
    for payload in examples("pull_request"):
        event = read_event(name, payload, HERE)
        assert isinstance(event, PullRequestEvent)
        pull = payload["pull_request"]
        assert event.number == pull["number"]
        assert event.head_sha == pull["head"]["sha"]
        assert event.base_ref == pull["base"]["ref"]
        assert event.repository == payload["repository"]["full_name"]
        assert event.author == pull["user"]["login"]
        assert not event.is_merge_group


def test_a_push_to_a_pull_request_knows_the_head_before() -> None:
    payload = example("pull_request", "synchronize")
    event = read_event("pull_request", payload, HERE)
    assert isinstance(event, PullRequestEvent)
    assert event.changed_files == payload["pull_request"]["changed_files"]
    assert event.urls.api_url == "https://github.example/api/v3"
    assert event.urls.run_url == "https://github.example/acme/app/actions/runs/42"
    assert event.head_url == f"https://github.example/Codertocat/Hello-World/blob/{event.head_sha}"


@pytest.mark.parametrize("gone", [True, False])
def test_a_fork(*, gone: bool) -> None:
    payload = example("pull_request", "opened")
    head = payload["pull_request"]["head"]
    head["repo"] = None if gone else {**head["repo"], "full_name": "mallory/Hello-World"}
    event = read_event("pull_request", payload, HERE)
    assert isinstance(event, PullRequestEvent)
    assert event.is_fork
    assert event.head_repository == (None if gone else "mallory/Hello-World")


@pytest.mark.parametrize(("author", "expected"), [("dependabot[bot]", True), ("octocat", False)])
def test_dependabot_is_told_by_the_author(author: str, *, expected: bool) -> None:
    payload = example("pull_request", "opened")
    payload["pull_request"]["user"]["login"] = author
    payload["sender"]["login"] = "dependabot[bot]"
    event = read_event("pull_request", payload, {**HERE, "GITHUB_ACTOR": "dependabot[bot]"})
    assert isinstance(event, PullRequestEvent)
    assert event.is_dependabot is expected


def test_a_merge_group() -> None:
    for payload in examples("merge_group"):
        event = read_event("merge_group", payload, HERE)
        assert isinstance(event, PullRequestEvent)
        assert (event.base_sha, event.head_sha) == (
            payload["merge_group"]["base_sha"],
            payload["merge_group"]["head_sha"],
        )
        assert (event.base_ref, event.number) == ("main", None)
        assert event.is_merge_group
        assert not event.is_fork


@pytest.mark.parametrize(
    "inputs",
    [
        {"pull-request": "12"},
        {"pr": " 12 ", "depth": "3"},
        {"number": 12},
    ],
)
def test_a_manual_run_names_a_pull_request(inputs: dict[str, Any]) -> None:
    payload = {**example("workflow_dispatch"), "inputs": inputs}
    asked = read_event("workflow_dispatch", payload, HERE)
    assert isinstance(asked, PullRequestNumber)
    assert (asked.number, asked.repository) == (12, "octo-org/octo-repo")


@pytest.mark.parametrize("inputs", [None, {}, {"pull-request": " "}, {"a": "1", "b": "2"}, {"retries": "3"}])
def test_a_manual_run_without_a_number_says_what_to_do(inputs: dict[str, str] | None) -> None:
    payload = {**example("workflow_dispatch"), "inputs": inputs}
    with pytest.raises(EventError, match="give the workflow an input `pull-request`"):
        read_event("workflow_dispatch", payload, HERE)


@pytest.mark.parametrize("inputs", [{"pull-request": "twelve"}, {"pr": "0"}])
def test_a_manual_run_with_a_wrong_number_says_which(inputs: dict[str, str]) -> None:
    payload = {**example("workflow_dispatch"), "inputs": inputs}
    [(name, value)] = inputs.items()
    with pytest.raises(EventError, match=f"`{name}` is '{value}', which is no number of a pull request"):
        read_event("workflow_dispatch", payload, HERE)


@pytest.mark.parametrize("name", ["push", "issue_comment", "", "schedule"])
def test_other_events_end_in_a_clear_error(name: str) -> None:
    with pytest.raises(EventError, match="names no pull request; run this on one of: pull_request, "):
        read_event(name, {}, HERE)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {}),
        ("pull_request", {"pull_request": {"number": "1"}}),
        ("merge_group", {"merge_group": None}),
        ("workflow_dispatch", {"inputs": {"pr": "1"}}),
    ],
)
def test_a_payload_that_is_not_as_documented(name: str, payload: dict[str, Any]) -> None:
    with pytest.raises(EventError, match=f"the payload of {name} is not as documented: "):
        read_event(name, payload, HERE)


@pytest.mark.parametrize("sha", ["main", "../../x", "A" * 40, "a" * 39])
def test_what_is_no_commit_is_refused(sha: str) -> None:
    payload = example("pull_request", "opened")
    payload["pull_request"]["head"]["sha"] = sha
    with pytest.raises(EventError, match=r"head\.sha") as caught:
        read_event("pull_request", payload, HERE)
    assert sha not in str(caught.value)


@pytest.mark.parametrize("name", ["GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL"])
def test_outside_of_a_job(name: str) -> None:
    with pytest.raises(EventError, match=name):
        urls_of({**HERE, name: ""})


def test_a_place_without_a_run() -> None:
    assert urls_of({**HERE, "GITHUB_RUN_ID": ""}).run_url is None


def test_a_manual_run_looks_the_pull_request_up(
    lab: Lab, client: Client, environment: dict[str, str], event_of: Callable[..., PullRequestEvent]
) -> None:
    pull = lab.repository({"uv.lock": "a\n"}).pull_request({"uv.lock": "b\n"}, fork="mallory/app")
    payload = {**example("workflow_dispatch"), "inputs": {"pull-request": str(pull.number)}}
    payload["repository"]["full_name"] = pull.repository.full_name
    asked = read_event("workflow_dispatch", payload, environment)
    assert isinstance(asked, PullRequestNumber)
    found = look_up(client, asked)
    assert replace(found, name="pull_request") == event_of(pull)
    assert found.is_fork
    assert len(lab.front.exchanges) == 1


def test_looking_up_what_is_not_there(client: Client, lab: Lab, environment: dict[str, str]) -> None:
    repository = lab.repository({})
    asked = PullRequestNumber(
        name="workflow_dispatch",
        urls=urls_of(environment),
        repository=repository.full_name,
        number=7,
    )
    with pytest.raises(GitHubError) as caught:
        look_up(client, asked)
    assert caught.value.trouble is Trouble.NOT_FOUND
    with pytest.raises(EventError, match="pull request 7 is not as documented"):
        read_pull_request(asked, {"message": "?"})


@pytest.mark.parametrize("fork", [None, "mallory/app"])
def test_current_until_somebody_pushes(
    lab: Lab, client: Client, event_of: Callable[..., PullRequestEvent], *, fork: str | None
) -> None:
    repository = lab.repository({"uv.lock": "a\n"})
    pull = repository.pull_request({"uv.lock": "b\n"}, branch="feat/ü#1", fork=fork)
    event = event_of(pull)
    assert is_current(client, event)
    pull.push({"uv.lock": "c\n"})
    assert not is_current(client, event)
    assert is_current(client, event_of(pull))
    assert len(lab.front.exchanges) == 3


def test_a_branch_that_is_gone_leaves_the_pull_request_to_ask(
    lab: Lab, connect: Callable[..., Client], client: Client, event_of: Callable[..., PullRequestEvent]
) -> None:
    pull = lab.repository({"uv.lock": "a\n"}).pull_request({"uv.lock": "b\n"})
    event = event_of(pull)
    lab.do("DELETE", f"{pull.repository.path}/git/refs/heads/topic")
    assert is_current(client, event)
    assert len(lab.front.exchanges) == 2
    with pytest.raises(GitHubError) as caught:
        is_current(connect(lab.token(pull_requests="write")), event)
    assert caught.value.permission == "contents: read"


def test_a_merge_group_is_current(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    group = read_event("merge_group", example("merge_group", "checks_requested"), environment)
    assert isinstance(group, PullRequestEvent)
    assert is_current(client, group)
    assert lab.requests() == []


def test_the_payload_builder_keeps_to_github_s_shape(lab: Lab) -> None:
    pull = lab.repository({"uv.lock": "a\n"}).pull_request({"uv.lock": "b\n"})
    made, told = of_pull_request(pull, "synchronize"), example("pull_request", "synchronize")
    assert made.keys() == told.keys()
    assert made["pull_request"].keys() == told["pull_request"].keys()
