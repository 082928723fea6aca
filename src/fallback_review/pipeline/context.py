"""What a lockfile stands in: its two trees, the installers' configuration there, the settings' addresses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review import configuration
from fallback_review.lockfiles import format_of, nothing_beside
from fallback_review.model import Notice
from fallback_review.prediction import Situation
from fallback_review.prediction.context import Standing, is_private, standing
from fallback_review.prediction.lock_environments import fitting
from fallback_review.settings.schema import PYPI_ITSELF

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.configuration import Arrangement
    from fallback_review.model import Change, LockedPackage, Lockfile, LockfileDiff, Target
    from fallback_review.settings.schema import Indexes, Settings

    Read = Callable[[str], str | None]


from typing import TYPE_CHECKING

from fallback_review.pipeline.ask import learn_hosts
from fallback_review.pipeline.compare import source_hosts
from fallback_review.pipeline.marker_changes import with_newly_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fallback_review.model import Change, LockfileDiff
    from fallback_review.pipeline.ask import Ask, Question
    from fallback_review.pipeline.compare import Compared
    from fallback_review.settings.schema import Indexes, Settings


DEFAULT_LAYOUT = "virtual-file"
"""How Chainguard's own fallback and most repository managers are best described (lockfiles differ least)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What predictions for one lockfile need to know besides its entries."""

    situation: Situation
    """For every package without an arrangement of its own."""
    arrangement: Arrangement | None
    """What the installers' own files say; None where the settings name the layout."""
    targets: tuple[Target, ...]
    """The settings' targets, as far as the lock's own ``requires-python`` allows them."""
    findings: tuple[Notice, ...]
    """What is wrong with the configuration, and what the pull request changes about it."""
    opened: tuple[Notice, ...] = ()
    """What the pull request lets in besides the entries that it changes."""

    @property
    def because(self) -> str:
        """Why the layout is what it is, in one sentence."""
        if self.arrangement is None:
            return "the settings name the layout"
        if self.arrangement.layout is None:
            return f"assumed: {self.arrangement.because}"
        return self.arrangement.because

    def of(self, package: LockedPackage) -> Situation:
        """Return the situation of one package: some installers bind packages to indexes by name."""
        own = self.arrangement.layout_for(package.name) if self.arrangement else None
        return replace(self.situation, layout=own) if own else self.situation


def survey(
    compared: Compared, settings: Settings, *, allowed: Callable[[Change], bool] = lambda _: False
) -> Surroundings:
    """Return a lockfile's surroundings: the settings decide; the installers' own files, where they don't.

    `allowed` says of a change whether the settings let it come from anywhere.
    """
    lockfile = compared.diff.head
    installer = _installer(lockfile, settings)
    situation = _from_settings(settings.indexes, installer, settings.policy.private)
    head = configuration.read(lockfile, compared.head_read or nothing_beside, installer=installer)
    situation = replace(situation, unasked=configuration.unasked(head, situation), options=head.options)
    base = None
    if compared.base_read is not None:
        before = compared.diff.base
        theirs = installer if before.format == lockfile.format else _installer(before, settings)
        base = configuration.read(before, compared.base_read, installer=theirs)
    arrangement = None
    if settings.indexes.layout is None:
        arrangement = configuration.arrange(head, situation)
        situation = replace(
            situation,
            layout=arrangement.layout or DEFAULT_LAYOUT,
            private=(*situation.private, *arrangement.private),
        )
    targets = fitting(settings.targets.expand(), _required_python(compared.diff))
    if compared.head_read is None:  # nothing is installed from it, so that nothing is let in
        return Surroundings(situation=situation, arrangement=arrangement, targets=targets, findings=())
    told, strange = _elsewhere(compared, situation, allowed)
    return Surroundings(
        situation=situation,
        arrangement=arrangement,
        targets=targets,
        findings=(
            *told,
            *configuration.findings(head, lockfile, situation),
            *(configuration.compare(base, head) if base and base.installer == head.installer else ()),
        ),
        opened=(
            *strange,
            *configuration.opened(compared.diff, base, head, situation, arrangement=arrangement),
        ),
    )


