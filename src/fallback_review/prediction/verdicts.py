"""One entry on one target -> one verdict, with everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, ProjectFile, Role, Tier, Verdict
from fallback_review.prediction import locked_urls
from fallback_review.prediction.adversary import strongest_page
from fallback_review.prediction.asking import indexes_for, installer_of, options_of, pages_of, request_for
from fallback_review.prediction.availability import fitting, lacking
from fallback_review.prediction.candidates import Step, parse_filename
from fallback_review.prediction.installers import Choice, Failure
from fallback_review.prediction.listing import LAYOUTS, Layout, ListedFile, Page, one_index
from fallback_review.prediction.origin import OURS, by_sha256, files, of_listed, of_locked
from fallback_review.prediction.situation import Place, Standing, host, place, standing
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from fallback_review.model import Answer, LockedPackage, Lockfile, Target
    from fallback_review.prediction.candidates import Request
    from fallback_review.prediction.listing import Index, Pages
    from fallback_review.prediction.situation import Book, Situation

_PYPI_WRITES_URLS = "pipenv"
"""Pipenv invents the URLs of its pylock.toml (measured): only name, version and hashes can be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that one prediction looks at."""

    package: LockedPackage
    lockfile: Lockfile
    target: Target
    situation: Situation
    book: Book
    request: Request
    pages: Pages

    def answer(self, role: Role) -> Answer | None:
        """Return what an index said about this project; None when it was not asked."""
        return self.book.get((role, self.package.name))

    def verdict(
        self,
        outcome: Outcome,
        cause: Cause | None = None,
        *,
        reason: str | None = None,
        file: str | None = None,
        url: str | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Verdict:
        """Return a verdict for this entry and target."""
        return Verdict(
            version=self.package.version,
            target=self.target.label,
            outcome=outcome,
            cause=cause,
            reason=reason,
            file=file,
            url_host=(host(url) or None) if url else None,
            evidence=evidence,
            informational=self.target.informational,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A verdict and the steps to it."""

    verdict: Verdict
    steps: tuple[Step, ...] = ()
    needs_pypi: bool = False
    """Whether PyPI's answer is missing and could change or explain the verdict."""


def derive(
    package: LockedPackage, lockfile: Lockfile, target: Target, situation: Situation, book: Book
) -> Derivation | None:
    """Predict one entry on one target; None where it is not installed there, or is no PyPI package."""
    what = standing(package, situation)
    if what is Standing.OUT_OF_SCOPE or not applies(package.marker, target):
        return None
    pages = pages_of(package.name, book)
    request = request_for(package, lockfile, target, situation, pages)
    case = Case(
        package=package,
        lockfile=lockfile,
        target=target,
        situation=situation,
        book=book,
        request=request,
        pages=pages,
    )
    if what is Standing.DIRECT:
        kind = (
            "part of this project"
            if package.local
            else f"the lock takes it from a {package.source.kind.value}"
        )
        return Derivation(verdict=case.verdict(Outcome.DIRECT, evidence=(f"{kind}, not from an index",)))
    if what is Standing.PRIVATE:
        return Derivation(verdict=case.verdict(Outcome.PRIVATE, evidence=(_why_private(case),)))
    if takes_locked_urls(package, lockfile):
        return _from_lock(case)
    if situation.chainguard_url is None and situation.resolver_url is None:
        said = "no index is configured"
        return Derivation(verdict=case.verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, evidence=(said,)))
    if situation.resolver_url is not None and place(package.source.location, situation) in (
        Place.OWN,
        Place.UNSTATED,
    ):
        return _observed(case)
    layout = LAYOUTS[situation.layout]
    derived = _either(case, layout) if layout.alternatives else _listed(case, layout)
    return _unpinned(derived, case, layout) if package.version is None else derived


def takes_locked_urls(package: LockedPackage, lockfile: Lockfile) -> bool:
    """Whether the installer takes URLs of the lock and asks no index."""
    if package.version is None and not package.urls_locked:
        return False
    return package.urls_locked and lockfile.installer != _PYPI_WRITES_URLS


