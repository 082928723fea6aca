"""Speaking to the runner: workflow commands on standard output, outputs and job summary in its files.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from fallback_review.report import limits
from fallback_review.report.github import annotation, command, inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["annotation", "command", "debug", "group", "inert", "mask", "write_outputs", "write_summary"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


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


def write_outputs(file: Path, values: Mapping[str, str]) -> None:
    """Add `values` to the file at GITHUB_OUTPUT, each between delimiters that nobody can guess.

    Raises `OSError` where that can't be done, and leaves the file as it was.
    """
    text = ""
    for name, value in values.items():
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is not an output's name")
        delimiter = f"fallback-review-{secrets.token_hex(16)}"
        text += f"{name}<<{delimiter}\n{value}\n{delimiter}\n"
    _append(file, text)


def write_summary(file: Path, markdown: str, *, shorter: str) -> bool:
    """Add `markdown` to the job summary at GITHUB_STEP_SUMMARY, or `shorter` where it would be too long.

    Returns whether it was `markdown`. Raises `OSError` where that can't be done, and leaves the file as it
    was.
    """
    written = file.stat().st_size if file.exists() else 0
    whole = len(markdown.encode()) + 1 + written <= limits.SUMMARY
    _append(file, f"{markdown if whole else shorter}\n")
    return whole


def _append(file: Path, text: str) -> None:
    """Add all of a text or nothing: the runner fails a step for half an output, whatever its exit code."""
    data = text.encode()
    with file.open("ab", buffering=0) as target:
        before = target.tell()
        try:
            while data:
                data = data[target.write(data) :]
        except OSError:
            with suppress(OSError):
                target.truncate(before)
            raise
