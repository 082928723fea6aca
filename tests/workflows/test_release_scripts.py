"""The release workflow's own scripts, run as a runner runs them, against a real remote repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

IMAGE, DIGEST = "ghcr.io/fallback-review/fallback-review", "sha256:" + "ab" * 32
PROGRAMS = {
    "gh": '#!/bin/sh\necho "$@" >> "$GH_LOG"\n',
    "docker": '#!/bin/sh\ntest "$*" = "buildx imagetools inspect $PUBLIC"\n',
}
"""Stand in for what would speak to GitHub: one notes what it was told, the other knows one public image."""
REFUSES = """#!/bin/bash
# As GitHub does to a job's token: a file below .github/workflows that no branch's tip has like that is refused.
set -e
while read -r _ new ref; do
  while read -r _ _ blob path; do
    found=
    for branch in $(git for-each-ref --format='%(refname)' refs/heads); do
      if [ "$(git rev-parse --quiet --verify "$branch:$path" || true)" = "$blob" ]; then found=yes; fi
    done
    if [ -z "$found" ]; then
      echo "refusing to allow a GitHub App to create or update workflow \\`$path\\` without \\`workflows\\` permission ($ref)"
      exit 1
    fi
  done < <(git ls-tree -r "$new" .github/workflows/)
