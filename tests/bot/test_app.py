"""A GitHub App's identity: its name, its token, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fallback_review.github.app import app_key
from tests.bot.job import BEFORE, FALLS, LOCK, chainguard_builds, statuses, sticky
from tests.github_lab.front import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.cli.demo.server import DemoIndex
    from tests.bot.job import Bot
    from tests.github_lab.bot_gaps import App
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

ALL = {"contents": "read", "pull_requests": "write", "statuses": "write", "issues": "write"}


def given(app: App) -> dict[str, Any]:
    return {"app_id": app.id, "app_private_key": app.private_key}


def asked(bot: Bot) -> Any:
    [exchange] = bot.lab.recorded("POST", "/app/installations/77/access_tokens")
    return exchange.body


def authors(pull: PullRequest) -> set[str]:
    return {comment["user"]["login"] for comment in pull.comments()}


def test_a_review_under_its_own_name(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    pull = opened(BEFORE, FALLS)
    bot.run(pull, status="true", **given(app))
    assert "comes from PyPI" in sticky(pull)
    assert authors(pull) == {"our-app[bot]"}
    assert asked(bot) == {
        "repositories": [pull.repository.name],
        "permissions": {"contents": "read", "pull_requests": "write", "statuses": "write"},
    }
    assert bot.lab.recorded("DELETE", "/installation/token")
    assert not [secret for secret in bot.lab.front.tokens if secret.startswith("ghs_app")]
    tokens = [each.answer["token"] for each in bot.lab.recorded("POST", ".*/access_tokens")]
    ended = bot.run(pull.push({LOCK: "good==1.0\nabsent==1.0\n"}), "synchronize", **given(app))
    assert len(pull.comments()) == 1  # it knows its own
    assert f"::add-mask::{app.private_key.splitlines()[1]}" in ended.log
    tokens += [each.answer["token"] for each in bot.lab.recorded("POST", ".*/access_tokens")]
    for secret in (*tokens, *app.private_key.splitlines()[1:-1]):
        assert all(line == f"::add-mask::{secret}" for line in ended.log.splitlines() if secret in line)


def test_commands_and_second_looks_under_its_own_name(bot: Bot, opened: Opened, index: DemoIndex) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    pull = opened(BEFORE, FALLS)
    bot.run(pull, **given(app))
    _, ended = bot.comment(pull, "/fallback-review help", **given(app))
    assert ended.code == 0
    assert asked(bot)["permissions"] == {"contents": "read", "pull_requests": "write"}
    chainguard_builds(index)
    assert bot.scheduled(pull.repository, status="true", **given(app)).code == 0
    assert "Resolved since" in sticky(pull)
    assert statuses(pull) == ["success"]
    assert authors(pull) == {"our-app[bot]", "octocat"}
    assert "GET /user" not in bot.lab.requests()


def test_drift_asks_for_other_permissions(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    pull = opened(FALLS, BEFORE)
    assert bot.scheduled(pull.repository, "drift", **given(app)).code == 0
    assert asked(bot)["permissions"] == {"contents": "read", "issues": "write"}
    bot.scheduled(pull.repository, "recheck, drift", **given(app))
    assert asked(bot)["permissions"] == {"contents": "read", "pull_requests": "write", "issues": "write"}


def test_a_missing_permission_is_told_and_the_rest_is_done(
    bot: Bot, opened: Opened, index: DemoIndex
) -> None:
    app = bot.lab.front.gaps.bot.app(contents="read", pull_requests="write")
    pull = opened(BEFORE, FALLS)
    bot.run(pull, **given(app))
    chainguard_builds(index)
    ended = bot.scheduled(pull.repository, status="true", **given(app))
    assert "statuses" not in asked(bot)["permissions"]
    first, second = ended.annotations("warning")
    assert "The GitHub App is not granted `statuses: write`" in first
    assert "add `statuses: write` to the GitHub App's permissions" in second
    assert "Resolved since" in sticky(pull)
    app.permissions["statuses"] = "write"
    bot.scheduled(pull.repository, status="true", number=2, **given(app))
    assert statuses(pull) == ["success"]


def test_reading_only(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(contents="read", pull_requests="read")
    pull = opened(BEFORE, FALLS)
    ended = bot.run(pull, **given(app))
    assert ended.code == 1  # the verdict is the same
    assert "pull-requests: write" in ended.annotations("warning")[0]
    assert pull.comments() == []


def test_an_app_that_may_nothing(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(metadata="read")
    ended = bot.run(opened(BEFORE, FALLS), **given(app))
    assert ended.code == 3
    assert "contents: read, pull-requests: write" in ended.annotations("error")[0]
    assert bot.lab.recorded("POST", ".*") == []


def test_not_installed_here(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    app.installed = False
    ended = bot.run(pull := opened(BEFORE, FALLS), **given(app))
    assert ended.code == 2
    assert f"not installed in {pull.repository.full_name}" in ended.annotations("error")[0]


def test_the_key_of_another_app(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    app.key, mine = other, app.private_key
    ended = bot.run(opened(BEFORE, FALLS), app_id=app.id, app_private_key=mine)
    assert ended.code == 2
    assert "must be of the same App" in ended.annotations("error")[0]


def test_github_can_not_be_asked_for_a_token(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    bot.lab.front.faults.append(Fault(verb="GET", path=".*/installation", status=500, times=99))
    assert bot.run(opened(BEFORE, FALLS), **given(app)).code == 3


def test_a_token_that_can_not_be_revoked_ends_by_itself(bot: Bot, opened: Opened) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    bot.lab.front.faults.append(Fault(verb="DELETE", path="/installation/token", status=500, times=99))
    assert bot.run(opened(BEFORE, FALLS), **given(app)).code == 1


@pytest.mark.parametrize(
    "key", ["nonsense-key", "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_is_none(bot: Bot, opened: Opened, key: str) -> None:
    ended = bot.run(opened(BEFORE, FALLS), app_id="1", app_private_key=key)
    assert ended.code == 2
    assert "PEM" in ended.annotations("error")[0]
    assert "nonsense-key" not in "".join(ended.annotations("error"))
    assert bot.lab.requests() == []


def test_line_ends_may_be_escaped(bot: Bot) -> None:
    app = bot.lab.front.gaps.bot.app(**ALL)
    assert app_key(app.id, app.private_key.replace("\n", "\\n")).private_key == app.private_key


@pytest.mark.parametrize("half", [{"app_id": "1"}, {"app_private_key": "x"}])
def test_half_an_app(bot: Bot, opened: Opened, half: dict[str, Any]) -> None:
    ended = bot.run(opened(BEFORE, FALLS), **half)
    assert ended.code == 2
    assert "belong together" in ended.annotations("error")[0]
