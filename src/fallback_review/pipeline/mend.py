"""Which rows of a lock can name Chainguard's files instead, and why others can't.

Nothing is invented: a row becomes one that Chainguard's index lists, of the same version and build, for the
same Python, ABI and platform; and a target that had a file keeps one. What the project does not name can't be
mended either, since its installer would write the lock back.
"""

from __future__ import annotations

import difflib
from datetime import UTC
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.lockfiles import LockfileError, format_of
from fallback_review.lockfiles.mend import MendError, Mending, NewFile
from fallback_review.lockfiles.mend import mended as mended_text
from fallback_review.lockfiles.text import as_read
from fallback_review.model import Ecosystem, Origin, SourceKind
from fallback_review.model.versions import parse_version
from fallback_review.pipeline.mend_check import not_taken
from fallback_review.prediction.candidates import parse_filename, public
from fallback_review.prediction.targets import applies, ranks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from packaging.version import Version

    from fallback_review.configuration import Configuration
    from fallback_review.lockfiles import Text
    from fallback_review.lockfiles.format import Format
    from fallback_review.model import LockedPackage, Lockfile, Offered, Project, Target
    from fallback_review.pipeline.ask import Ask
    from fallback_review.prediction.candidates import Parsed
    from fallback_review.settings.schema import Settings

NAME_IT = (
    "nothing in the repository names Chainguard's index for {installer}, so it would not be asked: "
    "name it ({index}) in the project's files and run this again"
)
_EXPLICIT = "the project asks the index {index!r} only for packages that name it, and this one does not"
_BEHIND_PYPI = "uv asks PyPI before Chainguard's index, and would write the lock back: put Chainguard's first"


class NamedIndex(Struct, frozen=True, kw_only=True):
    """Chainguard's index as a project names it."""

    address: str
    """As the settings have it."""
    spelled: str
    name: str | None = None
    explicit: bool = False
    virtual: bool = False
    """Whether it is the organisation's own index, which serves the same bytes from addresses of its own."""

    def is_called(self, name: str | None) -> bool:
        """Whether this is its name; some tools compare them without regard to case."""
        return name is not None and self.name is not None and self.name.lower() == name.lower()


class Unmended(Struct, frozen=True, kw_only=True):
    """An entry that stays as it is, and why."""

    package: LockedPackage
    why: str


class Mended(Struct, frozen=True, kw_only=True):
    """What became of one lock."""

    path: str
    before: str
    after: str
    mended: tuple[Mending, ...] = ()
    unmended: tuple[Unmended, ...] = ()
    already: int = 0
    """Entries whose files are Chainguard's as they stand."""
    problem: str = ""
    """Why the lock as a whole stays as it is, or is not quite done; empty where all is well."""
    install_again: str = ""
    """The step that swaps what is installed already."""


def asked_names(lockfile: Lockfile, settings: Settings, only: Collection[str]) -> list[str]:
    """Return the names that the indexes are asked for."""
    return sorted(
        {
            each.name
            for each in lockfile.packages
            if _is_in_question(each, only) and not _private(each, settings)
        }
    )


def mend(
    text: Text,
    original: str,
    lockfile: Lockfile,
    projects: Mapping[str, Project],
    settings: Settings,
    *,
    ask: Ask,
    today: date,
    remediated: bool = False,
    only: Collection[str] = (),
) -> Mended:
    """Mend one lock.

    Args:
        text: the lock as the readers take it, with the files beside it.
        original: its text with its own line ends.
        lockfile: what it holds.
        projects: what the indexes have of `asked_names`.
        settings: addresses, targets, private names.
        ask: what the indexes are asked with, for the prediction that the mended lock is held to.
        today: for options that count back from the install.
        remediated: whether remediated versions are taken where there are any.
        only: normalised names; empty for all entries.
    """
    known = format_of(lockfile)
    configured = _configured(lockfile, text, settings, known)
    named, why = _named(configured, text, settings, known)
    mendings: list[Mending] = []
    unmended: list[Unmended] = []
    already = 0
    for package in lockfile.packages:
        if not _is_in_question(package, only):
            continue
        if _private(package, settings):
            unmended.append(Unmended(package=package, why="a private name, which no index was asked for"))
            continue
        try:
            bound = configured.package_index.get(package.name)
            ours = sorted(named, key=lambda each: (not each.is_called(bound), each.explicit))
            found = _entry(package, projects[package.name], known, settings, ours, remediated=remediated)
            if found is not None and (said := why or _bound_elsewhere(found, configured, ours)):
                raise MendError(said)  # noqa: TRY301 - told as any other reason
        except MendError as error:
            unmended.append(Unmended(package=package, why=str(error)))
            continue
        if found is None:
            already += 1
        else:
            mendings.append(found)
    wanted = mendings
    while True:
        result = _written(
            text, original, known, mendings=wanted, unmended=unmended, pypi=settings.indexes.pypi
        )
        refused = _refused(text, result, settings, ask, today)
        if not refused:
            return replace(result, already=already)
        unmended += refused
        gone = {id(each.package) for each in refused}
        wanted = [each for each in wanted if id(each.package) not in gone]


