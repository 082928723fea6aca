"""pixi.lock and conda-lock.yml: rows of files, united into packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles.diff import diff
from fallback_review.lockfiles.formats import conda_lock, pixi
from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.lockfiles.usual_names import CLAIMS
from fallback_review.model import ChangeKind, Ecosystem, LockedPackage, Lockfile, SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable

A, B, C = "a" * 64, "b" * 64, "c" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"

PIXI_6 = f"""version: 6
environments:
  default:
    channels:
    - url: https://conda.example/forge/
    indexes:
    - https://u:p@index.example/simple
    packages:
      linux-64:
      - conda: https://conda.example/forge/linux-64/aws-c-io-0.14.6-h_2.conda
      - pypi: https://files.index.example/p/Loro-1.10-cp312-cp312-manylinux_2_17_x86_64.whl
      - pypi: ./
      osx-arm64:
      - pypi: https://files.index.example/p/Loro-1.10-cp312-cp312-macosx_11_0_arm64.whl
      - pypi: ./
  docs:
    channels: []
    indexes:
    - https://u:p@index.example/simple
packages:
- conda: https://conda.example/forge/linux-64/aws-c-io-0.14.6-h_2.conda
  sha256: {C}
  md5: d7c89558ba9fa0495403155b64376d81
- pypi: https://files.index.example/p/Loro-1.10-cp312-cp312-manylinux_2_17_x86_64.whl
  name: Loro
  version: '1.10'
  sha256: {A}
  requires_python: '>=3.9'
- pypi: https://files.index.example/p/Loro-1.10-cp312-cp312-macosx_11_0_arm64.whl
  name: Loro
  version: '1.10'
  sha256: {B}
- pypi: ./
  name: mine
  version: 0.1.0
  sha256: {C}
  editable: true
- conda: .
  name: Here
  version: 0.2
  input:
    hash: 12
"""

CONDA_LOCK = f"""# generated
version: 1
metadata:
  content_hash:
    linux-64: 00
  platforms: [linux-64, osx-64]
package:
- name: Python
  version: 3.10
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: https://conda.example/forge/linux-64/python-3.10-h_0.conda
  hash:
    md5: 575611b8a84f45960e87722eeb51fa26
    sha256: {A}
  category: main
- name: Python
  version: 3.10
  manager: conda
  platform: linux-64
  dependencies: {{}}
  url: https://conda.example/forge/linux-64/python-3.10-h_0.conda
  hash:
    md5: 575611b8a84f45960e87722eeb51fa26
    sha256: {A}
  category: dev
- name: some_thing
  version: 0.1a9
  manager: pip
  platform: osx-64
  url: https://u:p@files.index.example/p/some_thing-0.1a9-py3-none-any.whl
  hash:
    sha256: {B.upper()}
  source: null
- name: fork
  version: '1'
  manager: pip
  platform: linux-64
  url: git+https://g.test/fork.git@{COMMIT}
  hash:
    sha256: {COMMIT}
- name: direct
  version: '2'
  manager: pip
  platform: linux-64
  url: https://f.test/direct-2.zip
  source:
    type: url
    url: https://f.test/direct-2.zip
- name: mystery
  version: '1'
  manager: npm
  platform: linux-64
