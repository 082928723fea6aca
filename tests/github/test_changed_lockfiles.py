from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.github.changed_files import _of_trees
from fallback_review.github.changed_lockfiles import LockfileSides, PullRequestFiles, Side
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.events import PullRequestEvent, read_event
from tests.github_lab.front import Fault
from tests.github_lab.gaps import LONGEST_TREE
from tests.github_lab.payloads import of_merge_group, of_pull_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.github.client import Client
    from tests.github_lab.lab import Lab

    Connect = Callable[..., Client]
    EventOf = Callable[..., PullRequestEvent]

SETTINGS = ".github/fallback-review.toml"
CONTENTS = r"/repos/.*/contents/.*"


def is_lockfile(path: str) -> bool:
    return path.rpartition("/")[2] in {"uv.lock", "requirements.txt", "new.lock"}


def read_all(files: PullRequestFiles) -> tuple[LockfileSides, ...]:
    return tuple(files.both_sides(entry) for entry in files.lockfiles(is_lockfile))


def lock(*pins: str) -> str:
    return "".join(f"{pin}\n" for pin in pins)


BEFORE = lock(*(f"package-{number}==1.0" for number in range(50)))
AFTER = BEFORE.replace("package-7==1.0", "package-7==2.0") + "added==1.0\n"


def both(before: str | bytes | None, after: str | bytes | None, path: str = "uv.lock") -> LockfileSides:
    def as_bytes(text: str | bytes | None) -> bytes | None:
        return text.encode() if isinstance(text, str) else text

    return LockfileSides(
        base_path=None if before is None else path,
        base_bytes=as_bytes(before),
        head_path=None if after is None else path,
        head_bytes=as_bytes(after),
    )


def without_lines(files: tuple[LockfileSides, ...]) -> list[LockfileSides]:
    return [
        LockfileSides(
            base_path=file.base_path,
            base_bytes=file.base_bytes,
            head_path=file.head_path,
            head_bytes=file.head_bytes,
            problem=file.problem,
        )
        for file in files
    ]


def changed(
    lab: Lab,
    client: Client,
    event_of: EventOf,
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes | None],
) -> list[LockfileSides]:
    pull = lab.repository(before).pull_request(after)
    return without_lines(read_all(PullRequestFiles(client, event_of(pull))))


@pytest.mark.parametrize(
    ("before", "after", "requests"),
    [
        pytest.param(BEFORE, AFTER, 2, id="modified: the patch gives the head"),
        pytest.param(None, AFTER, 1, id="added: so does it without a base"),
        pytest.param(BEFORE, None, 2, id="deleted"),
        pytest.param("a\n", "b", 2, id="line end lost"),
        pytest.param("a", "b\n", 2, id="line end won"),
        pytest.param("a\r\nb\r\n", "a\r\nc\r\n", 2, id="carriage returns"),
        pytest.param("é\n", "é\nü\u2028x\x0cy\n", 2, id="other line ends inside of a line"),
        pytest.param("a\n", "", 2, id="emptied"),
        pytest.param(None, "", 1, id="added empty"),
        pytest.param("a\n".encode("utf-16"), "b\n".encode("utf-16"), 3, id="not UTF-8"),
    ],
)
def test_both_sides_byte_for_byte(
    lab: Lab,
    client: Client,
    event_of: EventOf,
    *,
    before: str | bytes | None,
    after: str | bytes | None,
    requests: int,
) -> None:
    base: dict[str, str | bytes] = {"other.txt": "x"}
    if before is not None:
        base["uv.lock"] = before
    assert changed(lab, client, event_of, base, {"uv.lock": after}) == [both(before, after)]
    assert len(lab.front.exchanges) == requests


