"""One distribution: compared with what the indexes have of it, and judged by the team's rules."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from fallback_review.index.files import FileProblem
from fallback_review.installed.attestations import verify_attestation
from fallback_review.installed.compare import ComparedDistribution, PossibleWheel, by_itself, compare
from fallback_review.model import Conclusion, Outcome
from fallback_review.model.installed import (
    MOST_NAMED,
    Integrity,
    Origin,
    Proof,
    Verification,
    VerifiedDistribution,
)
from fallback_review.model.versions import parse_version
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from fallback_review.index.files import FileRead
    from fallback_review.installed.distributions import Installed
    from fallback_review.installed.sources import Sources
    from fallback_review.installed.tree import TreeFiles
    from fallback_review.installed.wheels import Wheel
    from fallback_review.model import Offered, Project
    from fallback_review.settings.schema import Settings

MOST_CANDIDATES = 8
"""Wheels of one version and one index that are read; tags leave one or two of them."""
_OUTCOMES = {
    Origin.CHAINGUARD: Outcome.CHAINGUARD,
    Origin.REMEDIATED: Outcome.REMEDIATED,
    Origin.UPSTREAM: Outcome.UPSTREAM,
    Origin.PYPI: Outcome.PYPI,
    Origin.PRIVATE: Outcome.PRIVATE,
    Origin.UNVERIFIABLE: Outcome.UNKNOWN,
    Origin.LOCAL_BUILD: Outcome.UNKNOWN,
}
"""What a prediction of the same origin is called, and the policy judges by."""
_WRONG = frozenset({Integrity.CHANGED, Integrity.ADDED, Integrity.BYTECODE_DIFFERS})
_COVERED = frozenset({Origin.PYPI, Origin.UPSTREAM, Origin.PRIVATE, Origin.LOCAL_BUILD})
"""What an allowance covers: where something comes from, never that it was changed."""
UNKNOWN_NAME = "no index knows this name; name it under private in [policy] if it is yours"


class Verifying(Struct, frozen=True, kw_only=True):
    """What one run verifies with."""

    settings: Settings
    sources: Sources
    today: date
    bytecode: bool = True
    full: bool = False
    """Whether wheels are read whole, and their attestations are verified."""
    here: bool = True
    """Whether this process runs on the system that the environments are for: not in a container beside it."""


def by_name(each: VerifiedDistribution) -> tuple[str, str, str]:
    """Return what distributions are sorted by."""
    return each.name, each.version or "", each.place


def is_private(name: str, settings: Settings) -> bool:
    """Whether a name is one that nobody outside may learn of."""
    return any(fnmatchcase(name, pattern) for pattern in settings.policy.private)


def is_asked(installed: Installed, settings: Settings) -> bool:
    """Whether the indexes may be asked for a distribution: what was built from here may be nobody else's."""
    return not (
        installed.system
        or installed.of_the_project
        or is_private(installed.name, settings)
        or installed.version is None
    )


class IndexFindings:
    """What the indexes said of everything that is to be compared."""

    def __init__(self, run: Verifying, wanted: Sequence[Installed]) -> None:
        self._sources = run.sources
        self.attested: dict[str, tuple[bool, str]] = {}
        """By a wheel's address: whether its attestations hold, and what to say."""
        self.projects = run.sources.projects(sorted({each.name for each in wanted}))
        self._chosen = {each.key: _fitting(each, self.projects[each.name]) for each in wanted}
        offered = {one.file.url: one for chosen in self._chosen.values() for one in chosen}
        self.read: Mapping[str, FileRead[Wheel] | FileProblem] = run.sources.wheels(list(offered.values()))
        done = [each for each in self.read.values() if not isinstance(each, FileProblem)]
        self.requests = sum(each.requests for each in done)
        self.received = sum(each.received for each in done)

    def attest(self, compared: Sequence[ComparedDistribution]) -> None:
        """Read and verify the attestations of wheels that were read whole."""
        by_file = {each.file.url: each for chosen in self._chosen.values() for each in chosen}
        whole = [each.candidate for each in compared if each.candidate is not None and each.candidate.whole]
        wanted = [by_file[each.file.url] for each in whole if each.file.provenance_url]
        for url, read in self._sources.provenance(wanted).items():
            file = by_file[url].file
            self.attested[url] = (
                (False, read.message)
                if isinstance(read, FileProblem)
                else verify_attestation(read, file.filename, str(file.sha256))
            )

    def candidates(self, installed: Installed) -> tuple[list[PossibleWheel], list[str]]:
        """Return the wheels that may have been installed, and why some of them could not be read."""
        found, problems = [], []
        for one in self._chosen.get(installed.key, ()):
            read = self.read[one.file.url]
            if isinstance(read, FileProblem):
                problems.append(read.message)
            else:
                found.append(
                    PossibleWheel(origin=one.origin, file=one.file, wheel=read.value, whole=read.whole)
                )
        return found, problems


def _fitting(installed: Installed, project: Project) -> list[Offered]:
    """Return the wheels of an installed version that have a tag of its WHEEL; without such, all."""
    version = parse_version(installed.version)
    of_version = [
        (one, tags)
        for one in project.offered
        if one.file.filename.endswith(".whl")
        and parse_version(one.file.version) == version
        and (tags := _tags(one.file.filename)) is not None
    ]
    chosen: list[Offered] = []
    for origin in dict.fromkeys(one.origin for one, _ in of_version):
        of_origin = [(one, tags) for one, tags in of_version if one.origin is origin]
        same = [one for one, tags in of_origin if tags & installed.tags]
        chosen += (same or [one for one, _ in of_origin])[:MOST_CANDIDATES]
    return chosen


