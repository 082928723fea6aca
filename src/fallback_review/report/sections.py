"""A `Review` arranged for reading, for Markdown, terminal and HTML alike: verdict, trouble, details."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import Conclusion, Outcome
from fallback_review.report.escape import destination, path_destination
from fallback_review.report.headline import headline, share, standing
from fallback_review.report.rows import folded, repeating, row_of
from fallback_review.report.tally import Group, Tallies, group_of, most_missing, tally
from fallback_review.report.text import count, readable
from fallback_review.report.words import SAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fallback_review.model import Notice, Review, ReviewedChange, ReviewedLockfile, Target
    from fallback_review.report.rows import ChangeRow
    from fallback_review.report.tally import Tally

_Pair = tuple["ReviewedChange", "ReviewedLockfile"]
_NOTICE = 600
_LOCKFILES_NAMED = 3
_MISSING_NAMED = 10
_MOST_TABLES = 10
"""Lockfiles that get a table of their own for their trouble; of more of them one would read headings."""
_PLATFORMS = {"linux": "Linux", "musllinux": "Linux with musl", "macos": "macOS", "windows": "Windows"}
_PUBLISHED = set(Outcome) - {Outcome.DIRECT, Outcome.PRIVATE}
"""Outcomes of packages that have a page at a public project page's site."""


class ChangeTable(Struct, frozen=True, kw_only=True):
    """Changes of one kind."""

    group: Group
    title: str
    says: str
    """The heading of the second column; empty where a package's name and versions are all there is to say."""
    total: int
    """How many rows there are."""
    rows: Callable[[], Iterable[ChangeRow]]
    """Gives them in the order to show them in; made one at a time, and only as far as there is room."""


IN_TROUBLE = "Comes from, why, and what to do"
"""The second column's heading over packages in trouble."""
_SAYS: dict[Group, str] = {
    Group.TROUBLE: IN_TROUBLE,
    Group.ALLOWED: "Comes from, and why it is allowed",
    Group.UPSTREAM: "Comes from",
    Group.ELSEWHERE: "Comes from",
    Group.CHAINGUARD: "Comes from",
    Group.UNJUDGED: "What changed",
}
_TITLES: dict[Group, tuple[str, str, str]] = {
    Group.ALLOWED: ("📋", "is allowed by the settings", "are allowed by the settings"),
    Group.UPSTREAM: ("🟡", *SAYS[Outcome.UPSTREAM]),
    Group.ELSEWHERE: (
        "🔵",
        "does not come from Chainguard or PyPI",
        "do not come from Chainguard or PyPI",
    ),
    Group.CHAINGUARD: ("🟢", *SAYS[Outcome.CHAINGUARD]),
    Group.LOCAL: ("🏠", "is part of this project", "are part of this project"),
    Group.UNJUDGED: ("⚫", "changes nothing that gets installed", "change nothing that gets installed"),
    Group.REMOVED: ("⚫", "is removed", "are removed"),
}
"""The quiet groups, in the order to show them in: what is said of one package, and of several."""


class Total(Struct, frozen=True, kw_only=True):
    """One lockfile of a scan, in numbers."""

    lockfile: str
    packages: int
    chainguard: int
    pypi: int
    upstream: int
    """PyPI's files, served by Chainguard."""
    other: int
    """What does not install, or could not be checked."""
    share: str


TOTALS = (
    "Lockfile",
    "Covered",  # in front, so that a narrow screen shows it
    "Packages",
    "Chainguard",
    "PyPI",
    "PyPI's, served by Chainguard",
    "Fails or unknown",
)
"""The headings of a table of totals."""


class Remark(Struct, frozen=True, kw_only=True):
    """A notice, readable."""

    text: str
    place: str = ""
    url: str | None = None


