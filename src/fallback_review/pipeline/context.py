"""The context of predictions: two trees, the installers' configuration in them, the settings' addresses."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.lockfiles import format_of, nothing_beside
from fallback_review.lockfiles.diff import unchanged
from fallback_review.lockfiles.urls import has_variable
from fallback_review.model import Assumption, AssumptionKind, Edition, Index, Owner
from fallback_review.pipeline.ask import learn_hosts
from fallback_review.pipeline.compare import installer_of
from fallback_review.pipeline.configured import configured
from fallback_review.pipeline.marker_changes import with_newly_installed
from fallback_review.prediction import LAYOUTS, Context
from fallback_review.prediction.addresses import Addresses
from fallback_review.prediction.layouts import DEFAULT_LAYOUT
from fallback_review.prediction.listing import AskedIndex, one
from fallback_review.prediction.lock_environments import fitting
from fallback_review.settings.schema import PYPI_ITSELF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from fallback_review.configuration import Arrangement, Configuration
    from fallback_review.model import Change, Demands, LockedPackage, Lockfile, LockfileDiff, Notice, Target
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.pipeline.configured import Configured
    from fallback_review.prediction.cache import Question
    from fallback_review.settings.schema import Indexes, Settings

    Read = Callable[[str], str | None]


MOST_JUDGED_AGAIN = 3_000
"""Names of entries that did not change and are judged since the configuration did, over all lockfiles."""


class LockfileSide(Struct, frozen=True):
    """A whole lockfile on one side, with the contexts of its packages."""

    lockfile: Lockfile
    context: Context
    """For every package without indexes of its own."""
    overrides: Mapping[str, Context] = field(default_factory=dict)
    """Name patterns to the context that holds for them alone: some installers bind packages to indexes."""

    def context_of(self, package: LockedPackage) -> Context:
        """Return the context of one package."""
        if not self.overrides:
            return self.context
        own = (
            context
            for pattern, context in self.overrides.items()
            if configuration.matches(package.name, pattern)
        )
        return next(own, self.context)

    def unlearnt(self) -> LockfileSide:
        """Return the side where PyPI did not say which hosts are its own: then none is known not to be."""
        overrides = {name: _unlearnt_context(each) for name, each in self.overrides.items()}
        return replace(self, context=_unlearnt_context(self.context), overrides=overrides)


class Unchanged(Struct, frozen=True):
    """The entries that stayed while the installer's configuration did not: both sides are to be judged."""

    before: LockfileSide
    after: LockfileSide
    changes: tuple[Change, ...] = ()
    """One for each name, as if its origin had changed."""
    left_out: int = 0
    """Names that are not among them, since there are too many."""

    def questions(self, targets: tuple[Target, ...]) -> Iterator[Question]:
        """Yield the predictions to come."""
        for change in self.changes:
            for side, packages in ((self.before, change.before), (self.after, change.gained)):
                for package in packages:
                    yield package, side.lockfile, side.context_of(package), targets


class Prepared(Struct, frozen=True):
    """One lockfile that is to be judged: what changed in it, and everything that predictions need to know."""

    diff: LockfileDiff
    side: LockfileSide
    """The head, with the entries that changed at least."""
    targets: tuple[Target, ...]
    """The settings' targets, as far as the lock's own ``requires-python`` allows them."""
    findings: tuple[Notice, ...] = ()
    """What is wrong with the configuration, and what the pull request changes about it."""
    changes_of_configuration: tuple[Notice, ...] = ()
    """Those of the findings that tell what the pull request changes."""
    opened: tuple[Notice, ...] = ()
    """What the pull request lets in besides the entries that it changes."""
    unchanged: Unchanged | None = None
    """What else is to be judged; None where the configuration does what it did."""

    @property
    def context(self) -> Context:
        """The context of every package without indexes of its own."""
        return self.side.context

    def context_of(self, package: LockedPackage) -> Context:
        """Return the context of one package."""
        return self.side.context_of(package)

    def questions(self) -> Iterator[Question]:
        """Yield the predictions to come: every new entry, on every target."""
        for change in self.diff.changes:
            for package in change.gained:
                yield package, self.diff.head, self.context_of(package), self.targets
        if self.unchanged is not None:
            yield from self.unchanged.questions(self.targets)


