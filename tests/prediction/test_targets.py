"""Tags of a target, against independent counters: packaging's own list here, and uv's resolver elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.tags import sys_tags

from fallback_review.model import Target
from fallback_review.prediction.targets import (
    applies,
    applies_instead,
    full_version,
    is_free_threaded,
    tags,
)
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from pathlib import Path

LINUX = Target(python="3.12", platform="linux", arch="x86_64", glibc="2.36")


def spelt(target: Target, *, first: bool = False) -> list[str]:
    return [str(tag) for tag in tags(target, plain_linux_first=first)]


@pytest.mark.skipif(sys.platform != "linux", reason="this machine's own tags are compared on Linux")
def test_this_machines_own_tags_are_computed_without_it() -> None:
    machine = os.uname().machine
    glibc = str(os.confstr("CS_GNU_LIBC_VERSION")).split()[1]
    here = Target(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        platform="linux",
        arch=machine,
        glibc=glibc,
    )
    assert spelt(here, first=True) == [str(tag) for tag in sys_tags()]


def test_the_glibc_ladder_with_its_old_aliases() -> None:
    platforms = [tag.split("-", 2)[2] for tag in spelt(LINUX) if tag.startswith("cp312-cp312-")]
    assert platforms[0] == "manylinux_2_36_x86_64"
    assert platforms[-1] == "linux_x86_64"
    for modern, alias in (("2_17", "manylinux2014"), ("2_12", "manylinux2010"), ("2_5", "manylinux1")):
        assert platforms.index(f"{alias}_x86_64") == platforms.index(f"manylinux_{modern}_x86_64") + 1
    assert "manylinux_2_39_x86_64" not in platforms
    assert spelt(LINUX, first=True)[0] == "cp312-cp312-linux_x86_64"


def test_aarch64_starts_at_glibc_2_17() -> None:
    arm = spelt(Target(python="3.12", platform="linux", arch="aarch64", glibc="2.39"))
    assert "cp312-cp312-manylinux_2_39_aarch64" in arm
    assert "cp312-cp312-manylinux2014_aarch64" in arm
    assert not any("manylinux_2_16" in tag or "manylinux1_" in tag for tag in arm)


def test_the_stable_abi_of_older_pythons_and_of_none_for_free_threaded() -> None:
    assert "cp38-abi3-manylinux_2_28_x86_64" in spelt(LINUX)
    free = Target(python="3.13t", platform="linux", arch="x86_64", glibc="2.36")
    assert is_free_threaded(free)
    assert not is_free_threaded(LINUX)
    assert spelt(free)[0] == "cp313-cp313t-manylinux_2_36_x86_64"
    assert not any("-abi3-" in tag or "cp313-cp313-" in tag for tag in spelt(free))


def test_other_platforms() -> None:
    musl = spelt(Target(python="3.12", platform="musllinux", arch="x86_64"))
    assert musl[:3] == [f"cp312-cp312-musllinux_1_{minor}_x86_64" for minor in (2, 1, 0)]
    older = spelt(Target(python="3.12", platform="musllinux", arch="x86_64", glibc="1.1"))
    assert older[0] == "cp312-cp312-musllinux_1_1_x86_64"
    mac = spelt(Target(python="3.12", platform="macos", arch="arm64", glibc="15.0"))
    assert mac[0] == "cp312-cp312-macosx_15_0_arm64"
    unsaid = spelt(Target(python="3.12", platform="macos", arch="arm64"))
    assert unsaid[0] == "cp312-cp312-macosx_14_0_arm64"
    windows = spelt(Target(python="3.12", platform="windows", arch="amd64"))
    assert windows[0] == "cp312-cp312-win_amd64"
    assert spelt(Target(python="3.12", platform="windows", arch="arm64"))[0] == "cp312-cp312-win_arm64"


@pytest.mark.parametrize(
    ("marker", "platform", "expected"),
    [
        (None, "linux", True),
        ("sys_platform == 'win32'", "linux", False),
        ("sys_platform == 'win32'", "windows", True),
        ("platform_machine == 'AMD64'", "windows", True),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", "macos", True),
        ("python_full_version < '3.12'", "linux", False),
        ("python_full_version < '3.12.4'", "linux", True),
        ("python_full_version == '3.12.4'", "linux", True),
        ("python_full_version in '3.12.4, 3.12.5'", "linux", True),
        ("python_full_version in '3.11.4, 3.13.5'", "linux", False),
        ("implementation_version == '3.12.4'", "linux", True),
        ("python_full_version > '3.12.4' and python_full_version < '3.12.6'", "linux", True),
        ("python_full_version > '3.12.4' and implementation_version < '3.12.4'", "linux", False),
        ("python_full_version == '3.12.0rc1'", "linux", True),
        ("python_full_version >= '3.12.100'", "linux", False),
        ("python_full_version == '3.12.*' and os_name == 'nt'", "linux", False),
        (f"python_full_version in '{' '.join(f'3.12.{n}' for n in range(9999))}'", "linux", True),
        ("python_version >= '3.12'", "linux", True),
        ("extra == 'dev'", "linux", True),
        ("extra == 'dev' and sys_platform == 'win32'", "linux", False),
        ("platform_python_implementation != 'PyPy'", "linux", True),
        ("not a marker at all", "linux", True),
        ("platform_release == '6.1.0'", "linux", True),
        ("'Debian' in platform_version", "linux", True),
        ("platform_version != ''", "linux", True),
        ("platform_release >= '10' and sys_platform == 'win32'", "linux", False),
        ("""platform_release == 'a"b'""", "linux", True),
        ("'dev' in dependency_groups", "linux", True),
        ("'dev' not in dependency_groups", "linux", True),
        ("'gui' in extras and sys_platform == 'win32'", "linux", False),
        ("'gui' in extras or sys_platform == 'win32'", "linux", True),
        ("python_version < 'abc' ~= '1'", "linux", True),
        ("(" * 5000 + "sys_platform == 'win32'" + ")" * 5000, "linux", True),
        (" or ".join("extra == 'x'" for _ in range(100)), "linux", True),
    ],
)
def test_markers_are_evaluated_for_the_target(marker: str | None, platform: str, expected: bool) -> None:
    arch = {"windows": "amd64", "macos": "arm64"}.get(platform, "x86_64")
    assert applies(marker, Target(python="3.12", platform=platform, arch=arch)) is expected


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_full_version < '3.12.4'", False),
        ("python_full_version <= '3.12.4'", True),
        ("implementation_version == '3.12.4'", True),
        ("python_version == '3.12'", True),
        ("python_version == '3.12.4'", False),
    ],
)
def test_a_target_may_name_its_micro_version(marker: str, expected: bool) -> None:
    named = Target(python="3.12.4", platform="linux", arch="x86_64", glibc="2.36")
    assert applies(marker, named) is expected
    assert spelt(named) == spelt(LINUX)
    assert full_version(named) == "3.12.4"
    assert full_version(Target(python="3.13.1t", platform="linux", arch="x86_64")) == "3.13.1"


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("python_full_version >= '3.12.4'", "python_full_version < '3.12.4'", True),
        ("python_full_version < '3.12.4'", "python_full_version < '3.12.5'", False),
        ("python_full_version < '3.12.5'", "python_full_version < '3.12.4'", True),
        ("python_version >= '3'", "python_full_version < '3.12.4'", True),
        (None, "python_version >= '3'", False),
    ],
)
def test_a_marker_lets_in_what_another_does_not(now: str | None, before: str, expected: bool) -> None:
    assert applies_instead(now, [before], LINUX) is expected


@pytest.mark.lab
@pytest.mark.parametrize("glibc", ["2.28", "2.34"])
def test_uv_accepts_exactly_the_ladders_platforms(glibc: str, tmp_path: Path) -> None:
    """uv resolves against a folder of wheels; each is accepted if and only if its tag is in the computed list."""
    uv = lab_tool("uv", "installers")
    target = Target(python="3.12", platform="linux", arch="x86_64", glibc=glibc)
    ladder = set(spelt(target))
    rungs = ("2_17", "2_28", "2_34", "2_35", "2_39", "2_40")
    wheels = {f"w{rung.replace('_', '')}": f"cp312-cp312-manylinux_{rung}_x86_64" for rung in rungs}
    wheels |= {"wabi": "cp38-abi3-manylinux_2_28_x86_64", "wplain": "cp312-cp312-linux_x86_64"}
    for name, tag in wheels.items():
        write_wheel(tmp_path / f"{name}-1.0-{tag}.whl", name)
    accepted = [name for name, tag in wheels.items() if tag in ladder]
    lowest_refused = [name for name, tag in wheels.items() if tag not in ladder][:1]
    command = [
        uv,
        "pip",
        "compile",
        "--no-index",
        "--find-links",
        str(tmp_path),
        "--offline",
        "--no-cache",
        "-q",
    ]
    command += ["--python", sys.executable, "--python-version", "3.12"]
    command += ["--python-platform", f"x86_64-manylinux_{glibc.replace('.', '_')}", "-"]
    for names, fits in ((accepted, True), (lowest_refused, False)):
        run = subprocess.run(command, input="\n".join(names), capture_output=True, text=True, check=False)
        assert (run.returncode == 0) is fits, (names, run.stderr)


def write_wheel(path: Path, name: str) -> None:
    from .wheels import wheel_bytes

    path.write_bytes(wheel_bytes(name, "1.0", path.name))