def _why_private(case: Case) -> str:
    at = host(case.package.source.location or "")
    if place(case.package.source.location, case.situation) is Place.OTHER and at:
        return f"the lock takes it from another index ({at}); its name was sent nowhere"
    return "its name is private by the settings or its index is unknown; it was sent nowhere"


# ── The lock names the file ─────────────────────────────────────────────────────────────────────────


def _from_lock(case: Case) -> Derivation:
    chosen = locked_urls.choose(case.package, case.request, case.target)
    artifact = chosen.artifact
    if artifact is None:
        return Derivation(
            verdict=case.verdict(
                Outcome.INSTALL_FAILS,
                Cause.NO_COMPATIBLE_FILE,
                reason=Failure.NO_COMPATIBLE.value,
                evidence=("the lock names no file that fits this target",),
            ),
            steps=chosen.steps,
        )
    name = locked_urls.filename_of(artifact)
    origin = of_locked(replace(artifact, filename=name), case.package, case.situation, case.book)
    pypi_unasked = case.answer(Role.PYPI) is None
    known_ours = by_sha256(case.package.name, artifact.sha256, case.book)[0] is not None
    if origin.mismatch:
        verdict = case.verdict(
            Outcome.INSTALL_FAILS,
            Cause.HASH_MISMATCH,
            reason=Failure.HASH_MISMATCH.value,
            file=name,
            url=artifact.url,
            evidence=origin.evidence,
        )
        return Derivation(verdict=verdict, steps=chosen.steps, needs_pypi=pypi_unasked)
    outcome = origin.outcome
    if outcome is Outcome.PRIVATE or outcome is None:
        problem = _unanswered(case, (Role.CHAINGUARD, Role.PYPI))
        if outcome is None or problem is not None:
            cause, said = problem or (Cause.NOT_CONFIGURED, "no evidence tells whose file this is")
            verdict = case.verdict(
                Outcome.UNKNOWN, cause, file=name, url=artifact.url, evidence=(said, *origin.evidence)
            )
            return Derivation(verdict=verdict, steps=chosen.steps, needs_pypi=pypi_unasked and not known_ours)
    assert outcome is not None
    cause = _cause_of_locked(outcome, case)
    verdict = case.verdict(
        outcome,
        cause,
        reason=_upstream_reason(outcome, case),
        file=name,
        url=artifact.url,
        evidence=origin.evidence,
    )
    return Derivation(verdict=verdict, steps=chosen.steps)


def _cause_of_locked(outcome: Outcome, case: Case) -> Cause | None:
    if outcome is Outcome.UPSTREAM:
        return Cause.UPSTREAM_TIER
    if outcome is not Outcome.PYPI:
        return None
    answer = case.answer(Role.CHAINGUARD)
    if answer is None or not answer.answered:
        return Cause.LOCK_PINS_PYPI_URL
    return lacking(case.request, case.pages, case.book) or Cause.LOCK_PINS_PYPI_URL


def _upstream_reason(outcome: Outcome, case: Case) -> str | None:
    """Tell an upstream file whose version Chainguard has built since: the organisation is pinned to it."""
    if outcome is not Outcome.UPSTREAM:
        return None
    built = [
        c for c in fitting(case.request, case.pages) if c.listed.file.tier in (Tier.BUILT, Tier.REMEDIATED)
    ]
    return "built-available" if any(c.wheel for c in built) else None


# ── The installer looks it up ───────────────────────────────────────────────────────────────────────


def _listed(case: Case, layout: Layout) -> Derivation:
    indexes = indexes_for(case.package, case.lockfile, case.situation, layout, case.pages)
    roles = _roles(case, layout)
    problem = _unanswered(case, tuple(role for role in OURS if role in roles))
    if problem is not None:
        cause, said = problem
        return Derivation(verdict=case.verdict(Outcome.UNKNOWN, cause, evidence=(said,)))
    choice = _choose(case, indexes)
    if Role.PYPI in roles and not _answered(case, Role.PYPI) and _pypi_could_matter(case, layout, choice):
        cause, said = _unanswered(case, (Role.PYPI,)) or (Cause.NOT_CONFIGURED, "PyPI was not asked")
        evidence = (said, "its answer could change what is installed")
        return Derivation(
            verdict=case.verdict(Outcome.UNKNOWN, cause, evidence=evidence),
            steps=choice.steps,
            needs_pypi=True,
        )
    return Derivation(
        verdict=_judged(choice, case), steps=choice.steps, needs_pypi=_would_explain(choice, case)
    )


