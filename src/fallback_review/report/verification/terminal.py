"""A verification for a terminal, by Rich. Values become `Text`, never markup."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from fallback_review.report.text import readable
from fallback_review.report.verification import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fallback_review.model.installed import Verification

_STYLES = {
    "⛔": "bold red",
    "🔴": "bold red",
    "⚪": "bold",
    "🟠": "bold yellow",
    "🟡": "yellow",
    "🟢": "green",
}


def render(verifications: Sequence[Verification], *, color: bool = False, width: int | None = None) -> str:
    """Render for a terminal.

    Args:
        verifications: what to show.
        color: whether to write colours, as ANSI sequences.
        width: the columns to wrap at; without it lines are as long as they are.
    """
    held = io.StringIO()
    console = Console(
        file=held,
        width=width or 100,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    for position, verification in enumerate(verifications):
        if position:
            console.print()
        for line in _lines(verification):
            console.print(line, soft_wrap=width is None, highlight=False)
    return held.getvalue()


def _lines(verification: Verification) -> Iterator[Text]:
    icon, title = sections.headline(verification)
    yield Text(f"{icon} {title}", style=_STYLES.get(icon, ""))
    yield Text(f"   {readable(verification.place, 300)}")
    for line in (sections.coverage(verification), sections.prediction(verification)):
        if line:
            yield Text(f"   {line}")
    for notice in (*verification.unreadable, *verification.findings):
        place = f"{readable(notice.path, 300)}: " if notice.path else ""
        yield Text(f" • {place}{readable(notice.text, 600)}", style="bold")
    for stray in verification.strays:
        yield Text(f" 🔴 {sections.file_line(stray)}", style="bold red")
    for row in sections.trouble(verification):
        yield Text.assemble(f" {row.icon} ", (row.name, "bold"), f" {row.version}  {row.says}")
        yield from (Text(f"    {detail}") for detail in row.details)
    quiet = sections.quiet(verification)
    if quiet:
        yield Text("")
    for row in quiet:
        noted = f"  {row.details[0]}" if row.details else ""
        yield Text.assemble(f" {row.icon} ", row.name, (f" {row.version}  {row.says}{noted}", "dim"))
    if verification.startup:
        names = ", ".join(readable(path, 300) for path in verification.startup)
        yield Text(f"\nRuns at every start of Python: {names}", style="dim")
    yield Text(f"\n{sections.proof(verification)}", style="dim")
    if verification.target:
        yield Text(f"Verified for {readable(verification.target)}", style="dim")
