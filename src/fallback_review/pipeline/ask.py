"""Asking the indexes no more than predictions and remarks need: each project once of each index."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from fallback_review import prediction
from fallback_review.lockfiles.names import is_project_name
from fallback_review.model import Index, Owner, SourceKind
from fallback_review.prediction.addresses import host
from fallback_review.prediction.installation import files_of
from fallback_review.prediction.remarks import remark_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from fallback_review.model import Answer, LockedPackage, ReviewedChange
    from fallback_review.prediction import Answers, Context, Derivations
    from fallback_review.prediction.addresses import Addresses
    from fallback_review.prediction.cache import Question

    Wanted = Mapping[Index, Collection[str]]
    """Normalised project names by the index that is asked for them."""
    Ask = Callable[[Wanted], Answers]
    """Asks several indexes at once; gives an answer for each name of each index, never an exception."""

KNOWN_PROJECT = "pip"
"""A project that PyPI surely has: its page tells the host of PyPI's files."""
MOST_REMARKED = 200
"""Projects that an index is asked for remarks alone; more of them nobody reads."""


def ask_all(wanted: Sequence[Question], ask: Ask, derive: Derivations) -> Answers:
    """Ask in rounds: what every prediction needs, then what the answers leave open.

    `derive` remembers what a further round had to derive.
    """
    known: dict[str, dict[Index, Answer]] = {}
    wanted = derive.distinct(wanted)
    first = (
        (index, package.name)
        for package, lockfile, context, _ in wanted
        for index in prediction.questions(package, lockfile, context)
    )
    _ask_new(first, known, ask)
    further = (
        (index, package.name)
        for package, lockfile, context, targets in wanted
        for index in prediction.further_questions(package, lockfile, targets, context, known, derive=derive)
    )
    _ask_new(further, known, ask)
    return known


def ask_for_remarks(
    reviewed: Iterable[ReviewedChange], answers: Answers, addresses: Addresses, ask: Ask
) -> Answers:
    """Return the answers with those that remarks need, once all verdicts are there.

    It is not for predicting: nothing that is learnt here, or not learnt, may change a verdict. PyPI is left
    alone where it has answered none of the questions before.
    """
    pypi = [heard[addresses.pypi] for heard in answers.values() if addresses.pypi in heard]
    out_of_reach = {addresses.pypi} if pypi and not any(answer.answered for answer in pypi) else set[Index]()
    wanted: defaultdict[Index, dict[str, None]] = defaultdict(dict)
    for each in reviewed:
        for index in remark_questions(each, answers, addresses) - out_of_reach:
            wanted[index][each.change.name] = None
    known = {name: dict(heard) for name, heard in answers.items()}
    few = [(index, name) for index, names in wanted.items() for name in islice(names, MOST_REMARKED)]
    _ask_new(few, known, ask)
    return known


def learn_hosts(wanted: Iterable[Question], addresses: Addresses, ask: Ask) -> frozenset[str] | None:
    """Return the hosts of PyPI's files, asked of PyPI where a verdict depends on whose a host is.

    Only there the host of a file alone tells a public package from a private one, whose name must not be
    asked for anywhere; and PyPI's file from a stranger's, behind a direct reference.

    Returns:
        The hosts; none where nothing depends on them; None where PyPI did not answer.
    """
    if not any(_hangs_on_host(package, context) for package, _, context, _ in wanted):
        return frozenset()
    answers = ask({addresses.pypi: [KNOWN_PROJECT]})[KNOWN_PROJECT]
    hosts = frozenset(host(file.url) for answer in answers.values() for file in files_of(answer)) - {""}
    return hosts or None


def _hangs_on_host(package: LockedPackage, context: Context) -> bool:
    """Whether an entry names a file on a host of which nobody has said whose it is."""
    addresses = context.addresses
    if package.source.kind is SourceKind.URL:
        home = addresses.home(package.source.location or "")
        return home is None or home.owner is Owner.OWN
    if package.source.kind is not SourceKind.REGISTRY:
        return False
    return any(each.url and addresses.home(each.url) is None for each in package.artifacts)


def _ask_new(questions: Iterable[tuple[Index, str]], known: dict[str, dict[Index, Answer]], ask: Ask) -> None:
    names: defaultdict[Index, set[str]] = defaultdict(set)
    for index, name in questions:
        if is_project_name(name) and index not in known.get(name, {}):
            names[index].add(name)
    if not names:
        return
    for name, heard in ask({index: sorted(names[index]) for index in sorted(names)}).items():
        known.setdefault(name, {}).update(heard)