def prepare_all(
    compared: Sequence[ComparedLockfile], settings: Settings, ask: Ask, *, today: date | None = None
) -> list[Prepared]:
    """Return lockfiles with their contexts; PyPI is asked for its files' hosts if a verdict needs them.

    `today` is for options that count back from the install: without it they mean nothing.
    """
    addresses = addresses_of(settings.indexes)
    found = [prepare(each, settings, addresses, today=today) for each in compared]
    found = bounded_again(found)
    hosts = learn_hosts((question for each in found for question in each.questions()), addresses, ask)
    if hosts is None:
        return [_unlearnt(each) for each in found]
    if not hosts:
        return found
    learnt = replace(addresses, pypi_hosts=addresses.pypi_hosts | hosts)
    return bounded_again([prepare(each, settings, learnt, today=today) for each in compared])


def bounded_again(prepared: Sequence[Prepared]) -> list[Prepared]:
    """Return lockfiles of which no more names are judged again than may be, over all of them.

    What a name says is asked once for all lockfiles, so one that an earlier lockfile has costs no request.
    """
    names: set[str] = set()
    found = []
    for each in prepared:
        again = each.unchanged
        if again is not None:
            kept = []
            for change in again.changes:
                if change.name in names or len(names) < MOST_JUDGED_AGAIN:
                    names.add(change.name)
                    kept.append(change)
            left_out = again.left_out + len(again.changes) - len(kept)
            again = replace(again, changes=tuple(kept), left_out=left_out)
        found.append(replace(each, unchanged=again))
    return found


def _unlearnt_context(context: Context) -> Context:
    others = tuple(map(_unlearnt_context, context.others))
    return replace(context, pypi_hosts_known=False, others=others)


def _unlearnt(prepared: Prepared) -> Prepared:
    """Which hosts are PyPI's was asked and not answered: then no other host is known to be none of PyPI's."""
    again = prepared.unchanged
    if again is not None:
        again = replace(again, before=again.before.unlearnt(), after=again.after.unlearnt())
    return replace(prepared, side=prepared.side.unlearnt(), unchanged=again)


def prepare(
    compared: ComparedLockfile, settings: Settings, addresses: Addresses, *, today: date | None = None
) -> Prepared:
    """Return a lockfile with its context: the settings decide, else the installers' own files."""
    lockfile = compared.diff.head
    before, after = _configured(compared, settings, compared.diff.base, lockfile, today)
    around = _Around(settings, addresses, compared.new_hosts, today)
    side = around.side(lockfile, after)
    targets = fitting(settings.targets.expand(), _required_python(compared.diff))
    diff = with_newly_installed(compared.diff, targets)
    prepared = Prepared(diff=diff, side=side, targets=targets)
    if compared.head_read is None:  # nothing is installed from it, so that nothing is let in
        return prepared
    again: Unchanged | None = None
    asked: tuple[Notice, ...] = ()
    base, head = before.first if before is not None else None, after.first
    if before is not None and base is not None and compared.read_whole is not None:
        alike = before.alike(after)
        moved = configuration.moved(base, head) - {each.name for each in diff.changes if each.gained}
        if moved or not alike:
            whole = compared.read_whole()
            theirs, ours = _configured(compared, settings, *whole, today)
            sides = around.side(whole[0], theirs or before), around.side(whole[1], ours)
            again = _unchanged(*sides, diff, moved if alike else None)
            asked = tuple(configuration.unlocked(whole[1], ours.first))
    if not lockfile.omitted and not asked:
        asked = tuple(configuration.unlocked(lockfile, head))
    told = configuration.compare(base, head) if base and base.installer == head.installer else ()
    return replace(
        prepared,
        unchanged=again,
        findings=(
            *configuration.findings(head, lockfile, addresses),
            *told,
            *(each.notice for each in compared.variables if each.installer == head.installer),
        ),
        changes_of_configuration=told,
        opened=(
            *configuration.opened(
                diff,
                base,
                head,
                addresses,
                decided=_decided(settings),
                unjudged=again.left_out if again is not None else _stayed(diff),
            ),
            *asked,
        ),
    )


def _configured(
    compared: ComparedLockfile, settings: Settings, before: Lockfile, after: Lockfile, today: date | None
) -> tuple[Configured | None, Configured]:
    """Return how the installers are configured on both sides; None where there is no base."""
    now = datetime.combine(today, time(), UTC) if today is not None else None
    read = compared.head_read or nothing_beside
    head = configured(after, read, settings, now=now, named=compared.head_named)
    if compared.base_read is None:
        return None, head
    installer = installer_of(after, settings) if before.format == after.format else None
    base = configured(
        before, compared.base_read, settings, installer=installer, now=now, named=compared.base_named
    )
    return base, replace(head, first=configuration.with_gone(base.first, head.first))


