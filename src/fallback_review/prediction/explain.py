"""The whole derivation of one prediction, for a person who doubts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review.model import Role, Source, SourceKind
from fallback_review.prediction.install_request import (
    indexes_for,
    installer_of,
    options_of,
    pages_of,
    request_for,
)
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.locking import relock
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction.candidates import Step
    from fallback_review.prediction.context import Book, Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that led to one verdict; plain text throughout."""

    package: str
    target: str
    facts: tuple[str, ...]
    """Installer, layout and what each index said."""
    steps: tuple[Step, ...]
    """Each filter in order, with the files that it kept and dropped (of the requested version)."""
    verdict: Verdict | None
    """None where the entry is not installed on the target."""


def explain(
    package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, book: Book
) -> Explanation:
    """Return every step of one prediction: listing, each filter, the chosen file, the evidence."""
    derived = derive(package, lockfile, target, situation, book)
    layout = LAYOUTS[situation.layout]
    version = f"=={package.version}" if package.version else (package.specifier or "")
    facts = [
        f"installer: {situation.installer}",
        f"index layout: {layout.name}, {layout.title} ({layout.source})",
    ]
    for role in Role:
        answer = book.get((role, package.name))
        if answer is not None:
            said = answer.problem or f"{len(answer.files)} files"
            facts.append(f"{role.value}: {said}" + (f" ({answer.message})" if answer.message else ""))
    if derived is not None and package.urls_locked:
        facts += _locking_again(package, lockfile, target, situation, book)
    if derived is None:
        facts.append(f"not installed on {target.label}: its marker excludes it, or it is no PyPI package")
    return Explanation(
        package=f"{package.name}{version}",
        target=target.label,
        facts=tuple(facts),
        steps=derived.steps if derived else (),
        verdict=derived.verdict if derived else None,
    )


def _locking_again(
    package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, book: Book
) -> list[str]:
    """Say what locking the entry again through the layout would record, where both indexes answered."""
    heard = [book.get((role, package.name)) for role in (Role.CHAINGUARD, Role.PYPI)]
    if not all(answer is not None and answer.answered for answer in heard):
        return []
    anywhere = replace(package, source=Source(kind=SourceKind.REGISTRY))
    pages = pages_of(package.name, book)
    found = relock(
        installer_of(situation).name,
        request_for(anywhere, lockfile, target, situation, pages),
        indexes_for(anywhere, lockfile, situation, LAYOUTS[situation.layout], pages),
        options_of(situation),
    )
    if found.failure is not None:
        return [f"locking it again through this layout would fail: {found.failure.value}"]
    owners = sorted({listed.owner.value for listed in found.files if listed.owner is not None})
    return [f"locking it again through this layout would record {found.version} from {' and '.join(owners)}"]
