"""What the release workflow does to a work tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

IMAGE, DIGEST = "ghcr.io/fallback-review/fallback-review", "sha256:" + "ab" * 32
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- later\n\n## 1.2.3 - 2026-12-01\n\n### Added\n- this\n\n## 1.2.2\n\n- that\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "action.yml", tmp_path)
    (tmp_path / "src/fallback_review").mkdir(parents=True)
    (tmp_path / "src/fallback_review/__init__.py").write_text('"""A."""\n\n__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def release(tree: Path, *arguments: str, tags: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".github/release.py"), *arguments]
    return subprocess.run(
        command, cwd=tree, input=tags, capture_output=True, text=True, check=False, timeout=30
    )


def test_the_version_is_the_sources(tree: Path) -> None:
    assert release(tree, "version").stdout == "1.2.3\n"
    assert release(ROOT, "version").returncode == 0


def test_the_notes_are_the_changelogs_section(tree: Path) -> None:
    assert release(tree, "notes").stdout == "### Added\n- this\n"


def test_the_last_section_ends_with_the_file(tree: Path) -> None:
    (tree / "src/fallback_review/__init__.py").write_text('__version__ = "1.2.2"\n')
    assert release(tree, "notes").stdout == "- that\n"


@pytest.mark.parametrize("tags", ["", "v1\nv1.2.2\n", "v1.1.10\nv0.9.9\nv1\n", "v2.0.0-rc.1\nnightly\n"])
def test_a_version_above_all_others_follows_them(tree: Path, tags: str) -> None:
    done = release(tree, "follows", tags=tags)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("tags", "out"),
    [("v1.2.3\nv1\n", "1.2.3"), ("v1.2.2\nv1.2.10\n", "1.2.10"), ("v1.2.2\nv2.0.0\nv1\nv2\n", "2.0.0")],
    ids=["out already", "a newer one is out", "a newer major is out"],
)
def test_a_version_that_would_move_the_major_tag_back_is_refused(tree: Path, tags: str, out: str) -> None:
    done = release(tree, "follows", tags=tags)
    assert done.returncode == 1
    assert f"{out} is out, and 1.2.3 is not above it" in done.stderr


def test_the_released_action_runs_the_image_by_its_digest(tree: Path) -> None:
    before = yaml.safe_load((tree / "action.yml").read_text("utf-8"))
    assert release(tree, "pin", IMAGE, DIGEST).returncode == 0
    after = yaml.safe_load((tree / "action.yml").read_text("utf-8"))
    assert after["runs"] == {"using": "docker", "image": f"docker://{IMAGE}@{DIGEST}"}
    assert {**after, "runs": None} == {**before, "runs": None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pin", IMAGE, "latest"), "not an image and its digest"),
        (("pin", "a b", DIGEST), "not an image and its digest"),
        (("pin", IMAGE), "What a release needs"),
        ((), "What a release needs"),
    ],
)
def test_what_it_cannot_do_it_refuses(tree: Path, arguments: tuple[str, ...], said: str) -> None:
    done = release(tree, *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert (tree / "action.yml").read_bytes() == (ROOT / "action.yml").read_bytes()


@pytest.mark.parametrize(
    ("path", "content", "command", "said"),
    [
        ("CHANGELOG.md", "## 1.2.30\n- x\n", ("notes",), "nothing under '## 1.2.3'"),
        ("CHANGELOG.md", "## 1.2.3\n\n## 1.2.2\n- x\n", ("notes",), "nothing under '## 1.2.3'"),
        ("src/fallback_review/__init__.py", "", ("version",), "no __version__"),
        (
            "src/fallback_review/__init__.py",
            '__version__ = "1.3.0rc1"\n',
            ("version",),
            "no __version__ of the form X.Y.Z",
        ),
        ("action.yml", "runs:\n  image: docker://x\n", ("pin", IMAGE, DIGEST), "no line 'image: Dockerfile'"),
    ],
)
def test_a_tree_that_is_not_ready_is_refused(
    tree: Path, path: str, content: str, command: tuple[str, ...], said: str
) -> None:
    (tree / path).write_text(content)
    done = release(tree, *command)
    assert done.returncode == 1
    assert said in done.stderr