def _stayed(diff: LockfileDiff) -> int:
    """Return how many entries are not judged where only those that changed are."""
    return len(diff.head.packages) + diff.head.omitted - sum(len(each.gained) for each in diff.changes)


class _Around(Struct, frozen=True):
    """What holds for both sides of a lockfile."""

    settings: Settings
    addresses: Addresses
    new_hosts: frozenset[str]
    today: date | None

    def side(self, lockfile: Lockfile, told: Configured) -> LockfileSide:
        """Return one side with the contexts that its configuration amounts to."""
        found = self._side(lockfile, told.first)
        if not told.others:
            return found
        others = tuple(self._side(lockfile, each).context for each in told.others)
        overrides = {name: replace(each, others=others) for name, each in found.overrides.items()}
        context = replace(found.context, others=others)
        return replace(found, context=context, overrides=overrides)

    def _side(self, lockfile: Lockfile, told: Configuration) -> LockfileSide:
        arrangement = configuration.arrange(told, self.addresses)
        context = replace(
            _context(told, arrangement, self.settings, self.addresses),
            unknown_keys=tuple(_unknown(each) for each in (*told.unknown_keys, *_elsewhere(lockfile))),
            new_hosts=self.new_hosts,
            today=self.today,
        )
        if _decided(self.settings):
            return LockfileSide(lockfile, context)
        overrides = {
            pattern: replace(context, indexes=indexes, assumptions=())
            for pattern, indexes in arrangement.overrides.items()
        }
        return LockfileSide(lockfile, context, overrides)


def _unchanged(
    before: LockfileSide, after: LockfileSide, diff: LockfileDiff, only: frozenset[str] | None
) -> Unchanged | None:
    """Return what stayed; None where the lockfile moved to another format, of which nothing is the same.

    `only`: the names that are to be judged; None for all.
    """
    if before.lockfile.format != after.lockfile.format:
        return None
    every = unchanged(before.lockfile, after.lockfile, diff.changes)
    if only is not None:
        every = tuple(each for each in every if each.name in only)
    return Unchanged(
        before, after, every[:MOST_JUDGED_AGAIN], left_out=max(0, len(every) - MOST_JUDGED_AGAIN)
    )


def addresses_of(indexes: Indexes) -> Addresses:
    """Return the addresses that the settings name."""
    return Addresses(
        chainguard=Index(indexes.chainguard, Owner.CHAINGUARD, Edition.MAIN),
        remediated=Index(indexes.remediated, Owner.CHAINGUARD, Edition.REMEDIATED)
        if indexes.remediated
        else None,
        pypi=Index(indexes.pypi, Owner.PYPI),
        pypi_itself=PYPI_ITSELF,
        resolver=Index(indexes.resolver, Owner.OWN) if indexes.resolver else None,
        vex=Index(indexes.vex, Owner.CHAINGUARD, Edition.VEX) if indexes.vex else None,
        further=tuple(Index(url, Owner.CHAINGUARD, Edition.CUDA) for url in indexes.further),
        pypi_hosts=frozenset(indexes.pypi_hosts),
        own=indexes.own_hosts,
    )


def _decided(settings: Settings) -> bool:
    """Whether the settings say what the installer asks."""
    return settings.indexes.layout is not None or settings.indexes.resolver is not None


