"""A place, the indexes and the team's rules in; a `Verification` out."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from sys import implementation
from typing import IO, TYPE_CHECKING, Any

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from fallback_review.index.files import FileProblem, UnreadableFileError
from fallback_review.installed.attestations import verify_attestation
from fallback_review.installed.bytecode import is_compiled_from
from fallback_review.installed.compare import ComparedDistribution, PossibleWheel, by_itself, compare
from fallback_review.installed.distributions import Installed, distributions
from fallback_review.installed.image import Image
from fallback_review.installed.places import read_pip_report, sites_of_image
from fallback_review.installed.prediction_check import hold_against
from fallback_review.installed.targets import of_image, of_pip_report, of_this_machine, with_target
from fallback_review.installed.tree import Folder, Listed, Tree, TreeError, TreeFiles
from fallback_review.installed.unexplained import find_unexplained, tell_overwritten
from fallback_review.installed.wheels import Wheel, read_wheel, stays_inside
from fallback_review.model import (
    Conclusion,
    Deviation,
    Integrity,
    Notice,
    Origin,
    Outcome,
    Proof,
    Verification,
    VerifiedDistribution,
)
from fallback_review.model.installed import MOST_NAMED
from fallback_review.model.versions import parse_version
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.review import review
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from fallback_review.index.files import FileRead
    from fallback_review.installed.places import Place, Reported
    from fallback_review.installed.sources import Sources
    from fallback_review.lockfiles import Text
    from fallback_review.model import Offered, Project
    from fallback_review.settings.schema import Settings

MOST_CANDIDATES = 8
"""Wheels of one version and one index that are read; tags leave one or two of them."""
MOST_DISTRIBUTIONS = 20_000
_FEW = 64
"""Bytecode files that are not worth further processes."""
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
NOT_PROJECTS_OWN = "name it under private in [policy] if it is yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """What one run verifies with."""

    settings: Settings
    sources: Sources
    today: date
    bytecode: bool = True
    full: bool = False
    """Whether wheels are read whole, and their attestations are verified."""
    here: bool = True
    """Whether this process runs on the system that the environments are for: not in a container beside it."""


def verify(place: Place, run: Verifying, lock: Text | None = None) -> Verification:
    """Verify one place; with a lock, hold what is predicted from it against what is there.

    Raises:
        TreeError: the place can't be read; one line that names it.
        LockfileError: the lock can't be read.
    """
    try:
        found, told = _verified_place(place, run)
    except TreeError as error:
        text = str(error)
        raise TreeError(text if text.startswith(place.shown) else f"{place.shown}: {text}") from None
    if lock is None:
        return found
    configured = with_target(run.settings, told)
    return hold_against(
        found, review([whole(lock)], configured, run.sources.ask, today=run.today, scope="all")
    )


def _verified_place(place: Place, run: Verifying) -> tuple[Verification, dict[str, Any]]:
    """Return what a place holds, and what it tells of the target that it was installed for."""
    match place.kind:
        case "wheels":
            return _wheels(place, run), {}
        case "pip-report":
            return _pip_report(place, run), of_pip_report(place)
        case "image":
            with Image(place.path) as image:
                sites = list(sites_of_image(image))
                return _tree(place, image, sites, "", run), of_image(image, sites)
        case _:
            return _environment(place, run), of_this_machine(place, libc=run.here)


def _environment(place: Place, run: Verifying) -> Verification:
    root = Path(place.path.resolve().anchor)
    sites = [site.relative_to(root).as_posix() for site in place.sites]
    shown_below = place.path.resolve().relative_to(root).as_posix()
    return _tree(place, Folder(root), sites, shown_below, run)


def _tree(place: Place, tree: Tree, sites: Sequence[str], below: str, run: Verifying) -> Verification:
    files = TreeFiles(tree)
    found = [each for site in sites for each in distributions(files, site)]
    if len(found) > MOST_DISTRIBUTIONS:
        raise TreeError(f"it holds more than {MOST_DISTRIBUTIONS:,} distributions")
    asked = _Asked(run, [each for each in found if _is_asked(each, run.settings)])
    compared = [_compared(each, asked, files, run.settings) for each in found]
    tell_overwritten(compared)
    strays: list[Deviation] = []
    startup: list[str] = []
    unchecked: Counter[tuple[str, str]] = Counter()
    for site in sites:
        own = [each for each in compared if each.installed.site == site]
        if any(each.installed.system for each in own):
            continue  # whose files its package manager knows, and no RECORD
        around = find_unexplained(site, own, files, tag=str(implementation.cache_tag))
        strays += around.strays
        startup += around.startup
        unchecked.update(around.unchecked)
        if run.bytecode:
            unchecked.update(_check_bytecode(around.bytecode, files))
        else:
            unchecked.update(each.installed.key for each, *_ in around.bytecode)
    asked.attest([each for each in compared if run.full and each.candidate is not None])
    judged = [_judged(_verified(each, asked, unchecked[each.installed.key]), run) for each in compared]
    cut = f"{below}/" if below else ""
    shown = tuple(_below(each, cut) for each in sorted(judged, key=_order))
    return _concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=shown,
            strays=tuple(replace(each, path=each.path.removeprefix(cut)) for each in strays),
            startup=tuple(each.removeprefix(cut) for each in startup),
            requests=asked.requests,
            received=asked.received,
        ),
        run,
    )


def _order(each: VerifiedDistribution) -> tuple[str, str, str]:
    return each.name, each.version or "", each.place


def _below(each: VerifiedDistribution, cut: str) -> VerifiedDistribution:
    return replace(
        each,
        place=each.place.removeprefix(cut),
        deviations=tuple(replace(one, path=one.path.removeprefix(cut)) for one in each.deviations),
    )


def is_private(name: str, settings: Settings) -> bool:
    """Whether a name is one that nobody outside may learn of."""
    return any(fnmatchcase(name, pattern) for pattern in settings.policy.private)


def _is_asked(installed: Installed, settings: Settings) -> bool:
    """Whether the indexes may be asked for a distribution: what was built from here may be nobody else's."""
    return not (
        installed.system
        or installed.of_the_project
        or is_private(installed.name, settings)
        or installed.version is None
    )


