"""`resolver-index-url`: the organisation's own virtual index is asked; it lists what the installer sees.

The owner of each file is told by its SHA-256. A manager whose Chainguard credentials have expired answers
from PyPI alone, silently (seen with devpi): that is no wall of fallbacks, and said as what it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, ProjectFile, Role, Tier
from fallback_review.prediction.case import Case, Derivation
from fallback_review.prediction.from_indexes import choose, judged, would_explain
from fallback_review.prediction.listing import ListedFile, Page, one_index
from fallback_review.prediction.origin import OURS, by_sha256, files

if TYPE_CHECKING:
    from fallback_review.prediction.installers import Choice


def observed(case: Case) -> Derivation:
    """Predict an entry from the listing that the organisation's own index gave."""
    silent = case.unanswered((Role.RESOLVER, Role.CHAINGUARD, Role.REMEDIATED))
    if silent is not None:
        return Derivation(verdict=case.unknown(silent))
    page = tuple(_recognised(file, case) for file in files(Role.RESOLVER, case.package.name, case.book))
    if _fell_through(page, case):
        evidence = (
            "your index lists none of Chainguard's files for this project, although Chainguard has them",
            "repository managers do this when their Chainguard credentials have expired",
        )
        verdict = case.verdict(Outcome.UNKNOWN, Cause.MANAGER_FELL_THROUGH, evidence=evidence)
        return Derivation(verdict=verdict)
    choice = choose(case, one_index(page))
    refused_or_chosen = choice.file or choice.refused
    if refused_or_chosen is not None and refused_or_chosen.owner is None:
        return _unrecognised(refused_or_chosen, choice, case)
    return Derivation(
        verdict=judged(choice, case), steps=choice.steps, needs_pypi=would_explain(choice, case)
    )


def _recognised(file: ProjectFile, case: Case) -> ListedFile:
    ours, theirs = by_sha256(case.package.name, file.sha256, case.book)
    if ours is not None:
        role, own = ours
        return ListedFile(file=replace(file, tier=own.tier), owner=role)
    return ListedFile(file=file, owner=Role.PYPI if theirs else None)


def _fell_through(page: Page, case: Case) -> bool:
    """Whether nothing listed is Chainguard's own, although Chainguard lists files of its own."""
    digests = {
        file.sha256
        for role in OURS
        for file in files(role, case.package.name, case.book)
        if file.tier is not Tier.UPSTREAM and file.sha256 is not None
    }
    return bool(digests) and not any(listed.file.sha256 in digests for listed in page)


def _unrecognised(listed: ListedFile, choice: Choice, case: Case) -> Derivation:
    """Judge a file that is not Chainguard's: without PyPI's answer nobody can say whose it is."""
    name, url = listed.file.filename, listed.file.url
    silent = case.unanswered((Role.PYPI,))
    if silent is not None:
        verdict = case.unknown(silent, "the file is none of Chainguard's", file=name, url=url)
        return Derivation(verdict=verdict, steps=choice.steps, needs_pypi=case.answer(Role.PYPI) is None)
    if listed.file.sha256 is None:
        said = "your index gives no sha256 for it, so its origin can't be told"
        verdict = case.verdict(Outcome.UNKNOWN, Cause.MALFORMED_INDEX, file=name, url=url, evidence=(said,))
    elif choice.file is None:
        verdict = judged(choice, case)
    else:
        said = "your index lists it, and neither Chainguard nor PyPI has these bytes: your organisation's own"
        verdict = case.verdict(Outcome.PRIVATE, file=name, url=url, evidence=(said,))
    return Derivation(verdict=verdict, steps=choice.steps)
