"""Locks that allow a file by several hashes, or name several files for one platform: none can hide another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.model import Artifact, Cause, LockedPackage, Lockfile, Outcome
from fallback_review.prediction import predict
from tests.prediction.build import (
    FILES,
    LINUX,
    LOCK,
    RES,
    STRANGER,
    C,
    P,
    addresses,
    answer,
    answers,
    artifact,
    asked_in_turn,
    context,
    file,
    locked,
    package,
)

if TYPE_CHECKING:
    from fallback_review.model import Index

WHEEL = "x-1.0-py3-none-any.whl"
MISFIT = "x-1.0-cp313-cp313-win_amd64.whl"
SHA512 = f"sha512:{'a' * 128}"


def allowing(*hashes: str) -> LockedPackage:
    return package(artifacts=tuple(Artifact(hashes=(each,)) for each in hashes))


def test_a_mismatch_is_not_known_where_another_hash_may_fit() -> None:
    """Measured with pip 26.3 and uv 0.13: any hash of the requirement is enough."""
    ours, theirs = file(WHEEL), file(WHEEL, P)
    known = answers(answer(C, ours), answer(P, theirs))
    where = context(layout="chainguard-only")
    alone = predict(allowing(f"sha256:{theirs.sha256}"), LOCK, LINUX, where, known)
    both = predict(allowing(f"sha256:{theirs.sha256}", SHA512), LOCK, LINUX, where, known)
    assert alone is not None
    assert (alone.outcome, alone.cause) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    assert both is not None
    assert (both.outcome, both.reason) == (Outcome.UNKNOWN, "no-sha256")
    assert both.evidence[0].said.startswith("the lock has sha512 hashes too")
    fits = predict(allowing(f"sha256:{ours.sha256}", SHA512), LOCK, LINUX, where, known)
    assert fits is not None
    assert fits.outcome is Outcome.CHAINGUARD


def test_another_hash_may_be_of_a_file_in_an_index_that_nobody_asked() -> None:
    ours = file(WHEEL)
    known = answers(answer(C, ours), answer(P, WHEEL))
    for hashes, outcome in (((), Outcome.CHAINGUARD), ((SHA512,), Outcome.UNKNOWN)):
        entry = allowing(f"sha256:{ours.sha256}", *hashes)
        verdict = predict(entry, LOCK, LINUX, context(asks=asked_in_turn(C, STRANGER)), known)
        assert verdict is not None
        assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("url", "index", "outcome"),
    [
        ("https://mirror.example/x-1.0-py3-none-any.whl", C, Outcome.UNKNOWN),
        (file(WHEEL, P).url, C, Outcome.PYPI),
        (file(WHEEL, P).url, None, Outcome.PYPI),
    ],
)
def test_a_locked_url_is_not_believed_for_one_of_two_hashes(
    url: str, index: Index | None, outcome: Outcome
) -> None:
    ours = file(WHEEL)
    forged = Artifact(filename=WHEEL, url=url, hashes=(f"sha256:{ours.sha256}", SHA512))
    lock = Lockfile(path="pylock.toml", format="pylock.toml")
    known = answers(answer(C, ours), answer(P, file(WHEEL, P)))
    verdict = predict(locked(forged, index=index), lock, LINUX, context("pip"), known)
    assert verdict is not None
    assert verdict.outcome is outcome


def test_each_file_for_the_platform_is_taken_in_some_environment() -> None:
    ours = artifact(file(WHEEL), target_platform="linux-64")
    theirs = artifact(file("x-1.0-py2.py3-none-any.whl", P), target_platform="linux-64")
    elsewhere = artifact(file("x-1.0-py2.py3-none-any.whl", P), target_platform="win-64")
    lock = Lockfile(path="pixi.lock", format="pixi.lock")
    known = answers(answer(C, WHEEL), answer(P, file("x-1.0-py2.py3-none-any.whl", P)))

    def outcome(*files: Artifact) -> Outcome:
        verdict = predict(locked(*files, index=None), lock, LINUX, context("pixi"), known)
        assert verdict is not None
        return verdict.outcome

    assert outcome(ours, theirs) is Outcome.PYPI
    assert outcome(theirs, ours) is Outcome.PYPI
    assert outcome(ours, elsewhere) is Outcome.CHAINGUARD


@pytest.mark.parametrize(
    ("installer", "version", "outcome"),
    [
        ("pdm", None, Outcome.PYPI),
        ("uv", None, Outcome.CHAINGUARD),
        ("uv", "0.8.22", Outcome.PYPI),
        ("uv", "0.9.10", Outcome.PYPI),
        ("uv", "0.9.11", Outcome.CHAINGUARD),
        ("uv", "0.8.21", Outcome.CHAINGUARD),
        ("pip", None, Outcome.CHAINGUARD),
    ],
)
def test_a_hash_vouches_for_its_own_file_where_the_installer_says_so(
    installer: str, version: str | None, outcome: Outcome
) -> None:
    """Measured: PDM 2.29.3 and uv 0.8.22 to 0.9.10 take any hash of the entry for any file of it."""
    ours, theirs = file(WHEEL), file(WHEEL, P)
    mirrored = artifact(ours, url=FILES[RES] + WHEEL)
    beside = artifact(theirs, url=FILES[RES] + MISFIT, filename=MISFIT)
    where = context(installer, at=addresses(own=("corp.example",)), installer_version=version)
    known = answers(answer(C, ours), answer(P, theirs))
    verdict = predict(locked(mirrored, beside, index=RES), LOCK, LINUX, where, known)
    assert verdict is not None
    assert (verdict.outcome, verdict.file) == (outcome, WHEEL)
