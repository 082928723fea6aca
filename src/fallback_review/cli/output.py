"""Writing a result for whoever asked: to a terminal, a pipe or a file."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from fallback_review.report import render
from fallback_review.report.headline import headline
from fallback_review.report.tally import tally
from fallback_review.runtime.request_logs import REQUEST_LOGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from rich.console import Console

    from fallback_review.cli.options import SharedOptions
    from fallback_review.model import Review


def colored(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Say whether to write colours: FORCE_COLOR asks for them, NO_COLOR and a dumb terminal forbid them.

    NO_COLOR wins (https://no-color.org); an empty variable is none.
    """
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return bool(environ.get("FORCE_COLOR")) or terminal


def is_terminal(stream: TextIO) -> bool:
    """Say whether somebody looks on, or asked for the same by FORCE_COLOR."""
    return stream.isatty() or colored(os.environ, terminal=False)


def console_for(*, stderr: bool = False) -> Console:
    """Return a console that keeps to the environment's word on colours."""
    from rich.console import Console  # noqa: PLC0415 - for a terminal alone

    stream = sys.stderr if stderr else sys.stdout
    color = colored(os.environ, terminal=stream.isatty())
    return Console(stderr=stderr, no_color=not color, force_terminal=color or None)


def show(result: Review, options: SharedOptions) -> None:
    """Write a review as the options say."""
    if options.quiet and options.format == "terminal":
        write(" ".join(headline(result, tally(result))) + "\n", options)
        return
    if options.format != "terminal":
        write(render(result, options.format), options)
        return
    if options.output is not None or not is_terminal(sys.stdout):
        write(render(result, "terminal", everything=options.verbose), options)
        return
    console = console_for()
    color = colored(os.environ, terminal=console.is_terminal)
    write(render(result, "terminal", width=console.width, color=color, everything=options.verbose), options)


def write(text: str, options: SharedOptions) -> None:
    """Write text to the file that the options name, or to standard output."""
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=not text.endswith("\n"), color=True)


def log_requests() -> None:
    """Write each HTTP request to standard error: method, path and status, never a header."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(relativeCreated)6d ms  %(message)s"))
    for logger in REQUEST_LOGS:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
