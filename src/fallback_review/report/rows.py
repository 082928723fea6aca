"""What one change looks like to a person: the cells of its row, readable, not yet escaped for a syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import ChangeKind, Outcome
from fallback_review.report.text import readable
from fallback_review.report.words import COMES_FROM, ICONS, MALWARE_ICON, NOTHING_ICON, SAME_AS_ABOVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fallback_review.model import Change, LockedPackage, ReviewedChange, ReviewedLockfile, Verdict

_VERSIONS_SHOWN = 4
_TARGETS_SHOWN = 3
_LOCKFILES_SHOWN = 2
_LONGEST_COMMAND = 400

_WORDS = {
    ChangeKind.ADDED: "added",
    ChangeKind.REMOVED: "removed",
    ChangeKind.UPGRADED: "",
    ChangeKind.DOWNGRADED: "(downgrade)",
    ChangeKind.SOURCE_CHANGED: "new source",
    ChangeKind.ARTIFACTS_CHANGED: "new files",
    ChangeKind.ORIGIN_CHANGED: "configuration changed",
}


class ChangeRow(Struct, frozen=True, kw_only=True):
    """One change, in words."""

    icon: str
    name: str
    before: tuple[str, ...] = ()
    """Versions that are gone; empty where only `after` tells something."""
    after: tuple[tuple[str, bool], ...] = ()
    """Versions that are there, and whether they are new."""
    word: str = ""
    """What the versions alone don't say: ``added``, ``new source``…"""
    comes_from: str = ""
    """The words for the icon."""
    only_warns: bool = False
    """Whether it warns in a check that fails for other rows."""
    where: str = ""
    """On which targets, where they differ: ``on linux-aarch64; elsewhere: Chainguard``."""
    why: str = ""
    advice: str = ""
    command: str = ""
    allowed: str = ""
    lockfile: str = ""
    file: str = ""
    """The path that holds the entry, unshortened and unsafe: for links only."""
    line: int | None = None
    line_url: str | None = None
    pages: tuple[tuple[str, str], ...] = ()
    """Pages about the project: the name of the site, and the address."""
    lockfile_shown: str = ""
    """The lockfile's path, where the table holds rows of several."""
    repeats: bool = False
    """Whether the row above says the same why, and what to do."""

    @property
    def because(self) -> tuple[str, ...]:
        """The lines between where it comes from and what to do."""
        why = SAME_AS_ABOVE if self.repeats else self.why
        return tuple(filter(None, (why, f"allowed: {self.allowed}" if self.allowed else "")))


def row_of(reviewed: ReviewedChange, lockfile: ReviewedLockfile, *, scan: bool = False) -> ChangeRow:
    """Return a change's row."""
    change, outcome = reviewed.change, reviewed.outcome
    entries = change.gained or change.after
    before, after, word = _versions(change, scan=scan)
    return ChangeRow(
        icon=MALWARE_ICON if reviewed.malware else ICONS[outcome] if outcome else NOTHING_ICON,
        name=readable(change.name),
        before=before,
        after=after,
        word=word,
        comes_from=COMES_FROM[outcome] if outcome else "",
        where=_where(outcome, reviewed.verdicts) if outcome else "",
        why=_why(reviewed),
        advice=readable(reviewed.advice.text, _LONGEST_COMMAND) if reviewed.advice else "",
        command=_command(reviewed),
        allowed=_allowed(reviewed),
        lockfile=readable(lockfile.path),
        file=(entries[0].path if entries else None) or lockfile.path,
        line=change.line,
    )


def repeating(rows: Iterable[ChangeRow]) -> Iterator[ChangeRow]:
    """Yield rows, marking those of which the row above has said why and what to do."""
    said: tuple[str, ...] = ()
    for row in rows:
        says = (row.why, row.advice, row.command)
        yield replace(row, repeats=True) if says == said and row.advice else row
        said = says


def folded(rows: Iterable[ChangeRow]) -> tuple[ChangeRow, ...]:
    """Return one row for those that differ in nothing but their lockfile: it names a few, and has no line."""
    alike: dict[ChangeRow, list[ChangeRow]] = {}
    for row in rows:
        anywhere = replace(row, lockfile="", file="", line=None, line_url=None)
        alike.setdefault(anywhere, []).append(row)
    return tuple(
        replace(found[0] if len(found) == 1 else anywhere, lockfile_shown=_named(found))
        for anywhere, found in alike.items()
    )