def _installer(lockfile: Lockfile, settings: Settings) -> str:
    """Return who installs a lockfile; of a migration's sides each has its own, configured in other files."""
    return settings.indexes.installer or lockfile.installer or format_of(lockfile).installer


def _required_python(diff: LockfileDiff) -> str | None:
    """Return what Python a lock is for; a pull request can't choose by it where it is judged.

    Poetry and Pipenv install with any Python, whatever their locks say: there the base's word counts.
    """
    heeded = format_of(diff.head).heeds_requires_python
    believed = diff.head if diff.base_path is None or heeded else diff.base
    return believed.requires_python


def _elsewhere(
    compared: Compared, situation: Situation, allowed: Callable[[Change], bool]
) -> tuple[list[Notice], list[Notice]]:
    """Say it where packages come from an index that nobody named: what to know, and what is no pass.

    It is likely the organisation's repository manager, or a mistake: where most packages come from it, that
    is to be known. An index that the lockfile did not know before may be anybody's.
    """
    gained = sum(len(change.gained) for change in compared.diff.changes)
    hosts = Counter(
        at
        for change in compared.diff.changes
        if not is_private(change.name, situation) and not allowed(change)
        for package in change.gained
        if standing(package, situation) is Standing.PRIVATE
        for at in source_hosts(package)
    )
    said: tuple[list[Notice], list[Notice]] = ([], [])
    for name, count in hosts.items():
        new = name in compared.new_hosts
        if new or count > gained / 2:
            text = (
                f"{count} of {gained} new entries come from {name}, an index that the settings don't "
                "name, and are not checked. If it is your organisation's, name it: resolver or own-hosts in "
                "[indexes]; if its packages are meant to come from there, name them: private in [policy]"
            )
            said[new].append(Notice(path=compared.diff.path, text=text))
    return said


def _from_settings(indexes: Indexes, installer: str, private: tuple[str, ...]) -> Situation:
    return Situation(
        installer=installer,
        layout=indexes.layout or DEFAULT_LAYOUT,
        chainguard_url=indexes.chainguard,
        remediated_url=indexes.remediated,
        pypi_url=indexes.pypi,
        pypi_itself=PYPI_ITSELF,
        pypi_hosts=frozenset(indexes.pypi_hosts),
        own_hosts=frozenset(indexes.own_hosts),
        resolver_url=indexes.resolver,
        private=private,
    )


@dataclass(frozen=True, slots=True)
class Case:
    """One lockfile, what changed in it, and what it stands in."""

    diff: LockfileDiff
    surroundings: Surroundings

    def questions(self) -> Iterator[Question]:
        """Yield the predictions to come: every new entry, on every target."""
        for change in self.diff.changes:
            for package in change.gained:
                yield package, self.diff.head, self.surroundings.of(package), self.surroundings.targets


def cases_of(
    compared: Sequence[Compared],
    settings: Settings,
    ask: Ask,
    *,
    allowed: Callable[[Change], bool] = lambda _: False,
) -> list[Case]:
    """Return the cases of some lockfiles; where all hangs on it, PyPI is asked for the host of its files."""

    def cases(indexes: Indexes) -> list[Case]:
        known = settings.model_copy(update={"indexes": indexes})
        around = ((each.diff, survey(each, known, allowed=allowed)) for each in compared)
        return [Case(with_newly_installed(diff, where.targets), where) for diff, where in around]

    found = cases(settings.indexes)
    hosts = learn_hosts((question for case in found for question in case.questions()), ask)
    if not hosts:
        return found
    hosts |= set(settings.indexes.pypi_hosts)
    return cases(settings.indexes.model_copy(update={"pypi_hosts": tuple(sorted(hosts))}))
