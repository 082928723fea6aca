"""What can go wrong between us and GitHub, told once, in words and with a next step."""

from __future__ import annotations

from enum import StrEnum


class Need(StrEnum):
    """What a request needs of the job's ``permissions:``, as a workflow writes it."""

    CONTENTS_READ = "contents: read"
    PULL_REQUESTS_READ = "pull-requests: read"
    PULL_REQUESTS_WRITE = "pull-requests: write"
    STATUSES_WRITE = "statuses: write"
    ISSUES_WRITE = "issues: write"
    METADATA_READ = "metadata: read"
    """Every token has it: told only where a request needs nothing else."""


class Trouble(StrEnum):
    """The kinds of trouble that callers tell apart."""

    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    RATE_LIMITED = "rate-limited"
    UNREACHABLE = "unreachable"
    """A 5xx or no answer: what was asked may have been done all the same."""
    UNAVAILABLE = "unavailable"
    """It can't be had: an empty repository, one that is busy or blocked, a part that is switched off."""
    TOO_LARGE = "too-large"
    BUDGET = "budget"
    """Not asked at all: the run has sent as many requests as it may."""
    REFUSED = "refused"
    """Any other answer that is not what was asked for, for example 422."""


JOB, APP = "job's `permissions:`", "GitHub App's permissions, and accept them for its installation"
"""Where a missing permission is added."""
_NEXT_STEP = {
    Trouble.UNAUTHORIZED: "check the github-token input: it is wrong, has expired or was revoked",
    Trouble.FORBIDDEN: "the token may not do this, for the reason that GitHub gives",
    Trouble.NOT_FOUND: "check the repository and that the token may read it (contents: read)",
    Trouble.RATE_LIMITED: "run the job again later; runs that share a token share its rate limit",
    Trouble.UNREACHABLE: "run the job again; where it persists, see GitHub's status page, proxy and CA",
    Trouble.UNAVAILABLE: "mend that, or run the job again where it passes by itself",
    Trouble.TOO_LARGE: "GitHub hands out files of at most 100 MB; exclude this one from `lockfiles`",
    Trouble.BUDGET: "raise `request-budget`; on a schedule, a later run goes on where this one ended",
    Trouble.REFUSED: "this is likely a fault of ours: please report it with this message",
}


class GitHubError(Exception):
    """GitHub could not be asked, or would not do it. Its text is safe to show: no credentials, one line."""

    def __init__(
        self,
        trouble: Trouble,
        what: str,
        *,
        permission: str | None = None,
        retry_after: float | None = None,
        holder: str = JOB,
    ) -> None:
        self.trouble = trouble
        self.what = what
        self.permission = permission
        """The permission that was missing, as a workflow writes it: ``pull-requests: write``."""
        self.retry_after = retry_after
        """Seconds to wait, where GitHub named them."""
        self.holder = holder
        """What a missing permission has to be added to."""
        super().__init__(f"{what}; {self.next_step}")

    @property
    def next_step(self) -> str:
        """One sentence: what a person can do about it."""
        if self.trouble is Trouble.FORBIDDEN and self.permission:
            return f"add `{self.permission}` to the {self.holder}"
        return _NEXT_STEP[self.trouble]


class EventError(Exception):
    """The event that started the run is not one that can be reviewed, or its payload is not as documented."""
