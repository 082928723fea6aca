"""The comment on a pull request, in GitHub's Markdown, within GitHub's limit on a comment's length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.report import limits
from fallback_review.report.escape import destination, inert
from fallback_review.report.fitting import Block, fit, size
from fallback_review.report.sections import TOTALS, arrange
from fallback_review.report.templating import environment
from fallback_review.report.text import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fallback_review.model import Review
    from fallback_review.report.sections import ChangeTable, Remark, Sections, Total


def render(
    review: Review,
    *,
    limit: int = limits.COMMENT,
    about_url: str | None = None,
) -> str:
    """Render the comment.

    Args:
        review: what to show.
        limit: the most that it may measure, in UTF-8 bytes; rows are left out and counted beyond it.
        about_url: the page that the footer's "what this checks" leads to.

    Raises:
        ValueError: not even the frame fits into `limit`.
    """
    return compose(arrange(review), limit=limit, elsewhere=", see the job summary", about_url=about_url)


def compose(
    arrangement: Sections,
    *,
    limit: int,
    elsewhere: str,
    chart: str = "",
    about_url: str | None = None,
) -> str:
    """Fill the frame with as many rows as fit; `elsewhere` says where the others are.

    Raises:
        ValueError: not even the frame fits into `limit`.
    """
    review = arrangement.review
    frame: dict[str, Any] = {
        "icon": arrangement.icon,
        "title": arrangement.title,
        "standing": arrangement.standing,
        "chart": chart,
        "footer": arrangement.footer(),
        "run_url": destination(review.run_url),
        "commit": readable(review.head, 40)[:7] if review.head else None,
        "about": destination(about_url),
        "elsewhere": elsewhere,
    }
    template = environment().get_template("comment.md")
    blocks = list(_blocks(arrangement, elsewhere, limit // 4))
    everything = sum(block.total for block in blocks)
    # Measured with the largest possible line about what is left out; each block ends with one more newline.
    bare = size(template.render(frame, blocks=(), left_out=everything)) + len(blocks)
    if bare > limit:
        raise ValueError(f"a report of at most {limit} bytes has no room for its frame of {bare} bytes")
    fitted = fit(blocks, limit - bare)
    return template.render(frame, blocks=fitted.texts, left_out=fitted.left_out)


def _blocks(arrangement: Sections, elsewhere: str, share: int) -> Iterator[Block]:
    """Yield the blocks in the order of their importance, which is also that of the page.

    Remarks before the trouble get a `share` of the room each, so that they can't leave it none.
    """
    unreadable = arrangement.unreadable()
    if unreadable:
        yield _remarks(unreadable, "**Could not be checked**\n\n", "", elsewhere, share)
    findings = arrangement.findings()
    if findings:
        yield _remarks(findings, "**Please look at this**\n\n", "", elsewhere, share)
    totals = arrangement.totals()
    if totals:
        yield _totals(totals, elsewhere)
    missing = arrangement.missing()
    if missing:
        opening = "**Missing in several lockfiles**\n\n"
        rows = (f"- {inert(text)}\n" for text in missing)
        yield Block(opening=opening, closing="", rows=rows, total=len(missing), more=_more_lines(elsewhere))
    for table in arrangement.trouble():
        title = f"#### {inert(table.title)}\n\n" if arrangement.several else ""
        yield table_block(table, title, "", elsewhere)
    notices = arrangement.notices()
    for table in arrangement.details():
        yield table_block(table, summary(table.title), "\n</details>\n", elsewhere)
    if notices:
        title = f"📝 Notes ({len(notices):,})"
        yield _remarks(notices, summary(title), "\n</details>\n", elsewhere)
    asides = arrangement.asides()
    if asides:
        rows = (f"- {inert(text)}\n" for text in asides)
        yield Block(opening="", closing="", rows=rows, total=len(asides), more=_more_lines(elsewhere))


def summary(title: str) -> str:
    """Return what opens a folded block with a title; ``</details>`` has to close it."""
    return f"<details><summary>{inert(title)}</summary>\n\n"


def table_block(table: ChangeTable, opening: str, closing: str, elsewhere: str = "") -> Block:
    """Return a table between an opening and a closing text; `elsewhere` says where the other rows are."""
    macros: Any = environment().get_template("rows.md").module
    return Block(
        opening=opening + macros.head(table),
        closing=closing,
        rows=(macros.line(row, table) for row in table.rows()),
        total=table.total,
        more=lambda number: macros.more(number, table, elsewhere),
    )


def _totals(totals: Sequence[Total], elsewhere: str) -> Block:
    macros: Any = environment().get_template("rows.md").module
    head = f"| {' | '.join(TOTALS)} |\n|---{'|---:' * (len(TOTALS) - 1)}|\n"
    return Block(
        opening=head,
        closing="",
        rows=(macros.total(row) for row in totals),
        total=len(totals),
        more=lambda number: f"| … and {number:,} more{elsewhere} |{' |' * (len(TOTALS) - 1)}\n",
    )


def _remarks(
    remarks: Sequence[Remark], opening: str, closing: str, elsewhere: str, share: int | None = None
) -> Block:
    macros: Any = environment().get_template("rows.md").module
    rows = (macros.remark(remark) for remark in remarks)
    return Block(
        opening=opening,
        closing=closing,
        rows=rows if share is None else _within(share, rows),
        total=len(remarks),
        more=_more_lines(elsewhere),
    )


def _within(room: int, rows: Iterable[str]) -> Iterator[str]:
    """Yield rows as long as they fit into `room`."""
    for row in rows:
        room -= size(row)
        if room < 0:
            return
        yield row


def _more_lines(elsewhere: str) -> Callable[[int], str]:
    return lambda number: f"- … and {number:,} more{elsewhere}\n"
