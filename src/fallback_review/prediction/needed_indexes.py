"""Which indexes a prediction needs to hear: those that the installer asks, and those that know the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Owner, SourceKind
from fallback_review.prediction.entry_kind import EntryKind, entry_kind
from fallback_review.prediction.install_request import indexes_for, named_index
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Index, LockedPackage, Lockfile, Target
    from fallback_review.prediction.cache import Derive
    from fallback_review.prediction.context import Answers, Context


def questions(package: LockedPackage, lockfile: Lockfile, context: Context) -> frozenset[Index]:
    """Return the indexes to ask first; none for private and conda entries.

    Chainguard's main index is always among them, and PyPI where a file may turn out to be Chainguard's: no
    green without a look at both. Where the lock takes all from PyPI, PyPI has nothing to add.
    """
    what, addresses = entry_kind(package, lockfile, context), context.addresses
    if what is EntryKind.DIRECT and package.source.kind is SourceKind.URL:
        home = addresses.home(package.source.location or "")
        ours = home is not None and home.owner is Owner.CHAINGUARD
        return frozenset({home, addresses.pypi}) if home is not None and ours else frozenset()
    if what is not EntryKind.INDEX:
        return frozenset()
    if package.urls_locked:
        homes = [addresses.home(each.url) for each in package.artifacts if each.url]
        wanted = [*homes, named_index(package, context)]
        if any(home is None or home.owner is not Owner.PYPI for home in homes):
            wanted.append(addresses.pypi)
        else:
            wanted = [index for index in wanted if index is None or index.owner is not Owner.PYPI]
    else:
        asked = indexes_for(package, lockfile, context)
        wanted = [index for each in asked for index in each.sources]
        wanted += [index for _, each in context.alternatives for one in each for index in one.sources]
        if any(index is not None and index.owner is not Owner.PYPI for index in wanted):
            wanted.append(addresses.pypi)
    wanted += [addresses.chainguard, addresses.remediated]
    return frozenset(index for index in wanted if index is not None and addresses.can_be_asked(index))


def further_questions(
    package: LockedPackage,
    lockfile: Lockfile,
    targets: Iterable[Target],
    context: Context,
    answers: Answers,
    *,
    derive: Derive = derive,
) -> frozenset[Index]:
    """Return the indexes whose answers could still change or explain a verdict on some target."""
    if entry_kind(package, lockfile, context) is not EntryKind.INDEX:
        return frozenset()
    heard = answers.get(package.name, {})
    derived = (derive(package, lockfile, target, context, answers) for target in targets)
    return frozenset(
        index for each in derived if each is not None for index in each.needs if index not in heard
    )
