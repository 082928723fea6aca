"""What counts as the hash of a project's content."""

import pytest

from fallback_review.lockfiles.content_hashes import is_content_hash, pdm_hash, pipenv_hashes, poetry_hashes

DIGEST = "ab" * 32


@pytest.mark.parametrize("said", [DIGEST, f"sha256:{DIGEST}"])
def test_a_sha256_can_be_compared(said: str) -> None:
    assert is_content_hash(said)


@pytest.mark.parametrize(
    "said", ["0", "sha256:0", "0" * 64, "", None, 3, DIGEST + "a", DIGEST.upper(), f"md5:{DIGEST}"]
)
def test_nothing_else_can(said: object) -> None:
    assert not is_content_hash(said)


def test_each_hash_hangs_on_what_is_asked_for() -> None:
    one, two = ({"project": {"dependencies": [name]}} for name in ("aa", "bb"))
    assert pdm_hash(one) != pdm_hash(two)
    assert not set(poetry_hashes(one)) & set(poetry_hashes(two))
    assert pipenv_hashes({"packages": {"A_a": "*"}})[1] == pipenv_hashes({"packages": {"a-a": "*"}})[0]