class Sections(Struct, frozen=True, kw_only=True):
    """What a report shows, in order."""

    review: Review
    numbers: Tally

    @property
    def icon(self) -> str:
        """The headline's icon."""
        return headline(self.review, self.numbers)[0]

    @property
    def title(self) -> str:
        """The verdict in one line."""
        return headline(self.review, self.numbers)[1]

    @property
    def standing(self) -> str:
        """What it means for the merge; may be empty."""
        return standing(self.review, self.numbers)

    @property
    def scan(self) -> bool:
        """Whether this is one whole lockfile, not two sides."""
        return self.review.scope == "all"

    @property
    def several(self) -> bool:
        """Whether rows must name their lockfile."""
        return len(self.review.lockfiles) > 1

    def row(self, reviewed: ReviewedChange, lockfile: ReviewedLockfile) -> ChangeRow:
        """Return one row, with its links."""
        row = row_of(reviewed, lockfile, scan=self.scan)
        fails = self.review.conclusion in (Conclusion.FAIL, Conclusion.UNKNOWN)
        line_url = path_destination(self.review.head_url, row.file, row.line) if row.line else None
        return replace(
            row,
            line_url=line_url,
            only_warns=fails and reviewed.conclusion is Conclusion.WARN,
            pages=self._pages(reviewed),
        )

    def _pages(self, reviewed: ReviewedChange) -> tuple[tuple[str, str], ...]:
        if reviewed.outcome not in _PUBLISHED:
            return ()
        name = quote(reviewed.change.name, safe="", errors="replace")
        pages = ((site, destination(url.replace("{name}", name))) for site, url in self.review.project_pages)
        return tuple((site, url) for site, url in pages if url)

    def findings(self) -> tuple[Remark, ...]:
        """Return what is wrong with the configuration itself."""
        return tuple(map(self._remark, self.review.findings))

    def unreadable(self) -> tuple[Remark, ...]:
        """Return what could not be checked as a whole."""
        return tuple(map(self._remark, self.review.unreadable))

    def trouble(self) -> list[ChangeTable]:
        """Return one table for each lockfile with trouble, or one for all of many: the worst first."""
        found = []
        for lockfile in self.review.lockfiles:
            pairs = [(change, lockfile) for change in lockfile.changes if group_of(change) is Group.TROUBLE]
            if pairs:
                found.append(sorted(pairs, key=_worst_first))
        if len(found) > _MOST_TABLES:
            title = f"In {count(len(found), 'lockfile')}"
            return [self._table(Group.TROUBLE, title, list(chain.from_iterable(found)), mixed=True)]
        found.sort(key=lambda pairs: pairs[0][0].rank)
        return [self._table(Group.TROUBLE, readable(pairs[0][1].path), pairs, mixed=False) for pairs in found]

    def details(self, *, everything: bool = False) -> list[ChangeTable]:
        """Return the quiet groups that are not empty.

        A scan leaves out what comes from Chainguard, unless `everything` is asked for.
        """
        found: dict[Group, list[_Pair]] = {}
        for lockfile in self.review.lockfiles:
            for change in lockfile.changes:
                found.setdefault(group_of(change), []).append((change, lockfile))
        shown = [
            group
            for group in _TITLES
            if group in found and (everything or not self.scan or group is not Group.CHAINGUARD)
        ]
        return [
            self._table(group, _title(group, found[group]), found[group], mixed=self.several)
            for group in shown
        ]

    def _table(self, group: Group, title: str, pairs: Sequence[_Pair], *, mixed: bool) -> ChangeTable:
        """Return a table; in a mixed one rows name their lockfiles, and those that are alike are one."""
        says = _SAYS.get(group, "")
        if not mixed:
            return ChangeTable(
                group=group,
                title=title,
                says=says,
                total=len(pairs),
                rows=lambda: repeating(self.row(*pair) for pair in pairs),
            )
        rows = folded(self.row(*pair) for pair in sorted(pairs, key=_worst_first))
        return ChangeTable(group=group, title=title, says=says, total=len(rows), rows=lambda: repeating(rows))

    def totals(self) -> list[Total]:
        """Return a line for each lockfile of a scan of several, the worst covered first; else nothing."""
        if not (self.scan and self.several):
            return []
        tallies = Tallies(self.review.lockfiles)
        counted = [(lockfile, tallies.of([lockfile])) for lockfile in self.review.lockfiles]
        counted.sort(key=lambda pair: (pair[1].from_chainguard / (pair[1].known or 1), pair[0].path))
        return [
            Total(
                lockfile=readable(lockfile.path),
                packages=numbers.judged,
                chainguard=numbers.from_chainguard,
                pypi=numbers.outcomes[Outcome.PYPI],
                upstream=numbers.outcomes[Outcome.UPSTREAM],
                other=numbers.outcomes[Outcome.INSTALL_FAILS] + numbers.outcomes[Outcome.UNKNOWN],
                share=share(numbers) or "-",
            )
            for lockfile, numbers in counted
        ]

    def missing(self) -> list[str]:
        """Return what several lockfiles of a scan miss, the commonest first, and no more than a few."""
        if not (self.scan and self.several):
            return []
        shared = [each for each in most_missing(self.review) if each.lockfiles > 1]
        return [
            f"{readable(each.name)} ({readable(', '.join(each.versions), 60)}): {each.lockfiles:,} lockfiles"
            for each in shared[:_MISSING_NAMED]
        ]

    def asides(self) -> list[str]:
        """Return what is only counted, and what the verdicts take for granted."""
        conda = self.numbers.groups[Group.CONDA]
        texts = [readable(each.said, 400) for each in self.review.assumptions]
        if conda:
            texts.append(f"{count(conda, 'conda package')} not checked: only packages from PyPI are.")
        texts += [
            f"{readable(lockfile.path)} is compared with {readable(lockfile.base_path)}."
            for lockfile in self.review.lockfiles
            if lockfile.base_path and lockfile.base_path != lockfile.path
        ]
        return texts

    def notices(self) -> tuple[Remark, ...]:
        """Return what a person should know about the lockfiles, but for what stands among the unreadable."""
        said = {(notice.text, notice.path, notice.line) for notice in self.review.unreadable}
        return tuple(
            self._remark(says(notice), lockfile.path)
            for lockfile in self.review.lockfiles
            for says, notices in ((_as_it_is, lockfile.notices), (_without_name, lockfile.unnamed))
            for notice in notices
            if (notice.text, notice.path or lockfile.path, notice.line) not in said
        )

    def footer(self) -> list[str]:
        """Return what was checked, and for which targets, readable: the parts of a report's last line."""
        shown = self.review.lockfiles[:_LOCKFILES_NAMED]
        paths = [readable(lockfile.path, 80) for lockfile in shown]
        if extra := len(self.review.lockfiles) - len(paths):
            paths.append(f"{extra:,} more")
        return [part for part in (", ".join(paths), *self._targets()) if part]

    def _targets(self) -> list[str]:
        """Return the targets that were used: each lockfile may have its own, by the Python that it is for."""
        of_all = [lockfile.targets or self.review.targets for lockfile in self.review.lockfiles]
        distinct = list(dict.fromkeys(of_all)) or [self.review.targets]
        if len(distinct) == 1 or len(of_all) > _LOCKFILES_NAMED:
            return [targets(dict.fromkeys(chain.from_iterable(distinct)))]
        return [
            f"{readable(lockfile.path, 80)}: {targets(own)}"
            for lockfile, own in zip(self.review.lockfiles, of_all, strict=True)
        ]

    def _remark(self, notice: Notice, path: str | None = None) -> Remark:
        where = notice.path or path
        place = "" if not where else readable(where) + (f":{notice.line}" if notice.line else "")
        url = path_destination(self.review.head_url, where, notice.line) if where and notice.line else None
        return Remark(text=readable(notice.text, _NOTICE), place=place, url=url)


