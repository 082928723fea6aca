"""A verification in GitHub's Markdown, for a job summary or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.report.escape import code, inert
from fallback_review.report.verification import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fallback_review.model.installed import Verification

LIMIT = 900_000
"""UTF-8 bytes: GitHub takes 1 MiB for the summary of one step, and other steps' text stands beside."""


def render(verifications: Sequence[Verification], *, limit: int = LIMIT) -> str:
    """Render the page; rows are left out and counted beyond `limit`."""
    written: list[str] = []
    size, left_out = 0, 0
    for verification in verifications:
        for block in _blocks(verification):
            size += len(block.encode())
            if size > limit:
                left_out += 1
            else:
                written.append(block)
    if left_out:
        written.append(f"\n… and {left_out:,} more lines, see the JSON report\n")
    return "".join(written)


def _blocks(verification: Verification) -> Iterator[str]:
    icon, title = sections.headline(verification)
    yield f"### {icon} {inert(title)}\n\n{code(verification.place)}"
    said = (sections.coverage(verification), sections.prediction(verification))
    yield "".join(f"  \n{inert(line)}" for line in said if line) + "\n\n"
    notices = (*verification.unreadable, *verification.findings)
    for notice in notices:
        place = f"{code(notice.path)}: " if notice.path else ""
        yield f"- {place}{inert(notice.text)}\n"
    for stray in verification.strays:
        yield f"- 🔴 {inert(sections.file_line(stray))}\n"
    trouble = sections.trouble(verification)
    if trouble:
        yield "\n| Package | |\n| --- | --- |\n"
    for row in trouble:
        details = "".join(f"<br>{inert(detail)}" for detail in row.details)
        yield f"| {inert(row.name)} **{inert(row.version)}** | {row.icon} {inert(row.says)}{details} |\n"
    quiet = sections.quiet(verification)
    if quiet:
        yield f"\n<details><summary>{len(quiet):,} more</summary>\n\n| Package | |\n| --- | --- |\n"
        for row in quiet:
            details = "".join(f"<br>{inert(detail)}" for detail in row.details[:1])
            yield f"| {inert(row.name)} {inert(row.version)} | {row.icon} {inert(row.says)}{details} |\n"
        yield "\n</details>\n"
    if verification.startup:
        names = ", ".join(code(path) for path in verification.startup)
        yield f"\nRuns at every start of Python: {names}\n"
    yield f"\n<sub>{inert(sections.proof(verification))}</sub>\n\n"
