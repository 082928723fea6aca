"""The runner that a step runs on: its log, its files, and what a review leaves in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from fallback_review.action import workflow_commands
from fallback_review.model import Outcome
from fallback_review.pull_requests.mend import PATCH
from fallback_review.report import render
from fallback_review.report.annotations import annotate
from fallback_review.report.escape import code, inert
from fallback_review.report.tally import tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fallback_review.model import Review
    from fallback_review.report.annotations import Annotation

REPORT, SARIF = "fallback-review.json", "fallback-review.sarif"
ABOUT = "what-it-cannot-know"
"""The README's heading that the comment links to."""
_TITLE = {"title": "Fallback Review"}


class Runner(Struct, frozen=True, kw_only=True):
    """What the runner's environment says about a step: where its log and its files are."""

    log: TextIO
    workspace: Path
    about_url: str | None
    """Where people read what is checked and what can't be: the README of the action that runs."""
    outputs: Path | None
    summary: Path | None
    debugging: bool
    """https://docs.github.com/actions/how-tos/monitor-workflows/enable-debug-logging"""

    @classmethod
    def of(cls, environ: Mapping[str, str], log: TextIO) -> Runner:
        """Return the runner that `environ` describes."""
        outputs, summary = environ.get("GITHUB_OUTPUT"), environ.get("GITHUB_STEP_SUMMARY")
        server, action = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_ACTION_REPOSITORY")
        return cls(
            log=log,
            workspace=Path(environ.get("GITHUB_WORKSPACE", ".")),
            about_url=f"{server}/{action}#{ABOUT}" if server and action else None,
            outputs=Path(outputs) if outputs else None,
            summary=Path(summary) if summary else None,
            debugging=environ.get("RUNNER_DEBUG") == "1",
        )

    def say(self, *lines: str) -> None:
        """Write lines to the log, none of which can be a workflow command."""
        self._write(*map(workflow_commands.inert, lines))

    def notice(self, sentence: str) -> None:
        """Write a notice to the log and to the run's overview."""
        self._write(workflow_commands.command("notice", sentence, _TITLE))

    def warn(self, sentence: str) -> None:
        """Write a warning to the log and to the run's overview."""
        self._write(workflow_commands.command("warning", sentence, _TITLE))

    def fail(self, *sentences: str) -> None:
        """Write errors to the log and to the run's overview."""
        self._write(*(workflow_commands.command("error", sentence, _TITLE) for sentence in sentences))

    def fold(self, title: str, text: str) -> None:
        """Write a text to the log that is folded under its title."""
        self._write(workflow_commands.group(title, text))

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Have lines of files annotated, beside the diff and in the run's overview."""
        self._write(*map(workflow_commands.annotation, annotations))

    def debug(self, text: str) -> None:
        """Write a line that the log shows only where debugging is on."""
        self._write(workflow_commands.debug(text))

    def mask(self, secret: str) -> None:
        """Have a secret starred out in every log that follows."""
        self._write(*workflow_commands.mask(secret))

    def summarise(self, title: str, lines: Sequence[str]) -> None:
        """Add a list to the job summary."""
        if lines:
            text = "\n".join([f"### {title}", "", *(f"- {inert(line)}" for line in lines), ""])
            self.write_summary(text, shorter=f"### {title}\n")

    def write_summary(self, markdown: str, *, shorter: str) -> None:
        """Add a text to the job summary, or a shorter one where it would be too long."""
        if self.summary:
            try:
                workflow_commands.write_summary(self.summary, markdown, shorter=shorter)
            except OSError as error:
                self.warn(f"No job summary: its file can't be written to ({error.strerror}).")

    def set_outputs(self, values: Mapping[str, str]) -> None:
        """Hand values to later steps; where that can't be done, the exit code is still the verdict."""
        if self.outputs:
            try:
                workflow_commands.write_outputs(self.outputs, values)
            except OSError as error:
                self.warn(f"No outputs: their file can't be written to ({error.strerror}).")

    def _write(self, *lines: str) -> None:
        self.log.writelines(f"{line}\n" for line in lines)


def leave(
    review: Review,
    runner: Runner,
    *,
    comment_url: str | None,
    remarks: Sequence[str],
    missed: Sequence[str],
    annotations: bool,
    patch: str = "",
    mended: Sequence[str] = (),
) -> None:
    """Leave a review with the runner: log, annotations, job summary, report files and outputs.

    Args:
        review: What was found.
        runner: Where to leave it.
        comment_url: The comment on the pull request, where there is one.
        remarks: What is worth a notice and no comment.
        missed: What could not be delivered on GitHub, and what would help.
        annotations: Whether the lines with findings are annotated.
        patch: What would fix lockfiles.
        mended: The lockfiles that it fixes.
    """
    runner.fold("Fallback Review", render(review, "terminal"))
    files = {REPORT: render(review, "json"), SARIF: render(review, "sarif")}
    files |= {PATCH: patch} if patch else {}
    written, fault = write_files(files, runner.workspace)
    missed = [*missed, *([fault] if fault else [])]
    if annotations:
        runner.annotate(annotate(review))
    for sentence in remarks:
        runner.notice(sentence)
    for sentence in missed:
        runner.warn(sentence)
    if runner.summary:
        summary = render(review, "summary", about_url=runner.about_url)
        short = render(review, "markdown", about_url=runner.about_url)
        more = "".join(f"\n> {inert(sentence)}\n" for sentence in (*remarks, *missed))
        runner.write_summary(summary + more, shorter=short)
        if patch:
            runner.write_summary(_patch(patch, mended), shorter="")
    outputs = _outputs(review, comment_url, written=written)
    runner.set_outputs({**outputs, "patch": PATCH if written and patch else "", "prediction-held": ""})


def _patch(patch: str, mended: Sequence[str]) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", patch)), default=0))
    command = code(f"fallback-review fix {' '.join(map(shlex.quote, mended))}")
    return (
        f"### Fix the lockfiles\n\n{command} in a checkout does this, and so does `git apply {PATCH}` with "
        f"the file that the output `patch` names.\n\n<details><summary>Patch</summary>\n\n"
        f"{fence}diff\n{patch.rstrip()}\n{fence}\n\n</details>\n"
    )


def write_files(files: Mapping[str, str], folder: Path) -> tuple[bool, str | None]:
    """Write files into the workspace; return whether they are there, and else why not."""
    try:
        for name, text in files.items():
            # A pull request that was checked out here may hold a link of this name that leads elsewhere.
            (folder / name).unlink(missing_ok=True)
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        return False, f"No report files: the workspace can't be written to ({error.strerror})."
    return True, None


def _outputs(review: Review, comment_url: str | None, *, written: bool) -> dict[str, str]:
    numbers = tally(review)
    return {
        "conclusion": review.conclusion.value,
        "changed-count": str(numbers.judged),
        "fallback-count": str(numbers.outcomes[Outcome.PYPI]),
        "chainguard-count": str(numbers.from_chainguard),
        "unknown-count": str(numbers.outcomes[Outcome.UNKNOWN] + len(review.unreadable)),
        "report": REPORT if written else "",
        "comment-url": comment_url or "",
    }
