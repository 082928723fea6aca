"""The tracking issue's text. Every text that came from a lockfile or an index is escaped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.report import limits
from fallback_review.report.escape import inert, path_destination
from fallback_review.report.fitting import Block, fit, size
from fallback_review.report.headline import coverage
from fallback_review.report.markdown import summary, table_block
from fallback_review.report.rows import repeating, row_of
from fallback_review.report.sections import IN_TROUBLE, ChangeTable
from fallback_review.report.tally import Group, tally
from fallback_review.report.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from fallback_review.bot.drift_memory import Memory, Point
    from fallback_review.model import Notice, Review, ReviewedChange, ReviewedLockfile
    from fallback_review.report.rows import ChangeRow

TITLE = "Python packages that do not come from Chainguard Libraries"
LIMIT = limits.COMMENT - 536
NEW_FOR = timedelta(days=7)
_THEME = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2da44e"}}}}%%'
"""Mermaid's own first colour is all but invisible on white; this one shows on black as well."""
_DRAWN = 15
"""Points of the chart: more labels would overlap."""
_LISTED = 12


class Open(Struct, frozen=True, kw_only=True):
    """A locked package that is in trouble."""

    reviewed: ReviewedChange
    lockfile: ReviewedLockfile
    key: str
    built: bool
    """Whether Chainguard has it, and only the lock keeps it from coming from there."""


def issue_text(
    review: Review, open_now: Sequence[Open], memory: Memory, today: date, *, branch: str, name: str
) -> str:
    """Return the issue's whole body, within GitHub's limit: rows are left out and counted beyond it."""
    marker = memory.marker(name)
    opening = "\n\n".join(filter(None, [marker, _verdict(review, open_now, branch), _chart(memory.points)]))
    closing = _course(memory.points)
    blocks = list(_blocks(review, open_now, memory, today))
    room = LIMIT - size(opening) - size(closing) - 100
    fitted = fit(blocks, room)
    left_out = f"… and {fitted.left_out:,} more." if fitted.left_out else ""
    return "\n\n".join(filter(None, [opening, *fitted.texts, left_out, closing])) + "\n"


def _verdict(review: Review, open_now: Sequence[Open], branch: str) -> str:
    numbers = tally(review)
    commit = f" at commit {inert(review.head[:7])}" if review.head else ""
    where = f"On the default branch ({inert(readable(branch))}{commit}): {inert(coverage(numbers))}"
    if not open_now and not review.unreadable:
        return f"🟢 **Nothing is left to do.** {where}"
    built = sum(each.built for each in open_now)
    done = f" Chainguard has built **{built:,}** of them: move the lock." if built else ""
    need = "package needs" if len(open_now) == 1 else "packages need"
    return f"**{len(open_now):,}** {need} a look.{done} {where}"


def _blocks(review: Review, open_now: Sequence[Open], memory: Memory, today: date) -> Iterable[Block]:
    if review.unreadable:
        yield _notices(review.unreadable)
    built = [each for each in open_now if each.built]
    rest = [each for each in open_now if not each.built]
    new = [each for each in rest if today - memory.known.get(each.key, today) < NEW_FOR]
    waiting = [each for each in rest if today - memory.known.get(each.key, today) >= NEW_FOR]
    for title, group, folds in (
        ("🟢 Built by now: move the lock", built, False),
        ("🆕 New in the last seven days", new, False),
        ("🟠 Still open", waiting, bool(built or new)),
    ):
        if group:
            since = {each.key: memory.known.get(each.key, today) for each in group}
            yield _table(f"{title} ({len(group):,})", group, since, review.head_url, folds=folds)


def _table(
    title: str, group: Sequence[Open], since: Mapping[str, date], head_url: str | None, *, folds: bool
) -> Block:
    """Return a table of two columns, as in the comment: more of them do not fit on a narrow screen."""
    table = ChangeTable(
        group=Group.TROUBLE,
        title=title,
        says=IN_TROUBLE,
        total=len(group),
        rows=lambda: repeating(_row(each, since[each.key], head_url) for each in group),
    )
    if folds:
        return table_block(table, summary(title), "\n</details>\n")
    return table_block(table, f"#### {title}\n\n", "")


def _row(each: Open, since: date, head_url: str | None) -> ChangeRow:
    row = row_of(each.reviewed, each.lockfile, scan=True)
    return replace(
        row,
        line_url=path_destination(head_url, row.file, row.line),
        lockfile_shown=f"{row.lockfile} · since {since:%Y-%m-%d}",
    )


def _notices(notices: Sequence[Notice]) -> Block:
    return Block(
        opening="#### ⚪ Could not be read\n\n",
        closing="",
        rows=(_notice(notice) for notice in notices),
        total=len(notices),
        more=lambda number: f"- … and {number:,} more\n",
    )


def _notice(notice: Notice) -> str:
    place = f"{inert(readable(notice.path))}: " if notice.path else ""
    return f"- {place}{inert(readable(notice.text, 600))}\n"


def _chart(points: Sequence[Point]) -> str:
    """Return a Mermaid chart (https://mermaid.js.org/syntax/xyChart.html), made of numbers alone."""
    if len(points) < 2:  # noqa: PLR2004 - one point makes no line
        return ""
    last = len(points) - 1
    picked = [points[round(index * last / (_DRAWN - 1))] for index in range(_DRAWN)]
    drawn = list(dict.fromkeys(points if last < _DRAWN else picked))
    days = ", ".join(f'"{point.day:%m-%d}"' for point in drawn)
    shares = ", ".join(f"{point.share:.1f}" for point in drawn)
    return "\n".join(
        (
            "```mermaid",
            _THEME,
            "xychart-beta",
            '    title "Covered by Chainguard Libraries"',
            f"    x-axis [{days}]",
            '    y-axis "per cent" 0 --> 100',
            f"    line [{shares}]",
            "```",
        )
    )


def _course(points: Sequence[Point]) -> str:
    if not points:
        return ""
    rows = "".join(
        f"| {point.day:%Y-%m-%d} | {point.covered:,} of {point.total:,} | {point.share:.1f} % |\n"
        for point in reversed(points[-_LISTED:])
    )
    return (
        "<details><summary>Coverage over time</summary>\n\n"
        f"| Day | Packages | Covered |\n|---|---|---|\n{rows}\n</details>"
    )