def _choose(case: Case, indexes: tuple[Index, ...]) -> Choice:
    return installer_of(case.situation).choose(case.request, indexes, options_of(case.situation))


def _roles(case: Case, layout: Layout) -> frozenset[Role]:
    """Return which indexes the installer can come to for this entry: marked pages are followed through."""
    marks: Pages = (_mark(Role.CHAINGUARD), _mark(Role.REMEDIATED), _mark(Role.PYPI))
    empty: Page = ()
    found: set[Role] = set()
    for number, role in enumerate((Role.CHAINGUARD, Role.REMEDIATED, Role.PYPI)):
        pages = tuple(marks[number] if each == number else empty for each in range(3))
        arranged = indexes_for(
            case.package, case.lockfile, case.situation, layout, (pages[0], pages[1], pages[2])
        )
        if any(index.page for index in arranged):
            found.add(role)
    if case.situation.remediated_url is None:
        found.discard(Role.REMEDIATED)
    return frozenset(found)


def _mark(role: Role) -> Page:
    return (ListedFile(file=ProjectFile(filename="", url="", version=None), owner=role),)


def _pypi_could_matter(case: Case, layout: Layout, choice: Choice) -> bool:
    if choice.file is None:
        return True
    strongest = (case.pages[0], case.pages[1], strongest_page(case.request, case.pages))
    indexes = indexes_for(case.package, case.lockfile, case.situation, layout, strongest)
    return _choose(case, indexes).file != choice.file


def _would_explain(choice: Choice, case: Case) -> bool:
    """Whether PyPI's answer, not needed for the outcome, would show whose hashes the lock holds."""
    refused = choice.failure in (Failure.HASH_MISMATCH, Failure.HASH_NOT_IN_LOCK, Failure.ENVIRONMENT_OR_HASH)
    return refused and bool(case.request.hashes) and case.answer(Role.PYPI) is None


def _answered(case: Case, role: Role) -> bool:
    answer = case.answer(role)
    return answer is not None and answer.answered


def _unanswered(case: Case, roles: tuple[Role, ...]) -> tuple[Cause, str] | None:
    """Return the first of these indexes that said nothing, as cause and sentence."""
    for role in roles:
        answer = case.answer(role)
        if answer is None:
            if role is Role.REMEDIATED and case.situation.remediated_url is None:
                continue
            return Cause.NOT_CONFIGURED, f"{role.value}'s index was not asked"
        if not answer.answered and answer.problem is not None:
            return (
                answer.problem,
                answer.message or f"{role.value}'s index did not answer: {answer.problem.value}",
            )
    return None


def _judged(choice: Choice, case: Case) -> Verdict:
    """Turn an installer's choice into a verdict."""
    if choice.file is None:
        return _failed(choice, case)
    origin = of_listed(choice.file)
    outcome = origin.outcome or Outcome.UNKNOWN
    file = choice.file.file
    evidence = [*origin.evidence]
    cause: Cause | None = None
    reason: str | None = None
    if outcome is Outcome.PYPI:
        cause, reason = _why_pypi(case)
    elif outcome is Outcome.UPSTREAM:
        cause, reason = Cause.UPSTREAM_TIER, _upstream_reason(outcome, case)
    parsed = parse_filename(file.filename)
    if parsed is not None and not parsed.wheel:
        evidence.append("a source distribution: it is built on the target, and what is built is not verified")
        reason = reason or "sdist"
    if file.yanked:
        evidence.append("the file is yanked; an exact pin may still take it (PEP 592; assumed, not measured)")
    if case.request.hashes and choice.file.bytes_sha256 is None:
        evidence.append(
            "its link carries no sha256; taken for the one that the lock allows and nothing else explains"
        )
    return case.verdict(
        outcome, cause, reason=reason, file=file.filename, url=file.url, evidence=tuple(evidence)
    )


