"""A green is earned: for random locks, pages and failures, it needs an answer that proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.index.tiers import tier_of_file
from fallback_review.model import (
    Artifact,
    Cause,
    Index,
    LockedPackage,
    Lockfile,
    Outcome,
    Owner,
    ProjectFile,
    Tier,
)
from fallback_review.prediction import INSTALLERS, LAYOUTS, predict
from fallback_review.prediction.listing import one
from tests.prediction.build import (
    CHAINGUARD,
    CUDA,
    LINUX,
    RES,
    STRANGER,
    C,
    P,
    R,
    answer,
    answers,
    context,
    package,
    sha,
)

if TYPE_CHECKING:
    from fallback_review.model import Answer
    from fallback_review.prediction import Context

GREEN = (Outcome.CHAINGUARD, Outcome.REMEDIATED)
EVERY = (C, R, CUDA, P, RES)
NAMES = (
    "x-1.0-py3-none-any.whl",
    "x-1.0.tar.gz",
    "x-1.0-py2.py3-none-any.whl",
    "x-1.0+cgr.1-py3-none-any.whl",
)
OURS = tuple(f"{CHAINGUARD}/{each}/simple/" for each in ("python", "python-remediated", "cu128"))
DIGESTS = (sha("a"), sha("b"), sha("c"), None)
FOLDERS = (
    f"{CHAINGUARD}/python/simple/x/",
    f"{CHAINGUARD}/python-upstream/simple/x/",
    f"{CHAINGUARD}/python-remediated/simple/x/",
    f"{CHAINGUARD}/cu128/simple/x/",
    f"{CHAINGUARD}/files/1/2/x/",
    f"{CHAINGUARD}/stranger/x/",
    "https://files.pypi.test/packages/",
    "https://corp.example/pypi/files/",
    "https://stranger.example/files/",
)
PROBLEMS = (
    Cause.PROJECT_MISSING,
    Cause.BLOCKED,
    Cause.UNAUTHORIZED,
    Cause.UNREACHABLE,
    Cause.MALFORMED_INDEX,
)
FINAL = (None, None, None, "https://pypi.test/simple/x/", "https://stranger.example/simple/x/", f"{C.url}x/")


@st.composite
def listed(draw: st.DrawFn, index: Index) -> ProjectFile:
    name, folder = draw(st.sampled_from(NAMES)), draw(st.sampled_from(FOLDERS))
    version = name.removeprefix("x-").partition("-")[0].removesuffix(".tar.gz")
    return ProjectFile(
        filename=name,
        url=folder + name,
        version=version,
        sha256=draw(st.sampled_from(DIGESTS)),
        tier=tier_of_file(folder + name, version) if index.chainguards else None,
    )


@st.composite
def heard(draw: st.DrawFn, index: Index) -> Answer | None:
    if draw(st.integers(0, 9)) == 0:
        return None
    if draw(st.integers(0, 4)) == 0:
        return answer(index, problem=draw(st.sampled_from(PROBLEMS)))
    files = draw(st.lists(listed(index), max_size=4, unique_by=lambda file: (file.filename, file.url)))
    return answer(index, *files, url=draw(st.sampled_from(FINAL)))


@st.composite
def entries(draw: st.DrawFn) -> LockedPackage:
    index = draw(st.sampled_from([None, C, R, CUDA, P, RES, STRANGER]))
    version = draw(st.sampled_from(["1.0", "1.0+cgr.1"]))
    digests = st.lists(st.sampled_from([each for each in DIGESTS if each]), max_size=2, unique=True)
    if draw(st.booleans()):
        return package(version, index=index, hashes=tuple(draw(digests)))
    named = draw(
        st.lists(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), min_size=1, max_size=3)
    )
    artifacts = tuple(
        Artifact(
            filename=name, url=folder + name, hashes=tuple(f"sha256:{each}" for each in draw(digests)[:1])
        )
        for folder, name in named
    )
    return package(version, index=index, artifacts=artifacts)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    made = context(
        draw(st.sampled_from(sorted(INSTALLERS))),
        draw(st.sampled_from(sorted(LAYOUTS))),
    )
    addresses = replace(
        made.addresses,
        remediated=draw(st.sampled_from([None, R])),
        resolver=draw(st.sampled_from([None, RES])),
        own=draw(st.sampled_from([(), ("corp.example",), ("corp.example/pypi/",)])),
    )
    if draw(st.booleans()):
        asked = draw(st.lists(st.sampled_from([*EVERY, STRANGER]), min_size=1, max_size=3, unique=True))
        return replace(made, addresses=addresses, indexes=tuple(map(one, asked)), alternatives=())
    return replace(made, addresses=addresses, indexes=LAYOUTS[made.layout].arrange(addresses))


@settings(max_examples=800, deadline=None)
@given(
    entry=entries(),
    around=contexts(),
    said=st.tuples(*(heard(index) for index in EVERY)),
    lock_format=st.sampled_from(
        ["uv.lock", "pdm.lock", "requirements.txt", "Pipfile.lock", "poetry.lock", "pylock.toml"]
    ),
)
def test_a_green_stands_on_an_answer_of_chainguards_own(
    entry: LockedPackage, around: Context, said: tuple[Answer | None, ...], lock_format: str
) -> None:
    known = answers(*(each for each in said if each is not None))
    verdict = predict(entry, Lockfile(path="lock", format=lock_format), LINUX, around, known)
    if verdict is None or verdict.outcome not in GREEN:
        return
    pages = known.get("x", {})
    pypi = pages.get(P)
    theirs = {file.sha256 for file in pypi.files} if pypi is not None and pypi.problem is None else set()
    ours = [
        file
        for index, page in pages.items()
        if page.problem is None
        # An index that redirects to Chainguard's own address gives Chainguard's page.
        if (index.owner is Owner.CHAINGUARD and (page.url or CHAINGUARD).startswith(CHAINGUARD))
        or (page.url or "").startswith(OURS)
        for file in page.files
        if file.tier is not Tier.UPSTREAM and file.url.startswith((CHAINGUARD, "https://corp.example/"))
    ]
    taken = [each for each in entry.artifacts if each.url and each.filename == verdict.file]
    if INSTALLERS[around.installer].any_hash_of_entry(None):
        # Whatever the URL serves, its bytes are those of one of the entry's hashes, or nothing is installed.
        every = tuple(each for artifact in entry.artifacts for each in artifact.hashes)
        taken = [replace(each, hashes=(digest,)) for each in taken for digest in every] or taken
    own = pages.get(RES)
    through = {each.sha256 for each in own.files if each.filename == verdict.file} if own else set()
    proofs = [
        file
        for file in ours
        if (
            any(speaks_for(file, each) for each in taken)
            if taken
            else file.filename == verdict.file or file.sha256 in through - {None}
        )
    ]
    assert [file for file in proofs if file.sha256 is None or file.sha256 not in theirs]
    strangers = any(at in (verdict.url_host or "") for at in ("files.pypi.test", "stranger.example"))
    assert not strangers or (through and not taken), (
        "only the organisation's index may link anywhere, by sha256"
    )


def speaks_for(file: ProjectFile, artifact: Artifact) -> bool:
    """Whether a listed file is the one that a lock names by URL: by its bytes, else by its address or tier."""
    if artifact.hashes and file.sha256 is not None:
        return f"sha256:{file.sha256}" in artifact.hashes
    url = str(artifact.url)
    same_tier = file.tier is tier_of_file(url, file.version) and url.startswith(CHAINGUARD)
    return file.url == url or (file.filename == artifact.filename and same_tier)
