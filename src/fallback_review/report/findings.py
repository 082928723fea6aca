"""What a review has to say about places in files: the common ground of annotations and SARIF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model import Conclusion, Notice
from fallback_review.report.rows import row_of
from fallback_review.report.tally import Group, group_of
from fallback_review.report.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.model import Review

LEVELS: dict[Conclusion, str] = {
    Conclusion.FAIL: "error",
    Conclusion.UNKNOWN: "error",
    Conclusion.WARN: "warning",
    Conclusion.PASS: "notice",
}
"""How loud a finding is, by what policy makes of it."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing to say about one place."""

    level: str
    """``error``, ``warning`` or ``notice``."""
    rule: str
    """The cause's name, or the outcome's, or ``policy``, ``configuration``, ``unreadable``."""
    rank: int
    path: str | None
    line: int | None
    title: str
    message: str
    package: str | None = None


def findings(review: Review) -> list[Finding]:
    """Return the findings, worst first: the trouble, and what is wrong with the configuration."""
    return sorted(
        _all(review), key=lambda finding: (list(LEVELS.values()).index(finding.level), finding.rank)
    )


def _finding(notice: Notice, *, level: str, rule: str, lead: str = "") -> Finding:
    return Finding(
        level=level,
        rule=rule,
        rank=-1,
        path=notice.path,
        line=notice.line,
        title="Fallback Review",
        message=lead + readable(notice.text, 600),
    )


def _all(review: Review) -> Iterator[Finding]:
    for notice in review.unreadable:
        yield _finding(notice, level="error", rule="unreadable", lead="could not be checked: ")
    for notice in review.findings:
        yield _finding(notice, level="warning", rule="configuration")
    for assumed in review.assumptions:
        yield _finding(Notice(text=assumed.said), level="notice", rule="assumption")
    for lockfile in review.lockfiles:
        for reviewed in lockfile.changes:
            if group_of(reviewed) is not Group.TROUBLE:
                continue
            row = row_of(reviewed, lockfile)
            versions = ", ".join(version for version, _ in row.after)
            title = f"{row.name} {versions}".strip()
            says = [f"{title}: {row.comes_from or 'rejected by the policy'} {row.where}".rstrip(), row.why]
            message = "; ".join(filter(None, says)) + "."
            step = ": ".join(filter(None, (row.advice, row.command)))
            yield Finding(
                level=LEVELS[reviewed.conclusion],
                rule=str(reviewed.cause or reviewed.outcome or "policy"),
                rank=reviewed.rank,
                path=row.file,
                line=row.line,
                title=f"{title}: {row.comes_from or 'policy'}",
                message=f"{message} What to do: {step}" if step else message,
                package=row.name,
            )