def _why_pypi(case: Case) -> tuple[Cause, str | None]:
    cause = lacking(case.request, case.pages, case.book)
    answer = case.answer(Role.CHAINGUARD)
    if cause is not None and cause is not Cause.NOT_CONFIGURED:
        if answer is not None and not answer.answered:
            return Cause.LOCK_PINS_PYPI_URL, None
        return cause, answer.reason if answer is not None and cause is Cause.BLOCKED else None
    if place(case.package.source.location, case.situation) is Place.PYPI:
        return Cause.LOCK_PINS_PYPI_URL, None
    allowed = [c for c in fitting(case.request, case.pages) if case.request.allows_bytes(c.listed)]
    if case.request.hashes and not allowed:
        return Cause.LOCK_PINS_PYPI_HASH, None
    return Cause.INSTALLER_PREFERS_PYPI, None


_HASH_FAILURES = (Failure.HASH_MISMATCH, Failure.HASH_NOT_IN_LOCK)


def _failed(choice: Choice, case: Case) -> Verdict:
    failure = choice.failure or Failure.NO_VERSION
    reason = failure.value
    lack = lacking(case.request, case.pages, case.book)
    if failure in _HASH_FAILURES or (
        failure is Failure.ENVIRONMENT_OR_HASH and lack in (None, Cause.ONLY_SDIST)
    ):
        evidence = _hash_evidence(choice, case)
        refused = choice.refused.file if choice.refused else None
        return case.verdict(
            Outcome.INSTALL_FAILS,
            Cause.HASH_MISMATCH,
            reason=reason,
            file=refused.filename if refused else None,
            url=refused.url if refused else None,
            evidence=evidence,
        )
    if lack is Cause.BLOCKED:
        answer = case.answer(Role.CHAINGUARD)
        said = answer.reason if answer is not None else None
        return case.verdict(
            Outcome.INSTALL_FAILS, Cause.BLOCKED, reason=said, evidence=("Chainguard blocks this package",)
        )
    cause = lack if lack not in (None, Cause.ONLY_SDIST, Cause.NOT_CONFIGURED) else Cause.NO_CANDIDATE
    return case.verdict(
        Outcome.INSTALL_FAILS, cause, reason=reason, evidence=("no index has a file to install",)
    )


def _hash_evidence(choice: Choice, case: Case) -> tuple[str, ...]:
    said = []
    if choice.refused is not None:
        origin = of_listed(choice.refused)
        said.append(f"the installer chooses {choice.refused.file.filename}: {origin.evidence[0]}")
    hashes = case.request.hashes
    if hashes & {file.sha256 for file in files(Role.PYPI, case.package.name, case.book)}:
        said.append("the lock holds hashes of PyPI's files")
    if not hashes & {file.sha256 for role in OURS for file in files(role, case.package.name, case.book)}:
        said.append("the lock holds no hash of a file that Chainguard lists")
    return tuple(said)


# ── Special listings ────────────────────────────────────────────────────────────────────────────────


def _unpinned(derived: Derivation, case: Case, layout: Layout) -> Derivation:
    """An entry without a pin is resolved at install time: today's answer is evidence, never a pass."""
    today = derived.verdict
    said = f"not pinned: today {today.file or 'nothing'} would be installed"
    outcome = today.outcome
    if outcome in (Outcome.CHAINGUARD, Outcome.REMEDIATED) and Role.PYPI in _roles(case, layout):
        outcome = Outcome.UNKNOWN
    if outcome is Outcome.UNKNOWN and today.cause not in (None, Cause.NOT_PINNED):
        return derived
    verdict = replace(today, outcome=outcome, cause=Cause.NOT_PINNED, evidence=(said, *today.evidence))
    return replace(derived, verdict=verdict)


