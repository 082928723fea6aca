"""The report for a terminal, by Rich. Values become `Text`, never markup, so none of them can style."""

from __future__ import annotations

import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from fallback_review.model import Conclusion, Outcome
from fallback_review.report.sections import arrange
from fallback_review.report.tally import Group
from fallback_review.report.words import CONCLUSION_ICONS, ICONS, MALWARE_ICON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.model import Review
    from fallback_review.report.rows import Row
    from fallback_review.report.sections import Arrangement, Remark, Table

_STYLES = {
    MALWARE_ICON: "bold red",
    CONCLUSION_ICONS[Conclusion.FAIL]: "bold red",
    CONCLUSION_ICONS[Conclusion.UNKNOWN]: "bold",
    CONCLUSION_ICONS[Conclusion.WARN]: "bold yellow",
    CONCLUSION_ICONS[Conclusion.PASS]: "green",
    ICONS[Outcome.INSTALL_FAILS]: "bold red",
    ICONS[Outcome.UNKNOWN]: "bold",
    ICONS[Outcome.PYPI]: "bold yellow",
    ICONS[Outcome.UPSTREAM]: "yellow",
    ICONS[Outcome.PRIVATE]: "blue",
    ICONS[Outcome.CHAINGUARD]: "green",
}
_QUIET_ROWS = 20
"""Rows of a quiet group that are listed; the JSON report has them all."""
_LEAD = re.compile(r"^ *(?:[^\w\s] )?")
"""What a line begins with; where it is wrapped, its other lines begin below its first word."""
_SCREEN = 60
"""Lines beyond which the verdict stands at the end too: the beginning has left the screen."""


def render(review: Review, *, color: bool = False, width: int | None = None, everything: bool = False) -> str:
    """Render for a terminal.

    Args:
        review: what to show.
        color: whether to write colours, as ANSI sequences.
        width: the columns to wrap at; without it lines are as long as they are.
        everything: whether to list every package, also in groups that are shortened otherwise.
    """
    held = io.StringIO()
    console = Console(
        file=held,
        width=width or 100,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},  # the same text whatever the machine's variables say
    )
    lines = list(_lines(arrange(review), everything=everything))
    if len(lines) > _SCREEN:
        lines += [(Text(""), False), lines[0]]
    for line, whole in lines:
        # A command must stay on one line, or it cannot be copied.
        pieces = [line] if whole or width is None else _wrapped(line, console)
        for piece in pieces:
            console.print(piece, soft_wrap=True, highlight=False)
    return held.getvalue()


def _wrapped(line: Text, console: Console) -> Iterator[Text]:
    length = len(line) - len(_LEAD.sub("", line.plain))
    lead, rest = line[:length], line[length:]
    for piece in rest.wrap(console, console.width - lead.cell_len):
        piece.rstrip()
        yield lead + piece
        lead = Text(" " * lead.cell_len)


def _lines(arrangement: Arrangement, *, everything: bool) -> Iterator[tuple[Text, bool]]:
    """Yield each line, and whether it must not be wrapped."""
    yield Text(f"{arrangement.icon} {arrangement.title}", style=_STYLES[arrangement.icon]), False
    if arrangement.standing:
        yield Text(f"   {arrangement.standing}"), False
    yield from _remarks(arrangement.unreadable(), "bold red", "could not be checked: ")
    yield from _remarks(arrangement.findings(), "bold")
    yield from _totals(arrangement)
    for table in arrangement.trouble():
        yield Text(f"\n{table.title}", style="bold underline"), False
        yield from _rows(table, table.rows(), detail=True)
    for table in arrangement.details(everything=everything):
        yield from _quiet(table, table.total if arrangement.scan or everything else _QUIET_ROWS)
    notices = arrangement.notices()
    if notices:
        yield Text(f"\n📝 Notes ({len(notices):,})"), False
        yield from _remarks(notices, "")
    yield from _ending(arrangement)


def _totals(arrangement: Arrangement) -> Iterator[tuple[Text, bool]]:
    totals, missing = arrangement.totals(), arrangement.missing()
    if totals:
        yield Text(""), False
    for row in totals:
        covered = f"{row.share:>7}  {row.chainguard:,} of {row.packages:,} from Chainguard"
        rest = (
            (row.pypi, "from PyPI"),
            (row.upstream, "served, not rebuilt"),
            (row.other, "fail or unknown"),
        )
        others = "".join(f", {number:,} {word}" for number, word in rest if number)
        yield Text.assemble(f" {covered}{others}  ", (row.lockfile, "bold")), False
    if missing:
        yield Text("\nMissing in several lockfiles", style="bold"), False
    yield from ((Text(f" • {text}"), False) for text in missing)


def _quiet(table: Table, listed: int) -> Iterator[tuple[Text, bool]]:
    yield Text(f"\n{table.title}"), False
    yield from _rows(table, islice(table.rows(), listed), detail=table.group is not Group.CHAINGUARD)
    if table.total > listed:
        yield Text(f"   … and {table.total - listed:,} more, see --verbose", style="dim"), False


def _remarks(remarks: Iterable[Remark], style: str, lead: str = "") -> Iterator[tuple[Text, bool]]:
    for remark in remarks:
        yield Text(f" • {lead}{remark.place}{': ' if remark.place else ''}{remark.text}", style=style), False


def _ending(arrangement: Arrangement) -> Iterator[tuple[Text, bool]]:
    asides = arrangement.asides()
    if asides:
        yield Text(""), False
    for aside in asides:
        yield Text(f" • {aside}", style="dim"), False
    footer = arrangement.footer()
    if footer:
        yield Text(""), False
    yield from ((Text(part, style="dim"), False) for part in footer)


def _rows(table: Table, rows: Iterable[Row], *, detail: bool) -> Iterator[tuple[Text, bool]]:
    for row in rows:
        line = Text.assemble(f" {row.icon} ", (row.name, "bold"), " ", *_change(row))
        if row.comes_from:
            line.append(f"  {row.comes_from}", style=_STYLES.get(row.icon, ""))
            line.append(f" {row.where}" if row.where else "")
        if row.only_warns:
            line.append("  (only a warning)")
        if row.lockfile_shown:
            at = f":{row.line}" if row.line and detail else ""
            line.append(f"  ({row.lockfile_shown}{at})", style="dim")
        elif row.line and detail:
            line.append(f"  line {row.line}", style="dim")
        yield line, False
        if table.says:
            yield from _said(row)


def _said(row: Row) -> Iterator[tuple[Text, bool]]:
    for text in row.because:
        yield Text(f"    {text}"), False
    if row.advice and not row.repeats:
        yield Text(f"    → {row.advice}", style="cyan"), False
    if row.command and not row.repeats:
        yield Text(f"      {row.command}", style="bold cyan"), True


def _change(row: Row) -> Iterator[str | tuple[str, str]]:
    if row.before:
        yield f"{', '.join(row.before)} → "
    for position, (version, new) in enumerate(row.after):
        yield ", " if position else ""
        yield (version, "bold") if new else version
    if row.word:
        yield f" {row.word}"