@pytest.mark.parametrize("patch", [True, False])
def test_few_requests_for_one_lockfile(lab: Lab, client: Client, event_of: EventOf, *, patch: bool) -> None:
    repository = lab.repository({"uv.lock": BEFORE, SETTINGS: "[policy]\n"})
    pull = repository.pull_request({"uv.lock": AFTER})
    if not patch:
        lab.front.gaps.without_patch.add(repository.full_name)

    def whole_run(action: str) -> int:
        event = event_of(pull, action)
        lab.front.exchanges.clear()
        files = PullRequestFiles(client, event)
        assert files.settings(SETTINGS) == b"[policy]\n"
        assert len(read_all(files)) == 1
        return len(lab.front.exchanges)

    fetched = 0 if patch else 1
    assert whole_run("opened") == 3 + fetched
    pull.push({"uv.lock": AFTER + "more==1\n"})
    assert whole_run("synchronize") == 3 + fetched


def test_no_lockfile_is_one_request(lab: Lab, client: Client, event_of: EventOf) -> None:
    assert changed(lab, client, event_of, {"uv.lock": "a\n"}, {"README.md": "x"}) == []
    assert len(lab.front.exchanges) == 1


def test_many_lockfiles_come_by_path(lab: Lab, client: Client, event_of: EventOf) -> None:
    paths = [f"service-{letter}/uv.lock" for letter in "cab"]
    files = changed(lab, client, event_of, dict.fromkeys(paths, BEFORE), dict.fromkeys(paths, AFTER))
    assert files == [both(BEFORE, AFTER, path) for path in sorted(paths)]
    assert len(lab.front.exchanges) == 4


def test_odd_names(lab: Lab, client: Client, event_of: EventOf) -> None:
    path = "a b/#1?/ü%20&/uv.lock"
    assert changed(lab, client, event_of, {path: "a\n"}, {path: "b\n"}) == [both("a\n", "b\n", path)]


def test_renamed(lab: Lab, client: Client, event_of: EventOf) -> None:
    [file] = changed(
        lab, client, event_of, {"old/uv.lock": BEFORE}, {"old/uv.lock": None, "new/uv.lock": BEFORE}
    )
    assert (file.base_path, file.head_path) == ("old/uv.lock", "new/uv.lock")
    assert file.base_bytes == file.head_bytes == BEFORE.encode()
    assert file.path == "new/uv.lock"
    assert len(lab.front.exchanges) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("requirements.in", "requirements.txt", (None, "requirements.txt")),
        ("uv.lock", "x.bak", ("uv.lock", None)),
    ],
)
def test_renamed_to_or_from_something_else(
    lab: Lab,
    client: Client,
    event_of: EventOf,
    *,
    old: str,
    new: str,
    expected: tuple[str | None, str | None],
) -> None:
    [file] = changed(lab, client, event_of, {old: BEFORE}, {old: None, new: BEFORE})
    assert (file.base_path, file.head_path) == expected
    assert (file.base_bytes is None, file.head_bytes is None) == (expected[0] is None, expected[1] is None)


def test_over_a_megabyte(lab: Lab, client: Client, event_of: EventOf) -> None:
    before = lock(*(f"package-{number}==1.0 # {'x' * 90}" for number in range(12_000)))
    after = before.replace("package-7==1.0", "package-7==2.0")
    repository = lab.repository({"uv.lock": before})
    pull = repository.pull_request({"uv.lock": after})
    assert len(before) > 1024 * 1024
    assert without_lines(read_all(PullRequestFiles(client, event_of(pull)))) == [both(before, after)]
    assert len(lab.front.exchanges) == 3  # the emulator, too, shows no diff of files so large


def test_the_base_is_where_the_branch_began(lab: Lab, client: Client, event_of: EventOf) -> None:
    repository = lab.repository({"uv.lock": BEFORE, SETTINGS: "old\n"})
    pull = repository.pull_request({"uv.lock": AFTER, SETTINGS: "the pull request's own\n"})
    repository.push("main", {"uv.lock": "main went on\n", SETTINGS: "new\n"})
    files = PullRequestFiles(client, event_of(pull))
    assert without_lines(read_all(files)) == [both(BEFORE, AFTER)]
    assert files.settings(SETTINGS) == b"new\n"


