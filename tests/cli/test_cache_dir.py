"""`--cache-dir`: where pages are kept, when they are without being asked for, and what is said where they can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.index.page_cache import FILE
from tests.cli.command import Finished, run, run_here
from tests.cli.conftest import BASE, HEAD
from tests.servers.nginx import PASSWORD, USERNAME, NginxIndex

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": PASSWORD}
OF_THE_USER = ".cache/fallback-review"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("api", "web"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").write_text(HEAD)
    (tmp_path / "old.txt").write_text(BASE)
    return tmp_path


@pytest.fixture
def addresses(chainguard: NginxIndex, public: NginxIndex) -> list[str]:
    return ["--index-url", chainguard.guarded, "--pypi-url", public.open, "--format", "json"]


def statuses(*indexes: NginxIndex, since: int = 0) -> list[str]:
    """What the indexes answered, in any order."""
    lines = [line for index in indexes for line in index.log.read_text().splitlines()[since:]]
    return sorted(line.split('"')[2].split()[0] for line in lines)


def folders(home: Path) -> set[str]:
    """Which folders hold pages now."""
    return {str(path.parent.relative_to(home)) for path in home.rglob(FILE)}


def test_a_scan_of_several_lockfiles_keeps_pages(
    folder: Path, addresses: list[str], chainguard: NginxIndex, public: NginxIndex
) -> None:
    first = run("scan", *addresses, cwd=folder, env=TOKEN)
    seen = [len(index.log.read_text().splitlines()) for index in (chainguard, public)]
    second = run("scan", *addresses, cwd=folder, env=TOKEN)
    assert first.report["lockfiles"] == second.report["lockfiles"]
    assert folders(folder) == {OF_THE_USER}
    again = [*statuses(chainguard, since=seen[0]), *statuses(public, since=seen[1])]
    assert set(again) == {"304", "404"}
    assert second.stderr == ""


@pytest.mark.parametrize(
    ("words", "env", "expected"),
    [
        (["scan"], {}, {OF_THE_USER}),
        (["scan"], {"XDG_CACHE_HOME": "{home}/own"}, {"own/fallback-review"}),
        (["scan"], {"XDG_CACHE_HOME": "relative"}, {OF_THE_USER}),  # which the specification forbids
        (["scan", "--cache-dir", "none"], {}, set()),
        (["scan"], {"FALLBACK_REVIEW_CACHE_DIR": "none"}, set()),
        (["scan"], {"FALLBACK_REVIEW_CACHE_DIR": "kept"}, {"kept"}),
        (["scan", "--cache-dir", "new/kept"], {"FALLBACK_REVIEW_CACHE_DIR": "none"}, {"new/kept"}),
        (["scan", "api"], {}, set()),
        (["scan", "api", "--cache-dir", "kept"], {}, {"kept"}),
        (["review", "old.txt", "api/requirements.txt"], {}, set()),
        (["review", "old.txt", "api/requirements.txt", "--cache-dir", "kept"], {}, {"kept"}),
        (["explain", "built==2.0", "--cache-dir", "kept"], {}, {"kept"}),
    ],
)
def test_where(
    folder: Path, addresses: list[str], words: list[str], env: dict[str, str], expected: set[str]
) -> None:
    given = {name: value.format(home=folder) for name, value in env.items()}
    done = run_here(*words, *addresses, cwd=folder, env={**TOKEN, **given})
    assert done.code in {0, 1}, done.said
    assert folders(folder) == expected


def test_a_folder_that_cannot_be_used_is_a_warning(folder: Path, addresses: list[str]) -> None:
    (folder / "taken").write_text("")

    def verdict(*more: str) -> Finished:
        return run_here("scan", *addresses, *more, cwd=folder, env=TOKEN)

    done, plain = verdict("--cache-dir", "taken"), verdict("--cache-dir", "none")
    assert (done.code, done.report["lockfiles"]) == (plain.code, plain.report["lockfiles"])
    assert done.stderr == (
        "fallback-review: The cache folder taken can't be used (File exists): the review goes on without it.\n"
    )