def _named(rows: Sequence[ChangeRow]) -> str:
    lockfiles = [row.lockfile for row in rows]
    extra = len(lockfiles) - _LOCKFILES_SHOWN
    return ", ".join(lockfiles[:_LOCKFILES_SHOWN]) + (f" and {extra:,} more" if extra > 0 else "")


def _version(package: LockedPackage) -> str:
    shown = package.shown_version or (package.source.commit or "")[:7] or package.source.reference
    return readable(shown, 60) if shown else "no version"


def _few(texts: Iterable[str]) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(texts))
    extra = len(distinct) - _VERSIONS_SHOWN
    return distinct if extra <= 0 else (*distinct[:_VERSIONS_SHOWN], f"{extra:,} more")


def _versions(change: Change, *, scan: bool) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...], str]:
    before, after = _few(map(_version, change.before)), _few(map(_version, change.after))
    gained = {_version(package) for package in change.gained}
    marked = tuple((version, version in gained) for version in after)
    if scan:
        return (), tuple((version, False) for version in after), ""
    if change.kind is ChangeKind.REMOVED:
        return (), tuple((version, False) for version in before), "removed"
    return (() if before == after else before), marked, _word(change)


def _word(change: Change) -> str:
    word = _WORDS[change.kind]
    kinds = [{package.source.kind.value for package in side} for side in (change.before, change.after)]
    if change.source_changed and change.before and change.after:
        word = "new source" if kinds[0] == kinds[1] else f"{_kinds(kinds[0])} → {_kinds(kinds[1])}"
    return word


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(sorted("index" if kind == "registry" else kind for kind in kinds))


def _why(reviewed: ReviewedChange) -> str:
    change = reviewed.change
    parts = [readable(part, _LONGEST_COMMAND) for part in (reviewed.why, reviewed.note) if part]
    if change.became_unhashed:
        parts.append("the lock no longer has its hashes")
    if change.kind is ChangeKind.ARTIFACTS_CHANGED and (change.hosts_before or change.hosts_after):
        parts.append(f"files moved from {_hosts(change.hosts_before)} to {_hosts(change.hosts_after)}")
    elif change.kind is ChangeKind.ARTIFACTS_CHANGED and (change.hashes_added or change.hashes_removed):
        parts.append(f"hashes: {change.hashes_added:,} added, {change.hashes_removed:,} removed")
    return "; ".join(parts)


def _hosts(hosts: Sequence[str]) -> str:
    return ", ".join(readable(host, 80) for host in hosts[:_TARGETS_SHOWN]) or "no host"


def _command(reviewed: ReviewedChange) -> str:
    command = reviewed.advice.command if reviewed.advice else None
    # A command that was cut would be copied all the same.
    return readable(command, _LONGEST_COMMAND) if command and len(command) <= _LONGEST_COMMAND else ""


def _allowed(reviewed: ReviewedChange) -> str:
    allowance = reviewed.allowance
    if allowance is None:
        return ""
    parts = [readable(allowance.reason, _LONGEST_COMMAND)]
    if allowance.owner:
        parts.append(f"by {readable(allowance.owner)}")
    if allowance.expires:
        parts.append(f"until {readable(allowance.expires)}")
    return ", ".join(parts)


def _where(worst: Outcome, verdicts: Sequence[Verdict]) -> str:
    """Say which targets have which outcome, where they are not all of one."""
    seen: dict[Outcome, dict[str, bool]] = {}
    pythons = {verdict.target.partition(" ")[0] for verdict in verdicts}
    for verdict in verdicts:
        targets = seen.setdefault(verdict.outcome, {})
        python, _, platform = verdict.target.partition(" ")
        targets[platform if platform and pythons == {python} else verdict.target] = verdict.informational
    if set(seen) <= {worst}:
        return ""
    clauses = []
    for outcome in sorted(seen, key=lambda outcome: (outcome is not worst, outcome.rank)):
        targets = seen[outcome]
        names = [readable(target, 60) for target in list(targets)[:_TARGETS_SHOWN]]
        extra = len(targets) - len(names)
        listed = ", ".join(names) + (f" and {extra:,} more" if extra > 0 else "")
        informational = all(targets.values())
        if outcome is worst:
            clauses.append(f"on {listed}")
        elif len(seen) == 2 and worst in seen and not informational:  # noqa: PLR2004 - the worst and one other
            clauses.append(f"elsewhere: {COMES_FROM[outcome]}")
        else:
            clauses.append(f"{listed}{' (for information)' if informational else ''}: {COMES_FROM[outcome]}")
    return "; ".join(clauses)
