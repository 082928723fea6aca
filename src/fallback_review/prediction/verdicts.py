"""One entry on one target -> one verdict, with everything that led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles import format_of
from fallback_review.lockfiles.names import can_match
from fallback_review.model import (
    Assumption,
    AssumptionKind,
    Cause,
    Evidence,
    EvidenceKind,
    Outcome,
    Owner,
)
from fallback_review.model.versions import parse_version
from fallback_review.prediction.addresses import host
from fallback_review.prediction.causes.refusals import REFUSED
from fallback_review.prediction.entry_kind import EntryKind, entry_kind, strays
from fallback_review.prediction.from_direct_references import of_direct_reference
from fallback_review.prediction.from_indexes import looked_up
from fallback_review.prediction.from_lock import from_lock
from fallback_review.prediction.install_request import (
    indexes_for,
    installer_of,
    misses_source,
    named_index,
    pages_of,
    request_for,
)
from fallback_review.prediction.installation import Derivation, Installation, files_of
from fallback_review.prediction.left_behind import left_behind
from fallback_review.prediction.lock_environments import excludes
from fallback_review.prediction.relevant import about
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.model import LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction.context import Answers, Context

OUTDATED = "outdated"
"""The reason of a verdict on a lock that its project has left behind."""
_NO_SOURCE = "source"
"""The reason of a verdict on an entry whose source the project does not have."""
_PASSING = (OUTDATED, _NO_SOURCE)
"""Refusals that end once the entry is locked again: what it will be then decides how."""
_OURS = (Outcome.CHAINGUARD, Outcome.REMEDIATED)
_OLD = "1.0"
"""A version of an installer that is older than any rule that changed."""
_LONGEST_HASH = 140
_NOT_THERE = (Cause.PROJECT_MISSING, Cause.VERSION_MISSING, Cause.NO_CANDIDATE)


def derive(
    package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
) -> Derivation | None:
    """Predict one entry on one target; None where it is not installed there, or is no PyPI package.

    Where other installers may read the lock, and one of them would end with another outcome, nobody knows.
    """
    derived = _derived(package, lockfile, target, context, answers)
    for other in context.others:
        again = _derived(package, lockfile, target, other, answers)
        if derived is None or again is None or again.verdict.outcome is derived.verdict.outcome:
            continue
        names = context.installer, other.installer
        return _by_whom(derived, again, names)
    return derived


def _by_whom(one: Derivation, other: Derivation, installers: tuple[str, str]) -> Derivation:
    verdict = one.verdict
    took = [
        f"{name}: {each.verdict.outcome.value} ({each.verdict.file or 'no file'})"
        for name, each in zip(installers, (one, other), strict=True)
    ]
    said = Evidence(EvidenceKind.CONFIGURED, f"{' or '.join(installers)} may install it: {', '.join(took)}")
    unknown = replace(
        verdict,
        outcome=Outcome.UNKNOWN,
        cause=Cause.NOT_CONFIGURED,
        reason="installer",
        evidence=(said, *other.verdict.evidence, *verdict.evidence),
        otherwise=None,
    )
    return replace(one, verdict=unknown, needs=one.needs | other.needs)


def _derived(
    package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
) -> Derivation | None:
    what = entry_kind(package, lockfile, context)
    if what is EntryKind.OUT_OF_SCOPE or not applies(package.marker, target):
        return None
    options = (context.options or lockfile.options).of(package.name)
    heard = about(package, options, answers.get(package.name, {}))
    pages = pages_of(heard, context)
    subject = Installation(
        package=package,
        lockfile=lockfile,
        target=target,
        context=context,
        answers=heard,
        request=request_for(package, lockfile, target, context, pages),
        pages=pages,
    )
    if (refusal := _refused(subject)) is not None:
        return _behind(subject, refusal) if refusal.reason in _PASSING else Derivation(verdict=refusal)
    if what is not EntryKind.INDEX:
        return Derivation(verdict=_UNASKED[what](subject))
    derived = _predicted(subject)
    return _as_configured(subject, derived) if derived is not None else None


def _predicted(subject: Installation) -> Derivation | None:
    """Predict an entry of an index; an answer that depends on the installer's version says so."""
    derived = from_lock(subject) if subject.package.urls_locked else _asked(subject)
    older = _as_older(subject)
    again = older and (from_lock(older) if older.package.urls_locked else _asked(older))
    if derived is None or not again:
        return derived
    verdict, other = derived.verdict, again.verdict
    if (verdict.outcome, verdict.file) == (other.outcome, other.file):
        return derived
    said = (
        f"Assumed: the newest {subject.context.installer}, which ranks wheels for plain Linux first; "
        f"an older one takes {other.file or 'nothing'} ({other.outcome.value}). "
        "Set installer-version in [indexes]."
    )
    assumption = Assumption(AssumptionKind.INSTALLER_VERSION, said)
    return replace(derived, verdict=replace(verdict, assumptions=(*verdict.assumptions, assumption)))


