"""Reviewing a git repository: which lockfiles, which two sides, which settings."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Finished, environment, run, run_here

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.servers.scripted import ScriptedServer

POETRY = '[[package]]\nname = "six"\nversion = "{}"\ndescription = ""\noptional = false\npython-versions = "*"\nfiles = []\n\n[metadata]\nlock-version = "2.0"\npython-versions = "*"\ncontent-hash = "x"\n'
UV = 'version = 1\n\n[[package]]\nname = "six"\nversion = "{}"\nsource = {{ registry = "https://pypi.test/simple" }}\n'


@dataclass(frozen=True)
class Project:
    """A repository on the branch ``topic``, whose base is ``main``."""

    root: Path
    index: ScriptedServer

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            check=True,
            capture_output=True,
            env=environment(self.root.parent),
        )

    def put(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: dict[str, str | bytes | None]) -> None:
        self.put(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")

    def object_name(self, revision: str) -> str:
        return subprocess.run(
            ["git", "rev-parse", revision], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def review(self, *more: str, installed: bool = False, env: Mapping[str, str] | None = None) -> Finished:
        addresses = ["--index-url", f"{self.index.url}/simple/", "--pypi-url", f"{self.index.url}/pypi/"]
        addresses += ["--layout", "virtual-file"]
        command = run if installed else run_here
        return command("review", *addresses, "--format", "json", *more, cwd=self.root, env=env)

    def rows(self, *more: str) -> dict[str, list[tuple[str, str, list[str], list[str]]]]:
        """The changes that a review of the branch shows, by lockfile."""
        return rows(self.review(*more).report)


def rows(report: dict[str, Any]) -> dict[str, list[tuple[str, str, list[str], list[str]]]]:
    return {
        lock["path"]: [(c["name"], c["kind"], c["before"], c["after"]) for c in lock["changes"]]
        for lock in report["lockfiles"]
    }


BASE: dict[str, str | bytes | None] = {
    "requirements.txt": "six==1.16.0\n",
    "services/api/uv.lock": UV.format("1.16.0"),
    "services/old/poetry.lock": POETRY.format("1.16.0"),
    "tools/requirements/dev.txt": "-r ../base.txt\nattrs==23.1.0\n",
    "tools/base.txt": "idna==3.6\n",
    "README.md": "hello\n",
}


@pytest.fixture
def project(tmp_path: Path, silent: ScriptedServer) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root, silent)
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit(BASE)
    project.git("switch", "--quiet", "--create", "topic")
    return project


def test_every_changed_lockfile_in_every_folder(project: Project) -> None:
    project.commit(
        {
            "requirements.txt": "six==1.17.0\n",
            "services/api/uv.lock": UV.format("1.15.0"),
            "services/old/poetry.lock": None,
            "services/new/Pipfile.lock": '{"_meta": {"sources": []}, "default": {"six": {"version": "==1.17.0"}}}',
            "README.md": "hello again\n",
        }
    )

    done = project.review(installed=True)

    assert rows(done.report) == {
        "requirements.txt": [("six", "upgraded", ["1.16.0"], ["1.17.0"])],
        "services/api/uv.lock": [("six", "downgraded", ["1.16.0"], ["1.15.0"])],
        "services/new/Pipfile.lock": [("six", "added", [], ["1.17.0"])],
        "services/old/poetry.lock": [("six", "removed", ["1.16.0"], [])],
    }
    assert done.code == 1
    assert {seen.path for seen in project.index.seen} == {"/simple/six/", "/pypi/six/"}


def test_the_working_tree_counts_and_so_do_untracked_lockfiles(project: Project) -> None:
    project.put(
        {"requirements.txt": "six==1.17.0\n", "more/uv.lock": UV.format("1.17.0"), ".gitignore": "venv/\n"}
    )
    project.put({"venv/uv.lock": UV.format("1.0")})

    assert project.rows() == {
        "requirements.txt": [("six", "upgraded", ["1.16.0"], ["1.17.0"])],
        "more/uv.lock": [("six", "added", [], ["1.17.0"])],
    }
    assert project.rows("main", "topic") == {}


def test_a_renamed_lockfile_is_one_lockfile(project: Project) -> None:
    project.git("mv", "services/api", "services/web")
    project.commit({})

    (lock,) = project.review().report["lockfiles"]

    assert (lock["base_path"], lock["path"], lock["changes"]) == (
        "services/api/uv.lock",
        "services/web/uv.lock",
        [],
    )


def test_a_migration_is_compared_across_formats(project: Project) -> None:
    project.commit({"services/old/poetry.lock": None, "services/old/uv.lock": UV.format("1.17.0")})

    (lock,) = project.review().report["lockfiles"]

    assert (lock["base_format"], lock["format"]) == ("poetry.lock", "uv.lock")
    assert [(c["kind"], c["before"], c["after"]) for c in lock["changes"]] == [
        ("upgraded", ["1.16.0"], ["1.17.0"])
    ]


def test_globs_add_and_leave_out(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    settings = '[lockfiles]\ninclude = ["pins/*.lst"]\nexclude = ["services/**"]\n'
    project.commit({".github/fallback-review.toml": settings})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({"pins/all.lst": "six==1.17.0\n", "services/api/uv.lock": UV.format("2.0")})

    assert project.rows() == {"pins/all.lst": [("six", "added", [], ["1.17.0"])]}


def test_included_files_are_read_from_their_own_side(project: Project) -> None:
    project.commit(
        {"tools/base.txt": "idna==3.7\n", "tools/requirements/dev.txt": "-r ../base.txt\nattrs==23.2.0\n"}
    )
    project.put({"tools/base.txt": "idna==9.9\n"})

    (lock,) = project.review("main", "topic").report["lockfiles"]

    assert [(c["name"], c["before"], c["after"], c["path"]) for c in lock["changes"]] == [
        ("attrs", ["23.1.0"], ["23.2.0"], None),
        ("idna", ["3.6"], ["3.7"], "tools/base.txt"),
    ]


def test_a_file_of_any_name_that_holds_requirements_is_a_lockfile(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"requirements.txt": "-r base.txt\n", "base.txt": "idna==3.6\n", "notes.txt": "a==b?\n"})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({"base.txt": "idna==3.7\n", "notes.txt": "what a==b means\n", "raw.txt": b"\xff==\x00"})

    assert project.rows() == {"requirements.txt": [("idna", "upgraded", ["3.6"], ["3.7"])]}

    project.commit({"pins.txt": "attrs==23.2.0\n"})
    assert list(project.rows()) == ["pins.txt", "requirements.txt"]


@pytest.mark.parametrize("include", ["-r", "-c"])
def test_a_file_that_an_unchanged_lockfile_names_may_have_any_name(project: Project, include: str) -> None:
    project.git("switch", "--quiet", "main")
    lock = f"{include} deps/a.in\nidna\n"
    project.commit({"api/requirements.txt": lock, "api/deps/a.in": "-c b\n", "api/deps/b": "idna==3.6\n"})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({"api/deps/b": "idna==3.7\n"})

    assert project.rows() == {"api/requirements.txt": [("idna", "upgraded", ["3.6"], ["3.7"])]}


@pytest.mark.parametrize("path", ["requirements.txt", "services/api/uv.lock"])
@pytest.mark.parametrize("committed", [True, False])
def test_the_target_of_a_link_may_have_any_name(project: Project, path: str, committed: bool) -> None:
    text = BASE[path]
    assert isinstance(text, str)
    project.git("switch", "--quiet", "main")
    project.put({path: None, "locks/main.dat": text})
    (project.root / path).symlink_to("../" * path.count("/") + "locks/main.dat")
    project.commit({})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    newer: dict[str, str | bytes | None] = {"locks/main.dat": text.replace("1.16.0", "1.17.0")}
    (project.commit if committed else project.put)(newer)

    assert project.rows() == {path: [("six", "upgraded", ["1.16.0"], ["1.17.0"])]}


def test_configuration_that_asks_nothing_else_is_no_change(project: Project) -> None:
    index = '\n[[tool.uv.index]]\nurl = "https://own.example/simple"\n'
    project.git("switch", "--quiet", "main")
    project.commit({"pyproject.toml": f'[project]\nname = "a"\nversion = "1"\n{index}'})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({"pyproject.toml": f'# New.\n[project]\nname = "a"\nversion = "2"\n{index}'})
    assert project.rows() == {}

    project.commit({"pyproject.toml": '[project]\nname = "a"\nversion = "2"\n'})
    assert project.rows() == {"services/api/uv.lock": []}  # pip reads no [tool.uv]


def test_a_constraints_file_that_pips_configuration_names(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"pip.conf": "[install]\nconstraint = c.txt\n", "c.txt": "six<2\n"})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({"c.txt": "six<3\n"})

    assert list(project.rows()) == ["requirements.txt", "tools/requirements/dev.txt"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".github/workflows/ci.yml", "env:\n  PIP_CONFIG_FILE: ci/pip.ini\n"),
        ("docker/Dockerfile", "FROM scratch\nENV PIP_CONFIG_FILE=/app/ci/pip.ini\n"),
    ],
)
@pytest.mark.parametrize("moved", ["configuration", "workflow"])
def test_a_configuration_of_pips_that_a_workflow_names(
    project: Project, path: str, text: str, moved: str
) -> None:
    index = "[global]\nindex-url = https://own.example/simple\n"
    project.git("switch", "--quiet", "main")
    project.commit({"ci/pip.ini": index, "ci/other.ini": "", path: text})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    if moved == "configuration":
        project.commit({"ci/pip.ini": f"{index}extra-index-url = https://else.example/simple\n"})
    else:
        project.commit({path: text.replace("ci/pip.ini", "ci/other.ini")})

    assert list(project.rows()) == ["requirements.txt", "tools/requirements/dev.txt"]


def test_an_unreadable_lockfile_is_named_and_the_others_are_reviewed(project: Project) -> None:
    project.commit({"services/api/uv.lock": b"\xff\xfe\x00broken", "requirements.txt": "six==1.17.0\n"})

    done = project.review("--fail-on", "")

    assert list(rows(done.report)) == ["requirements.txt"]
    (unread,) = done.report["unreadable"]
    assert unread["path"] == "services/api/uv.lock"
    assert (done.code, done.report["conclusion"]) == (3, "unknown")
    for form in ("terminal", "markdown"):
        assert "services/api/uv.lock" in project.review("--fail-on", "", "--format", form).stdout


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("-r https://evil.example/more.txt", "packages that it names are not reviewed"),
        ("-r missing.txt", "packages that it names are not reviewed"),
        ("${NAME}==1.0", "was not understood"),
        ("--index-url https://evil.example/simple", "packages may now come from evil.example"),
        ("--extra-index-url https://evil.example/simple", "packages may now come from evil.example"),
        ("--find-links https://evil.example/files/", "packages may now come from evil.example"),
    ],
)
def test_what_a_pull_request_hides_is_not_a_pass(line: str, says: str, project: Project) -> None:
    project.commit({"requirements.txt": f"six==1.16.0\n{line}\n"})

    done = project.review()

    (unread,) = done.report["unreadable"]
    assert says in unread["text"]
    assert (unread["path"], unread["line"]) == ("requirements.txt", 2)
    assert (done.code, done.report["conclusion"]) == (3, "unknown")


def test_what_was_hidden_before_is_no_change(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"requirements.txt": "-r https://intranet.example/more.txt\nsix==1.16.0\n"})
    project.git("switch", "--quiet", "--create", "later")
    project.commit({"requirements.txt": "# a word\n-r https://intranet.example/more.txt\nsix==1.16.0\n"})

    done = project.review("main")

    assert (done.code, done.report["unreadable"]) == (0, [])


def test_a_lockfile_that_was_broken_at_the_base_is_mended_by_a_pull_request(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"services/api/uv.lock": "version = 1\n[[package"})
    project.git("switch", "--quiet", "--create", "mend")
    project.commit({"services/api/uv.lock": UV.format("1.17.0")})

    report = project.review("main").report

    assert rows(report)["services/api/uv.lock"] == [("six", "added", [], ["1.17.0"])]
    (lockfile,) = report["lockfiles"]
    assert lockfile["base_path"] is None
    assert "could not be read at the base" in str(lockfile["notices"])
    assert "could not be read" not in str(report["unreadable"])


def test_a_broken_lockfile_that_is_deleted_installs_nothing(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({"services/api/uv.lock": "version = 1\n[[package"})
    project.git("switch", "--quiet", "--create", "delete")
    project.commit({"services/api/uv.lock": None})

    done = project.review("main")

    assert (done.code, done.report["lockfiles"]) == (0, [])


def test_deleted_lockfiles_let_nothing_in(project: Project) -> None:
    index = f"{project.index.url}/simple/"
    source = f'[[tool.poetry.source]]\nname = "chainguard"\nurl = "{index}"\npriority = "primary"\n'
    project.git("switch", "--quiet", "main")
    project.commit(
        {
            "services/gone/requirements.txt": f"--index-url {index}\nsix==1.16.0\n",
            "services/old/pyproject.toml": source,
        }
    )
    project.git("switch", "--quiet", "--create", "delete")
    project.commit({"services/gone/requirements.txt": None, "services/old/poetry.lock": None})

    done = project.review("main")

    assert rows(done.report) == {
        "services/gone/requirements.txt": [("six", "removed", ["1.16.0"], [])],
        "services/old/poetry.lock": [("six", "removed", ["1.16.0"], [])],
    }
    assert (done.code, done.report["conclusion"], done.report["findings"]) == (0, "pass", [])


def test_no_lockfile_changed_is_success_at_once(project: Project) -> None:
    project.commit({"README.md": "hello again\n"})

    plain = run("review", "--index-url", f"{project.index.url}/simple/", cwd=project.root)

    assert plain.code == 0
    assert "No lockfile changed" in plain.stdout
    done = project.review()
    assert (done.code, done.report["conclusion"], done.report["lockfiles"]) == (0, "pass", [])
    assert project.index.seen == []


def test_a_pull_request_cannot_allow_itself(project: Project) -> None:
    project.commit(
        {
            ".github/fallback-review.toml": '[policy]\nfail-on = []\n[[allow]]\npackage = "*"\nreason = "because"\n',
            "requirements.txt": "six==1.17.0\n",
        }
    )

    done = project.review()

    assert done.code == 1
    assert done.changes["six"]["allowance"] is None


def test_settings_of_the_base_hold_even_where_the_head_takes_them_away(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({".github/fallback-review.toml": "[policy]\nfail-on = []\n"})
    project.git("switch", "--quiet", "topic")
    project.git("reset", "--quiet", "--hard", "main")
    project.commit({".github/fallback-review.toml": None, "requirements.txt": "six==1.17.0\n"})

    done = project.review()

    assert (done.code, done.report["conclusion"]) == (0, "warn")


def test_wrong_settings_of_the_base_are_an_error_that_names_the_key(project: Project) -> None:
    project.git("switch", "--quiet", "main")
    project.commit({".github/fallback-review.toml": '[policy]\nfailon = ["pypi"]\n'})

    project.review("main").refuses(".github/fallback-review.toml", "policy.failon", "fail-on")


def test_without_a_repository_a_revision_is_an_error(tmp_path: Path) -> None:
    run_here("review", cwd=tmp_path).refuses("no git repository")
    run_here("review", "main", "topic", cwd=tmp_path).refuses("'main' is not a file", "no git repository")


def test_a_revision_that_does_not_exist_is_named(project: Project) -> None:
    project.review("nowhere").refuses("'nowhere' is neither a path here nor a revision")
    project.review("main", "nowhere").refuses("'nowhere' is neither a path here nor a revision")
    project.review("--", "--upload-pack=evil", "topic").refuses("--upload-pack=evil")


def test_a_shallow_clone_says_what_to_do(project: Project, tmp_path: Path) -> None:
    project.commit({"requirements.txt": "six==1.17.0\n"})
    project.git("switch", "--quiet", "main")
    project.commit({"README.md": "newer\n"})
    clone = tmp_path / "clone"
    project.git(
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        "--branch=topic",
        f"file://{project.root}",
        str(clone),
    )

    done = run_here("review", cwd=clone)

    done.refuses(
        "origin/HEAD and HEAD share no history", "git fetch --unshallow", "fallback-review review BASE"
    )


def test_a_folder_of_the_repository_will_do(project: Project) -> None:
    project.commit({"requirements.txt": "six==1.17.0\n"})
    addresses = ["--index-url", f"{project.index.url}/simple/", "--pypi-url", f"{project.index.url}/pypi/"]

    done = run_here("review", *addresses, "--format", "json", cwd=project.root / "services")

    assert list(rows(done.report)) == ["requirements.txt"]


def test_a_symbolic_link_in_place_of_a_lockfile_is_not_followed(project: Project) -> None:
    link = project.root / "services/api/uv.lock"
    link.unlink()
    link.symlink_to("../other/uv.lock")
    project.commit({})

    done = project.review()

    (unread,) = done.report["unreadable"]
    assert (unread["path"], done.code) == ("services/api/uv.lock", 3)
    assert "symbolic link" in unread["text"]


def test_a_submodule_in_place_of_a_lockfile_is_not_taken_for_its_removal(project: Project) -> None:
    project.put({"requirements.txt": None})
    commit = project.object_name("HEAD")
    project.git("update-index", "--add", "--cacheinfo", f"160000,{commit},requirements.txt")
    project.git("commit", "--quiet", "--message", "a submodule")

    done = project.review("main", "topic")

    (unread,) = done.report["unreadable"]
    assert (unread["path"], done.code) == ("requirements.txt", 3)
    assert "not an ordinary file" in unread["text"]


def test_a_lockfile_whose_content_the_repository_lacks_is_not_taken_for_its_removal(project: Project) -> None:
    project.commit({"requirements.txt": "six==1.17.0\n"})
    name = project.object_name("HEAD:requirements.txt")
    (project.root / ".git/objects" / name[:2] / name[2:]).unlink()

    done = project.review("main", "topic")

    (unread,) = done.report["unreadable"]
    assert (unread["path"], done.code) == ("requirements.txt", 3)
    assert "the repository lacks its content" in unread["text"]


def test_a_hundred_lockfiles_start_no_more_programs_than_one(project: Project) -> None:
    def started(*sides: str) -> int:
        trace = project.root.parent / "trace"
        done = project.review(*sides, env={"GIT_TRACE": str(trace)})
        assert done.code == 1, done.said
        lines = [line for line in trace.read_text().splitlines() if " built-in: git " in line]
        trace.unlink()
        return len(lines)

    project.commit({"requirements.txt": "six==1.17.0\n"})
    few = started("main", "topic")
    project.commit({f"service-{number}/requirements.txt": "six==1.17.0\n" for number in range(100)})

    assert started("main", "topic") == few


@pytest.mark.parametrize("form", ["terminal", "markdown", "json", "sarif", "annotations"])
def test_folders_with_hostile_names_are_reviewed_and_shown_harmless(form: str, project: Project) -> None:
    names = [b"a\xff", "b\u202e\x1b[31m".encode(), b"c\n::set-output", b"-r", b":(top)d", b"e\t|`<!--@all"]
    project.put({f"{os.fsdecode(name)}/requirements.txt": "six==1.17.0\n" for name in names})
    project.commit({})

    for sides in ((), ("main", "topic")):
        done = project.review("--format", form, *sides)

        assert done.code == 1
        assert done.stderr == ""
        assert done.stdout.count("six") >= len(names)
        assert not [sign for sign in ("\x1b", "\u202e", "\n::set-output") if sign in done.stdout]
        if form == "json":
            assert len(done.report["lockfiles"]) == len(names)
            assert done.report["unreadable"] == []


def test_what_workflows_set_is_named_and_decides_nothing(project: Project) -> None:
    workflow = "env:\n  PIP_INDEX_URL: https://else.example/simple/\n"
    project.commit({".github/workflows/test.yml": workflow})
    project.commit({"requirements.txt": "six==1.17.0\n"})
    findings = project.review("HEAD~1", "HEAD").report["findings"]
    said = [each for each in findings if "outranks" in each["text"]]
    assert [(each["path"], each["line"]) for each in said] == [(".github/workflows/test.yml", 2)]


@pytest.mark.parametrize("words", [(), ("main",), ("main", "topic"), ("main", "--", "dienste/öl")])
def test_a_path_is_the_same_in_every_locale(words: tuple[str, ...], project: Project) -> None:
    """In a locale of ASCII a path filter found no file, so that nothing seemed to change."""
    project.commit({"dienste/öl/requirements.txt": "six==1.17.0\n"})
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    plain = project.review(*words, installed=True)
    done = project.review(*words, installed=True, env=env)
    assert rows(done.report) == {"dienste/öl/requirements.txt": [("six", "added", [], ["1.17.0"])]}
    assert (done.code, done.report) == (plain.code, plain.report)
