"""Small builders of `Review` values for the tests of the reports."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fallback_review.model import (
    Advice,
    Allowance,
    Assumption,
    AssumptionKind,
    Cause,
    Change,
    ChangeKind,
    Conclusion,
    Ecosystem,
    Evidence,
    EvidenceKind,
    LockedPackage,
    MetadataChange,
    Notice,
    Outcome,
    Review,
    ReviewedChange,
    ReviewedLockfile,
    Source,
    SourceKind,
    Target,
    Verdict,
)

INDEX = Source(kind=SourceKind.REGISTRY, location="https://index.example/simple/")
GIT = Source(
    kind=SourceKind.GIT, location="https://git.example/acme/tool", reference="main", commit="c0ffee1234"
)
PAGES = (
    ("Chainguard", "https://libraries.example/python/{name}"),
    ("PyPI", "https://pypi.example/project/{name}/"),
)
ASSUMED = "Assumed: one index that merges both. Set layout in [indexes]."
TARGETS = tuple(Target(python="3.12", platform="linux", arch=arch) for arch in ("x86_64", "aarch64"))


def locked(name: str, version: str | None = "1.0", *, line: int = 12, **fields: Any) -> LockedPackage:
    fields.setdefault("source", INDEX)
    return LockedPackage(name=name, version=version, line=line, **fields)


def change(name: str, before: str | None = None, after: str | None = None, /, **fields: Any) -> Change:
    """A change from one version text to another; the kind follows from which are given."""
    line = fields.pop("line", 12)
    olds = (locked(name, before, line=line),) if before else ()
    news = (locked(name, after, line=line),) if after else ()
    kind = ChangeKind.ADDED if not olds else ChangeKind.REMOVED if not news else ChangeKind.UPGRADED
    values: dict[str, Any] = {"kind": kind, "before": olds, "after": news, "gained": news} | fields
    return Change(name=name, **values)


def reviewed(
    name: str,
    before: str | None = None,
    after: str | None = None,
    outcome: Outcome | None = None,
    /,
    **fields: Any,
) -> ReviewedChange:
    parts = {key: fields.pop(key) for key in list(fields) if key in Change.__struct_fields__ or key == "line"}
    if outcome and "verdicts" not in fields:
        fields["verdicts"] = tuple(
            Verdict(version=after, target=target.label, outcome=outcome, cause=fields.get("cause"))
            for target in TARGETS
        )
    return ReviewedChange(change=change(name, before, after, **parts), outcome=outcome, **fields)


def lockfile(*changes: ReviewedChange, path: str = "uv.lock", **fields: Any) -> ReviewedLockfile:
    values: dict[str, Any] = {
        "format": "uv.lock",
        "installer": "uv",
        "layout": "chainguard-only",
        "targets": TARGETS,
    } | fields
    return ReviewedLockfile(path=path, changes=changes, **values)


def review(*lockfiles: ReviewedLockfile, conclusion: Conclusion = Conclusion.PASS, **fields: Any) -> Review:
    fields.setdefault("targets", TARGETS)
    return Review(conclusion=conclusion, lockfiles=lockfiles, **fields)


def fails(name: str = "orjson") -> ReviewedChange:
    return reviewed(
        name,
        "3.10.1",
        "3.11.0",
        Outcome.INSTALL_FAILS,
        cause=Cause.HASH_MISMATCH,
        conclusion=Conclusion.FAIL,
        why="the lock does not hold the hash of the file that the index serves",
        advice=Advice(
            text="put the hashes of Chainguard's files into the lock",
            command="chainctl libraries update-hashes uv.lock",
        ),
    )


def from_pypi(name: str = "litellm", **fields: Any) -> ReviewedChange:
    values: dict[str, Any] = {
        "cause": Cause.VERSION_MISSING,
        "conclusion": Conclusion.FAIL,
        "why": "Chainguard has no 1.61.0; nearest 1.60.8",
        "advice": Advice(text="pin 1.60.8, or wait: the build is requested"),
    }
    return reviewed(name, None, "1.61.0", Outcome.PYPI, **(values | fields))


def unknown(name: str = "numpy") -> ReviewedChange:
    return reviewed(
        name,
        "2.1.0",
        "2.2.0",
        Outcome.UNKNOWN,
        cause=Cause.UNAUTHORIZED,
        conclusion=Conclusion.UNKNOWN,
        why="token missing or expired",
        advice=Advice(text="renew the pull token in the repository's secrets"),
    )


def good(name: str, before: str | None = "1.0", after: str = "1.1", **fields: Any) -> ReviewedChange:
    return reviewed(name, before, after, Outcome.CHAINGUARD, **fields)


def rich() -> Review:
    """A review with something in every section."""
    differs = (
        Verdict(
            version="0.4.1", target="py3.12 macos-arm64", outcome=Outcome.PYPI, cause=Cause.NO_COMPATIBLE_FILE
        ),
        Verdict(
            version="0.4.1",
            target="py3.12 linux-x86_64",
            outcome=Outcome.CHAINGUARD,
            file="tokenizers.whl",
            url_host="libraries.cgr.dev",
            evidence=(
                Evidence(
                    EvidenceKind.LISTED,
                    "Chainguard's index lists tokenizers.whl",
                    "https://libraries.cgr.dev/python/simple/",
                ),
            ),
            assumptions=(Assumption(AssumptionKind.LAYOUT, ASSUMED),),
        ),
    )
    changes = (
        good("attrs"),
        good("certifi"),
        good("idna", None, "3.10"),
        good("urllib3"),
        good("packaging"),
        good("click"),
        from_pypi(),
        fails(),
        reviewed(
            "tokenizers",
            "0.4.0",
            "0.4.1",
            Outcome.PYPI,
            cause=Cause.NO_COMPATIBLE_FILE,
            verdicts=differs,
            conclusion=Conclusion.WARN,
            why="no build for this platform",
            differs_on=("py3.12 linux-x86_64",),
            advice=Advice(text="build in a Linux container, or allow it"),
        ),
        reviewed(
            "pyyaml",
            "6.0.1",
            "6.0.1",
            Outcome.UPSTREAM,
            cause=Cause.UPSTREAM_TIER,
            why="served from the fallback",
            kind=ChangeKind.ARTIFACTS_CHANGED,
            hosts_before=("files.pypi.test",),
            hosts_after=("libraries.cgr.dev",),
        ),
        reviewed("requests", "2.32.0", "2.32.0+cgr.1", Outcome.REMEDIATED),
        reviewed(
            "nvidia-cublas",
            None,
            "12.4",
            Outcome.PYPI,
            allowance=Allowance(
                package="nvidia-*",
                reason="CUDA wheels come from NVIDIA",
                owner="ml-team",
                expires="2027-01-01",
            ),
        ),
        reviewed(
            "acme-tool",
            "1.0",
            "1.0",
            Outcome.DIRECT,
            kind=ChangeKind.SOURCE_CHANGED,
            source_changed=True,
            after=(locked("acme-tool", "1.0", source=GIT),),
            gained=(locked("acme-tool", "1.0", source=GIT),),
            why="from a Git repository",
        ),
        reviewed("my-app", "0.1", "0.2", Outcome.DIRECT, local=True),
        reviewed("six", "1.16.0", None),
        reviewed("libblas", "3.9", "3.10", ecosystem=Ecosystem.CONDA),
        reviewed("tomli", "2.0", "2.0", kind=ChangeKind.ARTIFACTS_CHANGED, gained=(), hashes_removed=2),
    )
    return review(
        lockfile(
            *changes,
            metadata_only=(MetadataChange(name="rich", version="14.0", source=INDEX, fields=("marker",)),),
            notices=(Notice(text="holds credentials in an index URL: remove them", line=3),),
            unnamed=(Notice(text="./local-wheel.whl", line=9),),
            header_changed=("requires-python", "unnamed"),
            base_path="old/uv.lock",
        ),
        conclusion=Conclusion.FAIL,
        findings=(
            Notice(
                text="the allowance for nvidia-* expires in 12 days",
                path=".github/fallback-review.toml",
                line=8,
            ),
        ),
        head="abc1234def5678",
        head_url="https://github.test/acme/app/blob/abc1234def5678",
        run_url="https://github.test/acme/app/actions/runs/1",
        project_pages=PAGES,
    )


HOSTILE = (
    "a|b`c`<img src=x onerror=alert(1)>@octocat #1 GH-2 acme/app#3 https://evil.test www.evil.test me@evil.test "
    "[x](https://evil.test) ![x](https://evil.test/x.png) *b* _i_ ~~s~~ \\| :tada: $x$ <!-- --> </details> "
    "\r\n\r\n# big\n| a | b |\n|---|---|\n```mermaid\n\u202etxt\u200b\x1b[31m::error::x &lt; &#64;octocat mailto:a@b.test"
)


def hostile(text: str = HOSTILE) -> Review:
    """A review with `text` in every field that a lockfile, an index or a setting may fill."""
    source = Source(kind=SourceKind.GIT, location=text, reference=text, commit=text)
    entry = locked(text, text, source=source, path=text)
    bare = locked(text, None, source=source)
    verdicts = (
        Verdict(
            version=text,
            target=text,
            outcome=Outcome.PYPI,
            reason=text,
            file=text,
            url_host=text,
            evidence=(Evidence(EvidenceKind.LOCKED, text, text),),
            assumptions=(Assumption(AssumptionKind.LAYOUT, text),),
        ),
        Verdict(version=text, target=text + "2", outcome=Outcome.CHAINGUARD),
    )
    trouble = ReviewedChange(
        change=Change(
            name=text,
            kind=ChangeKind.ARTIFACTS_CHANGED,
            before=(bare,),
            after=(entry, bare),
            gained=(entry,),
            source_changed=True,
            hosts_before=(text,),
            hosts_after=(text,),
            became_unhashed=True,
        ),
        outcome=Outcome.PYPI,
        reason=text,
        why=text,
        advice=Advice(text=text, command=text),
        verdicts=verdicts,
        differs_on=(text,),
        conclusion=Conclusion.FAIL,
        note=text,
    )
    quiet = replace(trouble, conclusion=Conclusion.PASS)
    notice = Notice(text=text, path=text, line=3)
    return review(
        lockfile(
            trouble,
            replace(quiet, outcome=Outcome.INSTALL_FAILS),
            replace(quiet, outcome=Outcome.UNKNOWN),
            replace(quiet, allowance=Allowance(package=text, reason=text, owner=text, expires=text)),
            *(replace(quiet, outcome=outcome) for outcome in list(Outcome)[3:]),
            replace(quiet, outcome=None),
            replace(quiet, outcome=None, change=replace(quiet.change, kind=ChangeKind.REMOVED)),
            replace(quiet, change=replace(quiet.change, local=True), outcome=Outcome.DIRECT),
            replace(quiet, change=replace(quiet.change, ecosystem=Ecosystem.CONDA), outcome=None),
            path=text,
            format=text,
            metadata_only=(MetadataChange(name=text, version=text, source=source, fields=(text,)),),
            unnamed=(notice,),
            notices=(notice,),
            base_path=text + "old",
            header_changed=(text,),
        ),
        lockfile(trouble, path=text + "b"),
        conclusion=Conclusion.FAIL,
        findings=(notice, Notice(text=text)),
        unreadable=(notice, Notice(text=text)),
        targets=(Target(python=text, platform=text, arch=text),),
        head=text,
        head_url="https://github.test/acme/app/blob/abc",
        run_url="https://github.test/acme/app/actions/runs/1",
        project_pages=PAGES,
    )


def gallery() -> dict[str, Review]:
    """One review for each kind of verdict."""
    return {
        "everything": rich(),
        "unknown": review(lockfile(unknown(), good("attrs")), conclusion=Conclusion.UNKNOWN),
        "clear": review(lockfile(good("attrs"), good("idna"))),
        "nothing": review(),
        "several": review(
            lockfile(from_pypi(), good("attrs")),
            lockfile(from_pypi(), fails(), path="services/api/requirements.txt"),
            conclusion=Conclusion.FAIL,
        ),
        "unreadable": review(
            lockfile(good("attrs")),
            conclusion=Conclusion.UNKNOWN,
            unreadable=(Notice(path="poetry.lock", line=3, text="not valid TOML: expected '=' after a key"),),
        ),
        "scan": review(lockfile(*(good(f"p{n}", None) for n in range(40)), from_pypi()), scope="all"),
        "scan of several": review(
            lockfile(*(good(f"p{n}", None) for n in range(8)), from_pypi("six"), from_pypi("attrs")),
            lockfile(from_pypi("six"), fails(), unknown(), path="services/api/requirements.txt"),
            lockfile(good("a", None), path="web/uv.lock"),
            scope="all",
            conclusion=Conclusion.FAIL,
        ),
        "hostile": hostile(),
    }
