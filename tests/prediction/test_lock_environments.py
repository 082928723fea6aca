"""Which environments a lock is for."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text, parse
from fallback_review.model import Lockfile, Target
from fallback_review.prediction.lock_environments import excludes, fitting
from fallback_review.prediction.requires_python import admits, hangs_on_micro


@pytest.mark.parametrize(
    ("pythons", "requires", "expected"),
    [
        (["3.11", "3.12"], None, ["3.11", "3.12"]),
        (["3.11", "3.12"], ">=3.12", ["3.12"]),
        (["3.11", "3.12"], "<3.12", ["3.11"]),
        (["3.11"], ">=3.11.5", ["3.11"]),
        (["3.11"], "==3.11.5", ["3.11"]),
        (["3.11.4", "3.11.5"], ">=3.11.5", ["3.11.5"]),
        (["3.11.4"], ">=3.12", ["3.12"]),
        (["3.11", "3.12"], "==3.12.*", ["3.12"]),
        (["3.12"], ">=3.13", ["3.13"]),
        (["3.11", "3.12"], ">=3.13,<4", ["3.13"]),
        (["3.12t"], ">=3.13", ["3.13t"]),
        (["3.12"], "<3.10", ["3.6"]),
        (["3.12"], ">=4", ["3.12"]),
        (["3.12"], "no specifier", ["3.12"]),
    ],
)
def test_a_lock_is_judged_on_the_pythons_that_it_allows(
    pythons: list[str], requires: str | None, expected: list[str]
) -> None:
    targets = [Target(python=python, platform="linux", arch="x86_64") for python in pythons]

    assert [target.python for target in fitting(targets, requires)] == expected


LINUX = Target(python="3.12", platform="linux", arch="x86_64")
WINDOWS = Target(python="3.12", platform="windows", arch="amd64")
MAC = Target(python="3.12.4", platform="macos", arch="arm64")
ENTRY = '[[package]]\nname = "a"\nversion = "1"\n'
UV = 'version = 1\n{}\n[[package]]\nname = "a"\nversion = "1"\nsource = {{ virtual = "." }}\n'
PYLOCK = 'lock-version = "1.0"\n{}\n[[packages]]\nname = "a"\nversion = "1"\n{}'
POETRY = f'{ENTRY}\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.13"\n'
ALL = {"linux", "windows", "macos"}


def uv(head: str) -> Lockfile:
    return parse(Text(path="uv.lock", text=UV.format(head)))


def pylock(head: str, entry: str = "") -> Lockfile:
    return parse(Text(path="pylock.toml", text=PYLOCK.format(head, entry)))


def pdm(*targets: str) -> Lockfile:
    tables = "".join(f"[[metadata.targets]]\n{target}\n" for target in targets)
    text = f'[metadata]\nlock_version = "4.5.1"\n\n{tables}\n{ENTRY}'
    return parse(Text(path="pdm.lock", text=text))


@pytest.mark.parametrize(
    ("lockfile", "installed_on"),
    [
        (uv(""), ALL),
        (uv("supported-markers = [\"sys_platform == 'darwin'\"]"), {"macos"}),
        (uv('requires-python = ">=3.12.5"'), {"linux", "windows"}),
        (uv('requires-python = ">=3.13"'), set()),
        (pylock("environments = [\"os_name == 'nt'\"]"), {"windows"}),
        (pylock('requires-python = "<3.12.4"'), {"linux", "windows"}),
        (pylock("", 'requires-python = "<3.12.4"'), {"linux", "windows"}),
        (pylock("", 'requires-python = "<3.12"'), set()),
        (pdm('platform = "macos_14_0_arm64"\nimplementation = "cpython"'), {"macos"}),
        (pdm('implementation = "pypy"'), set()),
        (pdm('platform = "manylinux_2_17_x86_64"', 'platform = "windows_amd64"'), {"linux", "windows"}),
        (pdm('platform = "linux_aarch64"'), set()),
        (pdm('requires_python = ">=3.12.5"\nplatform = "linux"', 'platform = "macos"'), {"linux", "macos"}),
        (pdm('requires_python = "not one"', 'platform = "linux"'), ALL),
        (pdm(), ALL),
        (parse(Text(path="poetry.lock", text=POETRY)), ALL),
    ],
)
def test_an_excluded_target_is_told(lockfile: Lockfile, installed_on: set[str]) -> None:
    (entry,) = lockfile.packages
    said = {target.platform: excludes(lockfile, target, entry) for target in (LINUX, WINDOWS, MAC)}
    assert {platform for platform, reason in said.items() if reason is None} == installed_on
    assert all(reason is None or "is for" in reason for reason in said.values())


def test_an_entry_that_no_installer_takes_is_told() -> None:
    text = '{"_meta": {"sources": []}, "default": {"a": {"version": "==1", "index": "gone"}}}'
    lockfile = parse(Text(path="Pipfile.lock", text=text))
    assert "'gone'" in (excludes(lockfile, LINUX, lockfile.packages[0]) or "")


def test_a_long_reason_is_cut() -> None:
    lockfile = uv("supported-markers = [\"os_name == '" + "x" * 5000 + "'\"]")
    assert 0 < len(excludes(lockfile, LINUX) or "") < 300


@pytest.mark.parametrize(
    ("said", "admitted", "hangs"),
    [
        (None, True, False),
        (">=3.8", True, False),
        (">=3.12.4", True, True),
        ("!=3.12.3", True, True),
        ("==3.12.3", True, True),
        ("<3.12", False, False),
        ("not one", True, False),
    ],
)
def test_what_hangs_on_the_micro_version(said: str | None, admitted: bool, hangs: bool) -> None:
    assert (admits(said, LINUX), hangs_on_micro(said, LINUX)) == (admitted, hangs)
