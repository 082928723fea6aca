"""Live: the installed pip and uv against loopback servers; what they take is what was predicted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from fallback_review.model import (
    Artifact,
    LockedPackage,
    Lockfile,
    Outcome,
    Source,
    SourceKind,
    Target,
    Verdict,
)
from fallback_review.prediction import LAYOUTS, Context, predict
from tests.conftest import lab_tool

from .live import World, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CP = f"cp{sys.version_info.major}{sys.version_info.minor}"
NONE = "py3-none-any.whl"
NAMES = {
    "same": ((f"same-1.0-{NONE}",), (f"same-1.0-{NONE}",)),
    "onlyp": ((), (f"onlyp-1.0-{NONE}",)),
    "older": ((f"older-0.9-{NONE}",), (f"older-0.9-{NONE}", f"older-1.0-{NONE}")),
    "tie": ((f"tie-1.0-{NONE}",), (f"tie-1.0-py2.{NONE}",)),
    "spelt": ((f"spelt_pkg-1.0-{NONE}".replace("_pkg", ""),), (f"Spelt-1.0-{NONE}",)),
    "newer": (
        (f"newer-1.0-{CP}-{CP}-manylinux_2_28_x86_64.whl", f"newer-1.0-{CP}-{CP}-manylinux_2_99_x86_64.whl"),
        (f"newer-1.0-{CP}-{CP}-manylinux_2_31_x86_64.whl",),
    ),
    "plain": (
        (f"plain-1.0-{CP}-{CP}-linux_x86_64.whl",),
        (f"plain-1.0-{CP}-{CP}-manylinux_2_17_x86_64.whl",),
    ),
    "abi": (
        ("abi-1.0-cp38-abi3-manylinux_2_31_x86_64.whl",),
        (f"abi-1.0-{CP}-{CP}-manylinux_2_17_x86_64.whl",),
    ),
    "misfit": ((f"misfit-1.0-{CP}-{CP}-win_amd64.whl",), (f"misfit-1.0-{NONE}",)),
    "fixed": ((f"fixed-1.0+cgr.1-{NONE}", f"fixed-1.0-{NONE}"), (f"fixed-1.0-{NONE}",)),
    "build": ((f"build-1.0-1-{NONE}",), (f"build-1.0-{NONE}",)),
}
SERVED = (
    "chainguard-only",
    "virtual-project",
    "virtual-version",
    "virtual-file",
    "virtual-file-pypi-first",
    "virtual-concat",
    "virtual-concat-pypi-first",
)
CLIENTS = ("extra-index", "extra-index-pypi-first")
UV_STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        sys.platform != "linux" or os.uname().machine != "x86_64", reason="wheels for Linux x86_64"
    ),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with serving(World(names=NAMES)) as served:
        yield served


def here() -> Target:
    glibc = str(os.confstr("CS_GNU_LIBC_VERSION")).split()[1]
    return Target(python=f"3.{sys.version_info.minor}", platform="linux", arch="x86_64", glibc=glibc)


def context(world: World, installer: str, layout: str, strategy: str = "first-index") -> Context:
    return Context(
        installer=installer,
        indexes=LAYOUTS[layout].arrange(world.addresses),
        addresses=world.addresses,
        uv_strategy=strategy,
    )


def entry(world: World, name: str, allowed: str) -> LockedPackage:
    """`name==1.0` with the hashes of the sides in `allowed`."""
    digests = [
        f.file.sha256
        for side in allowed
        for f in world.page(side, name)
        if str(f.file.version).startswith("1.0")
    ]
    return LockedPackage(
        name=name,
        version="1.0",
        source=Source(kind=SourceKind.REGISTRY),
        artifacts=tuple(Artifact(hashes=(f"sha256:{digest}",)) for digest in digests),
        line=1,
    )


@dataclass
class Run:
    world: World
    where: Context
    allowed: str

    def predicted(self) -> dict[str, str]:
        """Side and file name by project, or `fails`."""
        found = {}
        for name in NAMES:
            package = entry(self.world, name, self.allowed)
            if self.allowed and not package.hashes:
                continue  # a requirement without hashes beside others with hashes is pip's own error
            lockfile = Lockfile(path="requirements.txt", format="requirements.txt")
            verdict = predict(package, lockfile, here(), self.where, self.world.answers(name))
            assert verdict is not None
            found[name] = said(verdict)
        return found

    def lines(self, name: str) -> str:
        hashes = "".join(f" --hash={each}" for each in sorted(entry(self.world, name, self.allowed).hashes))
        return f"{name}==1.0{hashes}\n"


def said(verdict: Verdict) -> str:
    sides = {Outcome.CHAINGUARD: "c", Outcome.REMEDIATED: "c", Outcome.PYPI: "p"}
    return "fails" if verdict.outcome is Outcome.INSTALL_FAILS else f"{sides[verdict.outcome]}/{verdict.file}"


def options(world: World, layout: str) -> list[str]:
    ours, theirs = world.index("c").url, world.index("p").url
    if layout == "extra-index":
        return ["--index-url", ours, "--extra-index-url", theirs]
    if layout == "extra-index-pypi-first":
        return ["--index-url", theirs, "--extra-index-url", ours]
    return ["--index-url", f"{world.base}/{layout}/"]


@pytest.mark.parametrize(
    ("layout", "allowed"),
    [
        ("virtual-file", ""),
        ("virtual-concat-pypi-first", ""),
        ("extra-index", ""),
        ("extra-index-pypi-first", ""),
        ("virtual-file", "p"),
        ("extra-index", "cp"),
    ],
)
def test_pip_takes_what_was_predicted(world: World, layout: str, allowed: str, tmp_path: Path) -> None:
    run = Run(world, context(world, "pip", layout), allowed)
    predicted = run.predicted()
    taken = [name for name, each in predicted.items() if each != "fails"]
    refused = [name for name in predicted if name not in taken]
    pip = lab_tool("pip", "installers")
    command = [
        pip,
        "--isolated",
        "--disable-pip-version-check",
        "install",
        "--no-cache-dir",
        "--no-deps",
        "--dry-run",
    ]
    command += ["--ignore-installed", "--quiet", "--report", "-", *options(world, layout)]
    result = requirements(command, "".join(map(run.lines, taken)), tmp_path)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    installed = {
        each["metadata"]["name"]: each["download_info"]["url"].replace("%2B", "+").partition("/files/")[2]
        for each in report["install"]
    }
    assert {name.lower(): where for name, where in installed.items()} == {
        name: predicted[name] for name in taken
    }
    for name in refused[:1]:  # each takes pip some seconds on a busy machine
        assert requirements(command, run.lines(name), tmp_path).returncode != 0


@pytest.mark.parametrize(
    ("layout", "allowed"),
    [
        *((layout, "") for layout in SERVED),
        *((f"{layout} {strategy}", "") for layout in CLIENTS for strategy in UV_STRATEGIES),
        ("virtual-file", "p"),
        ("virtual-concat", "c"),
        ("extra-index first-index", "cp"),
    ],
)
def test_uv_takes_what_was_predicted(world: World, layout: str, allowed: str, tmp_path: Path) -> None:
    name_, _, strategy = layout.partition(" ")
    run = Run(world, context(world, "uv", name_, strategy or "first-index"), allowed)
    predicted = run.predicted()
    taken = [name for name, each in predicted.items() if each != "fails"]
    command = uv_install()
    command += [*options(world, name_), *(["--index-strategy", strategy] if strategy else [])]
    target = tmp_path / "target"
    result = requirements([*command, "--target", str(target)], "".join(map(run.lines, taken)), tmp_path)
    assert result.returncode == 0, result.stderr
    installed = {
        name: json.loads(f'"{(target / f"{name}.py").read_text().split(chr(39))[1]}"') for name in taken
    }
    assert installed == {name: predicted[name].partition("/")[0] for name in taken}
    for name in [name for name in predicted if name not in taken][:2]:
        again = requirements([*command, "--target", str(tmp_path / name)], run.lines(name), tmp_path)
        assert again.returncode != 0, name


def uv_install() -> list[str]:
    """The command that installs with uv, for this Python and from nowhere that it is not told."""
    flags = ("--no-config", "--no-cache", "--no-deps", "--quiet")
    return [lab_tool("uv", "installers"), "pip", "install", *flags, "--python", sys.executable]


def requirements(command: list[str], text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "requirements.txt"
    path.write_text(text)
    option = "-r"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        [*command, option, str(path)], capture_output=True, text=True, check=False, env=environment
    )
