"""Small values for tests: indexes, files, answers, entries, contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.model import (
    Answer,
    Artifact,
    Cause,
    Change,
    ChangeKind,
    Edition,
    Evidence,
    Index,
    LockedPackage,
    Lockfile,
    Owner,
    ProjectFile,
    Source,
    SourceKind,
    Target,
    Tier,
    Verdict,
)
from fallback_review.prediction import LAYOUTS, Context
from fallback_review.prediction.addresses import Addresses
from fallback_review.prediction.candidates import parse_filename
from fallback_review.prediction.listing import AskedIndex, one

if TYPE_CHECKING:
    from fallback_review.prediction import Answers

LINUX = Target(python="3.12", platform="linux", arch="x86_64", glibc="2.36")
MAC = Target(python="3.12", platform="macos", arch="arm64", glibc="14.0")
WINDOWS = Target(python="3.12", platform="windows", arch="amd64", informational=True)

CHAINGUARD = "https://libraries.cgr.dev"
C = Index(f"{CHAINGUARD}/python/simple/", Owner.CHAINGUARD, Edition.MAIN)
R = Index(f"{CHAINGUARD}/python-remediated/simple/", Owner.CHAINGUARD, Edition.REMEDIATED)
CUDA = Index(f"{CHAINGUARD}/cu128/simple/", Owner.CHAINGUARD, Edition.CUDA)
VEX = Index("https://vex.test/", Owner.CHAINGUARD, Edition.VEX)
P = Index("https://pypi.test/simple/", Owner.PYPI)
RES = Index("https://corp.example/pypi/simple/", Owner.OWN)
"""The organisation's own virtual index."""
STRANGER = Index("https://stranger.example/simple/", Owner.NOBODY)
FILES = {
    C: f"{CHAINGUARD}/python/simple/x/",
    R: f"{CHAINGUARD}/python-remediated/simple/x/",
    CUDA: f"{CHAINGUARD}/cu128/simple/x/",
    P: "https://files.pypi.test/packages/",
    RES: "https://corp.example/pypi/files/",
    STRANGER: "https://stranger.example/files/",
}
"""Where an index keeps its files."""
MARKS = {C: "chainguard", R: "remediated", CUDA: "cuda", P: "pypi", RES: "resolver", STRANGER: "stranger"}
UPSTREAM = f"{CHAINGUARD}/python-upstream/simple/x/"
LOCK = Lockfile(path="uv.lock", format="uv.lock")


def sha(mark: str) -> str:
    """A digest that a reader of the test recognises."""
    return (mark.encode().hex() * 64)[:64]


def file(name: str, index: Index = C, *, mark: str | None = None, **more: Any) -> ProjectFile:
    parsed = parse_filename(name)
    tier = {C: Tier.BUILT, CUDA: Tier.BUILT, R: Tier.REMEDIATED}.get(index)
    base = UPSTREAM if more.get("tier") is Tier.UPSTREAM else FILES[index]
    values = {
        "filename": name,
        "url": base + name,
        "version": str(parsed.version) if parsed else None,
        "sha256": sha(mark or f"{MARKS[index]}{name}"),
        "tier": tier,
    }
    return ProjectFile(**(values | more))


def answer(index: Index, *files: ProjectFile | str, problem: Cause | None = None, **more: Any) -> Answer:
    listed = tuple(file(each, index) if isinstance(each, str) else each for each in files)
    values: dict[str, Any] = {"index": index, "name": "x", "files": listed, "problem": problem}
    return Answer(**(values | more))


def answers(*heard: Answer) -> Answers:
    """What was heard, as predictions take it."""
    found: dict[str, dict[Index, Answer]] = {}
    for each in heard:
        found.setdefault(each.name, {})[each.index] = each
    return found


def package(
    version: str | None = "1.0",
    *,
    hashes: tuple[str, ...] = (),
    index: Index | str | None = None,
    **more: Any,
) -> LockedPackage:
    values: dict[str, Any] = {
        "name": "x",
        "version": version,
        "source": Source(kind=SourceKind.REGISTRY, location=_url(index)),
        "artifacts": (Artifact(hashes=tuple(f"sha256:{each}" for each in hashes)),) if hashes else (),
        "line": 3,
    }
    return LockedPackage(**(values | more))


def locked(*artifacts: Artifact, index: Index | str | None = P, version: str | None = "1.0") -> LockedPackage:
    return package(version, index=index, artifacts=artifacts)


def _url(index: Index | str | None) -> str | None:
    return index.url if isinstance(index, Index) else index


def artifact(each: ProjectFile, **more: Any) -> Artifact:
    digest = (f"sha256:{each.sha256}",) if each.sha256 else ()
    return Artifact(**({"filename": each.filename, "url": each.url, "hashes": digest} | more))


def addresses(**more: Any) -> Addresses:
    """What settings name that say nothing of an own index."""
    hosts = frozenset({"pypi.test", "files.pypi.test"})
    values: dict[str, Any] = {"chainguard": C, "pypi": P, "pypi_hosts": hosts}
    return Addresses(**(values | more))


def context(
    installer: str = "pip",
    layout: str = "virtual-file",
    *,
    at: Addresses | None = None,
    asks: tuple[AskedIndex, ...] | None = None,
    **more: Any,
) -> Context:
    """The context of a layout.

    Args:
        installer: Its name.
        layout: Its name in the settings.
        at: The addresses of the settings, if not the usual ones.
        asks: What the installer asks, if that is no layout: what its own configuration names.
        more: Other fields.
    """
    known = at or addresses()
    named = LAYOUTS[layout]
    values: dict[str, Any] = {
        "installer": installer,
        "indexes": named.arrange(known) if asks is None else asks,
        "addresses": known,
        "alternatives": tuple(
            (LAYOUTS[each].title, LAYOUTS[each].arrange(known)) for each in named.alternatives
        ),
        "layout": layout if asks is None else "configured",
        "uv_strategy": named.uv_strategy,
        "respect_source_order": named.respect_source_order,
    }
    return Context(**(values | more))


def asked_in_turn(*indexes: Index) -> tuple[AskedIndex, ...]:
    """What a configuration names: the first index is the default one."""
    return tuple(one(index, default=number == 0) for number, index in enumerate(indexes))


def told(evidence: Verdict | tuple[Evidence, ...]) -> str:
    """All that evidence says, a line for each fact."""
    facts = evidence.evidence if isinstance(evidence, Verdict) else evidence
    return "\n".join(each.said for each in facts)


def change(*entries: LockedPackage) -> Change:
    return Change(name="x", kind=ChangeKind.UPGRADED, before=(), after=entries, gained=entries)
