"""The report for a terminal: by Rich where it is coloured or wrapped, else the same words as they are.

Values become Rich's `Text`, never markup, so that none of them can style.
"""

from __future__ import annotations

import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fallback_review.model import Conclusion, Outcome
from fallback_review.report.sections import arrange
from fallback_review.report.tally import Group
from fallback_review.report.words import CONCLUSION_ICONS, ICONS, MALWARE_ICON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.text import Text

    from fallback_review.model import Review
    from fallback_review.report.rows import ChangeRow
    from fallback_review.report.sections import ChangeTable, Remark, Sections

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
    lines = list(_lines(arrange(review), everything=everything))
    if len(lines) > _SCREEN:
        lines += [TerminalLine(), lines[0]]
    if not color and width is None:
        return "".join(f"{line.plain}\n" for line in lines)
    return _by_rich(lines, color=color, width=width)


class TerminalLine(Struct):
    """One line: pieces of text, each with its style."""

    pieces: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = False
    """Whether it must not be wrapped: a command has to stay on one line, or it can't be copied."""

    @property
    def plain(self) -> str:
        """The line without styles."""
        return "".join(text for text, _ in self.pieces)

    def add(self, text: str, style: str = "") -> None:
        """Put text behind what there is."""
        self.pieces.append((text, style))


def _line(text: str, style: str = "", *, whole: bool = False) -> TerminalLine:
    return TerminalLine([(text, style)], whole=whole)


def _by_rich(lines: Iterable[TerminalLine], *, color: bool, width: int | None) -> str:
    from rich.console import Console  # noqa: PLC0415 - Rich takes longer to import than a review to run
    from rich.text import Text  # noqa: PLC0415 - as above

    held = io.StringIO()
    console = Console(
        file=held,
        width=width or 100,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},  # the same text whatever the machine's variables say
    )
    for line in lines:
        text = Text.assemble(*line.pieces)
        for piece in [text] if line.whole or width is None else _wrapped(text, console):
            console.print(piece, soft_wrap=True, highlight=False)
    return held.getvalue()


def _wrapped(line: Text, console: Console) -> Iterator[Text]:
    from rich.text import Text  # noqa: PLC0415 - as above

    length = len(line) - len(_LEAD.sub("", line.plain))
    lead, rest = line[:length], line[length:]
    for piece in rest.wrap(console, console.width - lead.cell_len):
        piece.rstrip()
        yield lead + piece
        lead = Text(" " * lead.cell_len)


def _lines(arrangement: Sections, *, everything: bool) -> Iterator[TerminalLine]:
    yield _line(f"{arrangement.icon} {arrangement.title}", _STYLES[arrangement.icon])
    if arrangement.standing:
        yield _line(f"   {arrangement.standing}")
    yield from _remarks(arrangement.unreadable(), "bold red", "could not be checked: ")
    yield from _remarks(arrangement.findings(), "bold")
    yield from _totals(arrangement)
    for table in arrangement.trouble():
        yield _line(f"\n{table.title}", "bold underline")
        yield from _rows(table, table.rows(), detail=True)
    for table in arrangement.details(everything=everything):
        yield from _quiet(table, table.total if arrangement.scan or everything else _QUIET_ROWS)
    notices = arrangement.notices()
    if notices:
        yield _line(f"\n📝 Notes ({len(notices):,})")
        yield from _remarks(notices, "")
    yield from _ending(arrangement)


def _totals(arrangement: Sections) -> Iterator[TerminalLine]:
    totals, missing = arrangement.totals(), arrangement.missing()
    if totals:
        yield _line("")
    for row in totals:
        covered = f"{row.share:>7}  {row.chainguard:,} of {row.packages:,} from Chainguard"
        rest = (
            (row.pypi, "from PyPI"),
            (row.upstream, "served, not rebuilt"),
            (row.other, "fail or unknown"),
        )
        others = "".join(f", {number:,} {word}" for number, word in rest if number)
        yield TerminalLine([(f" {covered}{others}  ", ""), (row.lockfile, "bold")])
    if missing:
        yield _line("\nMissing in several lockfiles", "bold")
    yield from (_line(f" • {text}") for text in missing)


def _quiet(table: ChangeTable, listed: int) -> Iterator[TerminalLine]:
    yield _line(f"\n{table.title}")
    yield from _rows(table, islice(table.rows(), listed), detail=table.group is not Group.CHAINGUARD)
    if table.total > listed:
        yield _line(f"   … and {table.total - listed:,} more, see --verbose", "dim")


def _remarks(remarks: Iterable[Remark], style: str, lead: str = "") -> Iterator[TerminalLine]:
    for remark in remarks:
        yield _line(f" • {lead}{remark.place}{': ' if remark.place else ''}{remark.text}", style)


def _ending(arrangement: Sections) -> Iterator[TerminalLine]:
    asides = arrangement.asides()
    if asides:
        yield _line("")
    for aside in asides:
        yield _line(f" • {aside}", "dim")
    footer = arrangement.footer()
    if footer:
        yield _line("")
    yield from (_line(part, "dim") for part in footer)


def _rows(table: ChangeTable, rows: Iterable[ChangeRow], *, detail: bool) -> Iterator[TerminalLine]:
    for row in rows:
        line = TerminalLine([(f" {row.icon} ", ""), (row.name, "bold"), (" ", ""), *_change(row)])
        if row.comes_from:
            line.add(f"  {row.comes_from}", _STYLES.get(row.icon, ""))
            line.add(f" {row.where}" if row.where else "")
        if row.only_warns:
            line.add("  (only a warning)")
        if row.lockfile_shown:
            at = f":{row.line}" if row.line and detail else ""
            line.add(f"  ({row.lockfile_shown}{at})", "dim")
        elif row.line and detail:
            line.add(f"  line {row.line}", "dim")
        yield line
        if table.says:
            yield from _said(row)


def _said(row: ChangeRow) -> Iterator[TerminalLine]:
    for text in row.because:
        yield _line(f"    {text}")
    if row.advice and not row.repeats:
        yield _line(f"    → {row.advice}", "cyan")
    if row.command and not row.repeats:
        yield _line(f"      {row.command}", "bold cyan", whole=True)


def _change(row: ChangeRow) -> Iterator[tuple[str, str]]:
    if row.before:
        yield f"{', '.join(row.before)} → ", ""
    for position, (version, new) in enumerate(row.after):
        yield (", ", "") if position else ("", "")
        yield version, "bold" if new else ""
    if row.word:
        yield f" {row.word}", ""
