"""`fallback-review init` in work trees as people have them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from fallback_review import __version__
from fallback_review.cli.detect import Detected, find_unexplained
from fallback_review.cli.init import (
    BOT,
    PROJECT,
    WORKFLOW_PATH,
    ActionRelease,
    choose,
    installed_release,
    release_of,
    settings_text,
    write_new,
)
from fallback_review.cli.main import cli
from fallback_review.cli.observe import Observed, compared, observe
from fallback_review.settings import schema
from fallback_review.settings.schema import SETTINGS_PATH, SettingsError
from tests.conftest import ROOT, lab_tool
from tests.prediction.live import World, serving

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

COMMIT = "a" * 40
VIRTUAL = "https://repo.index.example/api/pypi/python/simple/"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one lockfile, entered."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "requirements.txt").write_text("flask==3.0.0\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["init", *arguments], input=answers)


def written(tree: Path) -> schema.Settings:
    return schema.parse((tree / SETTINGS_PATH).read_bytes())


def test_it_writes_both_files_and_says_what_to_do_next(tree: Path) -> None:
    done = init()
    assert done.exit_code == 0, done.output
    assert written(tree) == schema.Settings()
    for said in (
        "Lockfiles here: requirements.txt\n",
        f"Wrote {WORKFLOW_PATH}\n",
        f"Wrote {SETTINGS_PATH}\n",
        "chainctl auth pull-token create --repository=python",
        "gh secret set CHAINGUARD_PYTHON_IDENTITY_ID",
        "gh secret set CHAINGUARD_PYTHON_TOKEN",
        "required",
    ):
        assert said in done.output


def test_it_writes_at_the_root_of_the_repository(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "service").mkdir()
    monkeypatch.chdir(tree / "service")
    assert init().exit_code == 0
    assert (tree / WORKFLOW_PATH).is_file()
    assert not (tree / "service" / ".github").exists()


def test_without_git_it_writes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = init()
    assert "Lockfiles here: none yet" in done.output
    assert (tmp_path / SETTINGS_PATH).is_file()


def test_it_never_overwrites(tree: Path) -> None:
    (tree / ".github").mkdir()
    (tree / SETTINGS_PATH).write_text("# ours\n")
    done = init()
    assert done.exit_code == 0
    assert f"Kept {SETTINGS_PATH}: it exists already" in done.output
    assert f"Wrote {WORKFLOW_PATH}" in done.output
    assert (tree / SETTINGS_PATH).read_text() == "# ours\n"


def test_a_link_that_leads_elsewhere_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "link").symlink_to(elsewhere)
    assert not write_new(tmp_path / "link", "text")
    assert not elsewhere.exists()


def test_it_asks_and_takes_the_answers(tree: Path) -> None:
    done = init("--ask", answers=f"3.11, 3.13\nlinux-x86_64\n{VIRTUAL.rstrip('/')}\nartifactory\ny\n")
    assert done.exit_code == 0, done.output
    chosen = written(tree)
    assert chosen.targets.python == ("3.11", "3.13")
    assert chosen.targets.platforms == ("linux-x86_64",)
    assert chosen.indexes.resolver == VIRTUAL
    assert chosen.indexes.own_hosts == ("repo.index.example/api/pypi/python/",)
    assert chosen.indexes.layout == "artifactory"
    assert "Your index was not asked: CHAINGUARD_PYTHON_IDENTITY_ID" in done.output
    names = {path.name for path in (tree / ".github/workflows").iterdir()}
    assert names == {"fallback-review.yml", *(f"{name}.yml" for name in BOT)}
    for name in names:
        assert "%{" not in (tree / ".github/workflows" / name).read_text()


def test_pressing_enter_takes_what_was_found(tree: Path) -> None:
    (tree / ".python-version").write_text("3.13.2\n")
    done = init("--ask", answers="\n\n\n\n")
    assert "[3.13]" in done.output
    assert written(tree).targets.python == ("3.13",)
    assert written(tree).indexes == schema.Indexes()


def test_options_say_the_same_as_answers(tree: Path) -> None:
    done = init("--python", "3.12", "--platform", "musllinux-x86_64", "--resolver-index-url", VIRTUAL)
    assert done.exit_code == 0, done.output
    chosen = written(tree)
    assert (chosen.targets.python, chosen.targets.platforms) == (("3.12",), ("musllinux-x86_64",))
    assert (chosen.indexes.resolver, chosen.indexes.own_hosts) == (
        VIRTUAL,
        ("repo.index.example/api/pypi/python/",),
    )


def test_a_terminal_is_asked_and_a_pipe_is_not(tree: Path) -> None:
    command = [sys.executable, "-m", "fallback_review.cli.start", "init"]
    outer, inner = pty.openpty()
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner) as process:
        os.close(inner)
        os.write(outer, b"3.13\n\n\nn\n")
        assert process.wait(timeout=30) == 0
    os.close(outer)
    assert written(tree).targets.python == ("3.13",)
    piped = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert "Platforms" not in piped.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--python", "two"), "--python: 'two' is not a Python version"),
        (("--platform", "linux"), "--platform: 'linux' is not a known platform"),
        (
            ("--resolver-index-url", "https://me:secret@repo.index.example/"),
            "--resolver-index-url: credentials don't belong in a settings file",
        ),
    ],
)
def test_a_wrong_value_writes_nothing(tree: Path, arguments: tuple[str, ...], said: str) -> None:
    done = init(*arguments)
    assert isinstance(done.exception, SettingsError)
    assert said in str(done.exception)
    assert "secret" not in str(done.exception)
    assert not (tree / ".github").exists()


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({}, None),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.11.4"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.8"\n'}, "3.10"),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = "<3"\n'}, None),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = "new"\n'}, None),
        ({"pyproject.toml": "[project\n"}, None),
        ({"pyproject.toml": 'project = "a"\n'}, None),
        ({"uv.lock": 'version = 1\nrequires-python = ">=3.12"\n', ".python-version": "pypy\n"}, "3.12"),
        ({"uv.lock": "version = \n"}, None),
        ({"uv.lock": 'version = 1\nrequires-python = ">=3.12"\n', ".python-version": "3.13.1\n"}, "3.13"),
        (
            {
                "a/uv.lock": 'version = 1\nrequires-python = ">=3.12"\n',
                "pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.11"\n',
            },
            "3.12",
        ),
    ],
)
def test_the_python_version_is_found(tmp_path: Path, files: dict[str, str], python: str | None) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    locks = tuple(path for path in files if path.endswith("uv.lock"))
    assert find_unexplained(tmp_path) == Detected(lockfiles=locks, python=python)


def test_the_platforms_are_those_that_a_lock_names(tree: Path) -> None:
    (tree / "conda-lock.yml").write_text(
        "version: 1\npackage:\n"
        + "".join(
            f"- {{name: flask, version: 3.0.0, manager: pip, platform: {platform}, "
            f"url: 'https://files.pypi.test/flask-3.0.0-py3-none-any.whl', hash: {{sha256: {'a' * 64}}}}}\n"
            for platform in ("osx-arm64", "linux-64", "unheard-of")
        )
    )
    assert find_unexplained(tree).platforms == ("linux-x86_64", "macos-arm64")
    assert init().exit_code == 0
    assert written(tree).targets.platforms == ("linux-x86_64",)
    assert written(tree).targets.informational == ("macos-arm64",)


def test_laptops_decide_where_there_is_nothing_else() -> None:
    targets = choose([], ["macos-arm64", "windows-amd64"], None).targets
    assert targets.platforms == ("macos-arm64", "windows-amd64")
    assert targets.informational == ()


def test_other_peoples_lockfiles_are_not_the_repositorys(tmp_path: Path) -> None:
    for path in (
        "env/pyvenv.cfg",
        "env/lib/uv.lock",
        ".tox/poetry.lock",
        "node_modules/a/uv.lock",
        "b/uv.lock",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("version = 1\n")
    assert find_unexplained(tmp_path).lockfiles == ("b/uv.lock",)


def test_many_lockfiles_are_counted(tree: Path) -> None:
    for number in range(15):
        (tree / f"{number:02}").mkdir()
        (tree / f"{number:02}" / "uv.lock").write_text("version = 1\n")
    assert "09/uv.lock and 6 more" in init().output


@pytest.mark.parametrize(
    "resolver",
    [
        VIRTUAL,
        "https://repo.index.example/%{project}/python/\u2603\U0001f40d/simple/",
        'https://repo.index.example/a"b\\c\x7f/',
    ],
)
def test_the_settings_text_says_what_was_chosen(resolver: str) -> None:
    chosen = choose(["3.12", "3.13t"], ["linux-x86_64", "macos-arm64"], resolver)
    read = schema.parse(settings_text(chosen, ActionRelease(revision=COMMIT)).encode())
    assert read.targets == chosen.targets
    assert read.indexes.resolver == resolver
    assert read.policy == schema.Policy()


def test_editors_find_the_published_schema(tree: Path) -> None:
    init()
    first = (tree / SETTINGS_PATH).read_text().splitlines()[0]
    directive, address = first.split(" ")
    assert directive == "#:schema"
    assert address.endswith(f"/{installed_release().revision}/docs/settings.schema.json")
    assert (ROOT / "docs/settings.schema.json").is_file()


def test_an_installation_from_git_pins_its_commit() -> None:
    record = {"url": "https://git.index.example/a", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
    assert release_of(json.dumps(record)) == ActionRelease(revision=COMMIT)


@pytest.mark.parametrize(
    ("asked", "released"),
    [
        ("v1", True),
        ("v1.2.3", True),
        ("refs/tags/v1.2.3", True),
        ("main", False),
        ("v1.2.3-rc1", False),
        (COMMIT, False),
        (None, False),
    ],
)
def test_what_is_no_release_builds_its_image_in_each_run(
    tree: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None, released: bool
) -> None:
    vcs = {"vcs": "git", "commit_id": COMMIT, **({"requested_revision": asked} if asked else {})}
    record = json.dumps({"url": "https://github.com/acme/fallback-review", "vcs_info": vcs})
    monkeypatch.setattr("importlib.metadata.PathDistribution.read_text", lambda _self, _name: record)
    said = init().output
    assert ("builds the action's image in each run" in said) is not released
    assert f"@{COMMIT}" in (tree / WORKFLOW_PATH).read_text()


@pytest.mark.parametrize(
    ("url", "project"),
    [
        ("https://github.com/acme/fallback-review", "acme/fallback-review"),
        ("https://github.com/acme/fallback.review.git", "acme/fallback.review"),
        ("ssh://git@github.com/acme/fallback-review.git", "acme/fallback-review"),
        ("https://github.com/acme", PROJECT),
        ("https://github.com/acme/a b", PROJECT),
        ("https://github.com.index.example/acme/fallback-review", PROJECT),
    ],
)
def test_a_copy_of_the_action_is_named_where_it_was_installed_from(
    tree: Path, monkeypatch: pytest.MonkeyPatch, url: str, project: str
) -> None:
    record = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}})
    monkeypatch.setattr("importlib.metadata.PathDistribution.read_text", lambda _self, _name: record)
    said = init().output
    uses = [line.strip() for line in (tree / WORKFLOW_PATH).read_text().splitlines() if "uses:" in line]
    assert uses == [f"- uses: {project}@{COMMIT}"]
    assert f"/{project}/{COMMIT}/docs/settings.schema.json" in (tree / SETTINGS_PATH).read_text()
    assert f"The workflow uses\n     {project}: if your organisation keeps a copy, name the copy." in said


def test_an_installation_from_a_clone_pins_the_commit_of_the_clone(tree: Path) -> None:
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@index.example", "commit", "-qm", "A"]
    subprocess.run([*git, "--allow-empty"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    record = {"url": tree.as_uri(), "dir_info": {"editable": True}}
    assert release_of(json.dumps(record)).revision == head.stdout.strip()


def test_an_installation_from_elsewhere_names_the_releases_tag(tmp_path: Path) -> None:
    assert release_of(None) == ActionRelease(project=PROJECT, revision=f"v{__version__}")
    folder = {"url": (tmp_path / "no clone").as_uri(), "dir_info": {}}
    archive = {"url": "https://index.example/a.whl", "archive_info": {}}
    assert {release_of(json.dumps(record)).revision for record in (folder, archive)} == {f"v{__version__}"}


def test_the_workflow_uses_inputs_that_the_action_has(tree: Path) -> None:
    init()
    workflow = yaml.safe_load((tree / WORKFLOW_PATH).read_text())
    (step,) = workflow["jobs"]["fallback-review"]["steps"]
    assert step["uses"] == f"fallback-review/fallback-review@{installed_release().revision}"
    assert set(step["with"]) <= set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


@pytest.mark.lab
@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("zizmor", ("--offline", "--no-progress", "--persona", "pedantic", ".")),
        ("check-jsonschema", ("--builtin-schema", "vendor.github-workflows", WORKFLOW_PATH)),
        ("check-jsonschema", ("--schemafile", str(ROOT / "docs/settings.schema.json"), SETTINGS_PATH)),
    ],
    ids=["zizmor", "GitHub's schema of workflows", "the settings' schema"],
)
def test_a_checker_finds_nothing_in_what_was_written(
    tree: Path, program: str, arguments: tuple[str, ...]
) -> None:
    assert init("--resolver-index-url", VIRTUAL).exit_code == 0
    done = subprocess.run(
        [lab_tool(program, "checkers"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_answer_is_asked_for_once_more(tree: Path) -> None:
    answers = "two\n3.12\nlinux\nlinux-x86_64\nnowhere\n\n\n"
    done = init("--ask", answers=answers)
    assert done.exit_code == 0, done.output
    assert "Error: python: 'two' is not a Python version" in done.output
    assert "'linux' is not a known platform" in done.output
    assert "an index address starts with https://" in done.output
    assert written(tree).targets.python == ("3.12",)


def test_the_bots_workflows_are_those_of_the_documents(tree: Path) -> None:
    assert init("--bot").exit_code == 0
    shown = (ROOT / "docs/bot.md").read_text("utf-8")
    for name in BOT:
        text = (tree / f".github/workflows/{name}.yml").read_text("utf-8")
        head, _, tail = text.partition("      - uses: ")
        assert head in shown
        assert tail.partition("\n")[2] in shown


def test_a_set_up_is_checked(tree: Path) -> None:
    assert "is missing: run fallback-review init" in init("--check").output
    assert init("--bot").exit_code == 0
    current = init("--check")
    assert (current.exit_code, current.output.splitlines()[-1]) == (0, "Nothing is out of date.")
    workflow = tree / WORKFLOW_PATH
    workflow.write_text(
        workflow.read_text().replace("fallback-review/fallback-review@", "acme/fallback-review@0ld ")
    )
    (tree / ".python-version").write_text("3.13\n")
    (tree / SETTINGS_PATH).write_text(
        '[[allow]]\npackage = "six"\nreason = "x"\n[[allow]]\npackage = "flask"\nreason = "x"\nexpires = 2020-01-01\n'
    )
    said = init("--check")
    assert said.exit_code == 1
    for text in (
        f"{WORKFLOW_PATH} uses 0ld; this program is ",
        "[[allow]] six matches no package here",
        "the allow list's entry for flask expired on 2020-01-01",
        "the repository is for Python 3.13, and python in [targets] is 3.12",
    ):
        assert text in said.output
    (tree / SETTINGS_PATH).write_text("x = 1\n")
    assert "there is no such key" in init("--check").output
    workflow.write_text("name: empty\n")
    assert f"{WORKFLOW_PATH} uses no fallback-review action" in init("--check").output
    assert workflow.read_text() == "name: empty\n"


C, P = {("a-1.whl", "c"): "1"}, {("a-1.whl", "p"): "1"}
OTHER = {("A-1.whl", "p"): "1"}


@pytest.mark.parametrize(
    ("served", "theirs", "layout"),
    [
        (P, P, None),
        (C, P, "virtual-project"),
        (C | P, P, "virtual-concat"),
        (C | OTHER, OTHER, "virtual-file"),
        (C | {("a-2.whl", "q"): "2"}, P | {("a-2.whl", "q"): "2"}, "virtual-version"),
    ],
)
def test_the_layout_is_found_by_comparing_files(
    served: dict[tuple[str, str], str], theirs: dict[tuple[str, str], str], layout: str | None
) -> None:
    seen = compared("a", served, C, theirs)
    assert seen.layout == layout
    assert ("none of Chainguard's files of a" in seen.said) is (layout is None)


def test_an_index_is_looked_at_with_a_token() -> None:
    environ = {"CHAINGUARD_PYTHON_IDENTITY_ID": "me", "CHAINGUARD_PYTHON_TOKEN": "t"}
    names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "six": (("six-1.0-py3-none-any.whl",), ("six-1.0-py3-none-any.whl", "Six-1.0-py2.py3-none-any.whl"))
    }
    with serving(World(names=names)) as world:

        def seen(layout: str, *asked: str) -> Observed:
            addresses = {"chainguard": f"{world.base}/c/", "pypi": f"{world.base}/p/"}
            return observe(f"{world.base}/{layout}/", asked, environ, addresses)

        assert seen("virtual-file", "nowhere", "six").layout == "virtual-file"
        assert seen("p", "six").layout is None
        assert "nothing was compared" in seen("virtual-file", "nowhere").said