"""


def assert_refused(read: Callable[[str], Lockfile], text: str, reason: str, line: int | None) -> None:
    with pytest.raises(LockfileError) as caught:
        read(text)
    assert reason in caught.value.reason
    assert caught.value.line == line


def read_pixi(text: str) -> Lockfile:
    return replace(pixi.FORMAT.parse(Text(path="pixi.lock", text=text)), format="pixi.lock")


def read_conda(text: str) -> Lockfile:
    return conda_lock.FORMAT.parse(Text(path="conda-lock.yml", text=text))


def named(lock: Lockfile, name: str) -> LockedPackage:
    (package,) = (package for package in lock.packages if package.name == name)
    return package


def test_pixi_rows_of_one_package_are_its_files() -> None:
    lock = read_pixi(PIXI_6)
    package = named(lock, "loro")
    assert (package.version, package.ecosystem, package.line) == ("1.10", Ecosystem.PYPI, 24)
    assert package.source.kind is SourceKind.REGISTRY
    assert package.source.location is None
    assert package.requires_python == ">=3.9"
    assert [(a.target_platform, *a.hashes) for a in package.artifacts] == [
        ("linux-64", f"sha256:{A}"),
        ("osx-arm64", f"sha256:{B}"),
    ]
    assert package.artifacts[0].filename == "Loro-1.10-cp312-cp312-manylinux_2_17_x86_64.whl"
    assert package.urls_locked


def test_pixi_conda_rows_take_name_and_version_from_the_file() -> None:
    package = named(read_pixi(PIXI_6), "aws-c-io")
    assert (package.version, package.ecosystem, package.line) == ("0.14.6", Ecosystem.CONDA, 21)
    assert (package.source.kind, package.source.location) == (
        SourceKind.CHANNEL,
        "https://conda.example/forge",
    )
    assert package.hashes == {f"sha256:{C}"}
    assert not package.local


def test_pixi_local_packages_are_marked() -> None:
    lock = read_pixi(PIXI_6)
    mine, here = named(lock, "mine"), named(lock, "here")
    assert (mine.source.kind, mine.source.location, mine.local) == (SourceKind.EDITABLE, "./", True)
    assert mine.version == "0.1.0"
    assert mine.hashes == {f"sha256:{C}"}
    assert [file.target_platform for file in mine.artifacts] == ["linux-64", "osx-arm64"]
    assert (here.source.kind, here.source.location, here.local) == (SourceKind.PATH, ".", True)
    assert (here.version, here.ecosystem, here.line) == ("0.2", Ecosystem.CONDA, 38)
    assert here.extra == {".": {}}


def test_pixi_indexes_and_header() -> None:
    lock = read_pixi(PIXI_6)
    assert [(i.url, i.role, i.has_credentials) for i in lock.indexes] == [
        ("https://index.example/simple", "source", True)
    ]
    assert lock.header["version"] == "6"
    assert set(lock.header["environments"]) == {"default", "docs"}
    assert "packages" not in lock.header["environments"]["default"]
    assert not lock.notices


def test_pixi_4_and_5_rows_say_their_kind() -> None:
    lock = read_pixi(
        "version: 4\nenvironments: {a: {packages: {linux-64: [{pypi: https://files.index.example/six-1.16.tar.gz}, "
        "{pypi: ./mine}, {pypi: ./w/wheel-2-py3-none-any.whl}]}}}\npackages:\n"
        "- kind: pypi\n  name: Six\n  version: 1.16\n  url: https://files.index.example/six-1.16.tar.gz\n"
        "- kind: conda\n  name: zlib\n  version: 1.3\n  url: https://conda.example/f/noarch/zlib-1.3-0.conda\n"
        "- kind: pypi\n  name: mine\n  path: ./mine\n"
        "- kind: pypi\n  name: wheel\n  version: 2\n  path: ./w/wheel-2-py3-none-any.whl\n"
    )
    assert [(p.name, p.version, p.source.kind, p.local) for p in lock.packages] == [
        ("six", "1.16", "registry", False),
        ("zlib", "1.3", "channel", False),
        ("mine", None, "path", True),
        ("wheel", "2", "path", False),
    ]


def test_pixi_7_rows_name_their_index() -> None:
    lock = read_pixi(
        "version: 7\nenvironments: {a: {packages: {linux-64: [{pypi: https://files.index.example/six-1.16.tar.gz}, "
        f"{{pypi: direct+https://f.test/x-1.zip}}, {{pypi: git+https://g.test/y@{COMMIT}}}]}}}}}}\npackages:\n"
        "- pypi: https://files.index.example/six-1.16.tar.gz\n  name: six\n  version: 1.16\n"
        "  index: https://u:p@index.example/simple\n"
        "- pypi: direct+https://f.test/x-1.zip\n  name: x\n  version: 1\n"
        f"- pypi: git+https://g.test/y@{COMMIT}\n  name: y\n  version: 1\n"
        "- conda_source: built[0123abcd] @ ./built\n  version: 1\n"
        "- conda: ./local/z-1-0.conda\n"
    )
    assert [(p.name, p.source.kind, p.source.location, p.local) for p in lock.packages] == [
        ("six", "registry", "https://index.example/simple", False),
        ("x", "url", "https://f.test/x-1.zip", False),
        ("y", "git", "https://g.test/y", False),
        ("built", "path", "./built", True),
        ("z", "path", "./local/z-1-0.conda", False),
    ]
    assert lock.packages[2].source.commit == COMMIT
    assert not lock.packages[2].urls_locked


def test_pixi_1_to_3_hold_conda_locks_rows() -> None:
    lock = read_pixi(CONDA_LOCK.replace("version: 1\n", "version: 3\n", 1))
    assert [package.name for package in lock.packages] == ["python", "some-thing", "fork", "direct"]
    assert lock.format == "pixi.lock"


FORGED = f"""version: 6
environments:
  default:
    packages:
      linux-64:
      - pypi: https://p.test/a-1-py2.py3-none-any.whl
      win-64:
      - pypi: https://c.test/a-1-py3-none-any.whl
  other:
    packages:
      osx-64:
      - pypi: https://c.test/a-1-py3-none-any.whl