def _context(
    head: Configuration,
    arrangement: Arrangement,
    settings: Settings,
    addresses: Addresses,
) -> Context:
    name = settings.indexes.layout or DEFAULT_LAYOUT
    layout = LAYOUTS[name]
    context = Context(
        installer=head.installer,
        indexes=layout.arrange(addresses),
        addresses=addresses,
        alternatives=tuple(
            (LAYOUTS[each].title, LAYOUTS[each].arrange(addresses)) for each in layout.alternatives
        ),
        private=settings.policy.private,
        cooldown_days=settings.policy.cooldown_days,
        installer_version=settings.indexes.installer_version,
        options=head.options,
        not_modelled=head.not_modelled,
        demands=demands_on(head, settings),
        refused=head.refused,
        sources=configuration.sources_by_name(head, addresses) if head.names_sources else None,
        search_all_sources=head.search_all_sources,
        uv_strategy=head.strategy or layout.uv_strategy,
        respect_source_order=head.respect_source_order or layout.respect_source_order,
        layout=name,
    )
    if head.no_index:
        return replace(
            context,
            indexes=arrangement.indexes,
            alternatives=(),
            layout="configured",
            because=arrangement.because,
        )
    if addresses.resolver is not None:
        indexes = _with_lines((one(addresses.resolver),), head, addresses)
        said = "the settings name your own index, which is asked"
        return replace(context, indexes=indexes, alternatives=(), layout="resolver", because=said)
    if settings.indexes.layout is not None:
        indexes = _with_lines(context.indexes, head, addresses)
        alternatives = context.alternatives if indexes == context.indexes else ()
        return replace(
            context, indexes=indexes, alternatives=alternatives, because="the settings name the layout"
        )
    if arrangement.named and not _managers_alone(arrangement.indexes, addresses):
        return replace(context, indexes=arrangement.indexes, layout="configured", because=arrangement.because)
    return replace(
        context,
        assumptions=(_assumed(arrangement),),
        because=f"assumed: {arrangement.because}",
    )


def demands_on(head: Configuration, settings: Settings) -> Demands | None:
    """Return what the project asks of its lock; which indexes count, the settings may say instead."""
    if head.demands is None or not _decided(settings):
        return head.demands
    return replace(head.demands, registries=None, gone=frozenset())


def _elsewhere(lockfile: Lockfile) -> Iterator[Notice]:
    """Give the files that the installer reads besides, and nobody here."""
    return (replace(each, path=each.path or lockfile.path) for each in lockfile.elsewhere)


def _unknown(notice: Notice) -> Assumption:
    at = f"{notice.path}:{notice.line}" if notice.line else f"{notice.path}"
    return Assumption(AssumptionKind.CONFIGURATION, f"Assumed to change nothing: {notice.text} ({at}).")


def _managers_alone(indexes: Sequence[AskedIndex], addresses: Addresses) -> bool:
    """Whether all that is asked is the organisation's own, which nobody asks from here: a virtual index.

    Whose an address is that a variable decides, nobody knows until the settings say it.
    """
    own = (addresses.index_at(index.url).owner is Owner.OWN for each in indexes for index in each.sources)
    return bool(indexes) and all(own)


def _assumed(arrangement: Arrangement) -> Assumption:
    why = (
        "the settings don't say what your own index merges"
        if arrangement.named
        else "the repository does not say"
    )
    return Assumption(
        AssumptionKind.LAYOUT,
        f"Assumed: one index that merges Chainguard's and PyPI's, Chainguard's first; {why}. "
        "Set layout, or resolver, in [indexes].",
    )


def _with_lines(
    decided: tuple[AskedIndex, ...], head: Configuration, addresses: Addresses
) -> tuple[AskedIndex, ...]:
    """Return what the settings decided with the index lines of the lockfile, which outrank all.

    The settings say what stands in place of the installer's default; a line that names a default replaces it.
    """
    lines = tuple(index for index in head.indexes if index.key.startswith("--"))
    arranged = configuration.arrange(replace(head, indexes=lines, builtin_pypi=False), addresses).indexes
    named = tuple(_as_decided(each, decided, addresses) for each in arranged)
    default = any(line.default and not has_variable(line.url) for line in lines)
    return named if default else (*decided, *(each for each in named if not each.default))


def _as_decided(named: AskedIndex, decided: tuple[AskedIndex, ...], addresses: Addresses) -> AskedIndex:
    """An index of the organisation's that can't be asked shows what the settings say of a virtual one."""
    (index,) = named.parts
    virtual = next((each for each in decided if each.modelled), None)
    if virtual is None or index.owner is not Owner.OWN or addresses.can_be_asked(index):
        return named
    return replace(virtual, default=named.default, supplemental=named.supplemental)


def _required_python(diff: LockfileDiff) -> str | None:
    """Return what Python a lock is for; a pull request can't choose by it where it is judged.

    Poetry and Pipenv install with any Python, whatever their locks say: there the base's word counts.
    """
    heeded = format_of(diff.head).heeds_requires_python
    believed = diff.head if diff.base_path is None or heeded else diff.base
    return believed.requires_python
