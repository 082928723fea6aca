"""Which indexes a prediction needs to hear: Chainguard's first, PyPI's only where the answer hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Role
from fallback_review.prediction.context import Standing, standing
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import LockedPackage, Lockfile, Target
    from fallback_review.prediction.cache import Derive
    from fallback_review.prediction.context import Book, Situation


def questions(package: LockedPackage, situation: Situation) -> frozenset[Role]:
    """Return the indexes to ask first; none for direct, private and conda entries."""
    if standing(package, situation) is not Standing.INDEX:
        return frozenset()
    roles = {
        Role.CHAINGUARD: situation.chainguard_url,
        Role.REMEDIATED: situation.remediated_url,
        Role.RESOLVER: situation.resolver_url,
    }
    return frozenset(role for role, url in roles.items() if url is not None)


def further_questions(
    package: LockedPackage,
    lockfile: Lockfile,
    targets: Iterable[Target],
    situation: Situation,
    book: Book,
    *,
    derive: Derive = derive,
) -> frozenset[Role]:
    """Return PyPI where its answer could change or explain a verdict on some target."""
    if standing(package, situation) is not Standing.INDEX or (Role.PYPI, package.name) in book:
        return frozenset()
    for target in targets:
        derived = derive(package, lockfile, target, situation, book)
        if derived is not None and derived.needs_pypi:
            return frozenset({Role.PYPI})
    return frozenset()