def _as_it_is(notice: Notice) -> Notice:
    return notice


def _without_name(notice: Notice) -> Notice:
    """Say of a requirement such as ``-e .``, which is all that its notice holds, what is up with it."""
    return replace(notice, text=f"has no name before it is built: {notice.text}")


def arrange(review: Review) -> Sections:
    """Arrange a review for reading."""
    return Sections(review=review, numbers=tally(review))


def targets(found: Iterable[Target]) -> str:
    """Name the targets: ``Python 3.12 on Linux (x86_64, aarch64); for information: macOS (arm64)``."""
    every = tuple(found)
    parts = []
    for informational, lead in ((False, ""), (True, "for information: ")):
        chosen = [target for target in every if target.informational is informational]
        if chosen:
            parts.append(lead + _grid(chosen))
    return readable("; ".join(parts), 300)


def _grid(found: Sequence[Target]) -> str:
    pythons = list(dict.fromkeys(target.python for target in found))
    platforms: dict[str, dict[str, None]] = {}
    for target in found:
        platforms.setdefault(_PLATFORMS.get(target.platform, target.platform), {})[target.arch] = None
    if len(pythons) * sum(map(len, platforms.values())) != len(set(found)):
        return ", ".join(target.label for target in found)
    listed = [f"{platform} ({', '.join(archs)})" for platform, archs in platforms.items()]
    return f"Python {', '.join(pythons)} on {', '.join(listed)}"


def _title(group: Group, pairs: Sequence[_Pair]) -> str:
    icon, one, many = _TITLES[group]
    return f"{icon} {count(len(pairs), 'package')} {one if len(pairs) == 1 else many}"


def _worst_first(pair: _Pair) -> tuple[int, str]:
    return pair[0].rank, pair[0].change.name
