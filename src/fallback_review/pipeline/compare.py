"""Two sides of lockfiles -> what changed in each, with the trees of both sides to read beside it."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles import LockfileError, Text, decode, format_of, parse, parse_pair, recognise
from fallback_review.lockfiles.diff import diff
from fallback_review.lockfiles.direct_references import place_of
from fallback_review.model import Notice
from fallback_review.prediction import INSTALLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fallback_review.configuration.environment import SetVariable
    from fallback_review.model import LockedPackage, Lockfile, LockfileDiff
    from fallback_review.settings.schema import Settings

    Read = Callable[[str], str | None]
    ReadBytes = Callable[[str], bytes | None]


class ComparedLockfile(Struct, frozen=True, kw_only=True):
    """What changed in one lockfile, and the trees of both sides to read beside it."""

    diff: LockfileDiff
    base_read: Read | None
    """None where the lockfile is new."""
    head_read: Read | None
    """None where the lockfile is gone."""
    read_whole: Callable[[], tuple[Lockfile, Lockfile]] | None = None
    """Reads both sides with all entries, where both are there; raises `LockfileError`."""
    base_named: tuple[str, ...] = ()
    """Files of pip's configuration that workflows and Dockerfiles of the base name."""
    head_named: tuple[str, ...] = ()
    """The same at the head."""
    variables: tuple[SetVariable, ...] = ()
    """What workflows and Dockerfiles of the head set in plain text."""
    new_hosts: frozenset[str] = frozenset()
    """Hosts that direct references lead to now, and led to nowhere at the base."""


def text_of(path: str, data: bytes, read: ReadBytes, settings: Settings, *, link: bool = False) -> Text:
    """Return one side of a lockfile, which knows the files beside it and what the settings say of its reader.

    `read` gives the bytes of a file of the same tree, None where there is none; `link` says that the data
    are surely the target of a symbolic link.

    Raises:
        LockfileError: the bytes are no text, or too many; reading a file beside it raises that as well.
    """

    def beside(other: str) -> str | None:
        found = read(other)
        return None if found is None else decode(other, found)

    installer = INSTALLERS.get(settings.indexes.installer or "")
    return Text(
        path=path,
        text=decode(path, data),
        read=beside,
        link=link,
        joins_comments=installer.joins_comments if installer is not None else None,
    )


def installer_of(lockfile: Lockfile, settings: Settings) -> str:
    """Return who installs a lockfile; of a migration's sides each has its own, configured in other files."""
    return settings.indexes.installer or lockfile.installer or format_of(lockfile).installer


def compare(base: Text | None, head: Text | None) -> ComparedLockfile:
    """Return what changed between two sides of one lockfile; None is a side that does not exist.

    Raises:
        LockfileError: a side can't be read.
        ValueError: neither side exists.
    """
    found = diff(*parse_pair(base, head))
    return ComparedLockfile(
        diff=found if base else replace(found, base_path=None, base_format=None),
        base_read=base.read if base else None,
        head_read=head.read if head else None,
        read_whole=cache(partial(_read_whole, base, head)) if base and head and base.text.strip() else None,
        new_hosts=_new_hosts(found, base),
    )


def _new_hosts(found: LockfileDiff, base: Text | None) -> frozenset[str]:
    gained = _direct_hosts(package for change in found.changes for package in change.gained)
    new = gained - _direct_hosts((*found.base.packages, *found.base.nameless))
    if not new or base is None:
        return new
    whole = parse(base)
    return new - _direct_hosts((*whole.packages, *whole.nameless))  # with the entries that both sides share


def _direct_hosts(packages: Iterable[LockedPackage]) -> frozenset[str]:
    """Return where entries come from past any index: hosts of archives and repositories, a machine's disk."""
    return frozenset(place_of(each.source) for each in packages if not each.source.kind.from_index) - {""}


def _read_whole(base: Text, head: Text) -> tuple[Lockfile, Lockfile]:
    return parse(base), parse(head)


def compare_tolerantly(
    base: Callable[[], Text | None], head: Callable[[], Text | None]
) -> ComparedLockfile | None:
    """Compare two sides of a pull request, whose base may be the very thing that it mends.

    A base that can't be read counts as absent, with a notice: everything in the head is new then. None where
    there is no head either: nothing will be installed from it.

    Raises:
        LockfileError: the head can't be read.
    """
    text = head()
    try:
        return compare(base(), text)
    except LockfileError as error:
        if text is None:
            return None
        compared = compare(None, text)
        said = Notice(
            path=error.path,
            line=error.line,
            text=f"could not be read at the base, so everything in it counts as new: {error.reason}",
        )
        return replace(compared, diff=replace(compared.diff, notices=(*compared.diff.notices, said)))


def once(compared: Iterable[ComparedLockfile]) -> list[ComparedLockfile]:
    """Leave out files of unusual names that a lockfile among them includes: there they are reviewed."""
    found = [(one, recognise(one.diff.path) is not None) for one in compared]
    sides = [side for one, named in found if named for side in (one.diff.base, one.diff.head)]
    included = {
        *(package.path for side in sides for package in side.packages),
        *(index.path for side in sides for index in side.indexes),
        *(notice.path for side in sides for notice in side.notices),
    }
    return [one for one, named in found if named or one.diff.path not in included]


def whole(text: Text) -> ComparedLockfile:
    """Return one lockfile as if everything in it were new, for a scan.

    Raises:
        LockfileError: the file can't be read.
    """
    lockfile = parse(text)
    nothing = replace(lockfile, packages=(), unnamed=(), nameless=(), notices=(), header={})
    return ComparedLockfile(diff=diff(nothing, lockfile), base_read=None, head_read=text.read)
