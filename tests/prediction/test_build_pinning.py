"""Built, but the organisation is pinned to the upstream file that it pulled first."""

from __future__ import annotations

import pytest

from fallback_review.model import Artifact, Cause, Lockfile, Outcome, ProjectFile, Tier
from fallback_review.prediction import Answers, advise, describe, predict

from .build import FILES, LINUX, LOCK, C, P, answer, answers, artifact, change, context, file, locked, package

NAME = "x-1.0-py3-none-any.whl"
UPSTREAM = file(NAME, tier=Tier.UPSTREAM, mark="u")
BUILT = file(NAME, mark="b")
PYPI = file(NAME, P, mark="u")
NO_PYPI = answer(P, problem=Cause.PROJECT_MISSING)
NATIVE = "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
WHERE = context("uv", "chainguard-only")
PINNED = (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, "built-available")


@pytest.mark.parametrize(
    "listed",
    [
        answers(answer(C, UPSTREAM, BUILT)),
        answers(answer(C, UPSTREAM, BUILT), answer(P, PYPI)),
        answers(answer(C, UPSTREAM, file(NATIVE))),
        # The page no longer lists the copy; that the bytes are PyPI's, PyPI says.
        answers(answer(C, BUILT), answer(P, PYPI)),
    ],
)
def test_a_locked_upstream_url_is_told_from_the_build_that_has_come_since(listed: Answers) -> None:
    entry = locked(artifact(UPSTREAM), index=C)
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


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (answers(answer(C, BUILT)), (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (answers(answer(C, BUILT), NO_PYPI), (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)),
        (answers(answer(C, NATIVE), answer(P, PYPI)), (Outcome.INSTALL_FAILS, Cause.NO_CANDIDATE)),
    ],
)
def test_a_locked_copy_that_no_page_explains_is_no_copy(
    listed: Answers, expected: tuple[Outcome, Cause]
) -> None:
    verdict = predict(locked(artifact(UPSTREAM), index=C), LOCK, LINUX, WHERE, listed)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == expected


def test_a_locked_upstream_hash_is_told_too() -> None:
    entry = package(hashes=(UPSTREAM.sha256 or "",))
    pip = Lockfile(path="requirements.txt", format="requirements.txt")
    verdict = predict(entry, pip, LINUX, WHERE, answers(answer(C, UPSTREAM, BUILT)))
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
    entry = locked(artifact(UPSTREAM), index=C)
    verdict = predict(entry, LOCK, LINUX, WHERE, answers(answer(C, UPSTREAM, built)))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == (*PINNED[:2], None)


def test_other_bytes_under_a_built_files_own_address_still_fail() -> None:
    older = Artifact(filename=NAME, url=f"{FILES[C]}older/{NAME}", hashes=("sha256:" + "0" * 64,))
    verdict = predict(locked(older, index=C), LOCK, LINUX, WHERE, answers(answer(C, BUILT), NO_PYPI))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
