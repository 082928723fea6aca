"""A pull request that changes the settings, or the workflow that runs the review, is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.job import BEFORE, FALLEN, FIXED, SETTINGS, Runner, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Ended
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

ALLOW = '[[allow]]\npackage = "{}"\nreason = "we know"\n'
REVIEW = ".github/workflows/review.yml"
USES = "on: pull_request\njobs:\n  a:\n    steps:\n      - uses: acme/fallback-review@0123\n"


def texts(ended: Ended) -> list[tuple[str, str]]:
    return [(each["path"], each["text"]) for each in ended.report["findings"]]


@pytest.mark.parametrize("lockfiles", [{}, FIXED])
def test_the_settings(runner: Runner, opened: Opened, lockfiles: dict[str, str]) -> None:
    more = (
        ALLOW.format("behind")
        + ALLOW.format("torch-*")
        + '[policy]\nfail-on = []\n[report]\npypi-page = ""\n'
    )
    pull = opened(BEFORE, {**lockfiles, SETTINGS: settings(runner.index, more)})
    ended = runner.run(pull)
    told = (
        "this pull request changes the settings: it adds 2 allowances (behind, torch-*) and changes policy.fail-on, "
        "report.pypi-page; they count once merged"
    )
    assert texts(ended) == [(SETTINGS, told)]
    assert ended.code == 0
    [comment] = pull.comments()
    for text in (comment["body"], ended.summary, ended.log):
        assert "adds 2 allowances" in text
        assert "they count once merged" in text
    assert len(runner.lab.front.exchanges) <= 6


def test_what_it_allows_itself_does_not_count(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, {**FALLEN, SETTINGS: settings(runner.index, ALLOW.format("behind"))}))
    assert ended.code == 1
    assert "adds 1 allowance (behind); they count once merged" in texts(ended)[0][1]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (ALLOW.format("a"), "", "it removes 1 allowance (a); they count once merged"),
        ("", "# Words.\n", "and nothing that it sets"),
        ("", "[policy]\nfail-on = 1\n", "which can't be used: .github/fallback-review.toml: policy.fail-on"),
        ("[policy]\ncooldown-days = 3\n", "", "it changes policy.cooldown-days; they count once merged"),
    ],
)
def test_kinds_of_changes(runner: Runner, opened: Opened, before: str, after: str, told: str) -> None:
    pull = opened(BEFORE, {SETTINGS: settings(runner.index, after)}, policy=before)
    [(_, text)] = texts(runner.run(pull))
    assert told in text


def test_hostile_names_are_escaped(runner: Runner, opened: Opened) -> None:
    entry = '[[allow]]\npackage = "a"\nreason = "x"\nversion = "@everyone <img src=x>"\n'
    pull = opened(BEFORE, {SETTINGS: settings(runner.index, entry)})
    runner.run(pull)
    assert "<img" not in pull.comments()[0]["body"]


CI = "on: pull_request\n", "on: [pull_request]\n"
OURS, THEIRS = f"acme/%s/{REVIEW}@refs/pull/1/merge", f"other/flows/{REVIEW}@main"


@pytest.mark.parametrize(
    ("workflows", "runs", "told"),
    [
        ({REVIEW: (USES, f"{USES}# more\n")}, "", True),
        ({REVIEW: (USES, None)}, "", True),
        ({".github/workflows/new.yaml": (None, USES)}, "", True),
        ({REVIEW: CI}, "", False),
        ({REVIEW: CI}, OURS, True),
        ({REVIEW: CI}, THEIRS, False),
    ],
)
def test_the_workflow(
    runner: Runner, opened: Opened, workflows: dict[str, tuple[str | None, str | None]], runs: str, told: bool
) -> None:
    before = {path: sides[0] for path, sides in workflows.items() if sides[0] is not None}
    pull = opened({**BEFORE, **before}, {path: sides[1] for path, sides in workflows.items()})
    variables = {"GITHUB_WORKFLOW_REF": runs.replace("%s", pull.repository.name)}
    ended = runner.run(pull, variables=variables)
    assert [where for where, _ in texts(ended)] == (list(workflows) if told else [])
    assert (ended.code, len(pull.comments())) == (0, told)
    if told:
        assert "may decide the inputs of this review" in pull.comments()[0]["body"]
    assert len(runner.lab.front.exchanges) <= (6 if told else 4)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_what_is_said_does_not_hang_on_the_event(runner: Runner, opened: Opened, event: str) -> None:
    """Commands and second looks would rewrite the comment otherwise."""
    target = USES.replace("pull_request", "pull_request_target")
    pull = opened({**BEFORE, REVIEW: target}, {REVIEW: f"{target}# more\n"})
    [(_, text)] = texts(runner.run(pull, event=event))
    assert text.endswith("what it changes counts once merged")
