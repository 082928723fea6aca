"""One entry on one target -> one verdict, with everything that led to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, Role, SourceKind
from fallback_review.model.versions import parse_version
from fallback_review.prediction.case import Case, Derivation
from fallback_review.prediction.context import Place, Standing, host, place, standing
from fallback_review.prediction.from_indexes import looked_up, roles_of
from fallback_review.prediction.from_lock import from_lock
from fallback_review.prediction.from_resolver import observed
from fallback_review.prediction.install_request import pages_of, request_for
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.origin import files
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.model import LockedPackage, Lockfile, LockIndex, Target, Verdict
    from fallback_review.prediction.context import Book, Situation
    from fallback_review.prediction.listing import Layout


_OURS = (Outcome.CHAINGUARD, Outcome.REMEDIATED)


def derive(
    package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, book: Book
) -> Derivation | None:
    """Predict one entry on one target; None where it is not installed there, or is no PyPI package."""
    what = standing(package, situation)
    if what is Standing.OUT_OF_SCOPE or not applies(package.marker, target):
        return None
    pages = pages_of(package.name, book)
    case = Case(
        package=package,
        lockfile=lockfile,
        target=target,
        situation=situation,
        book=book,
        request=request_for(package, lockfile, target, situation, pages),
        pages=pages,
    )
    if what is Standing.INDEX:
        return from_lock(case) if package.urls_locked else _asked(case)
    return Derivation(verdict=_UNASKED[what](case))


def _direct(case: Case) -> Verdict:
    kind = case.package.source.kind.value
    location = case.package.source.location
    if case.package.source.kind is SourceKind.URL and place(location, case.situation) is Place.PYPI:
        said = f"a direct reference to a file of PyPI's ({host(location or '')})"
        return case.verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL, url=location, evidence=(said,))
    said = (
        "part of this project" if case.package.local else f"the lock takes it from {kind}, not from an index"
    )
    return case.verdict(Outcome.DIRECT, evidence=(said,))


def _private(case: Case) -> Verdict:
    at = host(case.package.source.location or "")
    if place(case.package.source.location, case.situation) is Place.OTHER and at:
        said = f"the lock takes it from another index ({at}); its name was sent nowhere"
    else:
        said = "its name is private, or its files lie on another host; it was sent nowhere"
    return case.verdict(Outcome.PRIVATE, evidence=(said,))


def _untold(case: Case) -> Verdict:
    location = case.package.source.location
    at = host(location) if location else next(host(a.url) for a in case.package.artifacts if a.url)
    why = (
        "beside an index of the settings"
        if Place.NEIGHBOUR in (place(each, case.situation) for each in (location, _first_url(case.package)))
        else "and no index, and PyPI did not say whether that host is its own"
    )
    said = (
        f"the lock names files on {at} {why}; the name was sent nowhere: name the host in [indexes], as one "
        "of pypi-hosts or own-hosts"
    )
    return case.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="hosts", evidence=(said,))


def _first_url(package: LockedPackage) -> str | None:
    return next((artifact.url for artifact in package.artifacts if artifact.url), None)


_UNASKED: Mapping[Standing, Callable[[Case], Verdict]] = {
    Standing.DIRECT: _direct,
    Standing.PRIVATE: _private,
    Standing.UNTOLD: _untold,
}


def _asked(case: Case) -> Derivation:
    situation = case.situation
    if situation.chainguard_url is None:
        said = "no Chainguard index is configured"
        return Derivation(verdict=case.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, evidence=(said,)))
    if (elsewhere := _elsewhere(case)) is not None:
        return Derivation(
            verdict=case.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="index", evidence=(elsewhere,))
        )
    layout = LAYOUTS[situation.layout]
    where = place(case.package.source.location, situation)
    through_manager = situation.resolver_url is not None and where in (Place.OWN, Place.UNSTATED)
    if through_manager:
        derived = observed(case)
    else:
        derived = _either(case, layout) if layout.alternatives else looked_up(case, layout)
    if not through_manager and derived.verdict.reason == Failure.NO_VERSION:
        derived = _looked_for_everywhere(case, derived)
    if _other_kinds(case) and _hangs_on_other_kinds(case, derived.verdict):
        return _incomparable(case, derived)
    if case.package.version is not None:
        return derived
    return _unpinned(derived, may_move=through_manager or Role.PYPI in roles_of(case, layout))


def _looked_for_everywhere(case: Case, derived: Derivation) -> Derivation:
    """What was not found can't be installed only where every index was asked that may have it."""
    unasked = case.situation.unasked
    if _remediated_elsewhere(case):
        reason, said = "remediated", "a remediated version, and the settings name no remediated index to ask"
    elif unasked and case.package.source.location is None:
        at = ", ".join(host(url) or url for url in unasked)
        reason, said = "unasked", f"nothing was found, and {at}, which the installer asks too, was not asked"
    else:
        return derived
    verdict = case.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason=reason, evidence=(said,))
    return replace(derived, verdict=verdict)


