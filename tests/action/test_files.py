"""Which files a run reads: large ones, many, unreadable ones, those that others include."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.action.job import BEFORE, FALLEN, LOCK, Runner, lock, settings
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_merge_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.action.job import Ended
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

PYPROJECT = (
    '[project]\nname = "app"\nversion = "1"\n\n\n\n\n\n[[tool.uv.index]]\nurl = "https://index.example/"\n'
)


def test_a_lockfile_over_a_megabyte(runner: Runner, opened: Opened) -> None:
    filler = "# a line of a comment that makes the file long\n" * 25_000
    assert len(filler) > 1_100_000
    pull = opened({LOCK: filler + BEFORE[LOCK]}, {LOCK: filler + FALLEN[LOCK]})
    pull.repository.lab.front.gaps.without_patch.add(pull.repository.full_name)
    ended = runner.run(pull)
    assert ended.code == 1
    [change] = ended.report["lockfiles"][0]["changes"]
    assert (change["name"], change["line"]) == ("behind", 25_002)


def test_more_than_300_files(runner: Runner, opened: Opened) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(320)}
    pull = opened({"zz/requirements.txt": BEFORE[LOCK]}, {**many, "zz/requirements.txt": FALLEN[LOCK]})
    ended = runner.run(pull, review_comments="true")
    assert ended.code == 1
    assert [each["path"] for each in ended.report["lockfiles"]] == ["zz/requirements.txt"]


def test_more_files_than_github_lists_is_no_pass(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, {f"docs/{number:04}.md": "x\n" for number in range(3_000)})
    cut = {"sha": pull.head, "url": "https://github.example/", "tree": [], "truncated": True}
    runner.lab.front.faults.append(Fault(verb="GET", path=r".*/git/trees/.*", status=200, body=cut, times=9))
    ended = runner.run(pull)
    assert (ended.code, ended.outputs["conclusion"]) == (3, "unknown")
    assert "more files than GitHub lists" in ended.log


def queued(runner: Runner, before: dict[str, str], after: dict[str, str], **inputs: Any) -> Ended:
    """Run for a merge group."""
    repository = runner.lab.repository({".github/fallback-review.toml": settings(runner.index), **before})
    head = repository.push("queue", after, start="main")
    payload = of_merge_group(repository, base=repository.commits["main"], head=head)
    return runner.step(runner.environment(payload, event="merge_group", **inputs))


def test_a_huge_merge_group(runner: Runner) -> None:
    """Thousands of files in a tree that GitHub does not list at once, ten lockfiles among them."""
    folders = [f"vendor/{number:02}" for number in range(20)]
    before = {f"{each}/{number:03}.md": "x" for each in folders for number in range(100)}
    before |= {f"services/{number}/{LOCK}": lock(built="1.0") for number in range(10)}
    before |= {f"kept/{number:03}.md": "same" for number in range(300)}
    after = {path: "y" for path in before if path.startswith("vendor/")}
    after |= {f"services/{number}/{LOCK}": lock(built="2.0") for number in range(10)}
    runner.lab.front.gaps.longest_tree = 2_100
    ended = queued(runner, before, after)
    assert (ended.code, ended.outputs["chainguard-count"]) == (0, "10")
    assert len(runner.lab.front.exchanges) <= 20
    runner.lab.front.gaps.longest_tree = 500  # folder by folder
    ended = queued(runner, before, after)
    assert (ended.code, ended.outputs["chainguard-count"]) == (0, "10")


@pytest.mark.parametrize("cut", [True, False])
def test_a_queue_can_not_split_a_pull_request(runner: Runner, cut: bool) -> None:
    many = {f"service{each:03}/{LOCK}": lock(built="1.0") for each in range(310)}
    runner.lab.front.gaps.longest_tree = 50 if cut else 100_000
    ended = queued(
        runner, many, {path: lock(built="2.0") for path in many}, request_budget="20" if not cut else "300"
    )
    assert ended.code == 3
    assert "split" not in ended.log.lower()
    assert "split" not in ended.summary.lower()
    assert ("more files than GitHub lists" in ended.log) is cut
    assert ("raise `request-budget`" in ended.log) is not cut


def test_files_of_any_name_in_a_large_merge_group(runner: Runner) -> None:
    """GitHub shows no diffs there: the first hundred are looked at, and the others are spoken of."""
    before = {f"docs/{number:03}.txt": "x\n" for number in range(301)}
    before["aa.txt"] = "behind==1.0\n"
    ended = queued(runner, before, {**dict.fromkeys(before, "y\n"), "aa.txt": "behind==2.0\n"})
    assert (ended.code, [each["path"] for each in ended.report["lockfiles"]]) == (1, ["aa.txt"])
    [notice] = ended.annotations("notice")
    assert "so 202 files with unusual names were not read, the first of them docs/099.txt" in notice
    assert "[lockfiles] include" in ended.summary.replace("&#91;", "[").replace("&#93;", "]")


def test_an_unreadable_lockfile_beside_a_good_one(runner: Runner, opened: Opened) -> None:
    broken = {"broken/uv.lock": "version = [\n", "good/requirements.txt": lock(built="1.0")}
    pull = opened({}, broken)
    ended = runner.run(pull, status="true")
    assert (ended.code, ended.outputs["conclusion"], ended.outputs["unknown-count"]) == (3, "unknown", "1")
    assert ended.outputs["chainguard-count"] == "1"
    assert [each["path"] for each in ended.report["lockfiles"]] == ["good/requirements.txt"]
    assert "broken/uv.lock" in pull.comments()[0]["body"]
    assert [line for line in ended.annotations("error") if "file=broken/uv.lock" in line]
    fixed = runner.run(pull.push({"broken/uv.lock": None}), "synchronize")
    assert fixed.code == 0
    assert "broken" not in pull.comments()[0]["body"]


def test_a_lockfile_that_github_will_not_hand_out(runner: Runner, opened: Opened) -> None:
    runner.lab.front.gaps.graph.absent = True
    body = {"message": "too large", "errors": [{"resource": "Blob", "field": "data", "code": "too_large"}]}
    runner.lab.front.faults.append(
        Fault(verb="GET", path=r".*/contents/huge/requirements\.txt", status=403, body=body)
    )
    base = {LOCK: lock(built="1.0"), "huge/requirements.txt": lock(built="1.0")}
    ended = runner.run(opened(base, {LOCK: lock(built="2.0"), "huge/requirements.txt": lock(built="2.0")}))
    assert (ended.code, ended.outputs["unknown-count"], ended.outputs["chainguard-count"]) == (3, "1", "1")
    assert "exclude this one with `lockfiles`" in ended.log


def test_a_pull_request_that_mends_an_unreadable_lockfile(runner: Runner, opened: Opened) -> None:
    broken = {LOCK: "<<<<<<< ours\n" * 3, "uv.lock": "version = ["}
    mended = 'version = 1\nrequires-python = ">=3.12"\n'
    ended = runner.run(opened(broken, {"uv.lock": mended}))
    assert ended.code == 0
    assert "could not be read at the base" in ended.log
    assert runner.run(opened(broken, {"uv.lock": None})).code == 0


def test_files_that_a_lockfile_includes_are_read_on_both_sides(runner: Runner, opened: Opened) -> None:
    base = {
        LOCK: "-r more/base.txt\nbuilt==1.0\n",
        "more/base.txt": lock(behind="1.0"),
        "more/next.txt": lock(behind="2.0"),
    }
    ended = runner.run(opened(base, {LOCK: "-r more/next.txt\nbuilt==1.0\n"}))
    [change] = ended.report["lockfiles"][0]["changes"]
    assert (change["name"], change["kind"], change["outcome"]) == ("behind", "upgraded", "pypi")


def test_an_included_file_of_any_name_that_changes_alone(runner: Runner, opened: Opened) -> None:
    base = {LOCK: "-r base.txt\n", "base.txt": lock(behind="1.0"), "robots.txt": "User-agent: *\n"}
    head = {"base.txt": lock(behind="2.0"), "robots.txt": "User-agent: *\n--no: x\n"}
    ended = runner.run(opened(base, head))
    assert ended.code == 1
    [reviewed] = ended.report["lockfiles"]
    assert reviewed["path"] == LOCK
    assert [(each["name"], each["outcome"]) for each in reviewed["changes"]] == [("behind", "pypi")]


def test_an_included_file_is_reviewed_once(runner: Runner, opened: Opened) -> None:
    base = {LOCK: "-r base.txt\nbuilt==1.0\n", "base.txt": lock(behind="1.0")}
    ended = runner.run(opened(base, {LOCK: "-r base.txt\nbuilt==2.0\n", "base.txt": lock(behind="2.0")}))
    [reviewed] = ended.report["lockfiles"]
    assert {each["name"] for each in reviewed["changes"]} == {"behind", "built"}


def test_an_included_file_that_can_not_be_had_is_no_pass(runner: Runner, opened: Opened) -> None:
    base = {LOCK: lock(built="1.0"), "more/next.txt": lock(behind="2.0")}
    runner.lab.front.faults.append(Fault(verb="GET", path=r".*/contents/more/next\.txt", status=403, times=9))
    ended = runner.run(opened(base, {LOCK: "-r more/next.txt\nbuilt==1.0\n"}))
    assert (ended.code, ended.outputs) == (3, {"conclusion": "unknown"})
    assert "contents/more/next.txt, said 403" in ended.annotations("error")[0]


def test_includes_that_climb_out_of_the_repository(runner: Runner, opened: Opened) -> None:
    climbing = "-r ../../../../user\n-r /etc/passwd\n-c https://example.test/constraints.txt\nbuilt==2.0\n"
    ended = runner.run(opened(BEFORE, {LOCK: climbing}))
    assert "packages that it names are not reviewed" in ended.log
    asked = [exchange.path for exchange in runner.lab.front.exchanges]
    assert [path for path in asked if "user" in path or "passwd" in path or "example" in path] == []


def test_many_lockfiles(runner: Runner, opened: Opened) -> None:
    base = {f"service{number}/requirements.txt": BEFORE[LOCK] for number in range(12)}
    head = {f"service{number}/requirements.txt": FALLEN[LOCK] for number in range(12)}
    ended = runner.run(opened(base, head))
    assert (ended.code, ended.outputs["fallback-count"]) == (1, "12")
    assert len({served.path for served in runner.index.log}) == len(runner.index.log)


def test_a_change_of_the_installers_configuration(runner: Runner, opened: Opened) -> None:
    """Said in the comment: from here on an installer would ask another index."""
    base = {**BEFORE, "pip.conf": "[global]\nindex-url = https://libraries.cgr.dev/python/simple/\n"}
    head = {**FALLEN, "pip.conf": "[global]\nindex-url = https://index.example/simple/\n"}
    pull = opened(base, head)
    runner.run(pull)
    body = pull.comments()[0]["body"]
    assert "pip.conf" in body
    assert "index.example" in body


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"pip.conf": "[global]\nindex-url = https://index.example/simple/\n"}, True),
        ({"a/b/pyproject.toml": PYPROJECT.replace("index.example", "other.example")}, False),
        ({"a/b/pyproject.toml": PYPROJECT.replace('"1"', '"2"')}, False),
        ({"a/b/pyproject.toml": None}, False),
        ({"Pipfile": '[[source]]\nurl = "https://index.example/"\n', "README.md": "index\n"}, False),
        ({f"{each}/uv.toml": 'index-url = "https://index.example/"\n' for each in range(7)}, False),
    ],
)
def test_a_change_of_the_configuration_alone(
    runner: Runner, opened: Opened, after: dict[str, str | None], told: bool
) -> None:
    """Where a lockfile's packages may come from a stranger now that is no pass; others concern no lockfile."""
    pull = opened({**BEFORE, "a/b/pyproject.toml": PYPROJECT}, after)
    ended = runner.run(pull)
    assert (ended.code, len(pull.comments())) == ((3, 1) if told else (0, 0))
    assert len(runner.lab.front.exchanges) <= (7 if told else 5)
    assert ("index.example" in ended.log) is told


def test_beside_a_lockfile_the_comment_has_the_configuration(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, {**FALLEN, "pip.conf": "[global]\nno-index = true\n"}))
    assert ended.annotations("notice") == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bin\x00", "é = 1\n".encode("latin-1")])
def test_a_configuration_that_is_no_text_is_no_fault_of_ours(
    runner: Runner, opened: Opened, content: bytes
) -> None:
    ended = runner.run(opened({**BEFORE, "pip.conf": content}, FALLEN))
    assert (ended.code, ended.outputs["fallback-count"]) == (1, "1")
    assert "pip.conf could not be read as index configuration" in ended.log
