"""Which environments a lock is for: on any other, its installer refuses it whole.

Measured: uv 0.13 by ``requires-python`` and ``supported-markers`` of a uv.lock; pip 26.3 and uv 0.13 by
``requires-python`` and ``environments`` of a pylock.toml, and by each installed entry's ``requires-python``;
PDM 2.29 by the ``[[metadata.targets]]`` of a pdm.lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from fallback_review.lockfiles import format_of
from fallback_review.prediction.locked_urls import misnamed
from fallback_review.prediction.requires_python import admits
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import LockedPackage, Lockfile, Target

_MINORS = range(6, 31)
_LONGEST_SHOWN = 200


def excludes(lockfile: Lockfile, target: Target, package: LockedPackage | None = None) -> str | None:
    """Return why a lock, or one entry of it, can't be installed on a target at all; None where it is for it.

    `package` is an entry that the target installs: pylock.toml's may have a Python of their own, and some
    entries no installer takes anywhere.
    """
    if package is not None and package.refused is not None:
        return package.refused
    if package is not None and (name := misnamed(package)) is not None:
        return f"its file {_shown(name)} is none of {package.name} {_shown(package.version or '')}"
    environments = lockfile.environments
    if environments and not any(applies(marker, target) for marker in environments):
        return f"the lock is for other environments: {_shown(' or '.join(environments))}"
    known = format_of(lockfile)
    if known.heeds_requires_python and not admits(lockfile.requires_python, target):
        return f"the lock is for Python {_shown(lockfile.requires_python or '')}"
    if package is not None and known.heeds_entries_python and not admits(package.requires_python, target):
        return f"its entry is for Python {_shown(package.requires_python or '')}"
    return None


def fitting(targets: Iterable[Target], requires_python: str | None) -> tuple[Target, ...]:
    """Return the targets whose Python a lock allows.

    Where it allows none of them, they are taken with the oldest Python that it does allow: a lock for 3.13 is
    judged on 3.13, not passed over. A specifier that can't be read, or allows nothing, rules nothing out.
    Source: the version specifiers of PEP 440.
    """
    every = tuple(targets)
    try:
        SpecifierSet(requires_python or "")
    except ValueError:  # InvalidSpecifier, or a number of more digits than Python reads
        return every
    fit = tuple(target for target in every if admits(requires_python, target))
    if fit:
        return fit
    for minor in _MINORS:
        moved = tuple(dict.fromkeys(_with_python(target, minor) for target in every))
        if any(admits(requires_python, target) for target in moved):
            return moved
    return every


def _with_python(target: Target, minor: int) -> Target:
    return replace(target, python=f"3.{minor}" + ("t" if target.python.endswith("t") else ""))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
