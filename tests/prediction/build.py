"""Small values for tests: files, answers, entries, situations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.model import (
    Answer,
    Artifact,
    Cause,
    Change,
    ChangeKind,
    LockedPackage,
    Lockfile,
    ProjectFile,
    Role,
    Source,
    SourceKind,
    Target,
    Tier,
)
from fallback_review.prediction import Situation
from fallback_review.prediction.candidates import parse_filename

if TYPE_CHECKING:
    from fallback_review.prediction import Book

LINUX = Target(python="3.12", platform="linux", arch="x86_64", glibc="2.36")
MAC = Target(python="3.12", platform="macos", arch="arm64", glibc="14.0")
WINDOWS = Target(python="3.12", platform="windows", arch="amd64", informational=True)

INDEX = {
    Role.CHAINGUARD: "https://libraries.cgr.dev/python/simple/",
    Role.REMEDIATED: "https://libraries.cgr.dev/python-remediated/simple/",
    Role.PYPI: "https://pypi.test/simple/",
    Role.RESOLVER: "https://corp.example/pypi/simple/",
}
FILES = {
    Role.CHAINGUARD: "https://libraries.cgr.dev/python/simple/x/",
    Role.REMEDIATED: "https://libraries.cgr.dev/python-remediated/simple/x/",
    Role.PYPI: "https://files.pypi.test/packages/",
    Role.RESOLVER: "https://corp.example/pypi/files/",
}
UPSTREAM = "https://libraries.cgr.dev/python-upstream/simple/x/"
LOCK = Lockfile(path="uv.lock", format="uv.lock")


def sha(mark: str) -> str:
    """A digest that a reader of the test recognises."""
    return (mark.encode().hex() * 64)[:64]


def file(name: str, role: Role = Role.CHAINGUARD, *, mark: str | None = None, **more: Any) -> ProjectFile:
    parsed = parse_filename(name)
    tier = {Role.CHAINGUARD: Tier.BUILT, Role.REMEDIATED: Tier.REMEDIATED}.get(role)
    base = UPSTREAM if more.get("tier") is Tier.UPSTREAM else FILES[role]
    values = {
        "filename": name,
        "url": base + name,
        "version": str(parsed.version) if parsed else None,
        "sha256": sha(mark or f"{role.value}{name}"),
        "tier": tier,
    }
    return ProjectFile(**(values | more))


def answer(role: Role, *files: ProjectFile | str, problem: Cause | None = None, **more: Any) -> Answer:
    listed = tuple(file(each, role) if isinstance(each, str) else each for each in files)
    return Answer(role=role, name="x", files=listed, problem=problem, **more)


def book(*answers: Answer) -> Book:
    return {(each.role, each.name): each for each in answers}


def package(
    version: str | None = "1.0", *, hashes: tuple[str, ...] = (), index: str | None = None, **more: Any
) -> LockedPackage:
    values: dict[str, Any] = {
        "name": "x",
        "version": version,
        "source": Source(kind=SourceKind.REGISTRY, location=index),
        "artifacts": (Artifact(hashes=tuple(f"sha256:{each}" for each in hashes)),) if hashes else (),
        "line": 3,
    }
    return LockedPackage(**(values | more))


def locked(
    *artifacts: Artifact, index: str | None = INDEX[Role.PYPI], version: str | None = "1.0"
) -> LockedPackage:
    return package(version, index=index, artifacts=artifacts)


def artifact(each: ProjectFile, **more: Any) -> Artifact:
    digest = (f"sha256:{each.sha256}",) if each.sha256 else ()
    return Artifact(**({"filename": each.filename, "url": each.url, "hashes": digest} | more))


def situation(installer: str = "pip", layout: str = "virtual-file", **more: Any) -> Situation:
    values: dict[str, Any] = {
        "installer": installer,
        "layout": layout,
        "chainguard_url": INDEX[Role.CHAINGUARD],
        "pypi_url": INDEX[Role.PYPI],
        "pypi_hosts": frozenset({"pypi.test", "files.pypi.test"}),
    }
    return Situation(**(values | more))


def change(*entries: LockedPackage) -> Change:
    return Change(name="x", kind=ChangeKind.UPGRADED, before=(), after=entries, gained=entries)
