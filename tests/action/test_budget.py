"""How many requests a pull request with one lockfile costs at GitHub: at most six, seven with a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.job import Runner, lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

AT_MOST = 6
PYPROJECT = (
    '[project]\nname = "app"\nversion = "1"\n'
    '[[tool.uv.index]]\nurl = "https://libraries.cgr.dev/python/simple/"\ndefault = true\n'
)


def uv_lock(version: str) -> str:
    return (
        'version = 1\nrequires-python = ">=3.12"\n'
        f'[[package]]\nname = "behind"\nversion = "{version}"\n'
        'source = { registry = "https://libraries.cgr.dev/python/simple/" }\n'
    )


KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "requirements.txt": ({"requirements.txt": lock(behind="1.0")}, {"requirements.txt": lock(behind="2.0")}),
    "requirements.txt with pip.conf": (
        {"requirements.txt": lock(behind="1.0"), "pip.conf": "[global]\ntimeout = 5\n"},
        {"requirements.txt": lock(behind="2.0"), "pip.conf": "[global]\ntimeout = 6\n"},
    ),
    "uv.lock with pyproject.toml": (
        {"uv.lock": uv_lock("1.0"), "pyproject.toml": PYPROJECT},
        {"uv.lock": uv_lock("2.0"), "pyproject.toml": PYPROJECT + "\n"},
    ),
    "uv.lock in depth": (
        {"a/b/c/d/e/uv.lock": uv_lock("1.0"), "a/b/pyproject.toml": PYPROJECT},
        {"a/b/c/d/e/uv.lock": uv_lock("2.0")},
    ),
    "lockfile added": ({}, {"uv.lock": uv_lock("2.0"), "pyproject.toml": PYPROJECT}),
    "lockfile deleted": ({"uv.lock": uv_lock("1.0"), "pyproject.toml": PYPROJECT}, {"uv.lock": None}),  # type: ignore[dict-item]  # None deletes
}


TREE = {"requirements.txt", "requirements.txt with pip.conf", "lockfile added"}
"""Where others may include what changed, or be configured by it: the tree says which lockfiles there are."""


@pytest.mark.parametrize("without_patch", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_lockfile(runner: Runner, opened: Opened, kind: str, without_patch: bool) -> None:
    """With a commit status, even, unless GitHub withholds the diff."""
    pull = opened(*KINDS[kind])
    if without_patch:
        runner.lab.front.gaps.without_patch.add(pull.repository.full_name)
    status = "false" if without_patch else "true"
    runner.run(pull, status=status)
    asked = runner.lab.requests()
    assert len(asked) <= AT_MOST + (kind in TREE), asked
    assert len(pull.comments()) == 1
    runner.run(pull.push({"README.md": "more\n"}), "synchronize", status=status)
    asked = runner.lab.requests()[len(asked) :]
    assert len(asked) <= AT_MOST + (kind in TREE), asked
    assert len(pull.comments()) == 1
    assert pull.head in pull.comments()[0]["body"]


def test_a_repository_without_settings(runner: Runner, lab: object, opened: Opened) -> None:
    pull = runner.lab.repository(KINDS["uv.lock in depth"][0]).pull_request({"a/b/c/d/e/uv.lock": "["})
    runner.run(pull)
    assert len(runner.lab.front.exchanges) <= AT_MOST


def test_a_long_lockfile(runner: Runner, opened: Opened) -> None:
    """GraphQL hands out no more than half a megabyte of it: REST has to, for one request more."""
    filler = "# a line of a comment that makes the file long\n" * 25_000
    pull = opened(
        {"requirements.txt": filler + lock(behind="1.0")}, {"requirements.txt": filler + lock(behind="2.0")}
    )
    ended = runner.run(pull)
    assert ended.code == 1
    assert [change["name"] for change in ended.report["lockfiles"][0]["changes"]] == ["behind"]
    assert len(runner.lab.front.exchanges) <= AT_MOST + 1


def test_many_lockfiles_are_read_together(runner: Runner, opened: Opened) -> None:
    names = [f"service{number}/requirements.txt" for number in range(15)]
    pull = opened({name: lock(behind="1.0") for name in names}, {name: lock(behind="2.0") for name in names})
    assert runner.run(pull).outputs["fallback-count"] == "15"
    assert len(runner.lab.front.exchanges) <= AT_MOST + 3
