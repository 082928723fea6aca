"""Which rows of one entry can name Chainguard's files instead, and why others can't."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from fallback_review.lockfiles.mend import MendError, Mending, NewFile
from fallback_review.model.installed import Origin
from fallback_review.model.versions import parse_version
from fallback_review.pipeline.mend_indexes import NAME_IT, same_address
from fallback_review.prediction.candidates import parse_filename, public
from fallback_review.prediction.targets import applies, ranks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from packaging.version import Version

    from fallback_review.lockfiles.format import Format
    from fallback_review.model import LockedPackage, Offered, Project, Target
    from fallback_review.pipeline.mend_indexes import NamedIndex
    from fallback_review.prediction.candidates import Parsed
    from fallback_review.settings.schema import Settings


def mended_entry(
    package: LockedPackage,
    project: Project,
    known: Format,
    settings: Settings,
    named: Sequence[NamedIndex],
    *,
    remediated: bool,
) -> Mending | None:
    """Return what an entry will say, or None where its files are Chainguard's already.

    Raises:
        MendError: it can't be mended; says why.
    """
    version = parse_version(package.version)
    if version is None:
        raise MendError("it is not pinned to a version")
    if not package.hashes:
        raise MendError("the lock has no hash of it: the installer takes what its index serves")
    ours, wanted = _ours(project, version, remediated=remediated)
    digests = {each.rpartition(":")[2] for each in package.hashes}
    if project.blocked or not ours:
        raise MendError(project.blocked or _missing(project, version))
    targets = [
        each for each in settings.targets.expand() if not each.informational and applies(package.marker, each)
    ]
    plan = _plan(_rows(package, project, digests), ours, targets, keeps_others=known.locks_urls)
    if not plan and digests & {each.file.sha256 for each in ours}:
        return None
    if not plan:
        raise MendError("none of its files has a counterpart in Chainguard's index")
    index = next((each for each in named if _serves(each, ours, known)), None)
    if index is None and known.locks_index:
        raise MendError(NAME_IT.format(installer=known.installer, index=ours[0].index.url))
    return Mending(
        package=package,
        rows=tuple((digest, tuple(_new(each) for each in files)) for digest, files in plan),
        version=str(wanted) if wanted != version else None,
        index=index.spelled if index else ours[0].index.url,
        source=index.name if index else None,
    )


def _serves(named: NamedIndex, ours: Sequence[Offered], known: Format) -> bool:
    if named.virtual:
        return not known.locks_urls
    return any(same_address(named.address, each.index.url) for each in ours)


def _ours(project: Project, version: Version, *, remediated: bool) -> tuple[list[Offered], Version]:
    """Return Chainguard's own files of a version, or of its newest remediation, and which version that is."""
    files: dict[Version, list[Offered]] = {}
    for each in project.offered:
        parsed = parse_version(each.file.version)
        if each.origin in (Origin.CHAINGUARD, Origin.REMEDIATED) and each.file.sha256 and parsed is not None:
            files.setdefault(parsed, []).append(each)
    fixed = [
        each
        for each in files
        if each.local
        and each.local.startswith("cgr.")
        and public(each) == public(version)
        and each >= version
    ]
    wanted = max(fixed, default=version) if remediated else version
    return files.get(wanted, []), wanted


def _missing(project: Project, version: Version) -> str:
    if project.unanswered:
        return project.unanswered
    of_version = [each for each in project.offered if parse_version(each.file.version) == version]
    if any(each.origin is Origin.UPSTREAM for each in of_version):
        return "Chainguard's index serves PyPI's own file of this version, not a build of its own"
    if any(each.origin in (Origin.CHAINGUARD, Origin.REMEDIATED) for each in project.offered):
        return f"Chainguard has not built {version}"
    return "Chainguard's index does not have it"


Row = tuple[str, "Parsed | None"]


def _rows(package: LockedPackage, project: Project, digests: Collection[str]) -> list[Row]:
    """Return the files that an entry allows by their digests, with names of the lock, else of the indexes."""
    listed = {each.file.sha256: each.file.filename for each in project.offered if each.file.sha256}
    names = {
        each.rpartition(":")[2]: artifact.filename
        for artifact in package.artifacts
        for each in artifact.hashes
    }
    rows = []
    for digest in sorted(digests, key=list(names).index):
        name = names.get(digest) or listed.get(digest)
        rows.append((digest, parse_filename(name) if name else None))
    return rows


def _plan(
    rows: Sequence[Row], ours: Sequence[Offered], targets: Sequence[Target], *, keeps_others: bool
) -> list[tuple[str, list[Offered]]]:
    """Return what stands in place of which row; raise `MendError` where a target would be left without."""
    candidates = [
        (each, parsed) for each in ours if (parsed := parse_filename(each.file.filename)) is not None
    ]
    own = {each.file.sha256 for each in ours}
    plan: dict[str, list[Offered]] = {}
    placed: set[str | None] = {digest for digest, _ in rows if digest in own}
    for digest, row in rows:
        if row is None or digest in own:
            continue
        for each, parsed in candidates:
            if (parsed.wheel, parsed.build, parsed.tags) == (
                row.wheel,
                row.build,
                row.tags,
            ) and each.file.sha256 not in placed:
                plan[digest] = [each]
                placed.add(each.file.sha256)
                break
    unfit = [target for target in targets if not any(_fits(parsed, target) for _, parsed in candidates)]
    old = [
        (digest, row)
        for digest, row in rows
        if row is not None and row.wheel and digest not in plan and digest not in own
    ]
    left_without = [
        target for target in unfit if any(_fits(row, target) for _, row in [*old, *_of(rows, plan)] if row)
    ]
    if left_without and (not keeps_others or len(left_without) == len(targets)):
        raise MendError(
            f"Chainguard has no wheel of it for {', '.join(target.label for target in left_without)}"
        )
    served = [target for target in targets if target not in unfit]
    more = [
        each for each, parsed in candidates if each.file.sha256 not in placed and _fits_any(parsed, served)
    ]
    replaced = [
        digest
        for digest, row in old
        if _fits_any(row, targets)
        and not any(_fits(row, each) for each in unfit)
        and _may_go(row, candidates)
    ]
    for number, digest in enumerate(replaced):
        plan[digest] = more if number == 0 else []
    if replaced and not more and not placed:
        raise MendError("Chainguard has it as a source distribution alone")
    return [(digest, plan[digest]) for digest, _ in rows if digest in plan]


def _of(rows: Iterable[Row], plan: Collection[str]) -> list[Row]:
    return [(digest, row) for digest, row in rows if digest in plan and row is not None and row.wheel]


def _fits(parsed: Parsed | None, target: Target) -> bool:
    return (
        parsed is not None
        and parsed.wheel
        and any(tag in ranks(target, plain_linux_first=False) for tag in parsed.tags)
    )


def _fits_any(parsed: Parsed | None, targets: Iterable[Target]) -> bool:
    return any(_fits(parsed, target) for target in targets)


def _may_go(row: Parsed | None, candidates: Iterable[tuple[Offered, Parsed]]) -> bool:
    """Whether a wheel may give way: one for any platform only to another such, which serves everybody too."""
    if row is None or not any(tag.platform == "any" for tag in row.tags):
        return True
    return any(tag.platform == "any" for _, parsed in candidates for tag in parsed.tags)


def _new(each: Offered) -> NewFile:
    moment = each.file.upload_time
    stamp = None
    if moment is not None:
        stamp = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return NewFile(
        filename=each.file.filename,
        url=each.file.url,
        sha256=str(each.file.sha256),
        size=each.file.size,
        upload_time=stamp,
    )
