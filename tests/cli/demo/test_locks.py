"""The demo's lockfiles and files, held against the real uv and pip."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fallback_review.cli.demo import scene, sdist_backend
from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import Shelf
from tests.cli.demo.make_locks import DATA, environment, make
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMITTED = {f"{side}/{name}" for side in ("base", "head") for name in scene.LOCKFILES}


@pytest.fixture(scope="module")
def index() -> Iterator[DemoIndex]:
    with DemoIndex(scene.TODAY) as running:
        yield running


@pytest.mark.lab
def test_the_committed_lockfiles_are_what_the_real_uv_writes(tmp_path: Path) -> None:
    made = make(lab_tool("uv", "installers"), lab_tool("python", "installers"), tmp_path)
    assert made == {name: (DATA / name).read_text("utf-8") for name in COMMITTED}


def test_every_locked_hash_and_address_is_one_of_the_servers(index: DemoIndex) -> None:
    known = {file.sha256 for site in index._sites for file in site.files.values()}
    for name in COMMITTED:
        text = (DATA / name).read_text("utf-8")
        hashes = set(re.findall(r"sha256:([0-9a-f]{64})", text))
        assert hashes
        assert hashes <= known, name
        assert set(re.findall(r"https?://[^\"/]+", text)) == set(), name


@pytest.mark.lab
def test_pip_installs_a_wheel_and_an_sdist_from_chainguards_index(index: DemoIndex, tmp_path: Path) -> None:
    netrc = f"machine 127.0.0.1 login {index.username} password {index.password}\n"
    (tmp_path / ".netrc").write_text(netrc, encoding="utf-8")
    command = [lab_tool("pip", "installers"), "--isolated", "install", "--target", str(tmp_path / "site")]
    asked = len(index.log)
    done = _run(
        [*command, "--index-url", f"{index.chainguard}/python/simple/", "requests", "lxml"], index, tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "made by Chainguard" in (tmp_path / "site" / "lxml" / "__init__.py").read_text("utf-8")
    names = {path.name for path in (tmp_path / "site").glob("*.dist-info")}
    assert {"requests-2.32.3.dist-info", "idna-3.7.dist-info", "lxml-5.2.2.dist-info"} <= names
    assert {served.host for served in index.log[asked:]} == {"chainguard"}


@pytest.mark.lab
def test_uv_installs_the_committed_head_as_it_stands(index: DemoIndex, tmp_path: Path) -> None:
    """psycopg-binary is left out: its only wheel is for Python 3.12 on x86_64."""
    project = tmp_path / "shop"
    project.mkdir()
    source = Path(__file__).parent / "project" / "head" / "pyproject.toml"
    (project / "pyproject.toml").write_text(index.fill(source.read_text("utf-8")), encoding="utf-8")
    (project / "uv.lock").write_text(
        index.fill((DATA / "head" / "uv.lock").read_text("utf-8")), encoding="utf-8"
    )
    python = lab_tool("python", "installers")
    command = [lab_tool("uv", "installers"), "sync", "--locked", "--python", python]
    done = _run([*command, "--no-install-package", "psycopg-binary"], index, tmp_path, cwd=project)
    assert done.returncode == 0, done.stderr
    (site,) = (project / ".venv").glob("lib/python*/site-packages")
    read = {
        name: (site / name / "__init__.py").read_text("utf-8")
        for name in ("urllib3", "idna", "certifi", "numpy")
    }
    assert "Chainguard, with a fix" in read["urllib3"]
    assert "own maintainers" in read["idna"]
    assert "made by Chainguard" in read["certifi"]
    assert "made by Chainguard" in read["numpy"]


def test_an_sdist_builds_into_a_wheel_that_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = next(release for release in scene.TODAY.releases if release.name == "lxml")
    sdist = tmp_path / "lxml.tar.gz"
    sdist.write_bytes(build(release, Shelf.BUILT, "sdist").content)
    unpacked = subprocess.run(
        ["tar", "-xzf", str(sdist), "-C", str(tmp_path)], capture_output=True, check=False
    )
    assert unpacked.returncode == 0, unpacked.stderr
    monkeypatch.chdir(tmp_path / "lxml-5.2.2")
    name = sdist_backend.build_wheel(str(tmp_path))
    checked = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert name == "lxml-5.2.2-py3-none-any.whl"
    assert "lxml-5.2.2.dist-info/RECORD" in checked.stdout


def _run(
    command: list[str], index: DemoIndex, home: Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd or home, env=environment(index, home), capture_output=True, text=True, check=False
    )
