"""What a repository's workflows and Dockerfiles set beside the files that a review reads is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.job import LOCK, lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Runner
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

pytestmark = pytest.mark.lab
WORKFLOW = (
    "jobs:\n  a:\n    env:\n      PIP_EXTRA_INDEX_URL: https://user:pw@else.example/simple/\n"
    "      UV_INDEX_STRATEGY: unsafe-best-match\n"
)
FILES = {
    ".github/workflows/test.yml": WORKFLOW,
    ".github/workflows/notes.md": "PIP_NO_BINARY: x\n",
    "Dockerfile": "FROM x\nENV PIP_NO_BINARY=:all:\n",
    LOCK: lock(built="1.0"),
}


def test_variables_are_named_with_their_place_and_decide_nothing(runner: Runner, opened: Opened) -> None:
    pull = opened(FILES, {LOCK: lock(built="2.0")})
    ended = runner.run(pull)
    said = [each for each in ended.report["findings"] if "outranks" in each["text"]]
    assert [(each["path"], each["line"]) for each in said] == [
        (".github/workflows/test.yml", 4),
        ("Dockerfile", 2),
    ]
    assert "PIP_EXTRA_INDEX_URL is set to https://else.example/simple/" in said[0]["text"]
    assert "UV_INDEX_STRATEGY" not in str(ended.report)  # the lock's installer is pip
    plain = runner.run(opened({LOCK: lock(built="1.0")}, {LOCK: lock(built="2.0")}))
    assert (ended.code, ended.report["conclusion"]) == (plain.code, plain.report["conclusion"])
    assert "outranks the files that this review reads" in pull.comments()[0]["body"]


def test_what_the_pull_request_itself_sets_is_named(runner: Runner, opened: Opened) -> None:
    pull = opened({LOCK: lock(built="1.0")}, {**FILES, LOCK: lock(built="2.0")})
    said = [each["text"] for each in runner.run(pull).report["findings"]]
    assert any("PIP_EXTRA_INDEX_URL" in each for each in said)


def test_without_graphql_the_review_is_the_same_and_names_none(runner: Runner, opened: Opened) -> None:
    runner.lab.front.gaps.graph.absent = True
    ended = runner.run(opened(FILES, {LOCK: lock(built="2.0")}))
    assert ended.code == 0
    assert "outranks" not in str(ended.report)
