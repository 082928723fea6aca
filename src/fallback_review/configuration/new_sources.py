"""What a pull request lets in besides the entries that it changes: PyPI, a stranger's index, other files.

Each of these changes where packages may come from without changing an entry, so that no verdict shows it: a
review that has such a notice is no pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.index_order import asked, whose
from fallback_review.configuration.values import clip
from fallback_review.lockfiles import format_of
from fallback_review.model import Notice, Owner
from fallback_review.prediction.addresses import host
from fallback_review.prediction.installers import INSTALLERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.values import Configuration, ConfiguredIndex
    from fallback_review.model import Lockfile, LockfileDiff
    from fallback_review.prediction.addresses import Addresses

_NOT_LOOKED_INTO = frozenset({Owner.NOBODY, Owner.LOCAL})
_SCAN = "check the whole file with `fallback-review scan`"


def opened(
    diff: LockfileDiff,
    base: Configuration | None,
    head: Configuration,
    addresses: Addresses,
    *,
    decided: bool,
    unjudged: int,
) -> tuple[Notice, ...]:
    """Return what the head lets in and the base did not.

    Args:
        diff: what changed in the lockfile.
        base: the configuration of the base; None where the lockfile is new.
        head: the configuration of the head.
        addresses: whose addresses are whose.
        decided: whether the settings say what the installer asks.
        unjudged: entries that did not change and are not judged.
    """
    found = list(_lines(diff, addresses))
    if base is not None and not format_of(diff.head).locks_urls:
        found += _pypi(diff.path, unjudged, base, head, addresses, decided=decided)
        found += _options(diff, unjudged)
        if INSTALLERS.get(head.installer, INSTALLERS["pip"]).one_source:
            found += _renamed(base, head, addresses)
            found += _misnamed(diff, head, addresses)
        else:
            found += _configured(diff.head, base, head, addresses)
    return tuple(found)


def unlocked(lockfile: Lockfile, head: Configuration) -> Iterator[Notice]:
    """Say which packages a project asks for and its lock, read as a whole, does not hold."""
    demands = head.demands
    if demands is None:
        return
    held = {package.name for package in lockfile.packages}
    for name, every in sorted(demands.by_name.items()):
        first = next((each for each in every if each.asked), None)
        if first is not None and name not in held:
            lock = clip(lockfile.path)
            text = (
                f"the project asks for {clip(name)}, and {lock} does not hold it: {demands.again}. Lock again"
            )
            yield Notice(text=text, path=first.path, line=first.line)


def _lines(diff: LockfileDiff, addresses: Addresses) -> Iterator[Notice]:
    """Give the lockfile's own index lines that are new and lead where nobody looks."""
    before = {index.url for index in diff.base.indexes}
    for index in diff.head.indexes:
        if index.url not in before and addresses.index_at(index.url).owner in _NOT_LOOKED_INTO:
            yield _unseen(index.url, index.path or diff.path, index.line)


def _configured(
    lockfile: Lockfile, base: Configuration, head: Configuration, addresses: Addresses
) -> Iterator[Notice]:
    """Give the indexes of configuration files that are new and lead where nobody looks."""
    known = {index.url for index in base.indexes} | {index.url for index in lockfile.indexes}
    for index in head.indexes:
        if (
            index.url not in known
            and not index.explicit
            and whose(index, addresses).owner in _NOT_LOOKED_INTO
        ):
            yield _unseen(index.url, index.path, index.line)


def _unseen(url: str, path: str, line: int | None) -> Notice:
    at = host(url)
    remedy = "name the host in the settings (own-hosts in [indexes])" if at else "lock with hashes"
    where = at or clip(url)
    return Notice(
        path=path,
        line=line,
        text=f"packages may now come from {where}, which can't be checked: take the line out, or {remedy}",
    )


def _renamed(base: Configuration, head: Configuration, addresses: Addresses) -> Iterator[Notice]:
    """Give the names of Chainguard's sources that mean another one now: locks name sources by these names."""
    before = {_name(index) for index in base.indexes if whose(index, addresses).owner is Owner.CHAINGUARD}
    for index in head.indexes:
        if index.name and _name(index) in before and whose(index, addresses).owner is not Owner.CHAINGUARD:
            now = host(index.url) or "PyPI"
            text = (
                f"the source {clip(index.name)} was Chainguard's and is now {now}: every entry that names "
                f"it comes from there; {_SCAN}"
            )
            yield Notice(path=index.path, line=index.line, text=text)


def _misnamed(diff: LockfileDiff, head: Configuration, addresses: Addresses) -> Iterator[Notice]:
    """Give the sources whose address in Poetry's lock is not the one that goes by their name."""
    configured = {_name(index): index for index in head.indexes if index.name}
    gained = (package for change in diff.changes for package in change.gained)
    stated = dict.fromkeys(
        (package.source.reference, package.source.location)
        for package in gained
        if package.source.kind.from_index and package.source.reference
    )
    for name, location in stated:
        index = configured.get((name or "").lower())
        if index is not None and whose(index, addresses) != addresses.index_at(location or ""):
            text = (
                f"the lock gives the source {clip(name or '')} an address on {host(location or '')}, and the "
                f"configuration one on {host(index.url) or 'PyPI'}: Poetry goes by the name. Lock again"
            )
            yield Notice(path=diff.path, text=text)


def _name(index: ConfiguredIndex) -> str:
    return (index.name or "").lower()


def _pypi(
    path: str,
    unjudged: int,
    base: Configuration,
    head: Configuration,
    addresses: Addresses,
    *,
    decided: bool,
) -> Iterator[Notice]:
    """Say that PyPI is let in for entries that were not judged, or were judged by a guess of the layout.

    What stands in place of a tool's built-in PyPI is known where the settings name the layout.
    """
    before, after = (
        any(
            each.pypi and (each.configured is not None or not decided)
            for each in asked(configured, addresses)
        )
        for configured in (base, head)
    )
    if before or not after:
        return
    if unjudged > 0:
        text = (
            f"The installer now asks PyPI, also for {_left(unjudged)}: "
            "name Chainguard's index alone, as before (uv export has --emit-index-url), or say in the "
            f"settings how the indexes are arranged (layout in [indexes]); to know now, {_SCAN}"
        )
        yield Notice(path=path, text=text)
    elif not decided and not head.indexes:
        text = (
            "The installer now asks PyPI, and nothing in the repository names Chainguard's index any more: "
            "name it, or say in the settings how the indexes are arranged (layout in [indexes])"
        )
        yield Notice(path=path, text=text)


def _options(diff: LockfileDiff, unjudged: int) -> Iterator[Notice]:
    """Say that other kinds of files are taken from now on, also for entries that were not judged."""
    before, after = diff.base.options, diff.head.options
    judged = {change.name for change in diff.changes if change.gained}
    changed = [
        flag
        for flag, names in (
            ("--no-binary", before.no_binary ^ after.no_binary),
            ("--only-binary", before.only_binary ^ after.only_binary),
        )
        if names - judged
    ]
    changed += ["--prefer-binary"] if before.prefer_binary != after.prefer_binary else []
    changed += ["--no-index"] if before.no_index != after.no_index else []
    if changed and unjudged > 0:
        text = f"{', '.join(changed)} changed, also for {_left(unjudged)}: {_SCAN}"
        yield Notice(path=diff.path, text=text)


def _left(unjudged: int) -> str:
    if unjudged == 1:
        return "1 entry that did not change and was not checked"
    return f"{unjudged:,} entries that did not change and were not checked"