def test_a_base_branch_that_is_gone(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    payload = of_pull_request(pull)
    payload["pull_request"]["base"]["ref"] = "gone"
    event = read_event("pull_request", payload, environment)
    assert isinstance(event, PullRequestEvent)
    assert without_lines(read_all(PullRequestFiles(client, event))) == [both(BEFORE, AFTER)]


def test_nothing_to_compare(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER}, fork="mallory/app")
    payload = of_pull_request(pull)
    payload["pull_request"]["head"]["sha"] = "0" * 40
    payload["pull_request"]["head"]["label"] = "mallory:gone"
    event = read_event("pull_request", payload, environment)
    assert isinstance(event, PullRequestEvent)
    with pytest.raises(GitHubError) as caught:
        read_all(PullRequestFiles(client, event))
    assert caught.value.trouble is Trouble.NOT_FOUND
    assert len(lab.front.exchanges) == 3


def test_a_fork(lab: Lab, client: Client, event_of: EventOf) -> None:
    repository = lab.repository({"uv.lock": BEFORE, "base.txt": "x\n"})
    pull = repository.pull_request({"uv.lock": AFTER}, fork="mallory/app")
    event = event_of(pull)
    assert event.is_fork
    files = PullRequestFiles(client, event)
    assert without_lines(read_all(files)) == [both(BEFORE, AFTER)]
    assert files.read("base.txt", Side.HEAD) == b"x\n"
    assert all(exchange.path.startswith(repository.path) for exchange in lab.front.exchanges)


def test_a_fork_whose_commits_are_not_shared(lab: Lab, client: Client, event_of: EventOf) -> None:
    elsewhere = lab.repository({"uv.lock": "theirs\n"})
    repository = lab.repository({"uv.lock": "a\n"})
    pull = repository.pull_request({"uv.lock": "b\n"}, fork=elsewhere.full_name)
    lab.front.gaps.without_patch.add(repository.full_name)
    commit = pull.head
    lab.front.faults.append(
        Fault(
            verb="GET",
            path=f"{repository.path}/contents/uv.lock",
            status=404,
            body={"message": "Not Found"},
            times=99,
        )
    )
    event = event_of(pull)
    files = PullRequestFiles(client, event)
    [file] = read_all(files)
    assert file.problem is not None  # neither side could be had
    asked = [exchange.path for exchange in lab.recorded("GET", CONTENTS)]
    assert asked == [f"{repository.path}/contents/uv.lock"]
    assert files.read("uv.lock", Side.HEAD) is None
    assert lab.front.exchanges[-1].path == f"{elsewhere.path}/contents/uv.lock"
    assert commit in lab.front.exchanges[-1].url


def test_more_than_300_files(lab: Lab, client: Client, event_of: EventOf) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(320)}
    pull = lab.repository({"zz/uv.lock": BEFORE}).pull_request({**many, "zz/uv.lock": AFTER})
    files = PullRequestFiles(client, event_of(pull))
    assert without_lines(read_all(files)) == [both(BEFORE, AFTER, "zz/uv.lock")]
    assert files.comparison.complete
    assert len(files.comparison.entries) == 321
    assert len(lab.recorded("GET", r".*/pulls/\d+/files")) == 4


def test_a_diff_that_is_too_much_for_github(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"zz/uv.lock": BEFORE, "same.txt": "x\n"}).pull_request({"zz/uv.lock": AFTER})
    body = {
        "message": "Server Error: Sorry, this diff is taking too long to generate.",
        "errors": [{"resource": "Comparison", "field": "diff", "code": "not_available"}],
    }
    lab.front.faults.append(Fault(verb="GET", path=r".*/compare/.*", status=500, body=body))
    files = PullRequestFiles(client, event_of(pull))
    assert read_all(files) == (both(BEFORE, AFTER, "zz/uv.lock"),)
    asked = [exchange.url.partition("?")[2] for exchange in lab.recorded("GET", r".*/compare/.*")]
    assert [query for query in asked if "page=2" in query] == asked[1:]  # not asked for twice in vain
    assert len(asked) == 2
    assert len(lab.recorded("GET", r".*/git/trees/.*")) == 2


