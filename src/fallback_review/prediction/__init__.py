"""Predicting what installers take: targets, listings, installers, verdicts, causes.

Pure: a lockfile entry, a target, a context and the indexes' answers in; a verdict with its evidence out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.prediction.cache import Derivations
from fallback_review.prediction.causes import CAUSES, advise, describe
from fallback_review.prediction.context import Answers, Context
from fallback_review.prediction.explain import Explanation, explain
from fallback_review.prediction.installers import INSTALLERS, Installer
from fallback_review.prediction.layouts import LAYOUTS, Layout
from fallback_review.prediction.listing import ListedFile
from fallback_review.prediction.needed_indexes import further_questions, questions
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction.cache import Derive


def predict(
    package: LockedPackage,
    lockfile: Lockfile,
    target: Target,
    context: Context,
    answers: Answers,
    *,
    derive: Derive = derive,
) -> Verdict | None:
    """Return what will be installed for one entry on one target.

    None where there is nothing to say: the entry's marker excludes the target, or it is a conda package. An
    index that did not answer gives `unknown` with that cause, never `pypi`, unless the lock itself proves it.
    `derive` may be `Derivations`, which remembers.
    """
    derived = derive(package, lockfile, target, context, answers)
    return derived.verdict if derived is not None else None


__all__ = [
    "CAUSES",
    "INSTALLERS",
    "LAYOUTS",
    "Answers",
    "Context",
    "Derivations",
    "Explanation",
    "Installer",
    "Layout",
    "ListedFile",
    "advise",
    "describe",
    "explain",
    "further_questions",
    "predict",
    "questions",
]
