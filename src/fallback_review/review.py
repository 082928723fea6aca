"""The pipeline: two sides of lockfiles and whatever the indexes answer in, a `Review` out.

Pure but for `ask`, which the caller brings: the command line and the Action ask real indexes, tests a table.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from fallback_review import policy, prediction
from fallback_review.changes import diff
from fallback_review.lockfiles import FORMATS, parse, parse_pair
from fallback_review.model import (
    Conclusion,
    LockfileDiff,
    Notice,
    Outcome,
    Review,
    ReviewedChange,
    ReviewedLockfile,
    Role,
)
from fallback_review.settings import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from packaging.requirements import Requirement

    from fallback_review.lockfiles import Text
    from fallback_review.model import Answer, Change, LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction import Book, Explanation, Situation
    from fallback_review.settings import Settings

    Ask = Callable[[Role, Collection[str]], Mapping[str, Answer]]
    """Asks one index for several projects; gives an answer for each name, never an exception."""

_COVERED_BY_ALLOWANCE = frozenset({Outcome.PYPI, Outcome.UPSTREAM, Outcome.DIRECT, Outcome.PRIVATE})
"""An allowance says where a package may come from: it can't make an install work or an index answer."""


def compare(base: Text | None, head: Text | None) -> LockfileDiff:
    """Return what changed between two sides of one lockfile; None is a side that does not exist.

    Raises:
        LockfileError: a side can't be read.
    """
    return diff(*parse_pair(base, head))


def whole(text: Text) -> LockfileDiff:
    """Return one lockfile as if everything in it were new, for a scan.

    Raises:
        LockfileError: the file can't be read.
    """
    lockfile = parse(text)
    return diff(replace(lockfile, packages=(), unnamed=(), notices=(), header={}), lockfile)


def review(
    diffs: Sequence[LockfileDiff],
    settings: Settings,
    ask: Ask,
    *,
    today: date,
    unreadable: Iterable[Notice] = (),
    scope: str = "changes",
) -> Review:
    """Predict every change of the diffs on every target and judge it by the settings' policy.

    `unreadable` names files that look like lockfiles and could not be read: with one of them, the whole is
    not a pass. Indexes are asked once for each project, and PyPI only where an answer needs it.
    """
    targets = settings.targets.expand()
    situations = [situation(each, settings) for each in diffs]
    wanted = [
        (package, each.head, where)
        for each, where in zip(diffs, situations, strict=True)
        for change in each.changes
        for package in change.gained
    ]
    book = _ask_all(wanted, targets, ask)
    lockfiles = tuple(
        _reviewed_lockfile(each, _Judge(settings, today, where, targets, book))
        for each, where in zip(diffs, situations, strict=True)
    )
    unread = tuple(unreadable)
    conclusions = [change.conclusion for lockfile in lockfiles for change in lockfile.changes]
    conclusions += [policy.could_not_check(settings.policy)] * len(unread)
    return Review(
        conclusion=policy.conclude(conclusions),
        lockfiles=lockfiles,
        targets=targets,
        unreadable=unread,
        findings=policy.expiry_notices(settings.allow, today, path=SETTINGS_PATH),
        scope=scope,
    )


def situation(each: LockfileDiff, settings: Settings) -> Situation:
    """Return what a prediction needs to know besides the entry: installer, layout, addresses."""
    indexes = settings.indexes
    return prediction.Situation(
        installer=indexes.installer or each.head.installer or FORMATS[each.format].installer,
        layout=indexes.layout or "virtual-file",
        chainguard_url=indexes.chainguard,
        remediated_url=indexes.remediated,
        pypi_url=indexes.pypi,
        pypi_hosts=frozenset(indexes.pypi_hosts),
        resolver_url=indexes.resolver,
        private=settings.policy.private,
    )


def explain(text: Text, pin: Requirement, settings: Settings, ask: Ask) -> list[tuple[Explanation, str]]:
    """Explain every prediction for one pin of a lockfile, with the cause in words; none if it is not there.

    Raises:
        LockfileError: the file can't be read.
    """
    each = whole(text)
    where = situation(each, settings)
    targets = settings.targets.expand()
    found = [
        (change, package)
        for change in each.changes
        for package in change.gained
        if package.name == canonicalize_name(pin.name) and _pinned(package, pin)
    ]
    book = _ask_all([(package, each.head, where) for _, package in found], targets, ask)
    explained = []
    for change, package in found:
        for target in targets:
            explanation = prediction.explain(package, each.head, target, where, book)
            verdict = explanation.verdict
            why = prediction.describe(verdict, change, where, book) if verdict else ""
            explained.append((explanation, why))
    return explained