def test_a_list_of_files_that_is_too_much_for_github(lab: Lab, client: Client, event_of: EventOf) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(320)}
    pull = lab.repository({"zz/uv.lock": BEFORE}).pull_request({**many, "zz/uv.lock": AFTER})
    body = {
        "message": "Server Error: Sorry, this diff is taking too long to generate.",
        "errors": [{"resource": "PullRequest", "field": "diff", "code": "not_available"}],
    }
    lab.front.faults.append(Fault(verb="GET", path=r".*/pulls/\d+/files", status=422, body=body))
    assert read_all(PullRequestFiles(client, event_of(pull))) == (both(BEFORE, AFTER, "zz/uv.lock"),)
    assert len(lab.recorded("GET", r".*/git/trees/.*")) == 2


def test_a_push_that_hides_a_lockfile_while_files_are_listed(
    lab: Lab, client: Client, event_of: EventOf
) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(320)}
    pull = lab.repository({"zz/uv.lock": BEFORE}).pull_request({**many, "zz/uv.lock": AFTER})
    event = event_of(pull)

    def push() -> None:
        pull.push({"zz/uv.lock": BEFORE})

    lab.front.faults.append(Fault(verb="GET", path=r".*/pulls/\d+/files", before=push))
    files = PullRequestFiles(client, event)
    assert read_all(files) == (both(BEFORE, AFTER, "zz/uv.lock"),)
    assert files.comparison.complete


def test_more_than_300_files_in_a_merge_group(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(320)}
    repository = lab.repository({"zz/uv.lock": BEFORE, "zz/new.lock": "gone\n", "yy/uv.lock": "same\n"})
    head = repository.push("queue", {**many, "zz/uv.lock": AFTER, "zz/new.lock": None}, start="main")
    payload = of_merge_group(repository, base=repository.commits["main"], head=head)
    event = read_event("merge_group", payload, environment)
    assert isinstance(event, PullRequestEvent)
    files = PullRequestFiles(client, event)
    assert read_all(files) == (
        both("gone\n", None, "zz/new.lock"),
        both(BEFORE, AFTER, "zz/uv.lock"),
    )
    assert files.comparison.complete
    assert len(lab.recorded("GET", r".*/git/trees/.*")) == 2


def test_more_files_than_github_lists(lab: Lab, client: Client, event_of: EventOf) -> None:
    many = {f"docs/{number:04}.md": "x\n" for number in range(3_000)}
    pull = lab.repository({"zz/uv.lock": BEFORE}).pull_request({**many, "zz/uv.lock": AFTER})
    files = PullRequestFiles(client, event_of(pull))
    assert read_all(files) == (both(BEFORE, AFTER, "zz/uv.lock"),)
    assert len(lab.recorded("GET", r".*/pulls/\d+/files")) == 30


def test_a_tree_too_large_to_be_listed_is_told(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(300)}
    repository = lab.repository({"uv.lock": BEFORE})
    head = repository.push("queue", many, start="main")
    event = read_event(
        "merge_group", of_merge_group(repository, base=repository.commits["main"], head=head), environment
    )
    assert isinstance(event, PullRequestEvent)
    cut = {"sha": head, "url": "https://github.example/", "tree": [], "truncated": True}
    lab.front.faults.append(Fault(verb="GET", path=r".*/git/trees/.*", status=200, body=cut, times=9))
    assert not PullRequestFiles(client, event).comparison.complete


def test_a_pull_request_that_is_known_to_be_huge_is_not_listed(
    lab: Lab, client: Client, event_of: EventOf
) -> None:
    many = {f"docs/{number:03}.md": "x\n" for number in range(300)}
    pull = lab.repository({"zz/uv.lock": BEFORE}).pull_request({**many, "zz/uv.lock": AFTER})
    files = PullRequestFiles(client, replace(event_of(pull), changed_files=3_001))
    assert without_lines(read_all(files)) == [both(BEFORE, AFTER, "zz/uv.lock")]
    assert lab.recorded("GET", r".*/pulls/\d+/files") == []


