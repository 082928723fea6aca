"""The whole derivation of one prediction, for a person who doubts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.model import Role
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction.candidates import Step
    from fallback_review.prediction.situation import Book, Situation


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
            said = answer.problem.value if answer.problem else f"{len(answer.files)} files"
            facts.append(f"{role.value}: {said}" + (f" ({answer.message})" if answer.message else ""))
    if derived is None:
        facts.append(f"not installed on {target.label}: its marker excludes it, or it is no PyPI package")
    return Explanation(
        package=f"{package.name}{version}",
        target=target.label,
        facts=tuple(facts),
        steps=derived.steps if derived else (),
        verdict=derived.verdict if derived else None,
    )
