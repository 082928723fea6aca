"""`fallback-review fix`: a mended lock is accepted by its own installer, which then takes Chainguard's files."""

from __future__ import annotations

import difflib
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fallback_review.model import Conclusion
from fallback_review.model.installed import Integrity, Origin
from tests.cli.command import run
from tests.installed.installers import INSTALLERS, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import Finished
    from tests.installed.conftest import World

pytestmark = pytest.mark.lab
NAMES = ("plain==1.0", "native==1.0", "platformed==1.0", "tool-kit==1.0")
HERE = f"""
[targets]
python = ["3.{sys.version_info.minor}"]
platforms = ["linux-x86_64"]
glibc = "2.36"
"""


def migrated(world: World, installer: str, folder: Path, names: tuple[str, ...] = NAMES) -> Project:
    """A project that was locked and installed from PyPI, and has just been told of Chainguard's index."""
    project = Project(installer, folder / "project", names)
    project.declare(world.indexes.pypi)
    project.lock()
    project.install()
    if installer == "pip":
        text = project.lock_path.read_text().replace(world.indexes.pypi, world.indexes.chainguard)
        project.lock_path.write_text(text)
    else:
        project.declare(world.indexes.chainguard)
    return project


def fix(world: World, project: Project, *more: object) -> Finished:
    settings = project.folder / "settings.toml"
    settings.write_text(HERE)
    return run(
        "fix",
        project.lock_path.name,
        "--config",
        settings,
        *world.indexes.options(),
        *more,
        cwd=project.folder,
    )


