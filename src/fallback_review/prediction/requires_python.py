"""What a file's ``requires-python`` (PEP 503, 621) means to an installer.

Where it can't be read, pip ignores it (`packaging` reads it there); uv corrects the common slips (its
``uv-pypi-types/src/lenient_requirement.rs``) and passes over a file whose text is still none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from fallback_review.prediction.targets import full_versions

if TYPE_CHECKING:
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
    """Whether the version is at or above what `requires-python` starts from: uv ignores upper bounds."""
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


def admits(said: str | None, target: Target) -> bool:
    """Whether `requires-python` admits some micro version of the target's Python; all, if unreadable."""
    return any(fits(said, version) for version in full_versions(target, said or ""))


def hangs_on_micro(said: str | None, target: Target) -> bool:
    """Whether `requires-python` admits one micro version of the target's Python, and not another."""
    return len({fits(said, version) for version in full_versions(target, said or "")}) > 1
