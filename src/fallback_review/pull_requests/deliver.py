"""Delivering a review as an Action: log, summary, outputs and files first, then what needs permissions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fallback_review.github import commands
from fallback_review.github.comment import deliver_comment
from fallback_review.github.delivery import Delivery, Done, attempt, shortfall
from fallback_review.github.review_comments import LineComment, deliver_review
from fallback_review.github.status import deliver_status
from fallback_review.model import Outcome
from fallback_review.pull_requests.comment_state import body_of, worth_a_comment
from fallback_review.report import render
from fallback_review.report.annotations import annotate
from fallback_review.report.escape import inert
from fallback_review.report.findings import findings
from fallback_review.report.headline import headline
from fallback_review.report.tally import tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fallback_review.action.inputs import Inputs
    from fallback_review.github.client import Client
    from fallback_review.github.events import PullRequestEvent
    from fallback_review.model import Review
    from fallback_review.pull_requests.comment_state import State
    from fallback_review.pull_requests.debug_log import Debug

REPORT, SARIF = "fallback-review.json", "fallback-review.sarif"
ABOUT = "what-it-cannot-know"
"""The README's heading that the comment links to."""

READ_ONLY = (
    "GitHub gives runs for a fork's pull request a token that can only read, whatever the job's "
    "`permissions:` say. The verdict is in the job's result, in this log and in the summary; to have it on "
    "the pull request, run on pull_request_target. That is safe here, since nothing of the pull request is "
    "checked out or run."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The runner's files."""

    folder: Path
    about_url: str | None
    """Where it is written what this checks and what it can't: the README of the action that runs."""
    outputs: Path | None
    summary: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Workspace:
        """Return where the runner's environment says that they are."""
        outputs, summary = environ.get("GITHUB_OUTPUT"), environ.get("GITHUB_STEP_SUMMARY")
        server, action = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_ACTION_REPOSITORY")
        return cls(
            folder=Path(environ.get("GITHUB_WORKSPACE", ".")),
            about_url=f"{server}/{action}#{ABOUT}" if server and action else None,
            outputs=Path(outputs) if outputs else None,
            summary=Path(summary) if summary else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a delivery needs to know besides the review."""

    inputs: Inputs
    event: PullRequestEvent
    workspace: Workspace
    lines_shown: Mapping[str, frozenset[int]]
    """The lines of each lockfile that the pull request's diff shows."""
    save_a_request: bool
    """Whether reading took one request more than usual, to be saved where the comment is written."""
    state: State
    """What the comment shall remember in its marker."""
    remarks: Sequence[str]
    """What is worth a notice and no comment."""
    log: TextIO
    debug: Debug


def deliver(review: Review, occasion: Occasion, client: Client) -> None:
    """Say what the review found wherever the inputs ask for it and permissions allow it.

    What can't be delivered is said in the log and in the summary, with the permission that was missing; it
    never changes the verdict.
    """
    log, workspace = occasion.log, occasion.workspace
    _say(log, commands.group("Fallback Review", render(review, "terminal")))
    deliveries = list(_to_github(review, occasion, client))
    for delivery in deliveries:
        occasion.debug.say(f"{delivery.channel}: {delivery.done.value} {delivery.url or ''}".rstrip())
    missed = [*shortfall(deliveries), *_because_of_fork(occasion.event, deliveries)]
    written, fault = _write_files(review, workspace)
    missed += [fault] if fault else []
    if occasion.inputs.annotations or not all(each.delivered for each in deliveries):
        _say(log, *(commands.annotation(each) for each in annotate(review)))
    for level, sentences in (("notice", occasion.remarks), ("warning", missed)):
        _say(log, *(commands.command(level, each, {"title": "Fallback Review"}) for each in sentences))
    if workspace.summary:
        summary = render(review, "summary", about_url=workspace.about_url)
        short = render(review, "markdown", about_url=workspace.about_url)
        remarks = [*occasion.remarks, *missed]
        commands.write_summary(workspace.summary, _with_remarks(summary, remarks), shorter=short)
    if workspace.outputs:
        commands.write_outputs(workspace.outputs, _outputs(review, deliveries, written=written))


def _to_github(review: Review, occasion: Occasion, client: Client) -> Iterator[Delivery]:
    """Deliver what needs a permission, each on its own: one refusal takes nothing else along."""
    inputs, event = occasion.inputs, occasion.event
    if inputs.comment != "never":
        body = body_of(review, about_url=occasion.workspace.about_url)
        starts = worth_a_comment(review, inputs.comment)
        comment = attempt(
            "comment",
            lambda: deliver_comment(
                client,
                event,
                body,
                create=starts,
                save_a_request=occasion.save_a_request,
                state=occasion.state,
            ),
        )
        yield comment
        if comment.done is Done.SUPERSEDED:
            return
    if inputs.review_comments:
        comments = _line_comments(review)
        summary = inert(headline_of(review))
        yield attempt(
            "review comments",
            lambda: deliver_review(
                client, event, comments, lines_shown=occasion.lines_shown, summary=summary
            ),
        )
    if inputs.status:
        yield attempt(
            "commit status", lambda: deliver_status(client, event, review.conclusion, headline_of(review))
        )


def headline_of(review: Review) -> str:
    """Return the verdict in one line, with its icon."""
    icon, line = headline(review, tally(review))
    return f"{icon} {line}"


def _line_comments(review: Review) -> list[LineComment]:
    return [
        LineComment(
            path=finding.path,
            line=finding.line,
            key=f"{finding.path} {finding.title}",
            body=f"**{inert(finding.title)}**\n\n{inert(finding.message)}",
        )
        for finding in findings(review)
        if finding.package and finding.path and finding.line
    ]


def _because_of_fork(event: PullRequestEvent, deliveries: Sequence[Delivery]) -> list[str]:
    if not event.is_fork or event.name != "pull_request" or all(each.delivered for each in deliveries):
        return []
    return [READ_ONLY]


def _write_files(review: Review, workspace: Workspace) -> tuple[bool, str | None]:
    """Write the reports; return whether they are there, and else why not."""
    try:
        for name, form in ((REPORT, "json"), (SARIF, "sarif")):
            # A pull request that was checked out here may hold a link of this name that leads elsewhere.
            (workspace.folder / name).unlink(missing_ok=True)
            with (workspace.folder / name).open("x", encoding="utf-8") as file:
                file.write(render(review, form))
    except OSError as error:
        return False, f"No report files: the workspace can't be written to ({error.strerror})."
    return True, None


def _with_remarks(summary: str, remarks: Sequence[str]) -> str:
    return summary + "".join(f"\n> {inert(sentence)}\n" for sentence in remarks)


def _outputs(review: Review, deliveries: Sequence[Delivery], *, written: bool) -> dict[str, str]:
    numbers = tally(review)
    comment = next((each for each in deliveries if each.channel == "comment"), None)
    return {
        "conclusion": review.conclusion.value,
        "changed-count": str(numbers.judged),
        "fallback-count": str(numbers.outcomes[Outcome.PYPI]),
        "chainguard-count": str(numbers.from_chainguard),
        "unknown-count": str(numbers.outcomes[Outcome.UNKNOWN] + len(review.unreadable)),
        "report": REPORT if written else "",
        "comment-url": (comment.url if comment else None) or "",
    }


def _say(log: TextIO, *lines: str) -> None:
    log.writelines(f"{line}\n" for line in lines)
