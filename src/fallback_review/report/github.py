"""Workflow commands, for a job that runs the command line itself: annotations, then the report for the log.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fallback_review.report import terminal
from fallback_review.report.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.model import Review
    from fallback_review.report.annotations import Annotation

_OUTSIDE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_INSIDE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
# The runner looks for `::name` and, of old, `##[name]` at the start of a line, after blanks, and takes more
# than \n for the end of one.
_COMMAND = re.compile(r"(^[\s\ufeff\x00-\x1f]*):(?=:)", re.MULTILINE)
_OLD_COMMAND = re.compile(r"#(?=#\[)")
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def render(review: Review) -> str:
    """Render the annotations as workflow commands, and the report as a log that holds no command."""
    said = [annotation(each) for each in annotate(review, elsewhere="the log of this step")]
    return "\n".join([*said, inert(terminal.render(review)).rstrip("\n")]) + "\n"


def command(name: str, message: str = "", properties: Mapping[str, str] | None = None) -> str:
    """Return one workflow command, its parts escaped so that none of them can end it or add to it."""
    pairs = ",".join(f"{key}={value.translate(_INSIDE)}" for key, value in (properties or {}).items())
    return f"::{name}{' ' if pairs else ''}{pairs}::{message.translate(_OUTSIDE)}"


def annotation(value: Annotation) -> str:
    """Return the command that makes the runner show `value` beside the diff and in the run's overview."""
    properties = {"title": value.title, "file": value.path, "line": value.line and str(value.line)}
    given = {key: text for key, text in properties.items() if text}
    return command(value.level, value.message, given)


def inert(text: str) -> str:
    """Return `text` for the log such that no line of it is a workflow command.

    The runner reads commands from standard output and standard error alike; what comes from a lockfile may
    begin a line with ``::``. A word joiner goes between the two colons: it looks the same.
    """
    lines = _LINE_ENDS.sub("\n", text)
    return _OLD_COMMAND.sub("#\u2060", _COMMAND.sub("\\1:\u2060", lines))
