"""Opening indexes: which credentials go where, and progress on a terminal."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from fallback_review.index.credentials import Credentials
from fallback_review.index.open import Secrets, open_indexes
from fallback_review.lockfiles import Text
from fallback_review.model import Cause, Conclusion
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.context import addresses_of
from fallback_review.pipeline.review import review
from fallback_review.settings import validation
from fallback_review.settings.schema import Indexes, Settings
from tests.index.indexes import chainguard
from tests.servers.scripted import answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.scripted import ScriptedServer, Seen

GIVEN = Credentials("ann", "secret")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted(lambda _seen: answer(404)) as running:
        yield running


def at(server: ScriptedServer, **more: str) -> Indexes:
    return validation.validate(
        {"indexes": {"chainguard": f"{server.url}/cg/", "pypi": f"{server.url}/pypi/", **more}}
    ).indexes


def test_explicit_credentials_go_to_chainguards_host_and_never_to_pypi(server: ScriptedServer) -> None:
    with scripted(lambda _seen: answer(404)) as other:
        indexes = at(server, remediated=f"{server.url}/fixed/", resolver=f"{other.url}/all/")
        with open_indexes(indexes, Secrets(environ={}, explicit=GIVEN)) as ask:
            answers = ask({index: ["six"] for index in addresses_of(indexes).known})["six"]
    assert {answer.problem for answer in answers.values()} == {Cause.PROJECT_MISSING}

    assert {seen.path: "authorization" in seen.headers for seen in (*server.seen, *other.seen)} == {
        "/cg/six/": True,
        "/fixed/six/": True,
        "/pypi/six/": False,
        "/all/six/": False,
    }


def test_chainguards_own_index_is_not_asked_without_credentials() -> None:
    with open_indexes(Indexes(), Secrets(environ={})) as ask:
        (found,) = ask({chainguard(Indexes().chainguard): ["six"]})["six"].values()

    assert found.problem is Cause.NOT_CONFIGURED
    assert "CHAINGUARD_PYTHON_TOKEN" in found.message


def test_why_an_index_refuses_is_said_once_for_all_that_it_was_not_asked_for() -> None:
    with scripted(lambda seen: answer(401 if seen.path.startswith("/cg/") else 404)) as refusing:
        settings = Settings(indexes=at(refusing))
        pins = "".join(f"made-{number}==1.0\n" for number in range(40))
        with open_indexes(settings.indexes, Secrets(environ={})) as ask:
            changed = compare(None, Text(path="requirements.txt", text=pins))
            result = review([changed], settings, ask, today=date(2026, 1, 1))

    (finding,) = result.findings
    assert finding.text.endswith("make a new one with `chainctl auth pull-token create --repository=python`")
    assert result.conclusion is Conclusion.UNKNOWN
    assert len([seen for seen in refusing.seen if seen.path.startswith("/cg/")]) < 40


def test_each_index_that_refuses_says_why() -> None:
    with scripted(lambda _seen: answer(401)) as refusing:
        settings = Settings(indexes=at(refusing))
        with open_indexes(settings.indexes, Secrets(environ={})) as ask:
            changed = compare(None, Text(path="requirements.txt", text="made==1.0\n"))
            result = review([changed], settings, ask, today=date(2026, 1, 1))

    assert sorted(finding.text.rpartition("; ")[2] for finding in result.findings) == [
        "make a new one with `chainctl auth pull-token create --repository=python`",
        "renew it, or check user name and password",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_shows_on_a_terminal_alone(*, terminal: bool) -> None:
    """The second of two answers waits until a person has seen the first counted."""
    shown = io.StringIO()

    def reply(seen: Seen) -> Iterator[object]:
        for _ in range(1_000 if terminal and "/attrs/" in seen.path else 0):
            if "1/2" in shown.getvalue():
                break
            yield 0.01
        yield from answer(404)

    console = Console(file=shown, force_terminal=terminal, width=80)
    with scripted(reply) as server:
        indexes = at(server)
        with open_indexes(indexes, Secrets(environ={}), console=console) as ask:
            answers = ask({chainguard(indexes.chainguard): ["six", "attrs"]})

    assert set(answers) == {"six", "attrs"}
    assert ("1/2" in shown.getvalue()) is terminal
    assert terminal or not shown.getvalue()


def test_secrets_are_not_shown() -> None:
    shown = repr(Secrets(environ={"CHAINGUARD_PYTHON_TOKEN": "secret"}, explicit=GIVEN))

    assert "secret" not in shown
