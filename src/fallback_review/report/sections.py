"""A `Review` arranged for reading, for Markdown, terminal and HTML alike: verdict, trouble, details."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from fallback_review.model import Outcome
from fallback_review.report.escape import destination, path_destination
from fallback_review.report.headline import headline, standing
from fallback_review.report.rows import folded, repeating, row_of
from fallback_review.report.tally import Group, group_of, tally
from fallback_review.report.text import count, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fallback_review.model import Notice, Review, ReviewedChange, ReviewedLockfile, Target
    from fallback_review.report.rows import Row
    from fallback_review.report.tally import Tally

_Pair = tuple["ReviewedChange", "ReviewedLockfile"]
_NOTICE = 600
_FIELDS = {"unnamed": "requirements without a name", "unparsed": "lines that were not understood"}
"""Readable words for a lockfile's fields beside its packages, where the field's own name is none."""
_MOST_TABLES = 10
"""Lockfiles that get a table of their own for their trouble; of more of them one would read headings."""
_PUBLISHED = set(Outcome) - {Outcome.DIRECT, Outcome.PRIVATE}
"""Outcomes of packages that have a page at a public project page's site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where links may point; None makes plain text of them."""

    project: str | None = None
    """A template of a project's page, with ``{name}``."""
    about: str | None = None
    """The page that says what is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Changes of one kind."""

    group: Group
    title: str
    columns: frozenset[str]
    """Those beyond Package and Change."""
    total: int
    """How many rows there are."""
    rows: Callable[[], Iterable[Row]]
    """Gives them in the order to show them in; made one at a time, and only as far as there is room."""


