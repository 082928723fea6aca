"""Which changed files are lockfiles, and which two are the sides of one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.pipeline.discovery import (
    ChangedFile,
    is_lockfile,
    is_lockfile_by_content,
    may_be_lockfile,
    pair,
)
from fallback_review.settings import validation

if TYPE_CHECKING:
    from fallback_review.settings.schema import Lockfiles


def globs(**keys: list[str]) -> Lockfiles:
    return validation.validate({"lockfiles": keys}).lockfiles


def changed(base: str | None, head: str | None) -> ChangedFile:
    return ChangedFile(base_path=base, head_path=head)


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("uv.lock", {}, True),
        ("services/api/poetry.lock", {}, True),
        ("README.md", {}, False),
        ("deps/pins.lock", {"include": ["deps/*.lock"]}, True),
        ("constraints.txt", {}, False),
        ("constraints.txt", {"include": ["constraints.txt"]}, True),
        ("examples/a/uv.lock", {"exclude": ["examples/**"]}, False),
        ("examples/uv.lock", {"include": ["*.lock"], "exclude": ["examples/"]}, False),
    ],
)
def test_lockfiles_are_told_by_name_and_globs(path: str, given: dict[str, list[str]], expected: bool) -> None:
    assert is_lockfile(path, globs(**given)) is expected


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("base.txt", {}, True),
        ("common/base.pip", {}, True),
        ("requirements.txt", {}, False),
        ("base.txt", {"include": ["base.txt"]}, False),
        ("docs/base.txt", {"exclude": ["docs/"]}, False),
        ("base.py", {}, False),
        ("constraints.txt", {}, False),
        ("constraints/dev.txt", {}, False),
    ],
)
def test_some_files_may_be_lockfiles_by_content(
    path: str, given: dict[str, list[str]], expected: bool
) -> None:
    assert may_be_lockfile(path, globs(**given)) is expected


def test_content_tells_requirements_from_other_text() -> None:
    assert is_lockfile_by_content("base.txt", b"idna==3.6\n")
    assert not is_lockfile_by_content("base.txt", b"what a==b means\n")
    assert not is_lockfile_by_content("base.txt", b"\xff\xfe\x00")
    assert not is_lockfile_by_content("base.txt", None)
    assert not is_lockfile_by_content(None, None)


def locks(*files: ChangedFile) -> list[tuple[str | None, str | None]]:
    return [(p.base_path, p.head_path) for p in pair(files, lambda path: is_lockfile(path, globs()))]


def test_a_migration_in_one_folder_is_one_change() -> None:
    assert locks(
        changed("poetry.lock", None), changed(None, "uv.lock"), changed("pyproject.toml", "pyproject.toml")
    ) == [("poetry.lock", "uv.lock")]


def test_a_deletion_and_an_addition_in_different_folders_stay_apart() -> None:
    assert locks(changed("a/poetry.lock", None), changed(None, "b/uv.lock")) == [
        ("a/poetry.lock", None),
        (None, "b/uv.lock"),
    ]


def test_more_deleted_than_added_leaves_the_rest_as_deletions() -> None:
    assert locks(
        changed("requirements-dev.txt", None), changed("requirements.txt", None), changed(None, "uv.lock")
    ) == [("requirements.txt", None), ("requirements-dev.txt", "uv.lock")]


def test_a_rename_keeps_both_names_and_one_out_of_the_lockfiles_is_a_deletion() -> None:
    assert locks(changed("old/uv.lock", "new/uv.lock"), changed("uv.lock", "uv.lock.bak")) == [
        ("old/uv.lock", "new/uv.lock"),
        ("uv.lock", None),
    ]