def _as_older(subject: Installation) -> Installation | None:
    """Return an entry as an older version of its installer sees it; None where that is all the same."""
    installer = installer_of(subject.context)
    if subject.context.installer_version is not None or not (
        installer.plain_linux_first(None) and not installer.plain_linux_first(_OLD)
    ):
        return None
    names = (listed.file.filename for page in subject.pages.values() for listed in page)
    locked = (artifact.filename or artifact.url or "" for artifact in subject.package.artifacts)
    if not any("-linux_" in name for name in (*names, *locked)):
        return None
    ranks = installer.ranks(subject.target, _OLD)
    return replace(subject, request=replace(subject.request, ranks=ranks))


def _refused(subject: Installation) -> Verdict | None:
    """The installer refuses its configuration, the lock, or the entry, whatever the indexes have."""
    notice = subject.context.refused
    if notice is not None:
        said = Evidence(EvidenceKind.CONFIGURED, notice.text, notice.path or "")
        reason = OUTDATED if notice.outdated else "configuration"
        return subject.verdict(Outcome.INSTALL_FAILS, REFUSED, reason=reason, evidence=(said,))
    why = _wrong_hash(subject)
    if why is not None:
        said = Evidence(EvidenceKind.LOCKED, why)
        return subject.verdict(Outcome.INSTALL_FAILS, REFUSED, reason="hash", evidence=(said,))
    why = excludes(subject.lockfile, subject.target, subject.package)
    if why is None and misses_source(subject.package, subject.context):
        name = subject.package.source.reference
        missing = Evidence(
            EvidenceKind.LOCKED, f"the lock takes it from the source {name}, which the project does not have"
        )
        return subject.verdict(Outcome.INSTALL_FAILS, REFUSED, reason=_NO_SOURCE, evidence=(missing,))
    if why is None:
        return None
    return subject.verdict(
        Outcome.INSTALL_FAILS, REFUSED, reason="lock", evidence=(Evidence(EvidenceKind.LOCKED, why),)
    )


def _wrong_hash(subject: Installation) -> str | None:
    """Return what about an entry's hashes keeps it from being installed, whatever the indexes have."""
    package, installer = subject.package, installer_of(subject.context)
    form = installer.hash_form(package.urls_locked or not format_of(subject.lockfile).asks_index)
    for each in sorted(package.hashes):
        if form is not None and package.source.kind.from_index and not form.fullmatch(each):
            return f"{installer.name} refuses the hash {each[:_LONGEST_HASH]}, and with it the lock"
    if package.hashes and not any(map(can_match, package.hashes)):
        return f"no file can have the lock's hash {min(package.hashes)[:_LONGEST_HASH]}"
    return None


def _behind(subject: Installation, refusal: Verdict) -> Derivation:
    """Derive what lies below: the step that ends it locks again as well."""
    if refusal.reason == OUTDATED:
        context = replace(subject.context, refused=None)
    else:
        context = replace(subject.context, sources=None)
    answers = {subject.package.name: subject.answers}
    below = _derived(subject.package, subject.lockfile, subject.target, context, answers)
    if below is None:
        return Derivation(verdict=refusal)
    return replace(below, verdict=replace(refusal, otherwise=below.verdict), steps=())


