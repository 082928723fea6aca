"""Reading a real git repository."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.git import Repository, RevisionError
from fallback_review.cli.work_tree import inside, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fallback_review.pipeline.discovery import ChangedFile


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "uv.lock").write_text("version = 1\n")
    (tmp_path / "gone.txt").write_text("gone\n")
    (tmp_path / "moved.txt").write_text("".join(f"line {n}\n" for n in range(30)))
    commit(tmp_path)
    return Repository.around(tmp_path)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


def content(repository: Repository, revision: str | None, path: str) -> bytes | None:
    with repository.reading() as read:
        return read(revision, path)


def sides(files: Iterable[ChangedFile]) -> set[tuple[str | None, str | None]]:
    return {(file.base_path, file.head_path) for file in files}


def test_the_working_tree_shows_changed_added_deleted_renamed_and_untracked_files(
    repository: Repository,
) -> None:
    root = repository.root
    (root / "uv.lock").write_text("version = 2\n")
    (root / "gone.txt").unlink()
    git(root, "mv", "moved.txt", "täglich neu.txt")
    (root / "untracked.lock").write_text("x\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "noise.log").write_text("x\n")

    assert sides(repository.changed("HEAD", None)) == {
        ("uv.lock", "uv.lock"),
        ("gone.txt", None),
        ("moved.txt", "täglich neu.txt"),
        (None, "untracked.lock"),
        (None, ".gitignore"),
    }
    assert content(repository, None, "uv.lock") == b"version = 2\n"
    assert content(repository, repository.commit("HEAD"), "uv.lock") == b"version = 1\n"


def test_two_commits_are_compared_without_the_working_tree(repository: Repository) -> None:
    first = repository.commit("HEAD")
    (repository.root / "new.lock").write_text("x\n")
    (repository.root / "copy.txt").write_text((repository.root / "moved.txt").read_text())
    commit(repository.root)
    (repository.root / "later.lock").write_text("x\n")

    assert sides(repository.changed(first, repository.commit("HEAD"))) == {
        (None, "new.lock"),
        (None, "copy.txt"),
    }


def test_the_default_base_is_the_merge_base_with_the_default_branch(repository: Repository) -> None:
    fork_point = repository.commit("HEAD")
    git(repository.root, "switch", "--quiet", "--create", "topic")
    (repository.root / "uv.lock").write_text("version = 3\n")
    commit(repository.root)
    git(repository.root, "switch", "--quiet", "main")
    (repository.root / "other.txt").write_text("x\n")
    commit(repository.root)
    git(repository.root, "switch", "--quiet", "topic")

    assert repository.default_base() == fork_point


def test_a_repository_without_a_default_branch_says_so(repository: Repository) -> None:
    git(repository.root, "branch", "--move", "trunk")

    with pytest.raises(RevisionError, match="no branch origin/HEAD, main or master"):
        repository.default_base()


def test_histories_that_never_met_say_so(repository: Repository) -> None:
    git(repository.root, "switch", "--quiet", "--orphan", "island")
    (repository.root / "x").write_text("x")
    commit(repository.root)

    with pytest.raises(RevisionError, match="share no history"):
        repository.default_base()


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=evil", "HEAD:uv.lock"])
def test_what_is_no_revision_is_an_error_that_names_it(repository: Repository, revision: str) -> None:
    with pytest.raises(RevisionError, match=r"neither a path here nor a revision"):
        repository.commit(revision)


def test_a_folder_outside_any_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="git rev-parse failed"):
        Repository.around(tmp_path)


def test_a_machine_without_git_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RevisionError, match="git is not installed: name two lockfiles"):
        Repository.around(tmp_path)


def test_a_symbolic_link_reads_as_its_target_name_and_is_never_followed(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("secret")
    (repository.root / "link.lock").symlink_to(secret)
    (repository.root / "folder").symlink_to(secret.parent)
    commit(repository.root)

    assert content(repository, None, "link.lock") == str(secret).encode()
    assert content(repository, "HEAD", "link.lock") == str(secret).encode()
    assert content(repository, None, "folder/secret") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a/../b.txt", "b.txt"), ("./a", "a"), ("../a", None), ("/etc/passwd", None), ("a/../..", None), (".", None), ("a\0b", None)],
)  # fmt: skip
def test_paths_stay_inside(path: str, expected: str | None) -> None:
    assert inside(path) == expected


def test_files_that_do_not_exist_are_none(repository: Repository) -> None:
    assert content(repository, None, "nothing") is None
    assert content(repository, "HEAD", "nothing") is None
    assert content(repository, "HEAD", "../x") is None
    (repository.root / "loop").symlink_to("loop")
    for name in ("nothing", "uv.lock/below", "loop/below", "a\0b", "."):
        assert read_file(repository.root, name) is None


def test_an_empty_file_is_empty_and_not_absent(repository: Repository) -> None:
    (repository.root / "empty.txt").touch()
    commit(repository.root)

    assert content(repository, "HEAD", "empty.txt") == b""


def test_a_folder_is_no_file(repository: Repository) -> None:
    (repository.root / "folder").mkdir()
    (repository.root / "folder" / "six.txt").write_text("six==1.0\n")
    commit(repository.root)

    assert content(repository, "HEAD", "folder") is None
    assert content(repository, None, "folder") is None


def test_a_file_without_end_is_read_up_to_the_bound_and_the_next_one_whole(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fallback_review.cli.git.MAX_BYTES", 1000)
    monkeypatch.setattr("fallback_review.cli.git._CHUNK", 300)
    (repository.root / "long.lock").write_text("1" * 2500)
    commit(repository.root)

    with repository.reading() as read:
        assert read("HEAD", "long.lock") == b"1" * 1001
        assert read("HEAD", "uv.lock") == b"version = 1\n"


@pytest.mark.parametrize("name", ["a\nb.lock", "-x.lock", ":(top)x.lock", "täglich.lock", "a b\t.lock"])
def test_names_that_git_could_misread_are_read(name: str, repository: Repository) -> None:
    (repository.root / name).write_text("x\n")
    commit(repository.root)

    with repository.reading() as read:
        assert [read("HEAD", name), read("HEAD", f"{name}x"), read("HEAD", "uv.lock")] == [
            b"x\n",
            None,
            b"version = 1\n",
        ]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("exit 128", "git cat-file failed on 'uv.lock'"),
        ("read question; echo 'a0 blob 99'; echo short", "ended early"),
    ],
)
def test_a_git_that_gives_up_is_an_error_and_no_missing_file(
    answer: str, says: str, repository: Repository, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    with repository.reading() as read, pytest.raises(RevisionError, match=says):
        read("HEAD", "uv.lock")