def _tags(filename: str) -> frozenset[str] | None:
    try:
        return frozenset(str(tag) for tag in parse_wheel_filename(filename)[3])
    except (InvalidWheelFilename, ValueError):
        return None


def compared_with_indexes(
    installed: Installed, asked: IndexFindings, files: TreeFiles, settings: Settings
) -> ComparedDistribution:
    """Compare one distribution with what the indexes have of it."""
    if installed.system:
        return ComparedDistribution(installed=installed, origin=Origin.SYSTEM)
    if is_private(installed.name, settings):
        return by_itself(installed, Origin.PRIVATE, "a private name, which no index was asked for", files)
    if installed.of_the_project:
        return by_itself(installed, Origin.LOCAL_BUILD, installed.local, files)
    if installed.version is None:
        return by_itself(installed, Origin.UNVERIFIABLE, "its metadata names no version", files)
    project = asked.projects[installed.name]
    candidates, problems = asked.candidates(installed)
    if not candidates:
        return by_itself(installed, *_without_candidates(installed, project, problems), files)
    found = compare(installed, candidates, files)
    if found.origin is Origin.PYPI and project.unanswered:
        found.origin = Origin.UNVERIFIABLE
        found.why = f"its files are PyPI's, and Chainguard may serve the same: {project.unanswered}"
    elif problems:
        found.why = found.why or f"not compared with every wheel: {problems[0]}"
        if found.origin in (Origin.CHAINGUARD, Origin.REMEDIATED, Origin.PYPI):
            found.origin = Origin.UNVERIFIABLE
    elif project.uncompared and found.origin is not Origin.UNVERIFIABLE:
        found.why = f"PyPI was not compared: {project.uncompared}"
    return found


def _without_candidates(
    installed: Installed, project: Project, problems: Sequence[str]
) -> tuple[Origin, str]:
    if said := (project.blocked or next(iter(problems), "") or project.unanswered or project.uncompared):
        return Origin.UNVERIFIABLE, said
    if installed.local:
        return Origin.LOCAL_BUILD, installed.local
    if project.unknown:
        return Origin.UNVERIFIABLE, UNKNOWN_NAME
    version = parse_version(installed.version)
    if any(parse_version(one.file.version) == version for one in project.offered):
        return Origin.LOCAL_BUILD, "the indexes have this version as a source distribution alone"
    return Origin.UNVERIFIABLE, f"no index has version {installed.version}"


def verified(each: ComparedDistribution, asked: IndexFindings, unchecked: int) -> VerifiedDistribution:
    """Return what is told of a distribution, before anybody judges it."""
    installed, candidate = each.installed, each.candidate
    kinds = list(Integrity)
    deviations = sorted(each.deviations, key=lambda one: (kinds.index(one.kind), one.path))
    project = asked.projects.get(installed.name)
    if deviations:
        integrity = deviations[0].kind
    elif each.files == 0:
        integrity = Integrity.NOT_CHECKED
    else:
        integrity = Integrity.INTACT
    proof = Proof.NONE
    attested, said = asked.attested.get(candidate.file.url, (False, None)) if candidate else (False, None)
    if candidate is not None:
        proof = Proof.ATTESTED if attested else Proof.WHEEL if candidate.whole else Proof.RECORD
    elif each.files:
        proof = Proof.ITSELF
    return VerifiedDistribution(
        name=installed.name,
        version=installed.version,
        place=installed.info,
        origin=each.origin,
        integrity=integrity,
        proof=proof,
        why=each.why,
        installer=installed.installer,
        file=candidate.file.filename if candidate else None,
        deviations=tuple(deviations[:MOST_NAMED]),
        deviating=len(deviations),
        files=each.files,
        bytecode_unchecked=unchecked,
        attestation=said,
        linked=installed.linked,
        malware=project.malware if project else False,
    )


def judged_by_policy(each: VerifiedDistribution, run: Verifying) -> VerifiedDistribution:
    """Say what the team's rules make of one distribution."""
    rules = run.settings.policy
    if each.malware:
        return replace(each, conclusion=Conclusion.FAIL)
    if each.origin is Origin.SYSTEM:
        return each
    wrong = [policy.severity(rules.integrity)] if _is_wrong(each) else []
    if each.integrity is Integrity.OVERWRITTEN:
        wrong.append(Conclusion.WARN)
    allowance = None
    came = Conclusion.PASS
    if each.origin is not Origin.MIXED:
        outcome = Outcome.DIRECT if each.linked else _OUTCOMES[each.origin]
        came = policy.judge(outcome, None, rules)
        if came is not Conclusion.PASS and each.origin in _COVERED:
            allowance = policy.allowance_for(each.name, (each.version,), run.settings.allow, run.today)
            came = Conclusion.PASS if allowance else came
    return replace(each, conclusion=policy.conclude([came, *wrong]), allowance=allowance)


def _is_wrong(each: VerifiedDistribution) -> bool:
    return each.origin is Origin.MIXED or each.integrity in _WRONG


def concluded(found: Verification, run: Verifying) -> Verification:
    """Return a verification with its conclusion, the worst of all that it holds.

    Where there is nothing but what is the system's, nothing was checked: that is no pass.
    """
    nothing = all(each.origin is Origin.SYSTEM for each in found.distributions)
    conclusions = [each.conclusion for each in found.distributions]
    conclusions += [policy.severity(run.settings.policy.integrity)] * bool(found.strays)
    conclusions += [policy.could_not_check(run.settings.policy)] * (len(found.unreadable) + nothing)
    return replace(found, conclusion=policy.conclude(conclusions))