def _remediated_elsewhere(case: Case) -> bool:
    """Whether the pin is a ``+cgr.N`` version of an index that was not asked: Chainguard's own lists none."""
    pinned = parse_version(case.package.version)
    wanted = pinned is not None and (pinned.local or "").startswith("cgr.")
    if not wanted or case.situation.remediated_url is not None:
        return False
    return not any("+cgr." in file.filename for file in files(Role.CHAINGUARD, case.package.name, case.book))


def _elsewhere(case: Case) -> str | None:
    """Say where the file may come from that nobody asks: an index that no setting names, a folder; else None.

    pip gives no index priority, so that an unknown one can win any name; only hashes that are all known to be
    Chainguard's or PyPI's rule that out.
    """
    if case.request.hashes and not case.request.trust_unhashed and not _other_kinds(case):
        return None
    others = (line for line in case.lockfile.indexes if _not_looked_into(line, case.situation))
    found = next(others, None)
    if found is not None:
        at = host(found.url) or found.url
        return f"the lockfile names another index ({at}), which was not asked and may have it too"
    return "the lockfile has --no-index: no index is asked" if case.lockfile.options.no_index else None


def _not_looked_into(line: LockIndex, situation: Situation) -> bool:
    """Whether an index line leads to a stranger's host, a folder, or wherever a variable says.

    What a variable makes of the only index is a question of the layout, which the settings answer.
    """
    where = place(line.url, situation)
    if where is Place.LOCAL and line.role == "index-url" and "${" in line.url:
        return False
    return where in (Place.OTHER, Place.LOCAL, Place.NEIGHBOUR)


def _other_kinds(case: Case) -> list[str]:
    """Return the algorithms of the lock's hashes beside SHA-256: any one that fits is enough (measured)."""
    return sorted({each.partition(":")[0] for each in case.package.hashes} - {"sha256"})


def _hangs_on_other_kinds(case: Case, verdict: Verdict) -> bool:
    """Whether a file that no SHA-256 of the lock allows may be allowed by another hash of it."""
    if case.request.hashes:
        return verdict.cause is Cause.HASH_MISMATCH
    return verdict.outcome in _OURS


def _incomparable(case: Case, derived: Derivation) -> Derivation:
    """Pages tell SHA-256 alone: whether a lock's other hashes admit the file can't be seen."""
    kinds, how = ", ".join(_other_kinds(case)), "too" if case.request.hashes else "alone"
    said = f"the lock allows files by {kinds} {how}, and indexes tell their sha256: nothing can be compared"
    verdict = case.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason="no-sha256",
        file=derived.verdict.file,
        evidence=(said, *derived.verdict.evidence),
    )
    return replace(derived, verdict=verdict)


def _unpinned(derived: Derivation, *, may_move: bool) -> Derivation:
    """An entry without a pin is resolved at install time: what it is today is evidence, never a pass."""
    today = derived.verdict
    if today.outcome is Outcome.UNKNOWN:
        return derived
    said = f"not pinned: today the installer takes {today.file or 'nothing'}"
    outcome = Outcome.UNKNOWN if today.outcome in _OURS and may_move else today.outcome
    return replace(
        derived,
        verdict=replace(today, outcome=outcome, cause=Cause.NOT_PINNED, evidence=(said, *today.evidence)),
    )


def _either(case: Case, layout: Layout) -> Derivation:
    """Where the layout is not known: every possible one, and all answers where they differ."""
    derived = [(name, looked_up(case, LAYOUTS[name])) for name in layout.alternatives]
    needs_pypi = any(each.needs_pypi for _, each in derived)
    worst = min((each for _, each in derived), key=lambda each: each.verdict.outcome.rank)
    answers = {(each.verdict.outcome, each.verdict.file) for _, each in derived}
    if len(answers) == 1 or worst.verdict.outcome is Outcome.UNKNOWN:
        return replace(worst, needs_pypi=needs_pypi)
    said = tuple(
        f"if it is {LAYOUTS[name].title}: {each.verdict.outcome.value} ({each.verdict.file or 'no file'})"
        for name, each in derived
    )
    verdict = case.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason="layout",
        evidence=("the index layout is not known, and the answer hangs on it", *said),
    )
    return Derivation(verdict=verdict, steps=worst.steps, needs_pypi=needs_pypi)