class _Asked:
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


def _compared(
    installed: Installed, asked: _Asked, files: TreeFiles, settings: Settings
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
        return Origin.UNVERIFIABLE, f"no index knows this name; {NOT_PROJECTS_OWN}"
    version = parse_version(installed.version)
    if any(parse_version(one.file.version) == version for one in project.offered):
        return Origin.LOCAL_BUILD, "the indexes have this version as a source distribution alone"
    return Origin.UNVERIFIABLE, f"no index has version {installed.version}"


def _check_bytecode(
    wanted: Sequence[tuple[ComparedDistribution, str, str, int]], files: TreeFiles
) -> Counter[tuple[str, str]]:
    """Note where bytecode is not what its source compiles to; return how much could not be told."""
    unchecked: Counter[tuple[str, str]] = Counter()
    for (each, path, _, _), same in zip(wanted, _compiled(wanted, files), strict=True):
        if same is None:
            unchecked[each.installed.key] += 1
        elif not same:
            each.deviations.append(Deviation(path=path, kind=Integrity.BYTECODE_DIFFERS))
    return unchecked


def _compiled(
    wanted: Sequence[tuple[ComparedDistribution, str, str, int]], files: TreeFiles
) -> Iterable[bool | None]:
    def jobs() -> Iterator[tuple[bytes | None, bytes | None, int]]:
        for _, path, source, level in wanted:
            yield files.text(path), files.text(source), level

    if len(wanted) <= _FEW:
        return [compiles(job) for job in jobs()]
    workers = min(os.cpu_count() or 1, 8)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(compiles, jobs(), chunksize=32))


def compiles(job: tuple[bytes | None, bytes | None, int]) -> bool | None:
    """Compare one bytecode file with its source, in whichever process."""
    bytecode, source, level = job
    return None if bytecode is None or source is None else is_compiled_from(bytecode, source, level)


def _verified(each: ComparedDistribution, asked: _Asked, unchecked: int) -> VerifiedDistribution:
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


def _judged(each: VerifiedDistribution, run: Verifying) -> VerifiedDistribution:
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


def _concluded(found: Verification, run: Verifying) -> Verification:
    conclusions = [each.conclusion for each in found.distributions]
    conclusions += [policy.severity(run.settings.policy.integrity)] * bool(found.strays)
    conclusions += [policy.could_not_check(run.settings.policy)] * len(found.unreadable)
    return replace(found, conclusion=policy.conclude(conclusions))


