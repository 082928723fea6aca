"""What a file's ``requires-python`` (PEP 503, 621) means to an installer.

Where it can't be read, pip heeds none of it (`packaging` reads it there); uv mends the common slips (its
``uv-pypi-types/src/lenient_requirement.rs``) and passes over a file whose text is still none.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Target


_SLIPS = (
    (re.compile(r"(?<=\d)(?=[<>=~^!])"), ","),  # >=3.8<4
    (re.compile(r"([<>]=?\s*\d+(?:\.\d+)*)\.\*"), r"\1"),  # >=3.6.*
    (re.compile(r",\s*$"), ""),  # >=3.6,
    (re.compile(r"[\"']"), ""),
)
_TOO_LARGE = re.compile(r"\d{20}")
"""More than uv's 64 bits hold (and from 4,300 digits on, more than Python reads)."""


@lru_cache(maxsize=4096)
def fits(said: str | None, python: str) -> bool:
    """Whether `requires-python` admits the version; one that can't be read admits all, as in pip."""
    try:
        return SpecifierSet(said or "").contains(python, prereleases=True)
    except ValueError:
        return True


@lru_cache(maxsize=4096)
def readable(said: str | None) -> bool:
    """Whether uv can read it."""
    return _mended(said) is not None


@lru_cache(maxsize=4096)
def reaches(said: str | None, python: str) -> bool:
    """Whether the version is at or above what `requires-python` starts from: uv heeds no upper bound."""
    lower = SpecifierSet(
        ",".join(
            f"{'>' if each.operator == '>' else '>='}{each.version.removesuffix('.*').partition('+')[0]}"
            for each in _mended(said) or ()
            if each.operator in (">", ">=", "==", "~=")
        )
    )
    return lower.contains(python, prereleases=True)


def _mended(said: str | None) -> SpecifierSet | None:
    text = said or ""
    if _TOO_LARGE.search(text):
        return None
    try:
        return SpecifierSet(text)
    except ValueError:
        for slip, instead in _SLIPS:
            text = slip.sub(instead, text)
    try:
        return SpecifierSet(text)
    except ValueError:
        return None


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
