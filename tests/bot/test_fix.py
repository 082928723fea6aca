"""`/fallback-review fix`, suggestions on the lines of a pull request, and the patch: what they hold makes it green."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.universe import Release, Shelf
from tests.bot.job import BOTH, BUILT, LOCK
from tests.bot.test_commands import answers
from tests.github_lab.front import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bot.job import Bot
    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

pytestmark = pytest.mark.lab
GOOD = Release(name="good", version="1.0", on=BUILT)
FIX = "/fallback-review fix"


def pinned(shelf: Shelf) -> str:
    """`good` with the hashes of one origin's files, as compilers write them."""
    hashes = sorted(build(GOOD, shelf, kind).sha256 for kind in BOTH)
    return "good==1.0 \\\n" + " \\\n".join(f"    --hash=sha256:{each}" for each in hashes) + "\n"


BEFORE = {LOCK: "# nothing yet\n"}
PYPIS = {LOCK: "# nothing yet\n" + pinned(Shelf.PYPI)}


def mended(text: str) -> bool:
    return all(build(GOOD, Shelf.BUILT, kind).sha256 in text for kind in BOTH) and not any(
        build(GOOD, Shelf.PYPI, kind).sha256 in text for kind in BOTH
    )


def applied(text: str, comment: dict[str, Any]) -> str:
    """What GitHub makes of a file when somebody takes a suggestion."""
    _, _, rest = comment["body"].partition("```suggestion\n")
    suggested = rest.rpartition("```")[0]
    lines = text.splitlines(keepends=True)
    first = comment.get("start_line") or comment["line"]
    return "".join([*lines[: first - 1], suggested, *lines[comment["line"] :]])


def test_a_suggestion_makes_the_pull_request_green(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, PYPIS)
    ended = bot.run(pull, review_comments="true")
    assert ended.code == 1
    [suggestion] = [each for each in pull.review_comments() if "```suggestion" in each["body"]]
    assert suggestion["start_line"] < suggestion["line"]
    after = applied(PYPIS[LOCK], suggestion)
    assert mended(after)
    green = bot.run(pull.push({LOCK: after}), "synchronize", review_comments="true")
    assert green.code == 0
    assert [each for each in pull.review_comments() if "```suggestion" in each["body"]] == []


def test_the_patch_is_in_the_summary_and_git_applies_the_file(
    bot: Bot, opened: Opened, tmp_path: Path
) -> None:
    ended = bot.run(opened(BEFORE, PYPIS))
    patch = bot_outputs(bot)["patch"]
    assert patch == "fallback-review.patch"
    assert "### Fix the lockfiles" in ended.summary
    assert f"`fallback-review fix {LOCK}`" in ended.summary
    (tmp_path / LOCK).write_text(PYPIS[LOCK])
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", str(ended.workspace / patch)], cwd=tmp_path, check=True)
    assert mended((tmp_path / LOCK).read_text())


def bot_outputs(bot: Bot) -> dict[str, str]:
    from tests.action.job import read_outputs

    [path] = sorted(bot.folder.rglob("*output*"))[-1:]
    return read_outputs(path.read_text())


def test_rows_outside_of_the_diff_are_not_suggested(bot: Bot, opened: Opened) -> None:
    """The lock was PyPI's before; one more row brings the entry in question into the diff by a part."""
    base = {LOCK: pinned(Shelf.PYPI) + "".join(f"# {number}\n" for number in range(40))}
    pull = opened(base, {LOCK: base[LOCK] + "absent==1.0\n"})
    bot.run(pull, review_comments="true")
    assert [each for each in pull.review_comments() if "```suggestion" in each["body"]] == []


def test_the_command_answers_with_the_patch(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, PYPIS)
    head = pull.head
    _, ended = bot.comment(pull, FIX)
    assert ended.code == 0
    [(to, said)] = answers(pull)
    assert to
    assert "```diff\n--- a/requirements.txt" in said
    assert all(f"+    --hash=sha256:{build(GOOD, Shelf.BUILT, kind).sha256}" in said for kind in BOTH)
    assert f"`fallback-review fix {LOCK}`" in said
    assert (
        pull.repository.lab.do("GET", f"{pull.repository.path}/git/ref/heads/topic")["object"]["sha"] == head
    )


