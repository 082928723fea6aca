"""A pull request that changes only an input of a lockfile: that is a change of the lockfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomli

from fallback_review.lockfiles.content_hashes import poetry_hash
from tests.action.job import LOCK, Runner, lock, settings
from tests.github_lab.lab import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.action.job import Ended
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]
    Files = Mapping[str, str]


def configured(runner: Runner, before: Files, after: Mapping[str, str | None]) -> PullRequest:
    """Open a pull request where the repository's own files, not the settings, say what is asked."""
    told = settings(runner.index).replace('layout = "virtual-file"\n', "")
    return runner.lab.repository({".github/fallback-review.toml": told, **before}).pull_request(after)


def changes(ended: Ended) -> dict[str, list[tuple[str, str, str]]]:
    return {
        each["path"]: [(one["name"], one["kind"], one["outcome"]) for one in each["changes"]]
        for each in ended.report["lockfiles"]
    }


UPGRADED = [("behind", "upgraded", "pypi")]


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("name", ["base.reqs", "deps/base", "base.txt", "constraints.md"])
@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_file_that_a_lockfile_names(
    runner: Runner, opened: Opened, option: str, name: str, graphql: bool
) -> None:
    runner.lab.front.gaps.graph.absent = not graphql
    base = {LOCK: f"{option} {name}\nbehind\nbuilt==1.0\n", "other/requirements.txt": lock(built="1.0")}
    pull = opened({**base, name: lock(behind="1.0")}, {name: lock(behind="2.0")})
    ended = runner.run(pull)
    assert changes(ended)[LOCK] == UPGRADED
    assert set(changes(ended)) <= {LOCK, "base.txt"}  # which looks like a lockfile of its own
    assert ended.code == 1
    assert "behind" in pull.comments()[0]["body"]


@pytest.mark.parametrize("graphql", [True, False])
def test_a_lockfile_that_another_one_includes(runner: Runner, opened: Opened, graphql: bool) -> None:
    """It is reviewed by itself, and with what stands around it where it is included."""
    runner.lab.front.gaps.graph.absent = not graphql
    base = {LOCK: lock(behind="1.0"), "prod/requirements.txt": f"-r ../{LOCK}\nbuilt==1.0\n"}
    pull = opened(base, {LOCK: lock(behind="2.0")})
    found = changes(runner.run(pull))
    assert found == {LOCK: UPGRADED, "prod/requirements.txt": UPGRADED}


def test_a_file_that_a_file_names(runner: Runner, opened: Opened) -> None:
    base = {"a/requirements.txt": "-r ../b\n", "b": "-c c/d.cfg\nbehind\n", "c/d.cfg": "behind==1.0\n"}
    assert changes(runner.run(opened(base, {"c/d.cfg": "behind==2.0\n"}))) == {"a/requirements.txt": UPGRADED}


@pytest.mark.parametrize("graphql", [True, False])
def test_the_target_of_a_link(runner: Runner, opened: Opened, graphql: bool) -> None:
    runner.lab.front.gaps.graph.absent = not graphql
    base = {"api/requirements.txt": Link("../locks/api"), "locks/api": lock(behind="1.0", built="1.0")}
    ended = runner.run(opened(base, {"locks/api": lock(behind="2.0", built="1.0")}))
    assert changes(ended) == {"api/requirements.txt": UPGRADED}


@pytest.mark.parametrize(
    "place", ["pip.conf", ".pip/pip.conf", "api/pip.ini", "ci/pip.cfg", "docker/pip.cfg"]
)
def test_pips_configuration_that_lets_pypi_in(runner: Runner, place: str) -> None:
    index = runner.index
    one = f"[global]\nindex-url = {index.chainguard}/python/simple/\n"
    two = f"{one}extra-index-url = {index.pypi}/simple/\n"
    base = {
        "api/requirements.txt": lock(behind="2.0", built="1.0"),
        ".github/workflows/ci.yml": "env:\n  PIP_CONFIG_FILE: ci/pip.cfg\n",
        "docker/Dockerfile": "FROM scratch\nENV PIP_CONFIG_FILE=/app/docker/pip.cfg\n",
        "docs/readme.md": "text\n",
        place: one,
    }
    pull = configured(runner, base, {place: two})
    ended = runner.run(pull)
    moved = [(name, "origin-changed", "pypi") for name in ("behind", "built")]
    assert changes(ended) == {"api/requirements.txt": moved}
    assert ended.code == 1
    body = pull.comments()[0]["body"]
    assert "2 of 2 packages that did not change in api/requirements.txt are installed differently now" in body
    assert "No lockfile changed" not in body


def test_a_workflow_that_names_another_configuration(runner: Runner) -> None:
    index = runner.index
    one = f"[global]\nindex-url = {index.chainguard}/python/simple/\n"
    base = {
        LOCK: lock(behind="2.0"),
        "ci/one.ini": one,
        "ci/two.ini": f"{one}extra-index-url = {index.pypi}/simple/\n",
        ".github/workflows/ci.yml": "env:\n  PIP_CONFIG_FILE: ci/one.ini\n",
    }
    pull = configured(runner, base, {".github/workflows/ci.yml": "env:\n  PIP_CONFIG_FILE: ci/two.ini\n"})
    assert changes(runner.run(pull)) == {LOCK: [("behind", "origin-changed", "pypi")]}


def test_uvs_configuration(runner: Runner) -> None:
    index = runner.index
    one = f'[[index]]\nurl = "{index.chainguard}/python/simple/"\ndefault = true\n'
    two = f'[[index]]\nurl = "{index.pypi}/simple/"\n{one}'
    own = f'{settings(index)}installer = "uv"\n'.replace('layout = "virtual-file"\n', "")
    base = {".github/fallback-review.toml": own, "a/b/requirements.txt": lock(behind="2.0"), "uv.toml": one}
    pull = runner.lab.repository(base).pull_request({"uv.toml": two})
    assert changes(runner.run(pull)) == {"a/b/requirements.txt": [("behind", "origin-changed", "pypi")]}


