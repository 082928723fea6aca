"""A commit or a folder of a direct reference that moves is a change, in every format that has them."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import FORMATS, Text, parse_pair
from fallback_review.lockfiles.diff import diff
from fallback_review.model import ChangeKind, LockfileDiff, SourceKind

OLD, NEW = "a" * 40, "b" * 40
GIT = {
    "uv.lock": """version = 1

[[package]]
name = "tool"
version = "1.0"
source = { git = "https://git.example/o/tool?subdirectory=FOLDER&rev=main#COMMIT" }
""",
    "poetry.lock": """[[package]]
name = "tool"
version = "1.0"
files = []

[package.source]
type = "git"
url = "https://git.example/o/tool"
reference = "main"
resolved_reference = "COMMIT"
subdirectory = "FOLDER"

[metadata]
lock-version = "2.1"
content-hash = "x"
""",
    "pdm.lock": """[metadata]
lock_version = "4.5.0"

[[package]]
name = "tool"
version = "1.0"
git = "https://git.example/o/tool"
ref = "main"
revision = "COMMIT"
subdirectory = "FOLDER"
""",
    "Pipfile.lock": """{"_meta": {"sources": []}, "default": {"tool": {
"git": "https://git.example/o/tool", "ref": "COMMIT", "subdirectory": "FOLDER"}}}""",
    "pylock.toml": """lock-version = "1.0"

[[packages]]
name = "tool"
vcs = {type = "git", url = "https://git.example/o/tool", commit-id = "COMMIT", subdirectory = "FOLDER"}
""",
    "requirements.txt": "tool @ git+https://git.example/o/tool@COMMIT#subdirectory=FOLDER\n",
    "pixi.lock": """version: 6
environments:
  default:
    packages:
      linux-64:
      - pypi: git+https://git.example/o/tool?subdirectory=FOLDER&rev=main#COMMIT
packages:
- pypi: git+https://git.example/o/tool?subdirectory=FOLDER&rev=main#COMMIT
  name: tool
  version: 1.0.0
""",
    "conda-lock.yml": """version: 1
package:
- name: tool
  version: 1.0.0
  manager: pip
  platform: linux-64
  url: git+https://git.example/o/tool?subdirectory=FOLDER#COMMIT
  hash:
    sha256: COMMIT
""",
}
ARCHIVE = {
    "uv.lock": """version = 1

[[package]]
name = "tool"
version = "1.0"
source = { url = "https://x.example/tool.zip", subdirectory = "FOLDER" }
sdist = { hash = "sha256:1" }
""",
    "poetry.lock": """[[package]]
name = "tool"
version = "1.0"
files = [{file = "tool.zip", hash = "sha256:1"}]

[package.source]
type = "url"
url = "https://x.example/tool.zip"
subdirectory = "FOLDER"

[metadata]
lock-version = "2.1"
content-hash = "x"
""",
    "pdm.lock": """[metadata]
lock_version = "4.5.0"

[[package]]
name = "tool"
version = "1.0"
url = "https://x.example/tool.zip"
subdirectory = "FOLDER"
files = [{url = "https://x.example/tool.zip", hash = "sha256:1"}]
""",
    "Pipfile.lock": """{"_meta": {"sources": []}, "default": {"tool": {
"file": "https://x.example/tool.zip", "hashes": ["sha256:1"], "subdirectory": "FOLDER"}}}""",
    "pylock.toml": """lock-version = "1.0"

[[packages]]
name = "tool"
archive = {url = "https://x.example/tool.zip", subdirectory = "FOLDER", hashes = {sha256 = "1"}}
""",
    "requirements.txt": "tool @ https://x.example/tool.zip#subdirectory=FOLDER&sha256=1\n",
}


def test_every_format_is_here() -> None:
    assert set(GIT) == set(FORMATS)


def compared(name: str, text: str, before: tuple[str, str], after: tuple[str, str]) -> LockfileDiff:
    sides = [
        Text(path=name, text=text.replace("COMMIT", commit).replace("FOLDER", folder))
        for commit, folder in (before, after)
    ]
    return diff(*parse_pair(*sides))


@pytest.mark.parametrize("name", GIT)
@pytest.mark.parametrize("after", [(NEW, "src"), (OLD, "other")])
def test_a_moved_commit_or_folder_is_a_change(name: str, after: tuple[str, str]) -> None:
    (change,) = compared(name, GIT[name], (OLD, "src"), after).changes
    assert (change.name, change.kind) == ("tool", ChangeKind.SOURCE_CHANGED)
    (entry,) = change.gained
    assert (entry.source.kind, entry.source.location) == (SourceKind.GIT, "https://git.example/o/tool")
    assert (entry.source.commit, entry.source.subdirectory) == after


@pytest.mark.parametrize("name", ARCHIVE)
def test_another_folder_of_an_archive_is_a_change(name: str) -> None:
    (change,) = compared(name, ARCHIVE[name], ("", "src"), ("", "other")).changes
    assert [entry.source.subdirectory for entry in change.gained] == ["other"]


@pytest.mark.parametrize("name", GIT)
def test_what_stays_is_none(name: str) -> None:
    found = compared(name, GIT[name], (OLD, "src"), (OLD, "src"))
    assert (found.changes, found.metadata_only) == ((), ())
