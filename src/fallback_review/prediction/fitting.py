"""The targets that a lock is for: its own ``requires-python`` rules some out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Target

_MINORS = range(6, 31)


def fitting(targets: Iterable[Target], requires_python: str | None) -> tuple[Target, ...]:
    """Return the targets whose Python a lock allows.

    Where it allows none of them, they are taken with the oldest Python that it does allow: a lock for 3.13 is
    judged on 3.13, not passed over. A specifier that can't be read, or allows nothing, rules nothing out.
    Source: the version specifiers of PEP 440; a target names no patch release, so its newest is meant too.
    """
    every = tuple(targets)
    try:
        allowed = SpecifierSet(requires_python or "")
    except ValueError:  # InvalidSpecifier, or a number of more digits than Python reads
        return every
    fit = tuple(target for target in every if _allows(allowed, target.python.removesuffix("t")))
    if fit:
        return fit
    oldest = next((f"3.{minor}" for minor in _MINORS if _allows(allowed, f"3.{minor}")), None)
    if oldest is None:
        return every
    moved = (replace(t, python=oldest + ("t" if t.python.endswith("t") else "")) for t in every)
    return tuple(dict.fromkeys(moved))


def _allows(allowed: SpecifierSet, python: str) -> bool:
    return allowed.contains(python, prereleases=True) or allowed.contains(f"{python}.99", prereleases=True)
