"""Mending one lock: what becomes of each entry, and what stays, with the reason.

Nothing is invented: a row becomes one that Chainguard's index lists, of the same version and build, for the
same Python, ABI and platform; and a target that had a file keeps one. What the project does not name can't be
mended either, since its installer would write the lock back.
"""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.lockfiles import LockfileError, format_of, parse
from fallback_review.lockfiles.mend import MendError, Mending
from fallback_review.lockfiles.mend import mended as mended_text
from fallback_review.lockfiles.text import as_read
from fallback_review.model import Ecosystem, SourceKind
from fallback_review.pipeline.context import demands_on
from fallback_review.pipeline.mend_check import not_taken
from fallback_review.pipeline.mend_indexes import beside, bound_elsewhere, named_indexes
from fallback_review.pipeline.mend_rows import mended_entry
from fallback_review.prediction.left_behind import left_behind, respelled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from fallback_review.configuration import Configuration
    from fallback_review.lockfiles import Text
    from fallback_review.lockfiles.format import Format
    from fallback_review.model import Demands, LockedPackage, Lockfile, Project
    from fallback_review.pipeline.ask import Ask
    from fallback_review.settings.schema import Settings


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
    left_behind: tuple[Unmended, ...] = ()
    """Entries of the mended lock that are not what the project asks for: its installer takes no such lock."""
    lock_again: str = ""
    """The step that ends that; empty where there are none, or no command does it."""


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
    named, why = named_indexes(configured, text, settings, known)
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
            found = mended_entry(
                package, projects[package.name], known, settings, ours, remediated=remediated
            )
            if found is not None and (said := why or bound_elsewhere(found, configured, ours)):
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
            behind = _left_behind(text, result, demands_on(configured, settings))
            step = known.lock_command(text.path, compiled=lockfile.compiled) if behind else None
            return replace(result, already=already, left_behind=behind, lock_again=step or "")
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
            after = known.refreshed(after, beside(text, known.made_from), ordered)
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


def _left_behind(text: Text, found: Mended, demands: Demands | None) -> tuple[Unmended, ...]:
    """Return the entries of a mended lock for which its installer would still lock again."""
    if demands is None or not found.mended:
        return ()
    every = parse(replace(text, text=as_read(found.after))).packages
    behind = []
    for package in every:
        if (change := left_behind(package, demands)) is not None:
            behind.append(Unmended(package=package, why=change.effect))
        elif (spelled := respelled(package, demands)) is not None:
            why = f"the project writes the address of its index as {spelled}, so {demands.again}"
            behind.append(Unmended(package=package, why=why))
    return tuple(behind)


def _stated(done: Iterable[Mending]) -> set[tuple[str | None, str]]:
    """Return the sources that entries of a lock name: their names, where it tells them, and addresses."""
    sources = (each.package.source for each in done)
    return {(each.reference, each.location) for each in sources if each.location}


def _is_in_question(package: LockedPackage, only: Collection[str]) -> bool:
    return (
        package.ecosystem is Ecosystem.PYPI
        and package.source.kind is SourceKind.REGISTRY
        and not package.local
        and (not only or package.name in only)
    )


def _private(package: LockedPackage, settings: Settings) -> bool:
    return any(fnmatchcase(package.name, pattern) for pattern in settings.policy.private)


def _configured(lockfile: Lockfile, text: Text, settings: Settings, known: Format) -> Configuration:
    installer = settings.indexes.installer or lockfile.installer or known.installer
    return configuration.read(lockfile, text.read, installer=installer)