done
"""
"""A hook of the remote repository (github.com's behaviour, as cloudposse/atmos#2962 tells)."""


def script(job: str, name: str) -> str:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    (found,) = [step["run"] for step in workflow["jobs"][job]["steps"] if step.get("name") == name]
    return str(found)


class Runner:
    """A checkout with a bare repository as its origin."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.remote, self.temp = folder / "tree", folder / "remote.git", folder / "temp"
        for made in (self.tree / ".github", self.tree / "src/fallback_review", self.temp, folder / "bin"):
            made.mkdir(parents=True)
        shutil.copy(ROOT / ".github/release.py", self.tree / ".github")
        shutil.copy(ROOT / "action.yml", self.tree)
        (self.tree / "src/fallback_review/__init__.py").write_text('__version__ = "1.2.3"\n')
        (self.tree / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3\n\n- this\n")
        for name, text in PROGRAMS.items():
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        self.environ = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.temp / "outputs"),
            "GITHUB_REPOSITORY": "Fallback-Review/fallback-review",
            "GH_LOG": str(self.temp / "gh"),
            "PUBLIC": f"{IMAGE}@{DIGEST}",
            "VERSION": "1.2.3",
            "IMAGE": IMAGE,
            "DIGEST": DIGEST,
        }
        who = ("-c", "user.name=A", "-c", "user.email=a@index.example")
        (self.tree / ".github/workflows").mkdir()
        (self.tree / ".github/workflows/test.yml").write_text("on: push\n")
        self.git("init", "-qb", "main")
        self.git("add", ".")
        self.git(*who, "commit", "-qm", "Prepare")
        subprocess.run(["git", "clone", "-q", "--bare", str(self.tree), str(self.remote)], check=True)
        self.git("remote", "add", "origin", str(self.remote))
        hook = self.remote / "hooks/pre-receive"
        hook.write_text(REFUSES)
        self.refusing = hook

    def refuse(self, *, refuse: bool) -> None:
        """Have the remote refuse what a job's token may not push."""
        self.refusing.chmod(0o755 if refuse else 0o644)

    def commit(self, files: dict[str, str], message: str) -> None:
        """Commit to main, here and at the remote, as a person may."""
        self.git("switch", "-q", "main")
        for path, text in files.items():
            (self.tree / path).write_text(text)
        self.git("add", ".")
        self.git("-c", "user.name=A", "-c", "user.email=a@index.example", "commit", "-qm", message)
        self.refuse(refuse=False)
        self.git("push", "-q", "origin", "main")
        self.refuse(refuse=True)

    def git(self, *arguments: str, where: Path | None = None) -> str:
        command = ["git", "-C", str(where or self.tree), *arguments]
        done = subprocess.run(command, env=self.environ, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", text],
            cwd=self.tree,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


CHECK = script(
    "check", "Refuse a version that does not follow the others, or that the changelog does not know"
)
PUBLIC = script("publish", "Refuse an image that strangers can't pull")
TAG = script("publish", "Tag a commit whose action.yml names the image by its digest")
RELEASE = script("publish", "Release with the changelog's words")


def test_a_version_that_is_ready_goes_on(runner: Runner) -> None:
    done = runner.run(CHECK)
    assert done.returncode == 0, done.stderr
    assert (runner.temp / "outputs").read_text().splitlines() == ["version=1.2.3", f"image={IMAGE}"]


def test_a_version_that_is_out_stops(runner: Runner) -> None:
    runner.git("tag", "v1.2.3")
    done = runner.run(CHECK)
    assert done.returncode == 1
    assert "1.2.3 is out" in done.stderr
    assert not (runner.temp / "outputs").exists()


def test_a_version_that_the_changelog_does_not_know_stops(runner: Runner) -> None:
    (runner.tree / "CHANGELOG.md").write_text("## Unreleased\n\n- this\n")
    done = runner.run(CHECK)
    assert done.returncode == 1
    assert "nothing under '## 1.2.3'" in done.stderr
    assert not (runner.temp / "outputs").exists()


def test_a_private_image_is_not_released(runner: Runner) -> None:
    assert runner.run(PUBLIC).returncode == 0
    runner.environ["PUBLIC"] = "another"
    done = runner.run(PUBLIC)
    assert done.returncode == 1
    assert f"::error::{IMAGE} is not public." in done.stdout


def test_both_tags_name_a_commit_that_runs_the_image(runner: Runner) -> None:
    main = runner.git("rev-parse", "main")
    runner.git("push", "-q", "origin", "main:refs/tags/v1")  # of an earlier release
    done = runner.run(TAG)
    assert done.returncode == 0, done.stderr
    tagged = {runner.git("rev-parse", tag, where=runner.remote) for tag in ("v1.2.3", "v1")}
    assert len(tagged) == 1
    assert runner.git("rev-parse", "v1^", where=runner.remote) == main
    assert runner.git("rev-parse", "main", where=runner.remote) == main
    changed = runner.git("diff", "--name-only", "main", "v1", where=runner.remote).splitlines()
    assert changed == [".github/workflows/test.yml", "action.yml"]
    action = yaml.safe_load(runner.git("show", "v1:action.yml", where=runner.remote))
    assert action["runs"]["image"] == f"docker://{IMAGE}@{DIGEST}"


def test_a_version_tag_is_never_moved(runner: Runner) -> None:
    runner.git("push", "-q", "origin", "main:refs/tags/v1.2.3")
    before = runner.git("for-each-ref", where=runner.remote)
    assert runner.run(TAG).returncode != 0
    assert runner.git("for-each-ref", where=runner.remote) == before


def test_a_job_that_runs_again_makes_the_same_tags(runner: Runner) -> None:
    assert runner.run(TAG).returncode == 0
    before = runner.git("for-each-ref", where=runner.remote)
    again = runner.tree.with_name("again")
    subprocess.run(["git", "clone", "-q", "--no-tags", str(runner.remote), str(again)], check=True)
    time.sleep(1.1)  # commits' dates are in seconds
    runner.tree = again
    done = runner.run(TAG)
    assert done.returncode == 0, done.stderr
    assert runner.git("for-each-ref", where=runner.remote) == before


def test_a_tag_is_refused_whose_workflows_are_no_branchs(runner: Runner) -> None:
    """The hook does what it stands for."""
    runner.commit({".github/workflows/test.yml": "on: [push]\n"}, "Change the workflow")
    before = runner.git("for-each-ref", where=runner.remote)
    done = runner.run("git push origin main~1:refs/tags/v9.9.9")
    assert done.returncode != 0
    assert "without `workflows` permission" in done.stderr
    assert runner.git("for-each-ref", where=runner.remote) == before


def test_a_release_is_made_twice(runner: Runner) -> None:
    """Main's workflows move on while a release waits for its reviewer, and before the next one."""
    at = runner.git("rev-parse", "main")
    runner.commit({".github/workflows/test.yml": "on: [push]\n"}, "Change the workflow")
    runner.git("switch", "-q", "--detach", at)
    done = runner.run(TAG)
    assert done.returncode == 0, done.stderr
    first = runner.git("rev-parse", "v1.2.3", where=runner.remote)
    runner.commit(
        {
            "src/fallback_review/__init__.py": '__version__ = "1.2.4"\n',
            "CHANGELOG.md": "# Changelog\n\n## 1.2.4\n\n- that\n",
            ".github/workflows/test.yml": "on: [push, pull_request]\n",
        },
        "Prepare the next",
    )
    assert runner.run(CHECK).returncode == 0
    runner.environ["VERSION"] = "1.2.4"
    done = runner.run(TAG)
    assert done.returncode == 0, done.stderr
    assert runner.git("rev-parse", "v1.2.3", where=runner.remote) == first
    second = runner.git("rev-parse", "v1.2.4", where=runner.remote)
    assert second == runner.git("rev-parse", "v1", where=runner.remote) != first
    for commit in (first, second):
        assert (
            runner.git("ls-tree", "-r", "--name-only", commit, ".github/workflows/", where=runner.remote)
            == ""
        )
        action = yaml.safe_load(runner.git("show", f"{commit}:action.yml", where=runner.remote))
        assert action["runs"]["image"] == f"docker://{IMAGE}@{DIGEST}"


def test_the_release_says_what_changed_and_what_to_pin(runner: Runner) -> None:
    assert runner.run(TAG).returncode == 0
    assert runner.run(RELEASE).returncode == 0
    commit = runner.git("rev-parse", "v1", where=runner.remote)
    assert (runner.temp / "notes.md").read_text() == (
        f"- this\n\nImage: `{IMAGE}@{DIGEST}`\nCommit to pin: `{commit}`\n"
    )
    told = (runner.temp / "gh").read_text().splitlines()
    assert told[0] == "auth setup-git"
    assert told[1].startswith("release create v1.2.3 --verify-tag")
