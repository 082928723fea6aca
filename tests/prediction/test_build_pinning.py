"""Built, but the organisation is pinned to the upstream file that it pulled first."""

from __future__ import annotations

import pytest

from fallback_review.model import Artifact, Cause, Lockfile, Outcome, ProjectFile, Role, Tier
from fallback_review.prediction import Book, advise, describe, predict

from .build import FILES, INDEX, LINUX, LOCK, answer, artifact, book, change, file, locked, package, situation

C, P = Role.CHAINGUARD, Role.PYPI
NAME = "x-1.0-py3-none-any.whl"
UPSTREAM = file(NAME, tier=Tier.UPSTREAM, mark="u")
BUILT = file(NAME, mark="b")
PYPI = file(NAME, P, mark="u")
WHERE = situation("uv", "chainguard-only")
PINNED = (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, "built-available")


@pytest.mark.parametrize(
    "listed",
    [
        book(answer(C, UPSTREAM, BUILT)),
        book(answer(C, BUILT)),
        book(answer(C, BUILT), answer(P, PYPI)),
        book(answer(C, file("x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"))),
    ],
)
def test_a_locked_upstream_url_is_told_from_the_build_that_has_come_since(listed: Book) -> None:
    entry = locked(artifact(UPSTREAM), index=INDEX[C])
    verdict = predict(entry, LOCK, LINUX, WHERE, listed)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == PINNED
    assert "Chainguard has rebuilt this version since" in describe(verdict, change(entry), WHERE, listed)
    advice = advise(
        change(entry),
        [verdict],
        WHERE,
        listed,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert advice is not None
    assert advice.command == "chainctl libraries cache zap && chainctl libraries update-hashes uv.lock"


def test_a_locked_upstream_hash_is_told_too() -> None:
    entry = package(hashes=(UPSTREAM.sha256 or "",))
    pip = Lockfile(path="requirements.txt", format="requirements.txt")
    verdict = predict(entry, pip, LINUX, WHERE, book(answer(C, UPSTREAM, BUILT)))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == PINNED


@pytest.mark.parametrize(
    "built",
    [
        file("x-1.1-py3-none-any.whl"),
        file("x-1.0-cp312-cp312-manylinux_2_28_aarch64.whl"),
        file("x-1.0.tar.gz"),
    ],
)
def test_a_build_for_another_version_or_target_is_none(built: ProjectFile) -> None:
    entry = locked(artifact(UPSTREAM), index=INDEX[C])
    verdict = predict(entry, LOCK, LINUX, WHERE, book(answer(C, UPSTREAM, built)))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == (*PINNED[:2], None)


def test_other_bytes_under_a_built_files_own_address_still_fail() -> None:
    older = Artifact(filename=NAME, url=f"{FILES[C]}older/{NAME}", hashes=("sha256:" + "0" * 64,))
    verdict = predict(locked(older, index=INDEX[C]), LOCK, LINUX, WHERE, book(answer(C, BUILT)))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
