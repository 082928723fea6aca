"""Asking the indexes no more than predictions and remarks need: each project once, PyPI where it matters."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from fallback_review import prediction
from fallback_review.model import Role, SourceKind
from fallback_review.prediction.context import host
from fallback_review.prediction.remarks import remark_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from fallback_review.model import Answer, LockedPackage, Lockfile, ReviewedChange, Target
    from fallback_review.prediction import Book, Derivations, Situation

    Ask = Callable[[Role, Collection[str]], Mapping[str, Answer]]
    """Asks one index for several projects; gives an answer for each name, never an exception."""
    Question = tuple[LockedPackage, Lockfile, Situation, Sequence[Target]]
    """A prediction to come: the entry, its lockfile, the surroundings and the targets."""

KNOWN_PROJECT = "pip"
"""A project that PyPI surely has: its page tells the host of PyPI's files."""
MOST_REMARKED = 200
"""Projects that an index is asked for remarks alone; more of them nobody reads."""


def ask_all(wanted: Sequence[Question], ask: Ask, derive: Derivations) -> Book:
    """Ask in two rounds: what every prediction needs, then PyPI where the first answers leave it open.

    `derive` remembers what the second round had to derive.
    """
    book: dict[tuple[Role, str], Answer] = {}
    first = (
        (role, package.name)
        for package, _, where, _ in wanted
        for role in prediction.questions(package, where)
    )
    _ask_new(first, book, ask)
    further = (
        (role, package.name)
        for package, lockfile, where, targets in wanted
        for role in prediction.further_questions(package, lockfile, targets, where, book, derive=derive)
    )
    _ask_new(further, book, ask)
    return book


def ask_for_remarks(reviewed: Iterable[ReviewedChange], book: Book, ask: Ask) -> Book:
    """Return the book with the answers that remarks need, once all verdicts are there.

    It is not for predicting: nothing that is learnt here, or not learnt, may change a verdict. PyPI is left
    alone where it has answered none of the questions before.
    """
    pypi = [answer for (role, _), answer in book.items() if role is Role.PYPI]
    out_of_reach = {Role.PYPI} if pypi and not any(answer.answered for answer in pypi) else set[Role]()
    wanted: defaultdict[Role, dict[str, None]] = defaultdict(dict)
    for each in reviewed:
        for role in remark_questions(each, book) - out_of_reach:
            wanted[role][each.change.name] = None
    known = dict(book)
    few = [(role, name) for role, names in wanted.items() for name in islice(names, MOST_REMARKED)]
    _ask_new(few, known, ask)
    return known


def learn_hosts(wanted: Iterable[Question], ask: Ask) -> frozenset[str]:
    """Return the hosts of PyPI's files, asked of PyPI where a lock names file URLs and no index.

    Only there the host of a file alone tells a public package from a private one, whose name must not be
    asked for anywhere; and PyPI's file from a stranger's, behind a direct reference. Nothing is learnt where
    PyPI does not answer.
    """
    if not any(_hangs_on_host(package, where) for package, _, where, _ in wanted):
        return frozenset()
    answer = ask(Role.PYPI, [KNOWN_PROJECT])[KNOWN_PROJECT]
    return frozenset(host(file.url) for file in answer.files)


def _hangs_on_host(package: LockedPackage, where: Situation) -> bool:
    if where.pypi_hosts:
        return False
    if package.source.kind is SourceKind.URL:
        return True
    return (
        package.source.kind is SourceKind.REGISTRY and package.source.location is None and package.urls_locked
    )


def _ask_new(questions: Iterable[tuple[Role, str]], book: dict[tuple[Role, str], Answer], ask: Ask) -> None:
    names: defaultdict[Role, set[str]] = defaultdict(set)
    for role, name in questions:
        if (role, name) not in book:
            names[role].add(name)
    for role in sorted(names):
        book.update(((role, name), answer) for name, answer in ask(role, sorted(names[role])).items())
