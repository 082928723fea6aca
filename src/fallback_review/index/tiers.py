"""Telling what a file of Chainguard's indexes is: built, remediated or upstream."""

from __future__ import annotations

import re
from itertools import pairwise

from fallback_review.model import Tier

_TIERS = {"python": Tier.BUILT, "python-upstream": Tier.UPSTREAM, "python-remediated": Tier.REMEDIATED}
_CUDA = re.compile(r"cu\d{2,4}")
_REMEDIATED_VERSION = re.compile(r"\+cgr\.\d+", re.IGNORECASE)


def tier_of(url: str) -> Tier | None:
    """Return the tier that a file's URL path tells, or None where it does not tell.

    Chainguard's documentation: ``/python/simple/…`` and, on older backends, ``/python/files/<hex>/…`` are
    built from source, ``/python-upstream/…`` is PyPI's own bytes, ``/python-remediated/…`` is remediated; the
    CUDA indexes (``…/cu126/simple/``) hold built files. Only meaningful for files that such an index lists.
    """
    # Plain cutting, since this runs once for every file; the first part is the host.
    path = url.partition("://")[2].partition("#")[0].partition("?")[0]
    for segment, following in pairwise(path.split("/")[1:]):
        if following in ("simple", "files"):
            return Tier.BUILT if _CUDA.fullmatch(segment) else _TIERS.get(segment)
    return None


def tier_of_file(url: str, version: str | None, page: str = "") -> Tier | None:
    """Return a listed file's tier; a ``+cgr.N`` version is remediated wherever it is served from.

    Where the file's own address tells nothing, what the upstream index's `page` lists is upstream: main's may
    have been redirected to it.
    """
    if version and _REMEDIATED_VERSION.search(version):
        return Tier.REMEDIATED
    return tier_of(url) or (Tier.UPSTREAM if tier_of(page) is Tier.UPSTREAM else None)