def test_there_may_be_nothing_to_mend(bot: Bot, opened: Opened) -> None:
    pull = opened(BEFORE, {LOCK: "absent==1.0\n"})
    bot.comment(pull, FIX)
    [(_, said)] = answers(pull)
    assert said.count("There is nothing to fix")


def app(bot: Bot, **permissions: str) -> dict[str, Any]:
    granted = {
        "contents": "write",
        "pull_requests": "write",
        "statuses": "write",
        "issues": "write",
        **permissions,
    }
    made = bot.lab.front.gaps.bot.app(**granted)
    return {"app_id": made.id, "app_private_key": made.private_key}


def committing(repository: Callable[..., Any], **options: str) -> PullRequest:
    made = repository(BEFORE, "\n[policy]\ncommit-fixes = true\n")
    pull: PullRequest = made.pull_request(PYPIS, **options)
    return pull


def head_of(pull: PullRequest) -> str:
    path = f"{pull.repository.path}/git/ref/heads/{pull.branch}"
    return str(pull.repository.lab.do("GET", path)["object"]["sha"])


def own_answers(pull: PullRequest) -> list[str]:
    return [each["body"] for each in pull.comments() if each["user"]["login"].endswith("[bot]")]


def test_an_app_commits_where_the_policy_says_so(bot: Bot, repository: Callable[..., Any]) -> None:
    pull = committing(repository)
    before = pull.head
    _, ended = bot.comment(pull, FIX, **app(bot))
    assert ended.code == 0, ended.log
    after = head_of(pull)
    assert after != before
    commit = pull.repository.lab.do("GET", f"{pull.repository.path}/git/commits/{after}")
    assert (commit["message"], [each["sha"] for each in commit["parents"]]) == (
        "Take Chainguard's files in the lockfiles",
        [before],
    )
    raw = pull.repository.lab.front.work(
        "GET",
        f"{pull.repository.path}/contents/{LOCK}?ref={after}",
        "acme",
        accept="application/vnd.github.raw+json",
    )
    assert mended(raw.text)
    assert "in a commit" in own_answers(pull)[-1]
    asked = [each.body["permissions"] for each in bot.lab.recorded("POST", ".*/access_tokens")]
    assert asked[-1] == {"contents": "write"}  # for the commit alone, and no more than it takes
    assert all(each.get("contents") != "write" for each in asked[:-1])


@pytest.mark.parametrize("why", ["policy", "token", "permission", "fork", "default branch"])
def test_nothing_is_committed_otherwise(
    bot: Bot, opened: Opened, repository: Callable[..., Any], why: str
) -> None:
    options: dict[str, str] = {"fork": "mallory/app"} if why == "fork" else {}
    pull = opened(BEFORE, PYPIS) if why == "policy" else committing(repository, **options)
    identity: dict[str, Any] = {} if why == "token" else app(bot)
    if why == "permission":
        identity = app(bot, contents="read")
    if why == "default branch":
        pull.repository.lab.do("PATCH", pull.repository.path, {"default_branch": pull.branch})
    before = head_of(pull)
    _, ended = bot.comment(pull, FIX, **identity)
    assert head_of(pull) == before
    said = own_answers(pull)[-1]
    assert "```diff" in said
    words = {
        "policy": "This patch fixes the lockfiles",
        "token": "Nothing was committed: it needs a GitHub App",
        "permission": "Nothing was committed: ",
        "fork": "Nothing was committed: its branch is in a fork",
        "default branch": "Nothing was committed: its branch is the default branch",
    }[why]
    assert words in said
    assert ended.code == 0


def test_nothing_is_committed_on_a_branch_that_moved_meanwhile(
    bot: Bot, repository: Callable[..., Any]
) -> None:
    """The commit is for the head that was read; GitHub refuses it for any other, and nothing is lost."""
    pull = committing(repository)

    def newer() -> None:
        pull.push({"notes.txt": "pushed while the review ran\n"})

    bot.lab.front.faults.append(Fault(verb="GET", path=pull.repository.path, before=newer))
    _, ended = bot.comment(pull, FIX, **app(bot))
    assert bot.lab.front.faults[0].times == 0
    head = head_of(pull)
    commit = pull.repository.lab.do("GET", f"{pull.repository.path}/git/commits/{head}")
    assert commit["message"] != "Take Chainguard's files in the lockfiles"
    said = own_answers(pull)[-1]
    assert "Nothing was committed: " in said
    assert "```diff" in said
    assert ended.code == 0