def _pinned(package: LockedPackage, pin: Requirement) -> bool:
    """Whether a pin asks for an entry's version; ``==1.0`` asks for ``1.0+local`` too (PEP 440)."""
    try:
        return not pin.specifier or (
            package.version is not None and pin.specifier.contains(package.version, prereleases=True)
        )
    except InvalidVersion:
        return False


def conclude_explained(explanations: Iterable[Explanation], settings: Settings) -> Conclusion:
    """Return what the policy makes of explained predictions, without the allow list."""
    return policy.conclude(
        policy.judge(each.verdict.outcome, each.verdict.cause, settings.policy)
        for each in explanations
        if each.verdict is not None and not each.verdict.informational
    )


def _ask_all(
    wanted: Sequence[tuple[LockedPackage, Lockfile, Situation]], targets: Sequence[Target], ask: Ask
) -> Book:
    """Ask in two rounds: what every prediction needs, then PyPI where the first answers leave it open."""
    book: dict[tuple[Role, str], Answer] = {}
    _ask_new(((role, p.name) for p, _, where in wanted for role in prediction.questions(p, where)), book, ask)
    _ask_new(
        (
            (role, package.name)
            for package, lockfile, where in wanted
            for role in prediction.further_questions(package, lockfile, targets, where, book)
        ),
        book,
        ask,
    )
    return book


def _ask_new(questions: Iterable[tuple[Role, str]], book: dict[tuple[Role, str], Answer], ask: Ask) -> None:
    names: defaultdict[Role, set[str]] = defaultdict(set)
    for role, name in questions:
        if (role, name) not in book:
            names[role].add(name)
    for role in sorted(names):
        answers = ask(role, sorted(names[role]))
        book.update(((role, name), answer) for name, answer in answers.items())


@dataclass(frozen=True, slots=True)
class _Judge:
    settings: Settings
    today: date
    situation: Situation
    targets: tuple[Target, ...]
    book: Book


def _reviewed_lockfile(each: LockfileDiff, judge: _Judge) -> ReviewedLockfile:
    return ReviewedLockfile(
        path=each.path,
        format=each.format,
        installer=judge.situation.installer,
        layout=judge.situation.layout,
        changes=tuple(_reviewed_change(change, each, judge) for change in each.changes),
        metadata_only=each.metadata_only,
        unnamed=each.head.unnamed,
        notices=each.notices,
        base_path=each.base_path,
        base_format=each.base_format,
        header_changed=each.header_changed,
        base_entries=len(each.base.packages) + each.base.omitted,
        head_entries=len(each.head.packages) + each.head.omitted,
    )


def _reviewed_change(change: Change, each: LockfileDiff, judge: _Judge) -> ReviewedChange:
    verdicts = tuple(
        verdict
        for package in change.gained
        for target in judge.targets
        if (verdict := _verdict(package, each.head, target, judge)) is not None
    )
    deciding = [verdict for verdict in verdicts if not verdict.informational] or list(verdicts)
    if not deciding:
        return ReviewedChange(change=change)
    worst = min(deciding, key=lambda verdict: verdict.outcome.rank)
    conclusion = policy.judge(worst.outcome, worst.cause, judge.settings.policy)
    allowance = None
    if worst.outcome in _COVERED_BY_ALLOWANCE and conclusion is not Conclusion.PASS:
        allowance = policy.allowance(change, judge.settings.allow, judge.today)
    return ReviewedChange(
        change=change,
        outcome=worst.outcome,
        cause=worst.cause,
        reason=worst.reason,
        why=prediction.describe(worst, change, judge.situation, judge.book),
        advice=prediction.advise(change, verdicts, judge.situation, judge.book, format=each.format),
        verdicts=verdicts,
        differs_on=tuple(dict.fromkeys(v.target for v in verdicts if v.outcome is not worst.outcome)),
        conclusion=Conclusion.PASS if allowance else conclusion,
        allowance=allowance,
    )


def _verdict(package: LockedPackage, lockfile: Lockfile, target: Target, judge: _Judge) -> Verdict | None:
    """Predict one entry on one target; None where the entry is not installed there (its marker)."""
    return prediction.predict(package, lockfile, target, judge.situation, judge.book)