_COLUMNS: dict[Group, frozenset[str]] = {
    Group.TROUBLE: frozenset({"comes_from", "why", "advice"}),
    Group.ALLOWED: frozenset({"comes_from", "allowed"}),
    Group.UPSTREAM: frozenset({"comes_from", "why"}),
    Group.ELSEWHERE: frozenset({"comes_from", "why"}),
    Group.CHAINGUARD: frozenset({"comes_from"}),
    Group.LOCAL: frozenset(),
    Group.UNJUDGED: frozenset({"why"}),
    Group.REMOVED: frozenset(),
}
_TITLES: dict[Group, tuple[str, str]] = {
    Group.ALLOWED: ("📋", "allowed by the policy"),
    Group.UPSTREAM: ("🟡", "PyPI's own, served by Chainguard"),
    Group.ELSEWHERE: ("🔵", "direct or from a private index"),
    Group.CHAINGUARD: ("🟢", "from Chainguard Libraries"),
    Group.LOCAL: ("🏠", "of the project's own"),
    Group.UNJUDGED: ("⚫", "with nothing new to install"),
    Group.REMOVED: ("⚫", "removed"),
}
"""The quiet groups, in the order to show them in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A notice, readable."""

    text: str
    place: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What a report shows, in order."""

    review: Review
    links: Links
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

    def row(self, reviewed: ReviewedChange, lockfile: ReviewedLockfile) -> Row:
        """Return one row, with its links."""
        row = row_of(reviewed, lockfile, scan=self.scan)
        project = self.links.project
        url = (
            destination(project.replace("{name}", quote(reviewed.change.name, safe="", errors="replace")))
            if project and reviewed.outcome in _PUBLISHED
            else None
        )
        line_url = path_destination(self.review.head_url, row.file, row.line) if row.line else None
        return replace(row, url=url, line_url=line_url)

    def findings(self) -> tuple[Remark, ...]:
        """Return what is wrong with the configuration itself."""
        return tuple(map(self._remark, self.review.findings))

    def unreadable(self) -> tuple[Remark, ...]:
        """Return what could not be checked as a whole."""
        return tuple(map(self._remark, self.review.unreadable))

    def trouble(self) -> list[Table]:
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

    def details(self) -> list[Table]:
        """Return the quiet groups that are not empty. A scan leaves out what comes from Chainguard."""
        found: dict[Group, list[_Pair]] = {}
        for lockfile in self.review.lockfiles:
            for change in lockfile.changes:
                found.setdefault(group_of(change), []).append((change, lockfile))
        shown = [
            group for group in _TITLES if group in found and not (self.scan and group is Group.CHAINGUARD)
        ]
        return [
            self._table(
                group,
                f"{_TITLES[group][0]} {len(found[group]):,} {_TITLES[group][1]}",
                found[group],
                mixed=self.several,
            )
            for group in shown
        ]

    def _table(self, group: Group, title: str, pairs: Sequence[_Pair], *, mixed: bool) -> Table:
        """Return a table; in a mixed one rows name their lockfiles, and those that are alike are one."""
        columns = _COLUMNS[group]
        if any(reviewed.note for reviewed, _ in pairs):
            columns |= {"why"}
        if not mixed:
            return Table(
                group=group,
                title=title,
                columns=columns,
                total=len(pairs),
                rows=lambda: repeating(self.row(*pair) for pair in pairs),
            )
        rows = folded(self.row(*pair) for pair in sorted(pairs, key=_worst_first))
        return Table(
            group=group,
            title=title,
            columns=columns | {"lockfile"},
            total=len(rows),
            rows=lambda: repeating(rows),
        )

    def asides(self) -> list[str]:
        """Return what is only counted."""
        conda, metadata = self.numbers.groups[Group.CONDA], self.numbers.metadata_only
        texts = []
        if conda:
            texts.append(f"{count(conda, 'conda package')} not judged: only packages from PyPI's world are.")
        if metadata:
            texts.append(
                f"{count(metadata, 'entry', 'entries')} changed in metadata only (markers, dependencies…)."
            )
        for lockfile in self.review.lockfiles:
            if lockfile.header_changed:
                fields = ", ".join(
                    readable(_FIELDS.get(field, field), 60) for field in lockfile.header_changed[:6]
                )
                texts.append(f"{readable(lockfile.path)}: changed besides the packages: {fields}.")
            if lockfile.base_path and lockfile.base_path != lockfile.path:
                texts.append(f"{readable(lockfile.path)} was {readable(lockfile.base_path)}.")
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

    def footer(self) -> tuple[list[str], str]:
        """Return the lockfiles' paths (a few) and the targets, readable."""
        paths = [readable(lockfile.path, 80) for lockfile in self.review.lockfiles[:3]]
        extra = len(self.review.lockfiles) - len(paths)
        return [*paths, *([f"{extra:,} more"] if extra > 0 else [])], targets(self.review.targets)

    def _remark(self, notice: Notice, path: str | None = None) -> Remark:
        where = notice.path or path
        place = "" if not where else readable(where) + (f":{notice.line}" if notice.line else "")
        url = path_destination(self.review.head_url, where, notice.line) if where and notice.line else None
        return Remark(text=readable(notice.text, _NOTICE), place=place, url=url)


def _as_it_is(notice: Notice) -> Notice:
    return notice


def _without_name(notice: Notice) -> Notice:
    """Say of a requirement such as ``-e .``, which is all that its notice holds, what is up with it."""
    return replace(notice, text=f"has no name, so it is not compared: {notice.text}")


def arrange(review: Review, links: Links | None = None) -> Arrangement:
    """Arrange a review for reading."""
    return Arrangement(review=review, links=links or Links(), numbers=tally(review))


def targets(found: Iterable[Target]) -> str:
    """Name the targets briefly: ``Python 3.12 · linux x86_64, aarch64``."""
    found = tuple(found)
    pythons = list(dict.fromkeys(target.python for target in found))
    platforms: dict[str, dict[str, None]] = {}
    for target in found:
        platforms.setdefault(target.platform, {})[target.arch] = None
    whole = len(pythons) * sum(map(len, platforms.values())) == len(set(found))
    if not whole:
        return readable(", ".join(target.label for target in found), 200)
    listed = [f"{platform} {', '.join(archs)}" for platform, archs in platforms.items()]
    return readable(" · ".join([f"Python {', '.join(pythons)}", *listed]), 200) if found else ""


def _worst_first(pair: _Pair) -> tuple[int, str]:
    return pair[0].rank, pair[0].change.name
