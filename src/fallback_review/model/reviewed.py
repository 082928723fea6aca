"""What the team makes of it: the review that every report is made from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model.indexed import MALWARE_DETECTED, Cause

if TYPE_CHECKING:
    from fallback_review.model.changed import Change, MetadataChange
    from fallback_review.model.indexed import Outcome
    from fallback_review.model.locked import Notice
    from fallback_review.model.predicted import Advice, Assumption, Target, Verdict


class Conclusion(StrEnum):
    """The gate."""

    PASS = "pass"  # noqa: S105 - a conclusion, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """What a process ends with; 2 is for a command, settings or an event that are wrong."""
        return {Conclusion.FAIL: 1, Conclusion.UNKNOWN: 3}.get(self, 0)


class Allowance(Struct, frozen=True, kw_only=True):
    """The entry of the allow list that covers a change."""

    package: str
    reason: str
    owner: str | None = None
    expires: str | None = None


class ReviewedChange(Struct, frozen=True, kw_only=True):
    """A change with its prediction and what policy makes of it."""

    change: Change
    outcome: Outcome | None = None
    """The worst over the targets; None when there is nothing to install or it is out of scope."""
    cause: Cause | None = None
    reason: str | None = None
    why: str = ""
    """The cause as one short clause for people."""
    advice: Advice | None = None
    verdicts: tuple[Verdict, ...] = ()
    differs_on: tuple[str, ...] = ()
    """Labels of the targets whose outcome differs from the worst one."""
    conclusion: Conclusion = Conclusion.PASS
    allowance: Allowance | None = None
    note: str | None = None
    """One quiet remark ("released 2 days ago")."""

    @property
    def malware(self) -> bool:
        """Whether an index blocks the package since malware was found in it."""
        return self.cause is Cause.BLOCKED and self.reason == MALWARE_DETECTED

    @property
    def rank(self) -> int:
        """Its place among others, the worst first; malware, and a change without an outcome, come first."""
        return -1 if self.malware or self.outcome is None else self.outcome.rank


class ReviewedLockfile(Struct, frozen=True, kw_only=True):
    """One lockfile of the review."""

    path: str
    format: str
    installer: str
    layout: str
    changes: tuple[ReviewedChange, ...]
    targets: tuple[Target, ...] = ()
    """Those that its changes were predicted for: a lock may be for some Python versions alone."""
    metadata_only: tuple[MetadataChange, ...] = ()
    unnamed: tuple[Notice, ...] = ()
    notices: tuple[Notice, ...] = ()
    base_path: str | None = None
    base_format: str | None = None
    header_changed: tuple[str, ...] = ()
    base_entries: int = 0
    head_entries: int = 0


class Review(Struct, frozen=True, kw_only=True):
    """Everything that a report needs; renderings are functions of this value alone."""

    conclusion: Conclusion
    lockfiles: tuple[ReviewedLockfile, ...] = ()
    targets: tuple[Target, ...] = ()
    findings: tuple[Notice, ...] = ()
    """What is wrong with the configuration itself."""
    unreadable: tuple[Notice, ...] = ()
    """What could not be read or checked as a whole (a lockfile, an include, an index): then it is no pass."""
    scope: str = "changes"
    """``changes`` for two sides, ``all`` for the scan of one lockfile."""
    base: str | None = None
    head: str | None = None
    head_url: str | None = None
    """Prefix for links to the head's files, where there is one."""
    run_url: str | None = None
    project_pages: tuple[tuple[str, str], ...] = ()
    """Sites with a page for each project: their name, and the address with ``{name}`` in it."""

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Everything that some verdict takes for granted, each once."""
        verdicts = (
            verdict
            for lockfile in self.lockfiles
            for change in lockfile.changes
            for verdict in change.verdicts
        )
        return tuple(dict.fromkeys(each for verdict in verdicts for each in verdict.assumptions))