def test_a_project_without_its_lock(runner: Runner, opened: Opened) -> None:
    """Poetry refuses a lock that its project left behind; that costs no listing of the tree."""
    project = '[tool.poetry]\nname = "a"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.12"\n'
    fresh = "0" * 63 + "1"
    poetry = (
        '[[package]]\nname = "built"\nversion = "1.0"\noptional = false\npython-versions = "*"\nfiles = []\n\n'
        f'[metadata]\nlock-version = "2.1"\npython-versions = "^3.12"\ncontent-hash = "{fresh}"\n'
    )

    poetry = poetry.replace(fresh, poetry_hash(tomli.loads(project)))
    pull = opened(
        {"pyproject.toml": project, "poetry.lock": poetry}, {"pyproject.toml": f'{project}built = "*"\n'}
    )
    ended = runner.run(pull)
    assert changes(ended) == {"poetry.lock": [("built", "origin-changed", "install-fails")]}
    assert not [each for each in runner.lab.front.exchanges if "/git/trees/" in each.path]


@pytest.mark.parametrize("graphql", [True, False])
def test_what_was_not_looked_at_is_no_pass(runner: Runner, opened: Opened, graphql: bool) -> None:
    runner.lab.front.gaps.graph.absent = not graphql
    base = {f"{each:02}/requirements.txt": f"-r ../some/{each}\n" for each in range(70)}
    base |= {f"some/{each}": lock(behind="1.0") for each in range(70)}
    if graphql:  # too long for it
        base |= {f"some/{each}": f"# {'x' * 600_000}\nbehind==1.0\n" for each in range(40)}
    pull = opened(base, {f"some/{each}": lock(behind="2.0") for each in range(30, 70)})
    ended = runner.run(pull, request_budget="20")
    assert (ended.code, ended.outputs["conclusion"]) in {(3, "unknown"), (1, "fail")}
    assert "as many requests to GitHub as it may" in ended.log
    assert "as many requests to GitHub as it may" in pull.comments()[0]["body"]
    assert len(runner.lab.front.exchanges) <= 20 + 5


ORDINARY: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "code": ({"a.py": "x = 1\n"}, {"a.py": "def f(a):\n    return a == 1\n"}),
    "words": ({"a.md": "- one\n"}, {"a.md": "- one\n- two, and -r of it\n"}),
    "workflow": ({".github/workflows/a.yml": "on: push\n"}, {".github/workflows/a.yml": "on: [push]\n"}),
    "project": (
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["a==1.0"]\n'},
        {"pyproject.toml": '[project]\nname = "a"\nversion = "2"\ndependencies = [\n"a==2.0",\n]\n'},
    ),
    "a compiled lock and its source": (
        {"requirements.in": "built==1.0\n", "deps/requirements.txt": lock(built="1.0")},
        {"requirements.in": "built==2.0\n", "requirements.txt": lock(built="2.0")},
    ),
    "pip.conf": (
        {"pip.conf": "[global]\ntimeout = 5\n"},
        {"pip.conf": "# Longer.\n[global]\ntimeout = 6\n"},
    ),
}


def test_a_lockfile_that_the_settings_name_costs_nothing_more(runner: Runner, opened: Opened) -> None:
    policy = '[lockfiles]\ninclude = ["deps/*.pins"]\n'
    pull = opened({"deps/a.pins": lock(behind="1.0")}, {"deps/a.pins": lock(behind="2.0")}, policy=policy)
    assert changes(runner.run(pull)) == {"deps/a.pins": UPGRADED}
    assert not [each for each in runner.lab.front.exchanges if "/git/trees/" in each.path]


def test_the_tree_that_is_not_listed_whole(runner: Runner, opened: Opened) -> None:
    base = {LOCK: "-r deps\n", "deps": lock(behind="1.0"), **{f"z/{each}": "z" for each in range(60)}}
    pull = opened(base, {"deps": lock(behind="2.0")})
    runner.lab.front.gaps.longest_tree = 40
    ended = runner.run(pull)
    assert changes(ended) == {LOCK: UPGRADED}
    assert ended.outputs["conclusion"] != "pass"
    assert "more files than GitHub lists" in ended.log


def test_a_repository_too_large_to_know_what_includes_a_changed_lockfile(
    runner: Runner, opened: Opened
) -> None:
    """It is said, and holds nothing up: every pull request there would be held up."""
    base = {LOCK: lock(built="1.0"), **{f"z/{each}": "z" for each in range(60)}}
    pull = opened(base, {LOCK: lock(built="2.0")})
    runner.lab.front.gaps.longest_tree = 40
    ended = runner.run(pull)
    assert (ended.code, ended.outputs["conclusion"]) == (0, "pass")
    assert "not known whether a lockfile that did not change includes one that did" in " ".join(
        ended.log.split()
    )


@pytest.mark.parametrize("kind", ORDINARY)
def test_what_changes_no_input_costs_nothing_more(runner: Runner, opened: Opened, kind: str) -> None:
    before, after = ORDINARY[kind]
    pull = opened({"requirements.txt": lock(built="1.0"), **before}, after)
    ended = runner.run(pull)
    assert (ended.code, changes(ended).keys() - {LOCK}) == (0, set())
    asked = [(each.verb, each.path) for each in runner.lab.front.exchanges]
    # Another requirements file may include the one that changed.
    listed = kind == "a compiled lock and its source"
    assert bool([path for _, path in asked if "/git/trees/" in path]) is listed
    assert len(asked) <= (6 if changes(ended) else 4) + 2 * listed