def _either(case: Case, layout: Layout) -> Derivation:
    """Where the layout is not known: every possible one, and both answers where they differ."""
    derived = [(name, _listed(case, LAYOUTS[name])) for name in layout.alternatives]
    first = derived[0][1]
    needs = any(each.needs_pypi for _, each in derived)
    if len({(each.verdict.outcome, each.verdict.file) for _, each in derived}) == 1:
        return replace(first, needs_pypi=needs)
    said = tuple(
        f"with {LAYOUTS[name].title}: {each.verdict.outcome.value}"
        + (f" ({each.verdict.file})" if each.verdict.file else "")
        for name, each in derived
    )
    worst = min((each for _, each in derived), key=lambda each: each.verdict.outcome.rank)
    if worst.verdict.outcome is Outcome.UNKNOWN:
        return replace(worst, needs_pypi=needs)
    verdict = case.verdict(
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        reason="layout",
        evidence=("the index layout is not known, and the answer hangs on it", *said),
    )
    return Derivation(verdict=verdict, steps=worst.steps, needs_pypi=needs)


def _observed(case: Case) -> Derivation:
    """Ask the organisation's own virtual index: what it lists is what the installer sees."""
    problem = _unanswered(case, (Role.RESOLVER, Role.CHAINGUARD))
    if problem is not None:
        cause, said = problem
        return Derivation(verdict=case.verdict(Outcome.UNKNOWN, cause, evidence=(said,)))
    page = tuple(_recognised(file, case) for file in files(Role.RESOLVER, case.package.name, case.book))
    if _fell_through(page, case):
        evidence = (
            "your index lists none of Chainguard's files for this project, although Chainguard has them",
            "repository managers do this when their Chainguard credentials have expired",
        )
        return Derivation(
            verdict=case.verdict(Outcome.UNKNOWN, Cause.MANAGER_FELL_THROUGH, evidence=evidence)
        )
    choice = _choose(case, one_index(page))
    chosen = choice.file
    if chosen is not None and chosen.owner is None:
        return _unrecognised(chosen, choice, case)
    derived = Derivation(
        verdict=_judged(choice, case), steps=choice.steps, needs_pypi=_would_explain(choice, case)
    )
    return _unpinned(derived, case, LAYOUTS["virtual-file"]) if case.package.version is None else derived


def _recognised(file: ProjectFile, case: Case) -> ListedFile:
    ours, theirs = by_sha256(case.package.name, file.sha256, case.book)
    if ours is not None:
        role, own = ours
        return ListedFile(file=replace(file, tier=own.tier), owner=role)
    return ListedFile(file=file, owner=Role.PYPI if theirs else None)


def _fell_through(page: Page, case: Case) -> bool:
    """Whether nothing listed is Chainguard's own, although Chainguard lists files of its own."""
    own = [
        f for role in OURS for f in files(role, case.package.name, case.book) if f.tier is not Tier.UPSTREAM
    ]
    return bool(own) and not any(listed.owner in OURS for listed in page)


def _unrecognised(chosen: ListedFile, choice: Choice, case: Case) -> Derivation:
    problem = _unanswered(case, (Role.PYPI,))
    if problem is not None:
        cause, said = problem
        verdict = case.verdict(Outcome.UNKNOWN, cause, file=chosen.file.filename, evidence=(said,))
        return Derivation(verdict=verdict, steps=choice.steps, needs_pypi=case.answer(Role.PYPI) is None)
    said = "your index lists it, and neither Chainguard nor PyPI has these bytes: the organisation's own file"
    outcome = Outcome.PRIVATE if chosen.file.sha256 else Outcome.UNKNOWN
    cause = None if chosen.file.sha256 else Cause.MALFORMED_INDEX
    if outcome is Outcome.UNKNOWN:
        said = "your index gives no sha256 for it, so its origin can't be told"
    verdict = case.verdict(outcome, cause, file=chosen.file.filename, url=chosen.file.url, evidence=(said,))
    return Derivation(verdict=verdict, steps=choice.steps)