def changed_lines(before: str, after: str) -> list[str]:
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_installer_accepts_the_mended_lock_and_takes_chainguards_files(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = migrated(world, installer, tmp_path)
    before = project.lock_path.read_text()
    done = fix(world, project)
    assert done.code == 0, done.said
    assert "4 entries fixed" in done.stderr
    after = project.lock_path.read_text()
    rows = re.compile(
        r"[-+]\s*(\{ ?(url|file) = |--hash=|\"sha256:|source = \{ registry|url = |reference = |content.hash = |\"url\": |\"sha256\": )"
    )
    assert all(rows.match(line) for line in changed_lines(before, after)), changed_lines(before, after)
    assert fix(world, project, "--check").code == 0  # once is enough

    # Installers say "already satisfied" and swap nothing; `verify` shows it.
    project.check()
    project.install()
    stale = world.verify(project.environment)
    assert {each.origin for each in stale.distributions} == {Origin.PYPI}
    assert "Installers keep what is installed already" in done.stderr

    fresh = Project(installer, tmp_path / "fresh", project.names)
    fresh.declare(world.indexes.chainguard)
    for path in project.folder.iterdir():
        if path.is_file():
            (fresh.folder / path.name).write_bytes(path.read_bytes())
    fresh.check()
    fresh.install()
    found = world.verify(fresh.environment)
    assert {(each.origin, each.integrity) for each in found.distributions} == {
        (Origin.CHAINGUARD, Integrity.INTACT)
    }
    assert len(found.distributions) == 4
    assert found.conclusion is Conclusion.PASS


def test_a_uv_lock_keeps_other_platforms_and_loses_what_would_win_over_chainguards(
    world: World, tmp_path: Path
) -> None:
    project = migrated(world, "uv", tmp_path, ("platformed==1.0",))
    fix(world, project)
    files = re.findall(r"platformed-1\.0-[^\"]+", project.lock_path.read_text())
    tags = sorted(each.removesuffix(".whl").rpartition("-")[2] for each in files)
    assert tags == ["macosx_11_0_arm64", "manylinux_2_28_x86_64", "win_amd64"]


@pytest.mark.parametrize(
    "reinstall", [("uv", "--reinstall"), ("pdm", "--reinstall"), ("pip", "--force-reinstall")]
)
def test_the_step_that_swaps_what_is_installed(
    world: World, reinstall: tuple[str, str], tmp_path: Path
) -> None:
    installer, option = reinstall
    project = migrated(world, installer, tmp_path)
    done = fix(world, project)
    assert option in done.stderr
    project.install(option)
    assert {each.origin for each in world.verify(project.environment).distributions} == {Origin.CHAINGUARD}


def test_a_pylock_is_mended_for_uv_and_pip(world: World, tmp_path: Path) -> None:
    project = migrated(world, "uv", tmp_path)
    project.declare(world.indexes.pypi)
    project.run("uv", "export", "-q", "--format", "pylock.toml", "-o", "pylock.toml", "--no-header")
    lock = project.folder / "pylock.toml"
    settings = project.folder / "settings.toml"
    settings.write_text(HERE)
    done = run("fix", "pylock.toml", "--config", settings, *world.indexes.options(), cwd=project.folder)
    assert done.code == 0, done.said
    assert world.indexes.pypi.removesuffix("simple/") not in "\n".join(
        line for line in lock.read_text().splitlines() if "linux" in line or "none-any" in line
    )
    for number, tool in enumerate((("uv", "pip", "sync"), ("pip", "install", "-r"))):
        fresh = Project("uv", tmp_path / f"fresh{number}", ())
        fresh.declare(world.indexes.pypi)
        python = str(fresh.environment / "bin/python")
        if tool[0] == "uv":
            fresh.run(*tool, "-q", "--python", python, str(lock))
        else:
            fresh.run("pip", "--python", python, "install", "-q", "-r", str(lock))
        found = world.verify(fresh.environment)
        assert {each.origin for each in found.distributions} == {Origin.CHAINGUARD}
        assert len(found.distributions) == 4


def test_static_urls_of_pdm_are_replaced(world: World, tmp_path: Path) -> None:
    project = Project("pdm", tmp_path / "project", NAMES)
    project.declare(world.indexes.pypi)
    project.run("pdm", "lock", "-q", "-S", "static_urls")
    project.declare(world.indexes.chainguard)
    done = fix(world, project)
    assert done.code == 0, done.said
    project.check()
    project.install()
    found = world.verify(project.environment)
    assert {(each.name, each.origin) for each in found.distributions} == {
        (name.partition("==")[0], Origin.CHAINGUARD) for name in NAMES
    }


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_cannot_be_mended_is_listed_with_the_reason_and_stays(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0", "only-pypi==1.0"))
    project.declare(world.indexes.chainguard, world.indexes.pypi)
    # Locked as PyPI has it: both names.
    locked = Project(installer, tmp_path / "locked", project.names)
    locked.declare(world.indexes.pypi)
    locked.lock()
    text = locked.lock_path.read_text()
    if installer == "pip":
        text = text.replace(world.indexes.pypi, world.indexes.chainguard)
    project.lock_path.write_text(text)
    done = fix(world, project)
    assert done.code in (0, 3), done.said
    assert "only-pypi 1.0: Chainguard's index does not have it" in done.stderr
    assert "not fixed: 1 entry" in done.stderr
    only_pypi = re.findall(r"[0-9a-f]{64}", text)
    assert len(set(only_pypi) & set(re.findall(r"[0-9a-f]{64}", project.lock_path.read_text()))) >= 1


@pytest.mark.parametrize("installer", ["uv", "poetry", "pdm", "pipenv"])
def test_nothing_is_mended_where_the_project_does_not_name_the_index(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0",))
    project.declare(world.indexes.pypi)
    project.lock()
    before = project.lock_path.read_bytes()
    done = fix(world, project)
    assert done.code == 0
    assert "nothing in the repository names Chainguard's index" in done.stderr
    assert project.lock_path.read_bytes() == before


def bound_to_pypi(project: Project) -> str:
    """The manifest of a project whose first source is Chainguard's, with one package bound to the second."""
    path = project.folder / {"pipenv": "Pipfile"}.get(project.installer, "pyproject.toml")
    text = path.read_text()
    match project.installer:
        case "uv":  # a fork: under any other marker the same version comes from Chainguard's index
            rows = '[{ index = "i0", marker = "sys_platform == \'linux\'" }]'
            return f"{text}\n[tool.uv.sources]\nplain = {rows}\n"
        case "poetry":
            return f'{text}\n[tool.poetry.dependencies]\nplain = {{ source = "i1" }}\n'
        case "pdm":
            return f'{text}include_packages = ["plain"]\n'
        case _:
            return text.replace('"plain" = "==1.0"', '"plain" = { version = "==1.0", index = "i1" }')


@pytest.mark.parametrize("installer", ["uv", "poetry", "pdm", "pipenv"])
def test_what_the_project_takes_from_another_index_stays(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0", "native==1.0"))
    project.declare(world.indexes.chainguard, world.indexes.pypi)
    manifest = "Pipfile" if installer == "pipenv" else "pyproject.toml"
    (project.folder / manifest).write_text(bound_to_pypi(project))
    project.lock()
    before = project.lock_path.read_bytes()
    done = fix(world, project)
    assert (done.code, project.lock_path.read_bytes()) == (0, before), done.said
    assert ": 0 entries fixed" in done.stderr
    why = "the installer would not take Chainguard's" if installer == "pdm" else "takes it from the index 'i"
    assert re.search(rf"plain 1\.0: .*{why}", done.stderr), done.stderr
    project.check()
    project.install()
    assert {each.name: each.origin for each in world.verify(project.environment).distributions} == {
        "plain": Origin.PYPI,
        "native": Origin.CHAINGUARD,
    }


@pytest.mark.parametrize("installer", ["uv", "poetry"])
def test_an_index_for_named_packages_alone_is_for_no_other(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0", "native==1.0"))
    project.declare(world.indexes.pypi)
    manifest = project.folder / "pyproject.toml"
    written = manifest.read_text()
    if installer == "uv":
        table = f'[[tool.uv.index]]\nname = "cg"\nurl = "{world.indexes.chainguard}"\nexplicit = true\n'
        bound = '[tool.uv.sources]\nplain = { index = "cg" }\n'
    else:
        url = world.indexes.chainguard
        table = f'[[tool.poetry.source]]\nname = "cg"\nurl = "{url}"\npriority = "explicit"\n'
        bound = '[tool.poetry.dependencies]\nplain = { source = "cg" }\n'
    manifest.write_text(f"{written}\n{table}{bound}")
    project.lock()
    before = project.lock_path.read_bytes()
    done = fix(world, project)
    assert (done.code, project.lock_path.read_bytes()) == (0, before), done.said
    assert "0 entries fixed, 1 from Chainguard already" in done.stderr
    assert "native 1.0: the project asks the index 'cg' only for packages that name it" in done.stderr
    project.check()


def test_a_source_of_another_name_is_a_change_of_the_sources(world: World, tmp_path: Path) -> None:
    project = Project("poetry", tmp_path / "project", NAMES)
    project.declare(world.indexes.pypi)
    project.lock()
    project.declare(world.indexes.chainguard)
    manifest = project.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"i0"', '"cg"'))
    done = fix(world, project)
    assert "4 entries fixed" in done.stderr, done.said
    project.check()


@pytest.mark.parametrize("installer", ["poetry", "pdm"])
def test_a_source_that_became_the_second_choice_is_a_change_of_the_sources(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = Project(installer, tmp_path / "project", ("plain==1.0", "only-pypi==1.0"))
    project.declare(world.indexes.pypi)
    project.lock()
    project.declare(world.indexes.chainguard, world.indexes.pypi)
    if installer == "poetry":
        path = project.folder / "pyproject.toml"
        first, _, rest = path.read_text().rpartition("primary")
        # The source that was the first one keeps its name.
        text = f"{first}supplemental{rest}".replace('"i0"', '"first"').replace('"i1"', '"i0"')
        path.write_text(text)
    done = fix(world, project)
    assert done.code == 0, done.said
    assert "1 entry fixed" in done.stderr
    project.check()
    project.install()
    assert {each.name: each.origin for each in world.verify(project.environment).distributions} == {
        "plain": Origin.CHAINGUARD,
        "only-pypi": Origin.PYPI,
    }


def test_uv_must_ask_chainguards_index_first(world: World, tmp_path: Path) -> None:
    project = Project("uv", tmp_path / "project", ("plain==1.0",))
    project.declare(world.indexes.pypi)
    project.lock()
    project.declare(world.indexes.pypi, world.indexes.chainguard)
    done = fix(world, project)
    assert "uv asks PyPI before Chainguard's index" in done.stderr


def test_a_diff_writes_nothing_and_git_applies_it(world: World, tmp_path: Path) -> None:
    project = migrated(world, "uv", tmp_path)
    before = project.lock_path.read_bytes()
    assert fix(world, project, "--check").code == 1
    done = fix(world, project, "--diff")
    assert (done.code, project.lock_path.read_bytes()) == (0, before)
    patch = project.folder / "fix.patch"
    patch.write_text(done.stdout)
    subprocess.run(["git", "init", "-q"], cwd=project.folder, check=True)
    subprocess.run(["git", "apply", "fix.patch"], cwd=project.folder, check=True)
    applied = project.lock_path.read_bytes()
    project.lock_path.write_bytes(before)
    assert fix(world, project, "--diff", "--output", "again.patch", "-q").stdout == ""
    assert (project.folder / "again.patch").read_text() == done.stdout
    told = fix(world, project, "-q")
    assert project.lock_path.read_bytes() == applied != before
    assert told.stderr.splitlines() == done.stderr.replace("to fix", "fixed").splitlines()[:1]


def test_a_format_of_reports_is_refused_and_a_file_gets_what_is_said(world: World, tmp_path: Path) -> None:
    project = migrated(world, "pip", tmp_path)
    before = project.lock_path.read_bytes()
    fix(world, project, "--format", "json").refuses("--format json is not for fix")
    assert project.lock_path.read_bytes() == before
    done = fix(world, project, "--check", "--output", "said.txt")
    assert (done.code, done.said) == (1, "")
    assert "entries to fix" in (project.folder / "said.txt").read_text()


def test_one_name_alone(world: World, tmp_path: Path) -> None:
    project = migrated(world, "pip", tmp_path)
    before = project.lock_path.read_text()
    done = fix(world, project, "--only", "Plain")
    assert "1 entry fixed" in done.stderr
    assert len(changed_lines(before, project.lock_path.read_text())) == 2


def test_a_lock_of_which_some_entries_stay_with_another_index_is_told_of(
    world: World, tmp_path: Path
) -> None:
    project = migrated(world, "uv", tmp_path)
    done = fix(world, project, "--only", "plain")
    assert (done.code, "1 entry fixed" in done.stderr) == (0, True)
    said = "native 1.0, platformed 1.0, tool-kit 1.0: the lock takes it from an index that the project does not ask"
    assert f"not what the project asks for: 3 entries\n  {said}" in done.stderr
    assert project.refuses("uv", "lock", "--check")
    only = project.lock_path.read_bytes()

    assert "Run the same command without --only" in done.stderr
    again = fix(world, project)
    assert "not what the project asks for" not in again.stderr
    project.check()

    project.lock_path.write_bytes(only)
    (step,) = re.findall(r"Or lock again, from the indexes that the project names: (.+)", done.stderr)
    project.run(*shlex.split(step))
    project.check()
    assert fix(world, project, "--check").code == 0


def test_a_package_that_no_index_of_the_project_has_is_told_of(world: World, tmp_path: Path) -> None:
    project = migrated(world, "uv", tmp_path, (*NAMES, "only-pypi==1.0"))
    done = fix(world, project)
    assert "not what the project asks for: 1 entry\n  only-pypi 1.0: " in done.stderr
    assert "--only" not in done.stderr
    (step,) = re.findall(r"Lock again: (.+)", done.stderr)
    assert project.refuses(*shlex.split(step))
    project.declare(world.indexes.chainguard, world.indexes.pypi)
    project.run(*shlex.split(step))
    project.check()
    assert fix(world, project, "--check").code == 0


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_last_slash_of_an_index(world: World, tmp_path: Path, installer: str, slash: str) -> None:
    """Installers ask the same pages with it and without; the lock is mended in the project's spelling."""
    project = migrated(world, installer, tmp_path)
    bare = world.indexes.chainguard.rstrip("/")
    if installer == "pip":
        text = project.lock_path.read_text().replace(world.indexes.chainguard, f"{bare}{slash}")
        project.lock_path.write_text(text)
    else:
        project.declare(f"{bare}{slash}")
    done = fix(world, project)
    assert "4 entries fixed" in done.stderr
    assert "not what the project asks for" not in done.stderr
    project.check()
    fresh = Project(installer, tmp_path / "fresh", project.names)
    fresh.declare(f"{bare}{slash}")
    fresh.lock_path.write_bytes(project.lock_path.read_bytes())
    fresh.install()
    assert {each.origin for each in world.verify(fresh.environment).distributions} == {Origin.CHAINGUARD}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_uv_lock_that_writes_its_index_otherwise_is_told_of(
    world: World, tmp_path: Path, slash: str
) -> None:
    project = migrated(world, "uv", tmp_path, ("plain==1.0", "native==1.0"))
    bare = world.indexes.chainguard.rstrip("/")
    project.declare(f"{bare}{slash}")
    fix(world, project, "--only", "plain")
    mixed = f"{bare}{'' if slash else '/'}"
    project.declare(mixed)
    done = fix(world, project)
    assert "1 entry fixed, 1 from Chainguard already" in done.stderr
    assert f"plain 1.0: the project writes the address of its index as {mixed}, so" in done.stderr
    assert project.refuses("uv", "lock", "--check")
    (step,) = re.findall(r"Lock again: (.+)", done.stderr)
    before = project.lock_path.read_text()
    project.run(*shlex.split(step))
    project.check()
    after = project.lock_path.read_text()
    assert after == before.replace(f'"{bare}{slash}"', f'"{mixed}"')


def test_line_ends_and_comments_stay(world: World, tmp_path: Path) -> None:
    project = migrated(world, "uv", tmp_path)
    text = project.lock_path.read_text().replace("[[package]]", "# kept\n[[package]]")
    project.lock_path.write_bytes(text.replace("\n", "\r\n").encode())
    done = fix(world, project)
    assert "4 entries fixed" in done.stderr, done.said
    after = project.lock_path.read_bytes()
    assert after.count(b"# kept\r\n") == text.count("# kept")
    assert b"\n" not in after.replace(b"\r\n", b"")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_and_the_encoding_stay(world: World, tmp_path: Path, codec: str) -> None:
    project = migrated(world, "pip", tmp_path)
    text = f"\ufeff# ä\r\n{project.lock_path.read_text()}"
    project.lock_path.write_bytes(text.encode(codec))
    done = fix(world, project)
    assert "4 entries fixed" in done.stderr, done.said
    after = project.lock_path.read_bytes().decode(codec)
    assert after.startswith("\ufeff# ä\r\n")
    rows = [
        line for line in changed_lines(text, after) if not line.strip("+-").startswith("    --hash=sha256:")
    ]
    assert rows == []
    project.install()
    assert {each.origin for each in world.verify(project.environment).distributions} == {Origin.PYPI}


@pytest.mark.parametrize("installer", ["poetry", "pdm", "pipenv"])
def test_a_project_that_changed_otherwise_is_not_called_fresh(
    world: World, installer: str, tmp_path: Path
) -> None:
    project = migrated(world, installer, tmp_path)
    project.names = (*NAMES, "single==1.0")
    project.declare(world.indexes.chainguard)
    before = project.lock_path.read_bytes()
    done = fix(world, project)
    assert (done.code, project.lock_path.read_bytes()) == (3, before)
    assert "verify" not in done.stderr
    assert "in more than the number, address and rank of its sources" in done.stderr


@pytest.mark.parametrize("installer", ["pip", "uv", "pdm"])
def test_a_remediated_version_is_taken_where_asked(world: World, installer: str, tmp_path: Path) -> None:
    project = Project(installer, tmp_path / "project", ("fixed-up==1.0",))
    project.declare(world.indexes.pypi)
    project.lock()
    if installer == "pip":
        project.lock_path.write_text(
            project.lock_path.read_text().replace(world.indexes.pypi, world.indexes.chainguard)
        )
    else:
        project.declare(world.indexes.chainguard)
    done = fix(world, project, "--remediated")
    assert "fixed-up 1.0 → 1.0+cgr.1" in done.stderr, done.said
    project.check()
    project.install()
    (found,) = world.verify(project.environment).distributions
    assert (found.version, found.origin) == ("1.0+cgr.1", Origin.REMEDIATED)