class _Packed:
    """A wheel as a tree."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sizes = {
            each.filename: each.file_size
            for each in archive.infolist()
            if not each.is_dir() and stays_inside(each.filename)
        }

    def names(self, folder: str) -> list[Listed]:
        base = f"{folder}/" if folder else ""
        below = (name.removeprefix(base).partition("/") for name in self._sizes if name.startswith(base))
        found = {first: "folder" if slash else "file" for first, slash, _ in below}
        return [Listed(name, kind) for name, kind in sorted(found.items())]

    def size(self, path: str) -> int | None:
        return self._sizes.get(path)

    def open(self, path: str) -> IO[bytes] | None:
        if path not in self._sizes:
            return None
        try:
            return self._archive.open(path)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return io.BytesIO()


def _wheels(place: Place, run: Verifying) -> Verification:
    """Verify wheels: by their whole bytes, else by what is in them."""
    paths = [place.path] if place.path.is_file() else sorted(place.path.glob("*.whl"))
    unreadable: list[Notice] = []
    opened: list[tuple[Path, Installed, str, TreeFiles]] = []
    with ExitStack() as stack:
        for path in paths:
            try:
                opened.append(_opened(path, stack))
            except UnreadableFileError as error:
                unreadable.append(Notice(path=path.name, text=f"the wheel could not be read: {error}"))
        asked_for = [
            installed for _, installed, _, _ in opened if not is_private(installed.name, run.settings)
        ]
        projects = run.sources.projects(sorted({each.name for each in asked_for}))
        listed = {
            path.name: next(
                (one for one in projects[installed.name].offered if one.file.sha256 == digest), None
            )
            for path, installed, digest, _ in opened
            if installed.name in projects
        }
        strange = [
            installed for path, installed, _, _ in opened if path.name in listed and listed[path.name] is None
        ]
        asked = _Asked(run, strange)
        judged = []
        for path, installed, _, files in opened:
            offered = listed.get(path.name)
            if offered is not None:
                project = projects[installed.name]
                found = _listed_wheel(installed, offered, project)
            else:
                compared = _compared(installed, asked, files, run.settings)
                compared.deviations += find_unexplained("", [compared], files, tag="").strays
                found = _verified(compared, asked, 0)
            judged.append(_judged(replace(found, place=path.name), run))
    return _concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=tuple(sorted(judged, key=_order)),
            unreadable=tuple(unreadable),
            requests=asked.requests,
            received=asked.received,
        ),
        run,
    )


def _opened(path: Path, stack: ExitStack) -> tuple[Path, Installed, str, TreeFiles]:
    try:
        stream = stack.enter_context(path.open("rb"))
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        name, version, _, tags = parse_wheel_filename(path.name)
        stream.seek(0)
        info = read_wheel(stream).info
        archive = stack.enter_context(zipfile.ZipFile(stream))
    except (InvalidWheelFilename, ValueError):
        raise UnreadableFileError("its name is not that of a wheel") from None
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        raise UnreadableFileError("it is not a valid zip archive") from None
    installed = Installed(
        name=canonicalize_name(name),
        version=str(version),
        site="",
        info=info,
        tags=frozenset(map(str, tags)),
        packed=True,
    )
    return path, installed, digest, TreeFiles(_Packed(archive))


def _listed_wheel(installed: Installed, offered: Offered, project: Project) -> VerifiedDistribution:
    """Say what a wheel is whose sha256 an index lists."""
    origin, why = offered.origin, ""
    if origin is Origin.PYPI and project.unanswered:
        origin = Origin.UNVERIFIABLE
        why = f"it is PyPI's, and Chainguard may serve the same: {project.unanswered}"
    elif project.uncompared:
        why = f"PyPI was not compared: {project.uncompared}"
    return VerifiedDistribution(
        name=installed.name,
        version=installed.version,
        place="",
        origin=origin,
        integrity=Integrity.INTACT,
        proof=Proof.WHEEL,
        why=why,
        file=offered.file.filename,
        files=1,
        malware=project.malware,
    )


def _pip_report(place: Place, run: Verifying) -> Verification:
    """Verify what pip says that it installed: by the hashes that it names."""
    items = read_pip_report(place.path)
    names = {canonicalize_name(each.name) for each in items if not each.local}
    projects = run.sources.projects(sorted(name for name in names if not is_private(name, run.settings)))
    judged = [_judged(_reported(each, projects, run.settings), run) for each in items]
    return _concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=tuple(sorted(judged, key=_order)),
        ),
        run,
    )


def _reported(item: Reported, projects: Mapping[str, Project], settings: Settings) -> VerifiedDistribution:
    name = canonicalize_name(item.name)
    origin, why, offered = Origin.UNVERIFIABLE, "", None
    project = projects.get(name)
    if is_private(name, settings):
        origin, why = Origin.PRIVATE, "a private name, which no index was asked for"
    elif item.local or project is None:
        origin, why = Origin.LOCAL_BUILD, "pip took it from a folder or a repository"
    elif item.sha256 is None:
        why = "pip names no sha256 of its file"
    else:
        offered = next((one for one in project.offered if one.file.sha256 == item.sha256), None)
        if offered is not None:
            origin = offered.origin
            if origin is Origin.PYPI and project.unanswered:
                origin, why = Origin.UNVERIFIABLE, project.unanswered
        else:
            why = project.unanswered or project.uncompared or "no index lists a file of this sha256"
    return VerifiedDistribution(
        name=name,
        version=item.version,
        place=item.url.partition("?")[0].rpartition("/")[2],
        origin=origin,
        integrity=Integrity.NOT_CHECKED,
        proof=Proof.HASH if offered else Proof.NONE,
        why=why,
        file=offered.file.filename if offered else None,
        malware=project.malware if project else False,
    )
