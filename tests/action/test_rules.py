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
    assert texts(ended) == [
        (
            SETTINGS,
            "this change adds 2 allowances: behind (reason: we know), torch-* (reason: we know); they count once merged",
        ),
        (SETTINGS, "this change edits fail-on of [policy] in the settings; it counts once merged"),
        (SETTINGS, "this change edits pypi-page of [report] in the settings; it counts once merged"),
    ]
    assert ended.code == 0
    [comment] = pull.comments()
    for text in (comment["body"], ended.summary, ended.log):
        assert "adds 2 allowances" in text
        assert "they count once merged" in text
    assert len(runner.lab.front.exchanges) <= 6


def test_what_it_allows_itself_does_not_count(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, {**FALLEN, SETTINGS: settings(runner.index, ALLOW.format("behind"))}))
    assert ended.code == 1
    assert "adds an allowance: behind (reason: we know); it counts once merged" in texts(ended)[0][1]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (ALLOW.format("a"), "", "removes an allowance: a (reason: we know); it counts until it is merged"),
        ("", "[policy]\nfail-on = 1\n", "edits fail-on of [policy] in the settings; it counts once merged"),
        ("[policy]\ncooldown-days = 3\n", "", "edits cooldown-days of [policy] in the settings"),
        ("", "[policy\n", "edits the settings; it counts once merged"),
    ],
)
def test_kinds_of_changes(runner: Runner, opened: Opened, before: str, after: str, told: str) -> None:
    pull = opened(BEFORE, {SETTINGS: settings(runner.index, after)}, policy=before)
    [(_, text)] = texts(runner.run(pull))
    assert told in text


def test_a_comment_in_the_settings_is_nothing(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, {SETTINGS: settings(runner.index, "# Words.\n")})
    assert (texts(runner.run(pull)), pull.comments()) == ([], [])


def test_a_settings_file_elsewhere(runner: Runner, opened: Opened) -> None:
    pull = opened({**BEFORE, "a.toml": settings(runner.index)}, {"a.toml": None})
    assert texts(runner.run(pull, config="a.toml")) == [("a.toml", "this change deletes the settings")]


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
        assert "it can change the inputs of this review" in pull.comments()[0]["body"]
    assert len(runner.lab.front.exchanges) <= (6 if told else 4)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_what_is_said_does_not_hang_on_the_event(runner: Runner, opened: Opened, event: str) -> None:
    """Commands and second looks would rewrite the comment otherwise."""
    target = USES.replace("pull_request", "pull_request_target")
    pull = opened({**BEFORE, REVIEW: target}, {REVIEW: f"{target}# more\n"})
    [(_, text)] = texts(runner.run(pull, event=event))
    assert text.endswith("what it changes counts once merged")