packages:
- pypi: https://p.test/a-1-py2.py3-none-any.whl
  name: a
  version: '1'
  sha256: {C}
- pypi: https://c.test/a-1-py3-none-any.whl
  name: a
  version: '1'
  sha256: {A}
- pypi: https://c.test/a-1-cp311-none-any.whl
  name: a
  version: '1'
  sha256: {A}
- pypi: https://p.test/a-1-py2.py3-none-any.whl
  name: a
  version: '1'
  sha256: {B}
"""


def test_pixi_installs_what_an_environment_asks_for() -> None:
    """As rattler reads it: no row for nobody, each platform its own, of two rows of one place the last."""
    lock = read_pixi(FORGED)
    (package,) = lock.packages
    assert [(file.target_platform, file.url, *file.hashes) for file in package.artifacts] == [
        ("win-64", "https://c.test/a-1-py3-none-any.whl", f"sha256:{A}"),
        ("osx-64", "https://c.test/a-1-py3-none-any.whl", f"sha256:{A}"),
        ("linux-64", "https://p.test/a-1-py2.py3-none-any.whl", f"sha256:{B}"),
    ]
    (notice,) = lock.notices
    assert (notice.line, "packages[2] belongs to no environment" in notice.text) == (22, True)


def test_a_file_that_moves_to_another_platform_is_a_change() -> None:
    base = FORGED.replace("linux-64", "here").replace("win-64", "linux-64").replace("here", "win-64")
    (change,) = diff(read_pixi(base), read_pixi(FORGED)).changes
    assert change.kind is ChangeKind.ARTIFACTS_CHANGED
    assert [package.version for package in change.gained] == ["1"]
    assert diff(read_pixi(FORGED.replace("osx-64", "linux-aarch64")), read_pixi(FORGED)).changes == ()


def test_what_pixi_rows_are_not_known_is_said() -> None:
    lock = read_pixi("version: 9\nenvironments: {}\npackages:\n- apt: x\n  name: y\n")
    assert not lock.packages
    assert ["newer than 7" in n.text or ("apt, name" in n.text and n.line == 4) for n in lock.notices] == [
        True
    ] * 2


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("environments: {}\n", "version: is missing", None),
        ("version: 6\npackages: {}\n", "packages: must be an array", None),
        ("version: 6\npackages:\n- x\n", "packages[0]: must be a table", None),
        ("version: 6\npackages:\n- pypi: https://a.example/x.whl\n", "packages[0].name: is missing", 3),
        ("version: 6\npackages:\n- conda: https://a.example/x.conda\n", "packages[0].conda: has no name", 3),
        ("version: 6\npackages:\n- pypi: git+https://g.test/x@\n  name: x\n", "empty revision", 3),
        ("version: 6\nenvironments:\n  default:\n    indexes: x\n", "indexes: must be an array", None),
    ],
)
def test_bad_pixi_names_the_place(text: str, reason: str, line: int | None) -> None:
    assert_refused(read_pixi, text, reason, line)


def test_conda_lock_rows() -> None:
    lock = read_conda(CONDA_LOCK)
    python, some_thing = named(lock, "python"), named(lock, "some-thing")
    assert (python.version, python.ecosystem, python.line) == ("3.10", Ecosystem.CONDA, 8)
    assert python.source.location == "https://conda.example/forge"
    assert [artifact.target_platform for artifact in python.artifacts] == ["linux-64", "linux-64"]
    assert python.hashes == {f"sha256:{A}"}
    assert python.extra == {
        "linux-64": [{"dependencies": {}, "category": "main"}, {"dependencies": {}, "category": "dev"}]
    }
    assert (some_thing.source.kind, some_thing.source.location) == (SourceKind.REGISTRY, None)
    assert some_thing.artifacts[0].url == "https://files.index.example/p/some_thing-0.1a9-py3-none-any.whl"
    assert some_thing.artifacts[0].target_platform == "osx-64"
    assert some_thing.hashes == {f"sha256:{B}"}
    assert some_thing.ecosystem is Ecosystem.PYPI
    fork, direct = named(lock, "fork"), named(lock, "direct")
    assert (fork.source.kind, fork.source.commit, fork.hashes) == (SourceKind.GIT, COMMIT, frozenset())
    assert (direct.source.kind, direct.source.location) == (SourceKind.URL, "https://f.test/direct-2.zip")
    assert lock.header == {"content_hash": {"linux-64": "00"}, "platforms": ["linux-64", "osx-64"]}
    (notice,) = lock.notices
    assert "'npm' is no known manager" in notice.text
    assert notice.line == 51


def test_a_package_three_times_on_one_platform_keeps_every_row() -> None:
    row = "- {name: x, version: 1, manager: pip, url: ./x, platform: %s, category: %s}\n"
    text = (
        "package:\n"
        + row % ("a", 1)
        + row % ("a", 2)
        + row % ("a", 3)
        + "- {name: x, version: 1, manager: pip, url: ./x}\n"
    )
    (package,) = read_conda(text).packages
    assert package.extra == {"a": [{"category": "1"}, {"category": "2"}, {"category": "3"}], "any": {}}
    assert (package.source.kind, package.local) == (SourceKind.PATH, True)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("package:\n- name: x\n", "package[0].manager: is missing", 2),
        ("package:\n- manager: conda\n  url: u\n", "package[0].name: is missing", 2),
        ("package:\n- manager: conda\n  name: x\n  url: u\n", "package[0].version: is missing", 2),
        ("package:\n- manager: pip\n  name: x\n", "package[0].url: is missing", 2),
        ("package:\n- manager: pip\n  name: x\n  url: u\n  hash: y\n", "package[0].hash: must be a table", 2),
        ("metadata: x\n", "metadata: must be a table", None),
    ],
)
def test_bad_conda_lock_names_the_place(text: str, reason: str, line: int | None) -> None:
    assert_refused(read_conda, text, reason, line)


def test_an_md5_counts_where_there_is_no_better_hash() -> None:
    (package,) = read_conda(
        "package:\n- {manager: conda, name: x, version: 1, url: https://c.example/f/n/x-1-0.conda, hash: {md5: AB}}\n"
    ).packages
    assert package.hashes == {"md5:ab"}


def test_recognition() -> None:
    assert CLAIMS["pixi.lock"]("a/pixi.lock")
    assert not CLAIMS["pixi.lock"]("pixi.toml")
    assert pixi.FORMAT.looks_like(PIXI_6)
    assert not pixi.FORMAT.looks_like(CONDA_LOCK)
    for name in ("conda-lock.yml", "x/conda-lock-cuda.yml", "dev.conda-lock.yaml"):
        assert CLAIMS["conda-lock.yml"](name)
    assert not CLAIMS["conda-lock.yml"]("environment.yml")
    assert conda_lock.FORMAT.looks_like(CONDA_LOCK)
    assert not conda_lock.FORMAT.looks_like(PIXI_6)
    assert not conda_lock.FORMAT.looks_like("package:\n  name: x\n")


def test_the_hash_of_an_old_conda_lock_is_one_text() -> None:
    row = "package:\n- manager: conda\n  name: x\n  version: '1'\n  url: https://c.example/linux-64/x.conda\n"
    assert read_conda(f"{row}  hash: MD5:00FF\n").packages[0].hashes == {"md5:00ff"}


def test_a_package_that_pixi_asks_for_and_does_not_describe_is_not_read() -> None:
    """Nothing installs unseen: the row that would tell what it is is missing."""
    text = (
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64:\n"
        "      - pypi: https://user:pw@files.example/aa-1.0-py3-none-any.whl\n"
        "      - pypi: https://files.example/bb-1.0-py3-none-any.whl\n"
        "packages:\n- pypi: https://files.example/bb-1.0-py3-none-any.whl\n  name: bb\n  version: '1.0'\n"
    )
    found = read_pixi(text)
    assert [package.name for package in found.packages] == ["bb"]
    (notice,) = found.unread
    assert "asks for https://files.example/aa-1.0-py3-none-any.whl" in notice.text
