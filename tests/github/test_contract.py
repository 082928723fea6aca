"""The check of exchanges is only worth something if it finds what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.github_lab.exchanges import Exchange

if TYPE_CHECKING:
    from tests.github_lab.lab import Lab

SHA = "a" * 40


def exchange(verb: str, url: str, **more: Any) -> Exchange:
    return Exchange(verb=verb, url=url, login="octocat", **more)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (exchange("GET", "/repos/acme/app/lockfiles"), "no such operation"),
        (exchange("PUT", "/repos/acme/app/issues/1/comments"), "no such operation"),
        (exchange("GET", "/repos/acme/app/pulls/1/files?per_page=100&sort=x"), "sort is not described"),
        (exchange("GET", "/repos/acme/app/pulls/1/files?page=two"), "query parameter page"),
        (exchange("POST", "/repos/acme/app/issues/1/comments"), "a body is required"),
        (exchange("POST", "/repos/acme/app/issues/1/comments", body={"text": "x"}), '"body" is a required'),
        (exchange("POST", f"/repos/acme/app/statuses/{SHA}", body={"state": "green"}), "request state"),
        (exchange("GET", "/repos/acme/app/pulls/1", status=299), "status 299 is not described"),
        (exchange("GET", "/user", status=200, answer={"login": 1}), "answer"),
    ],
)
def test_what_is_wrong_is_found(github_lab: Lab, wrong: Exchange, said: str) -> None:
    for contract in github_lab.contracts:
        problems = contract.problems(wrong)
        assert any(said in problem and problem.startswith(contract.name) for problem in problems), problems


@pytest.mark.parametrize(
    "right",
    [
        exchange("GET", "/repos/acme/app/compare/feat/x...mallory:main?per_page=1&page=1"),
        exchange("GET", f"/repos/acme/app/contents/a%20b/uv.lock?ref={SHA}"),
        exchange("GET", "/repos/acme/app/git/ref/heads/feat/x", status=404, answer={"message": "Not Found"}),
        exchange("POST", f"/repos/acme/app/statuses/{SHA}", body={"state": "success"}, status=502),
        exchange("PATCH", "/repos/acme/app/issues/comments/1", body={"body": "x"}, status=200, injected=True),
    ],
)
def test_what_is_right_passes(github_lab: Lab, right: Exchange) -> None:
    assert [problem for contract in github_lab.contracts for problem in contract.problems(right)] == []


def test_both_editions_are_held_against(github_lab: Lab) -> None:
    assert [contract.name for contract in github_lab.contracts] == ["api.github.com", "ghes-3.19"]
