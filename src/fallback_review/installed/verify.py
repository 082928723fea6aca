"""A place, the indexes and the team's rules in; a `Verification` out."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from sys import implementation
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from fallback_review.installed.bytecode import is_compiled_from
from fallback_review.installed.distributions import distributions
from fallback_review.installed.image import Image
from fallback_review.installed.judge import (
    IndexFindings,
    Verifying,
    by_name,
    compared_with_indexes,
    concluded,
    is_asked,
    is_private,
    judged_by_policy,
    verified,
)
from fallback_review.installed.places import read_pip_report, sites_of_image
from fallback_review.installed.prediction_check import hold_against
from fallback_review.installed.targets import of_image, of_pip_report, of_this_machine, with_target
from fallback_review.installed.tree import Folder, Tree, TreeError, TreeFiles
from fallback_review.installed.unexplained import find_unexplained, tell_overwritten
from fallback_review.installed.wheel_files import verify_wheels
from fallback_review.model import Conclusion
from fallback_review.model.installed import (
    Deviation,
    Integrity,
    Origin,
    Proof,
    Verification,
    VerifiedDistribution,
)
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.review import review

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fallback_review.installed.compare import ComparedDistribution
    from fallback_review.installed.places import Place, Reported
    from fallback_review.lockfiles import Text
    from fallback_review.model import Project
    from fallback_review.settings.schema import Settings

MOST_DISTRIBUTIONS = 20_000
_FEW = 64
"""Bytecode files that are not worth further processes."""


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
    predicted = review([whole(lock)], configured, run.sources.ask, today=run.today, scope="all")
    return hold_against(found, predicted, run.settings.policy)


def _verified_place(place: Place, run: Verifying) -> tuple[Verification, dict[str, Any]]:
    """Return what a place holds, and what it tells of the target that it was installed for."""
    match place.kind:
        case "wheels":
            return verify_wheels(place, run), {}
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
    asked = IndexFindings(run, [each for each in found if is_asked(each, run.settings)])
    compared = [compared_with_indexes(each, asked, files, run.settings) for each in found]
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
    judged = [
        judged_by_policy(verified(each, asked, unchecked[each.installed.key]), run) for each in compared
    ]
    cut = f"{below}/" if below else ""
    shown = tuple(_below(each, cut) for each in sorted(judged, key=by_name))
    return concluded(
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


def _below(each: VerifiedDistribution, cut: str) -> VerifiedDistribution:
    return replace(
        each,
        place=each.place.removeprefix(cut),
        deviations=tuple(replace(one, path=one.path.removeprefix(cut)) for one in each.deviations),
    )


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


def _pip_report(place: Place, run: Verifying) -> Verification:
    """Verify what pip says that it installed: by the hashes that it names."""
    items = read_pip_report(place.path)
    names = {canonicalize_name(each.name) for each in items if not each.local}
    projects = run.sources.projects(sorted(name for name in names if not is_private(name, run.settings)))
    judged = [judged_by_policy(_reported(each, projects, run.settings), run) for each in items]
    return concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=tuple(sorted(judged, key=by_name)),
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
