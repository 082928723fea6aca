"""Speaking to the runner: workflow commands on standard output, outputs and job summary in its files.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from fallback_review.report import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fallback_review.report.annotations import Annotation

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_OUTSIDE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_INSIDE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
# The runner looks for `::name` and, of old, `##[name]` at the start of a line, after blanks, and takes more
# than \n for the end of one.
_COMMAND = re.compile(r"(^[\s\ufeff\x00-\x1f]*):(?=:)", re.MULTILINE)
_OLD_COMMAND = re.compile(r"#(?=#\[)")
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def command(name: str, message: str = "", properties: Mapping[str, str] | None = None) -> str:
    """Return one workflow command, its parts escaped so that none of them can end it or add to it."""
    pairs = ",".join(f"{key}={value.translate(_INSIDE)}" for key, value in (properties or {}).items())
    return f"::{name}{' ' if pairs else ''}{pairs}::{message.translate(_OUTSIDE)}"


def annotation(value: Annotation) -> str:
    """Return the command that makes the runner show `value` beside the diff and in the run's overview."""
    properties = {"title": value.title, "file": value.path, "line": value.line and str(value.line)}
    given = {key: text for key, text in properties.items() if text}
    return command(value.level, value.message, given)


def mask(secret: str) -> Iterator[str]:
    """Yield the commands that make the runner star out `secret` in every log that follows, line by line."""
    for line in secret.splitlines():
        if line.strip():
            yield command("add-mask", line)


def group(title: str, text: str) -> str:
    """Return `text` as a fold of the log under `title`."""
    return "\n".join((command("group", title), inert(text), command("endgroup")))


def debug(text: str) -> str:
    """Return a line that the log shows only where RUNNER_DEBUG is set."""
    return command("debug", text)


def inert(text: str) -> str:
    """Return `text` for the log such that no line of it is a workflow command.

    The runner reads commands from standard output and standard error alike; what comes from a lockfile may
    begin a line with ``::``. A word joiner goes between the two colons: it looks the same.
    """
    lines = _LINE_ENDS.sub("\n", text)
    return _OLD_COMMAND.sub("#\u2060", _COMMAND.sub("\\1:\u2060", lines))


def write_outputs(file: Path, values: Mapping[str, str]) -> None:
    """Add `values` to the file at GITHUB_OUTPUT, each between delimiters that nobody can guess."""
    with file.open("a", encoding="utf-8", newline="\n") as target:
        for name, value in values.items():
            if not _NAME.match(name):
                raise ValueError(f"{name!r} is not an output's name")
            delimiter = f"fallback-review-{secrets.token_hex(16)}"
            target.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


def write_summary(file: Path, markdown: str, *, shorter: str) -> bool:
    """Add `markdown` to the job summary at GITHUB_STEP_SUMMARY, or `shorter` where it would be too long.

    Returns whether it was `markdown`.
    """
    written = file.stat().st_size if file.exists() else 0
    whole = len(markdown.encode()) + 1 + written <= limits.SUMMARY
    with file.open("a", encoding="utf-8", newline="\n") as target:
        target.write(f"{markdown if whole else shorter}\n")
    return whole