def patch_of(found: Mended) -> str:
    """Return what changes as a unified diff, as ``git apply`` takes it."""
    lines = difflib.unified_diff(
        found.before.splitlines(keepends=True),
        found.after.splitlines(keepends=True),
        f"a/{found.path}",
        f"b/{found.path}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _written(
    text: Text,
    original: str,
    known: Format,
    *,
    mendings: Sequence[Mending],
    unmended: Sequence[Unmended],
    pypi: str,
) -> Mended:
    """Return what becomes of a lock; as it was where the lock as a whole can't be mended."""
    stays = list(unmended)
    try:
        after, refused = mended_text(known, text.path, original, mendings) if mendings else (original, [])
        gone = {id(each) for each, _ in refused}
        done = [each for each in mendings if id(each) not in gone]
        stays += [Unmended(package=each.package, why=why) for each, why in refused]
        if done and known.refreshed is not None and known.made_from is not None:
            earlier = {
                (name, each)
                for name, url in ((None, pypi), *_stated(done))
                for each in (url, url.rstrip("/"), f"{url.rstrip('/')}/")
            }
            ordered = sorted(earlier, key=lambda each: (each[0] or "", each[1]))
            after = known.refreshed(after, _beside(text, known.made_from), ordered)
    except (MendError, LockfileError) as error:
        return Mended(
            path=text.path, before=original, after=original, unmended=tuple(unmended), problem=str(error)
        )
    return Mended(
        path=text.path,
        before=original,
        after=after,
        mended=tuple(done),
        unmended=tuple(stays),
        install_again=known.install_again if done else "",
    )


def _refused(text: Text, found: Mended, settings: Settings, ask: Ask, today: date) -> list[Unmended]:
    """Return the mended entries of which the installer would not take Chainguard's files."""
    if not found.mended:
        return []
    after = replace(text, text=as_read(found.after))
    names = {each.package.name for each in found.mended}
    why = not_taken(text, after, names, settings, ask=ask, today=today)
    return [
        Unmended(
            package=each.package,
            why=f"the installer would not take Chainguard's file: {why[each.package.name]}",
        )
        for each in found.mended
        if each.package.name in why
    ]


def _stated(done: Iterable[Mending]) -> set[tuple[str | None, str]]:
    """Return the sources that entries of a lock name: their names, where it tells them, and addresses."""
    sources = (each.package.source for each in done)
    return {(each.reference, each.location) for each in sources if each.location}


def _beside(text: Text, name: str) -> str | None:
    folder = text.path.rpartition("/")[0]
    return text.read(f"{folder}/{name}".lstrip("/"))


def _is_in_question(package: LockedPackage, only: Collection[str]) -> bool:
    return (
        package.ecosystem is Ecosystem.PYPI
        and package.source.kind is SourceKind.REGISTRY
        and not package.local
        and (not only or package.name in only)
    )


def _private(package: LockedPackage, settings: Settings) -> bool:
    return any(fnmatchcase(package.name, pattern) for pattern in settings.policy.private)


def _same_address(one: str, other: str | None) -> bool:
    return other is not None and one.rstrip("/").lower() == other.rstrip("/").lower()


def _configured(lockfile: Lockfile, text: Text, settings: Settings, known: Format) -> Configuration:
    installer = settings.indexes.installer or lockfile.installer or known.installer
    return configuration.read(lockfile, text.read, installer=installer)


def _bound_elsewhere(found: Mending, configured: Configuration, named: Sequence[NamedIndex]) -> str | None:
    """Return why an entry stays where the project itself does not take it from Chainguard's index."""
    package = found.package
    bound = configured.package_index.get(package.name)
    strangers = [
        each
        for each in configured.indexes
        if each.name is not None
        and not any(one.is_called(each.name) for one in named)
        and (each.explicit or (bound is not None and each.name.lower() == bound.lower()))
        and _same_address(each.url, package.source.location)
    ]
    # A fork may be for the index that another marker chooses.
    ours = bound is None or any(one.is_called(bound) for one in named)
    if not ours and (strangers or package.marker is None):
        return f"the project takes it from the index {bound!r}: change that first"
    if strangers:
        return f"the project takes it from the index {strangers[0].name!r}: change that first"
    chosen = next((each for each in named if (each.name, each.spelled) == (found.source, found.index)), None)
    if chosen is not None and chosen.explicit and not chosen.is_called(bound):
        return _EXPLICIT.format(index=chosen.name)
    return None


def _named(
    found: Configuration, text: Text, settings: Settings, known: Format
) -> tuple[list[NamedIndex], str]:
    """Return Chainguard's indexes as the project names them, and why its installer would not take them."""
    installer, indexes = found.installer, settings.indexes
    listed = [(each.name, each.url, each.explicit) for each in found.indexes if not each.flat]
    if known.project_sources is not None and known.made_from is not None:
        project = _beside(text, known.made_from)
        listed = [(name, url, False) for name, url in known.project_sources(project or "")]
    named = [
        NamedIndex(
            address=address, spelled=url, name=name, explicit=explicit, virtual=address == indexes.resolver
        )
        for name, url, explicit in listed
        for address in (indexes.chainguard, indexes.remediated, indexes.resolver)
        if address and _same_address(url, address)
    ]
    if not known.asks_index:
        return named, ""
    told = bool(found.indexes) if known.often_configured_outside else True
    if not named and (known.locks_index or (told and indexes.layout is None)):
        return [], NAME_IT.format(installer=installer, index=indexes.chainguard)
    if known.resolves_again and named and not all(each.explicit for each in named):
        order = [each for each in found.indexes if not each.flat and not each.explicit]
        order = [each for each in order if not each.default] + [each for each in order if each.default][:1]
        if order and order[0].url not in {each.spelled for each in named}:
            return named, _BEHIND_PYPI
    return named, ""


def _entry(
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
    return any(_same_address(named.address, each.index.url) for each in ours)


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