def _as_configured(subject: Installation, derived: Derivation) -> Derivation:
    """What depends on a key that is not predicted is not known; one that nobody knows is assumed away."""
    unclear = [each for each in subject.context.not_modelled if each.concerns(subject.package)]
    verdict = derived.verdict
    demands = subject.context.demands
    # What is no better than PyPI's is no better where the lock is left as it stands, either.
    if demands is not None and verdict.outcome.rank > Outcome.PYPI.rank:
        behind = left_behind(subject.package, demands)
        unclear += [behind] if behind is not None else []
    if not unclear:
        assumptions = (*verdict.assumptions, *subject.context.unknown_keys)
        return replace(derived, verdict=replace(verdict, assumptions=assumptions))
    said = tuple(
        Evidence(EvidenceKind.CONFIGURED, f"{each.where}: {each.effect}", each.path) for each in unclear
    )
    today = f"without that: {verdict.outcome.value} ({verdict.file or 'no file'})"
    unknown = subject.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason="key",
        file=verdict.file,
        evidence=(*said, Evidence(EvidenceKind.CHOSEN, today), *verdict.evidence),
    )
    if all(each.outdated for each in unclear):
        unknown = replace(unknown, reason=OUTDATED, otherwise=verdict)
    return replace(derived, verdict=unknown)


# ── Entries that no index is asked for ──────────────────────────────────────────────────────────────


def _private(subject: Installation) -> Verdict:
    """A name that is never asked for; that the lock takes it from a public index is said all the same."""
    package, context = subject.package, subject.context
    named = named_index(package, context)
    homes = [home for each in package.artifacts if each.url and (home := context.addresses.home(each.url))]
    public = [index for index in (named, *homes) if index is not None and index.owner is not Owner.OWN]
    private = Evidence(EvidenceKind.CONFIGURED, "the settings call its name private; it was sent nowhere")
    if any(index.owner is Owner.PYPI for index in public):
        said = Evidence(
            EvidenceKind.LOCKED,
            "the lock takes it from PyPI, although its name is private: dependency confusion",
            package.source.location or "",
        )
        return subject.verdict(Outcome.PYPI, Cause.PRIVATE_NAME, evidence=(said, private))
    if (named is not None and named.owner is Owner.NOBODY) or strays(package, context):
        return _untold(subject)
    asked = indexes_for(package, subject.lockfile, context)
    sources = [index for each in asked for index in each.sources]
    elsewhere = any(each.modelled for each in asked) or any(
        index.owner not in (Owner.PYPI, Owner.CHAINGUARD) for index in sources
    )
    if any(index.owner is Owner.CHAINGUARD for index in public) or (not public and not elsewhere):
        said = Evidence(EvidenceKind.LOCKED, "every index that the installer asks for it is a public one")
        return subject.verdict(Outcome.UNKNOWN, Cause.PRIVATE_NAME, evidence=(said, private))
    return subject.verdict(Outcome.PRIVATE, evidence=(private,))


def _untold(subject: Installation) -> Verdict:
    package, context = subject.package, subject.context
    location, named = package.source.location, named_index(package, context)
    if location is not None and named is not None and named.owner is Owner.NOBODY:
        reason, url, what = "manager", location, "the lock names an index"
    elif found := strays(package, context):
        reason, url, what = "hosts", found[0], "the lock names files"
    else:
        asked = indexes_for(package, subject.lockfile, context)
        url = next(index.url for each in asked for index in each.sources)
        reason, what = "manager", "the installer asks an index"
    said = Evidence(
        EvidenceKind.LOCKED,
        f"{what} on {host(url) or url}, which no setting names; the package's name was sent nowhere",
        url,
    )
    return subject.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason=reason, url=url, evidence=(said,))


_UNASKED: Mapping[EntryKind, Callable[[Installation], Verdict]] = {
    EntryKind.DIRECT: of_direct_reference,
    EntryKind.PRIVATE: _private,
    EntryKind.UNTOLD: _untold,
}


# ── Entries that the installer looks up ─────────────────────────────────────────────────────────────


def _asked(subject: Installation) -> Derivation:
    derived = _either(subject) if subject.context.alternatives else looked_up(subject)
    fails = derived.verdict.outcome is Outcome.INSTALL_FAILS and derived.verdict.cause in _NOT_THERE
    if fails and _remediated_elsewhere(subject):
        said = Evidence(
            EvidenceKind.UNANSWERED,
            "a remediated version, and neither the settings nor the repository names the remediated index",
        )
        verdict = subject.verdict(
            Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="remediated", evidence=(said,)
        )
        derived = replace(derived, verdict=verdict)
    if _other_kinds(subject) and _hangs_on_other_kinds(subject, derived.verdict):
        return _incomparable(subject, derived)
    return derived if _is_pinned(subject) else _unpinned(subject, derived)


