"""The tier of a file, read off its URL's path."""

from __future__ import annotations

import pytest

from fallback_review.index.tiers import tier_of, tier_of_file
from fallback_review.model import Tier

HOST = "https://libraries.cgr.dev"


@pytest.mark.parametrize(
    ("path", "tier"),
    [
        ("/python/simple/flask/2.0.0/flask-2.0.0-py3-none-any.whl", Tier.BUILT),
        ("/python/files/0a1b2c/flask-2.0.0.tar.gz", Tier.BUILT),
        ("/python-upstream/simple/flask/2.0.0/flask-2.0.0.tar.gz", Tier.UPSTREAM),
        ("/python-upstream/files/0a1b2c/flask-2.0.0.tar.gz", Tier.UPSTREAM),
        ("/python-remediated/simple/flask/x/flask-2.0.0.tar.gz", Tier.REMEDIATED),
        ("/cu126/simple/torch/2.7.0/torch-2.7.0.whl", Tier.BUILT),
        ("/python/cu129/simple/torch/2.7.0/torch-2.7.0.whl", Tier.BUILT),
        ("/python-upstream/simple/python/simple/x.whl", Tier.UPSTREAM),
        ("/packages/ab/cd/flask-2.0.0.tar.gz", None),
        ("/simple/flask/flask-2.0.0.tar.gz", None),
        ("/cuda/simple/x.whl", None),
        ("/x.whl?a=/python/simple/y#/python/simple/z", None),
        ("/python", None),
        ("", None),
    ],
)
def test_tier_of(path: str, tier: Tier | None) -> None:
    assert tier_of(HOST + path) is tier


def test_a_host_is_not_a_path() -> None:
    assert tier_of("https://python/simple/flask/x.whl") is None


@pytest.mark.parametrize("version", ["2.0.0+cgr.1", "2.0.0+CGR.12"])
def test_a_remediated_version_is_remediated_wherever_it_is_served_from(version: str) -> None:
    assert tier_of_file(f"{HOST}/python/simple/flask/x.whl", version) is Tier.REMEDIATED


@pytest.mark.parametrize("version", ["2.0.0", "2.0.0+cgr", "2.0.0+local.1", None])
def test_other_versions_go_by_the_path(version: str | None) -> None:
    assert tier_of_file(f"{HOST}/python-upstream/simple/flask/x.whl", version) is Tier.UPSTREAM


def test_what_the_upstream_index_lists_is_upstream_where_the_files_address_tells_nothing() -> None:
    """Main's page may have been redirected there."""
    page = f"{HOST}/python-upstream/simple/flask/"
    assert tier_of_file(f"{HOST}/files/1/2/x.whl", "1.0", page) is Tier.UPSTREAM
    assert tier_of_file(f"{HOST}/python/simple/flask/x.whl", "1.0", page) is Tier.BUILT
    assert tier_of_file(f"{HOST}/files/1/2/x.whl", "1.0", f"{HOST}/python/simple/flask/") is None
