"""The documentation builds as a site, strictly."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, lab_tool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.lab
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    build = [lab_tool("sphinx-build", "docs"), "-q", "-n", "-W", "--keep-going", "-b", "html"]
    folders = ["-d", str(tmp_path / "read"), str(ROOT / "docs"), str(tmp_path / "site")]
    done = subprocess.run([*build, *folders], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    start = (tmp_path / "site" / "index.html").read_text("utf-8")
    for caption in ("Start", "How to", "Reference", "Explanation"):
        assert caption in start
    assert (tmp_path / "site" / "reference" / "causes.html").exists()