def _is_pinned(subject: Installation) -> bool:
    """Whether the lock, or what overrides it, says which version is installed."""
    locked = subject.package.version
    return locked is not None and (subject.request.version is not None or parse_version(locked) is None)


def _remediated_elsewhere(subject: Installation) -> bool:
    """Whether the pin is a ``+cgr.N`` version of an index that was not asked: Chainguard's own lists none."""
    pinned = parse_version(subject.package.version)
    wanted = pinned is not None and (pinned.local or "").startswith("cgr.")
    asked = (*subject.chainguards,)
    if not wanted or any(index == subject.context.addresses.remediated for index in asked):
        return False
    return not any(files_of(subject.answers[index]).whole.any_name_has("+cgr.") for index in asked)


def _other_kinds(subject: Installation) -> list[str]:
    """Return the algorithms of the lock's hashes beside SHA-256: any one that fits is enough (measured)."""
    return sorted({each.partition(":")[0] for each in subject.package.hashes} - {"sha256"})


def _hangs_on_other_kinds(subject: Installation, verdict: Verdict) -> bool:
    """Whether a file that no SHA-256 of the lock allows may be allowed by another hash of it."""
    if subject.request.hashes:
        return verdict.cause is Cause.HASH_MISMATCH
    return verdict.outcome in _OURS


def _incomparable(subject: Installation, derived: Derivation) -> Derivation:
    """Pages tell SHA-256 alone: whether a lock's other hashes admit the file can't be seen."""
    kinds, how = ", ".join(_other_kinds(subject)), "too" if subject.request.hashes else "alone"
    said = Evidence(
        EvidenceKind.LOCKED,
        f"the lock has {kinds} hashes {how}, and indexes give sha256: nothing can be compared",
    )
    verdict = subject.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason="no-sha256",
        file=derived.verdict.file,
        evidence=(said, *derived.verdict.evidence),
    )
    return replace(derived, verdict=verdict)


def _unpinned(subject: Installation, derived: Derivation) -> Derivation:
    """An entry without a pin is resolved at install time: what it is today is evidence, never a pass."""
    today = derived.verdict
    if today.outcome is Outcome.UNKNOWN:
        return derived
    asked = indexes_for(subject.package, subject.lockfile, subject.context)
    may_move = any(index.owner is not Owner.CHAINGUARD for each in asked for index in each.sources)
    said = Evidence(EvidenceKind.CHOSEN, f"not pinned: today the installer takes {today.file or 'nothing'}")
    outcome = Outcome.UNKNOWN if today.outcome in _OURS and may_move else today.outcome
    return replace(
        derived,
        verdict=replace(today, outcome=outcome, cause=Cause.NOT_PINNED, evidence=(said, *today.evidence)),
    )


def _either(subject: Installation) -> Derivation:
    """Where the layout is not known: every possible one, and all answers where they differ."""
    derived = [
        (
            title,
            looked_up(replace(subject, context=replace(subject.context, indexes=indexes, alternatives=()))),
        )
        for title, indexes in subject.context.alternatives
    ]
    needs = frozenset(index for _, each in derived for index in each.needs)
    worst = min((each for _, each in derived), key=lambda each: each.verdict.outcome.rank)
    answers = {(each.verdict.outcome, each.verdict.file) for _, each in derived}
    if len(answers) == 1 or worst.verdict.outcome is Outcome.UNKNOWN:
        return replace(worst, needs=needs)
    said = (
        Evidence(EvidenceKind.CONFIGURED, "the answer depends on the index layout, which is not known"),
        *(
            Evidence(
                EvidenceKind.CONFIGURED,
                f"if it is {title}: {each.verdict.outcome.value} ({each.verdict.file or 'no file'})",
            )
            for title, each in derived
        ),
    )
    verdict = subject.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="layout", evidence=said)
    return Derivation(verdict=verdict, steps=worst.steps, needs=needs)
