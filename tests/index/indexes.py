"""The indexes of these tests: whose each is, told by the test that runs the server."""

from __future__ import annotations

from fallback_review.model import Edition, Index, Owner


def chainguard(url: str) -> Index:
    """Chainguard's main index."""
    return Index(url, Owner.CHAINGUARD, Edition.MAIN)


def remediated(url: str) -> Index:
    """Chainguard's remediated index."""
    return Index(url, Owner.CHAINGUARD, Edition.REMEDIATED)


def pypi(url: str) -> Index:
    """PyPI, or the mirror that is asked in its place."""
    return Index(url, Owner.PYPI)


def own(url: str) -> Index:
    """The organisation's own virtual index, which can be asked."""
    return Index(url, Owner.OWN)