FOLDERS = st.recursive(
    st.text("ab\n", max_size=2),
    lambda below: st.dictionaries(
        st.sampled_from(["a", "b", "c d", "ü", "é%"]), below, min_size=1, max_size=3
    ),
    max_leaves=12,
)


def files_of(folder: Any, prefix: str = "") -> dict[str, str]:
    if isinstance(folder, str):
        return {prefix.rstrip("/") or "file": folder}
    return {
        path: text
        for name, below in folder.items()
        for path, text in files_of(below, f"{prefix}{name}/").items()
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=FOLDERS, after=FOLDERS, longest=st.integers(6, 9))  # a folder of both sides has six at most
def test_folder_by_folder_tells_the_same_as_all_at_once(
    lab: Lab, client: Client, environment: dict[str, str], *, before: Any, after: Any, longest: int
) -> None:
    """Files that become folders, folders that come and go, names that have to be escaped."""
    repository = lab.repository({f"base/{path}": text for path, text in files_of(before).items()})
    gone: dict[str, str | None] = {f"base/{path}": None for path in files_of(before)}
    head = repository.push("queue", gone, start="main")
    head = repository.push("queue", {f"base/{path}": text for path, text in files_of(after).items()})
    payload = of_merge_group(repository, base=repository.commits["main"], head=head)
    event = read_event("merge_group", payload, environment)
    assert isinstance(event, PullRequestEvent)
    whole = _of_trees(client, event, event.base_sha)
    lab.front.gaps.longest_tree = longest
    assert _of_trees(client, event, event.base_sha) == whole
    lab.front.gaps.longest_tree = LONGEST_TREE
    changed = {entry.head_path or entry.base_path for entry in whole.entries}
    old, new = ({f"base/{path}": text for path, text in files_of(side).items()} for side in (before, after))
    assert changed == {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def test_a_merge_group(lab: Lab, client: Client, environment: dict[str, str]) -> None:
    repository = lab.repository({"uv.lock": BEFORE, SETTINGS: "queue\n"})
    head = repository.push("queue", {"uv.lock": AFTER}, start="main")
    payload = of_merge_group(repository, base=repository.commits["main"], head=head)
    event = read_event("merge_group", payload, environment)
    assert isinstance(event, PullRequestEvent)
    files = PullRequestFiles(client, event)
    assert without_lines(read_all(files)) == [both(BEFORE, AFTER)]
    assert files.settings(SETTINGS) == b"queue\n"


def test_any_file_of_either_side_is_read_once(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"base.txt": "before\n", "dir/x": ""}).pull_request({"base.txt": "after\n"})
    files = PullRequestFiles(client, event_of(pull))
    for _again in range(2):
        assert files.read("base.txt", Side.BASE) == b"before\n"
        assert files.read("base.txt", Side.HEAD) == b"after\n"
        assert files.read("absent.txt", Side.HEAD) is None
        assert files.read("dir", Side.BASE) is None
    assert len(lab.recorded("GET", CONTENTS)) == 4


@pytest.mark.parametrize(
    "path", ["../../../../user", "a/../../../../../user", "/etc/passwd", "./base.txt", "a//b", "", ".."]
)
def test_a_path_that_climbs_is_never_asked_for(
    lab: Lab, client: Client, event_of: EventOf, *, path: str
) -> None:
    pull = lab.repository({"base.txt": "x\n"}).pull_request({"base.txt": "y\n"})
    files = PullRequestFiles(client, event_of(pull))
    assert files.read(path, Side.HEAD) is None
    assert lab.recorded("GET", CONTENTS) == []
    assert lab.recorded("GET", "/user") == []


