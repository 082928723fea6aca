"""What the words of `review` and `scan` name: revisions, ranges, paths, folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.command import run_here
from tests.cli.test_git import UV, project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.test_git import Project
    from tests.servers.scripted import ScriptedServer

__all__ = ["project"]
TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": "me", "CHAINGUARD_PYTHON_TOKEN": "s3cret"}


@pytest.fixture
def changed(project: Project) -> Project:
    """The branch changes three lockfiles; main has moved on since."""
    project.commit(
        {
            "requirements.txt": "six==1.17.0\n",
            "services/api/uv.lock": UV.format("1.17.0"),
            "services/web/uv.lock": UV.format("1.17.0"),
        }
    )
    project.git("switch", "--quiet", "main")
    project.commit({"services/api/uv.lock": UV.format("1.16.9")})
    project.git("switch", "--quiet", "topic")
    return project


@pytest.mark.parametrize(
    ("words", "locks"),
    [
        ((), ["requirements.txt", "services/api/uv.lock", "services/web/uv.lock"]),
        (("services",), ["services/api/uv.lock", "services/web/uv.lock"]),
        (("main", "services/web", "requirements.txt"), ["requirements.txt", "services/web/uv.lock"]),
        (("main", "topic", "services/api/uv.lock"), ["services/api/uv.lock"]),
        (("requirements.txt",), ["requirements.txt"]),
        (("main...topic", "services/api"), ["services/api/uv.lock"]),
        (("main..topic", "."), ["requirements.txt", "services/api/uv.lock", "services/web/uv.lock"]),
        (("./tools",), []),
    ],
)
def test_paths_choose_among_the_changed_lockfiles(
    changed: Project, words: tuple[str, ...], locks: list[str]
) -> None:
    assert list(changed.rows(*words)) == locks


@pytest.mark.parametrize(
    ("words", "before"),
    [("main..topic", ["1.16.9"]), ("main...topic", ["1.16.0"]), ("main...", ["1.16.0"]), ("..topic", None)],
)
def test_two_dots_compare_the_ends_and_three_the_merge_base(
    changed: Project, words: str, before: list[str] | None
) -> None:
    rows = changed.rows(words, "services/api")
    assert [row[2] for found in rows.values() for row in found] == ([before] if before else [])


def test_a_path_that_is_a_file_is_not_called_a_missing_revision(changed: Project) -> None:
    changed.review("main", "gone.lock").refuses("'gone.lock' is neither a path here nor a revision")
    changed.review("services", "main").refuses(
        "'main' is not a path here; if it is a revision, name it before the paths: main services"
    )
    changed.review("main", "topic", "nowhere").refuses(
        "'nowhere' is not a path here: name two revisions at most"
    )
    changed.git("branch", "services")
    changed.review("services").refuses(
        "'services' is a path and a revision", "./services", "refs/heads/services"
    )
    assert list(changed.rows("./services")) == ["services/api/uv.lock", "services/web/uv.lock"]
    changed.review("..").refuses("'..' lies outside the repository project")


def test_paths_are_those_of_the_current_folder(changed: Project) -> None:
    addresses = ["--index-url", f"{changed.index.url}/simple/", "--pypi-url", f"{changed.index.url}/pypi/"]
    done = run_here("review", *addresses, "--format", "json", "api", cwd=changed.root / "services")
    assert [lock["path"] for lock in done.report["lockfiles"]] == ["services/api/uv.lock"]


def test_changes_of_the_settings_are_shown(project: Project) -> None:
    project.commit(
        {
            ".github/fallback-review.toml": '[[allow]]\npackage = "*"\nreason = "in a hurry"\nversion = "<2"\n\n'
            "[policy]\nfail-on = []\n",
            "requirements.txt": "six==1.17.0\n",
        }
    )
    findings = {each["text"]: each["path"] for each in project.review().report["findings"]}
    assert findings == {
        "this change adds an allowance: * <2 (reason: in a hurry); it counts once merged": ".github/fallback-review.toml",
        "this change edits fail-on of [policy] in the settings; it counts once merged": ".github/fallback-review.toml",
    }


def test_a_change_of_the_settings_is_not_that_of_a_file_that_was_named(project: Project) -> None:
    allowed = '[[allow]]\npackage = "six"\nreason = "ours"\n'
    project.commit({".github/fallback-review.toml": allowed, "requirements.txt": "six==1.17.0\n"})
    (project.root / "team.toml").write_text(allowed + "expires = 2020-01-01\n")
    findings = project.review("main", "--config", "team.toml").report["findings"]
    assert [(each["path"], each["text"].partition(":")[0]) for each in findings] == [
        ("team.toml", "the allow list's entry for six expired on 2020-01-01 and no longer applies"),
        (".github/fallback-review.toml", "this change adds an allowance"),
    ]


def scan(folder: Path, index: ScriptedServer, *more: str, **env: str) -> str:
    addresses = ["--index-url", f"{index.url}/simple/", "--pypi-url", f"{index.url}/pypi/"]
    addresses += ["--layout", "chainguard-only"]
    return run_here("scan", *addresses, *more, cwd=folder, env={**TOKEN, **env}).said


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    files = {
        "api/requirements.txt": "six==1.16.0\n",
        "web/requirements.txt": "-r base.txt\nattrs==23.1.0\n",
        "web/base.txt": "six==1.16.0\n",
        "broken/uv.lock": "not toml at all = = =\n",
        ".venv/lib/uv.lock": UV.format("0.1"),
        "node_modules/x/uv.lock": UV.format("0.2"),
        "notes.txt": "hello\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_folder_is_searched_for_its_lockfiles(monorepo: Path, silent: ScriptedServer) -> None:
    said = scan(monorepo, silent)
    assert "broken/uv.lock" in said
    assert "could not be checked: broken/uv.lock" in said
    assert " 0 of 1 from Chainguard" in said
    assert "api/requirements.txt" in said
    assert "web/requirements.txt" in said
    assert "Missing in several lockfiles\n • six (1.16.0): 2 lockfiles" in said
    assert "node_modules" not in said
    assert ".venv" not in said
    assert "web/" not in scan(monorepo, silent, "api")


def test_a_file_is_scanned_whatever_its_name(monorepo: Path, silent: ScriptedServer) -> None:
    assert "six 1.16.0" in scan(monorepo, silent, "web/base.txt")
    refused = scan(monorepo, silent, "broken/uv.lock")
    assert refused.startswith("fallback-review: broken/uv.lock")
    (monorepo / "empty").mkdir()
    assert "there is no lockfile below" in scan(monorepo, silent, "empty")
    assert "at least one" in scan(monorepo, silent, "/dev/null") or "name a lockfile" in scan(
        monorepo, silent, "/dev/null"
    )


def test_the_settings_add_lockfiles_and_leave_some_out(monorepo: Path, silent: ScriptedServer) -> None:
    (monorepo / ".github").mkdir()
    (monorepo / ".github" / "fallback-review.toml").write_text(
        '[lockfiles]\ninclude = ["notes.txt"]\nexclude = ["broken/", "api/"]\n'
        '[[allow]]\npackage = "unheard-of"\nreason = "old"\n'
        '[[allow]]\npackage = "six"\nreason = "x"\nexpires = 2020-01-01\n'
    )
    said = scan(monorepo, silent)
    assert "api/requirements.txt" not in said
    assert "broken/uv.lock" not in said
    path = ".github/fallback-review.toml"
    assert f"{path}: [[allow]] unheard-of matches no package here: remove it" in said.replace("\n  ", "")
    (monorepo / "mine.toml").write_bytes((monorepo / path).read_bytes())
    assert "mine.toml: the allow list's entry for six expired on 2020-01-01" in " ".join(
        scan(monorepo, silent, "--config", "mine.toml").split()
    )
