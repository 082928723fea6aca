"""What the indexes say of a project: which files they offer, and whose each is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Offered, Owner, Project, Tier
from fallback_review.model.indexed import MALWARE_DETECTED
from fallback_review.model.installed import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fallback_review.model import Answer, ProjectFile
    from fallback_review.pipeline.ask import Ask
    from fallback_review.prediction.addresses import Addresses


def projects_of(ask: Ask, addresses: Addresses, names: Collection[str]) -> Mapping[str, Project]:
    """Return what Chainguard's indexes and PyPI say of each project."""
    ours = (addresses.chainguard, addresses.remediated, *addresses.further)
    indexes = (*(index for index in ours if index is not None), addresses.pypi)
    answers = ask(dict.fromkeys(indexes, names)) if names else {}
    return {name: _project([answers[name][index] for index in indexes]) for name in names}


def _project(answers: Collection[Answer]) -> Project:
    ours = [answer for answer in answers if answer.index.owner is not Owner.PYPI]
    public = next(answer for answer in answers if answer.index.owner is Owner.PYPI)
    theirs = {file.sha256 for file in public.files if file.sha256}
    offered = []
    taken = set()
    for answer in answers:
        for file in answer.files:
            if file.sha256 in taken and file.sha256 is not None:
                continue
            taken.add(file.sha256)
            origin = Origin.PYPI if answer is public else _origin(file, theirs)
            offered.append(Offered(file=file, origin=origin, index=answer.index))
    blocked = next((answer for answer in answers if answer.problem is Cause.BLOCKED), None)
    return Project(
        offered=tuple(offered),
        unanswered="; ".join(answer.message for answer in ours if not answer.answered),
        uncompared="" if public.answered else public.message,
        unknown=all(answer.problem is Cause.PROJECT_MISSING for answer in answers),
        blocked=blocked.message if blocked else "",
        malware=any(answer.reason == MALWARE_DETECTED for answer in answers),
    )


def _origin(file: ProjectFile, theirs: Collection[str]) -> Origin:
    """Whose a file of Chainguard's page is: PyPI's where PyPI lists the same bytes, else by its path."""
    if file.sha256 in theirs or file.tier is Tier.UPSTREAM:
        return Origin.UPSTREAM
    return Origin.REMEDIATED if file.tier is Tier.REMEDIATED else Origin.CHAINGUARD