@pytest.mark.parametrize("path", ["a?ref=main", "a#b", "%2e%2e/x", "..%2f..%2fuser", "a\\..\\b", "a\r\nX: y"])
def test_an_odd_path_stays_one_path(lab: Lab, client: Client, event_of: EventOf, *, path: str) -> None:
    pull = lab.repository({"base.txt": "x\n"}).pull_request({"base.txt": "y\n"})
    assert PullRequestFiles(client, event_of(pull)).read(path, Side.HEAD) is None
    [asked] = lab.recorded("GET", CONTENTS)
    assert unquote(asked.path) == f"{pull.repository.path}/contents/{path}"
    assert asked.url.endswith(f"?ref={pull.head}")


def test_a_submodule_under_a_lockfiles_name_is_not_taken_for_deleted(
    lab: Lab, client: Client, event_of: EventOf
) -> None:
    repository = lab.repository({"uv.lock": BEFORE})
    pull = repository.pull_request({"uv.lock": AFTER})
    folder = {"type": "submodule", "name": "uv.lock"}
    lab.front.gaps.without_patch.add(repository.full_name)
    lab.front.faults.append(Fault(verb="GET", path=CONTENTS, before=lambda: None))
    lab.front.faults.append(Fault(verb="GET", path=CONTENTS, status=200, body=folder))
    [file] = read_all(PullRequestFiles(client, event_of(pull)))
    assert file.head_bytes is None
    assert "is it a submodule?" in (file.problem or "")


def test_a_file_that_github_will_not_hand_out(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"a/uv.lock": BEFORE, "b/uv.lock": BEFORE}).pull_request(
        {"a/uv.lock": AFTER, "b/uv.lock": AFTER}
    )
    body = {
        "message": "This API returns blobs up to 100 MB in size.",
        "errors": [{"resource": "Blob", "field": "data", "code": "too_large"}],
    }
    lab.front.faults.append(Fault(verb="GET", path=r".*/contents/a/uv\.lock", status=403, body=body))
    first, second = read_all(PullRequestFiles(client, event_of(pull)))
    assert "up to 100 MB" in (first.problem or "")
    assert without_lines((second,)) == [both(BEFORE, AFTER, "b/uv.lock")]


def test_trouble_while_reading_is_no_deletion(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    lab.front.faults.append(Fault(verb="GET", path=CONTENTS, killed=True, times=99))
    with pytest.raises(GitHubError, match="did not answer") as caught:
        read_all(PullRequestFiles(client, event_of(pull)))
    assert caught.value.trouble is Trouble.UNREACHABLE


@pytest.mark.parametrize("trouble", [{"status": 502}, {"killed": True}, {"status": 429}])
def test_passing_trouble_is_waited_for(
    lab: Lab, client: Client, event_of: EventOf, *, trouble: dict[str, Any]
) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    lab.front.faults.append(Fault(verb="GET", path=r".*/compare/.*", **trouble))
    lab.front.faults.append(Fault(verb="GET", path=CONTENTS, **trouble))
    assert without_lines(read_all(PullRequestFiles(client, event_of(pull)))) == [both(BEFORE, AFTER)]


def test_an_answer_that_is_not_as_documented(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    lab.front.faults.append(Fault(verb="GET", path=r".*/compare/.*", status=200, body={"files": None}))
    with pytest.raises(GitHubError, match="not as documented at merge_base_commit"):
        read_all(PullRequestFiles(client, event_of(pull)))


def test_without_permission_to_read(lab: Lab, connect: Connect, event_of: EventOf) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    client = connect(lab.token(pull_requests="write"))
    with pytest.raises(GitHubError) as caught:
        read_all(PullRequestFiles(client, event_of(pull)))
    assert (caught.value.trouble, caught.value.permission) == (Trouble.FORBIDDEN, "contents: read")


def test_the_lines_that_the_diff_shows(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"uv.lock": BEFORE}).pull_request({"uv.lock": AFTER})
    [file] = read_all(PullRequestFiles(client, event_of(pull)))
    assert file.lines_shown == {*range(5, 12), *range(48, 52)}
