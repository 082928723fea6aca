"""Hashes that no file can have, or that an installer does not know (each measured with the installer)."""

from __future__ import annotations

import pytest

from fallback_review.model import Artifact, Lockfile, Outcome
from fallback_review.prediction import predict

from .build import LINUX, C, P, answer, answers, artifact, context, file, locked, package

WHEEL = "x-1.0-py3-none-any.whl"
OURS = file(WHEEL)
BARE = file(WHEEL, sha256=None)
GOOD = f"sha256:{OURS.sha256}"
LOCKS = {
    "pip": "requirements.txt",
    "uv": "requirements.txt",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipenv": "Pipfile.lock",
}
KNOWN = answers(answer(C, OURS), answer(P))
STRANGE = ("sha256:abc", f"sha256:{'z' * 64}", "sha256:", f"{GOOD}0", "sha512:abc", "")


def outcome_of(installer: str, *hashes: str, bare: bool = False) -> Outcome:
    """The outcome of an entry that is looked up on Chainguard's index alone."""
    known = answers(answer(C, BARE), answer(P)) if bare else KNOWN
    entry = package(artifacts=tuple(Artifact(filename=WHEEL, hashes=(each,)) for each in hashes), index=C)
    lock = Lockfile(path=LOCKS[installer], format=LOCKS[installer])
    verdict = predict(entry, lock, LINUX, context(installer, "chainguard-only"), known)
    assert verdict is not None
    return verdict.outcome


def locked_outcome(lock: str, installer: str, *hashes: str) -> Outcome:
    """The outcome of an entry whose lock names the file's URL."""
    entry = locked(artifact(OURS, hashes=hashes), index=C)
    verdict = predict(entry, Lockfile(path=lock, format=lock), LINUX, context(installer), KNOWN)
    assert verdict is not None
    return verdict.outcome


@pytest.mark.parametrize("installer", LOCKS)
@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("bare", [False, True])
def test_a_hash_that_no_file_can_have_lets_no_file_in(installer: str, value: str, bare: bool) -> None:
    """Neither does it stand for a link without a hash."""
    assert outcome_of(installer, value, bare=bare) is Outcome.INSTALL_FAILS


@pytest.mark.parametrize(
    ("installer", "outcome"),
    [
        ("pip", Outcome.CHAINGUARD),
        ("pipenv", Outcome.CHAINGUARD),
        ("poetry", Outcome.CHAINGUARD),
        ("pdm", Outcome.CHAINGUARD),
        ("uv", Outcome.INSTALL_FAILS),
    ],
)
def test_beside_the_right_hash_only_uv_minds_one_that_is_none(installer: str, outcome: Outcome) -> None:
    assert outcome_of(installer, GOOD, "sha256:abc") is outcome


@pytest.mark.parametrize("installer", ["pip", "pipenv", "uv"])
def test_algorithms_are_known_by_their_small_letters(installer: str) -> None:
    assert outcome_of(installer, f"SHA256:{OURS.sha256}") is Outcome.INSTALL_FAILS
    assert outcome_of(installer, GOOD, f"SHA256:{OURS.sha256}") is Outcome.INSTALL_FAILS


@pytest.mark.parametrize(
    ("installer", "outcome"),
    [("pip", Outcome.INSTALL_FAILS), ("pipenv", Outcome.INSTALL_FAILS), ("uv", Outcome.CHAINGUARD)],
)
def test_uv_alone_takes_weak_hashes(installer: str, outcome: Outcome) -> None:
    assert outcome_of(installer, GOOD, f"md5:{'a' * 32}") is outcome


@pytest.mark.parametrize(
    ("lock", "installer"),
    [("uv.lock", "uv"), ("pylock.toml", "uv"), ("pylock.toml", "pip"), ("pdm.lock", "pdm")],
)
def test_a_locked_hash_of_another_kind_cannot_be_compared(lock: str, installer: str) -> None:
    """It may be a wrong one, with which the install fails."""
    assert locked_outcome(lock, installer, f"sha512:{'0' * 128}") is Outcome.UNKNOWN
    assert locked_outcome(lock, installer, GOOD) is Outcome.CHAINGUARD


def test_of_several_hashes_one_is_enough() -> None:
    assert locked_outcome("pylock.toml", "pip", GOOD, f"sha512:{'0' * 128}") is Outcome.CHAINGUARD
    wrong = f"sha256:{'0' * 64}", f"sha512:{'0' * 128}"
    assert locked_outcome("pylock.toml", "pip", *wrong) is Outcome.UNKNOWN


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize(
    ("lock", "installer"), [("uv.lock", "uv"), ("pylock.toml", "pip"), ("pdm.lock", "pdm")]
)
def test_a_locked_file_with_a_hash_that_is_none_is_not_installed(
    lock: str, installer: str, value: str
) -> None:
    assert locked_outcome(lock, installer, value) is Outcome.INSTALL_FAILS
