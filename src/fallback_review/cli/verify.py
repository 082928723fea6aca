"""`fallback-review verify`: what is really installed, and whether a prediction held."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fallback_review.cli.named_files import file_text
from fallback_review.cli.options import (
    options_from,
    secrets_for,
    settings_for,
    shared_options,
)
from fallback_review.cli.output import colored, console_for, log_requests, write
from fallback_review.cli.work_tree import read_file
from fallback_review.installed.judge import Verifying
from fallback_review.installed.places import active, place
from fallback_review.installed.sources import open_sources
from fallback_review.installed.verify import verify
from fallback_review.report.verification import FORMATS, render
from fallback_review.report.verification.sections import headline
from fallback_review.settings import policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.cli.options import SharedOptions
    from fallback_review.model.installed import Verification


@click.command("verify")
@click.argument("places", metavar="[PATH]…", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--lock",
    "lockfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with what is predicted from this lockfile, package by package.",
)
@click.option(
    "--full", is_flag=True, help="Fetch whole wheels and check their sha256, not their RECORD alone."
)
@click.option(
    "--bytecode/--no-bytecode",
    default=True,
    show_default=True,
    help="Compile sources again and compare the bytecode beside them.",
)
@shared_options
def verify_command(
    places: tuple[Path, ...], lockfile: Path | None, full: bool, bytecode: bool, **given: Any
) -> None:
    """Tell where what is installed really comes from, and whether it was changed.

    PATH is an environment (the active one by default), a folder that Python imports from, a wheel or a folder
    of wheels, a pip report, or an image (docker save, OCI).
    """
    options = options_from(given)
    if options.format not in FORMATS:
        raise click.UsageError(
            f"--format {options.format} is not for verify: use one of {', '.join(sorted(FORMATS))}"
        )
    if options.debug:
        log_requests()
    configured = settings_for(options, lambda path: read_file(Path.cwd(), path))
    today = datetime.now(UTC).date()
    lock = file_text(lockfile, configured) if lockfile else None
    wanted = [place(each) for each in places] or [active(os.environ)]
    with open_sources(
        configured.indexes, secrets_for(options), full=full, console=console_for(stderr=True)
    ) as sources:
        run = Verifying(settings=configured, sources=sources, today=today, bytecode=bytecode, full=full)
        found = [verify(each, run, lock) for each in wanted]
    show(found, options)
    sys.exit(policy.conclude(each.conclusion for each in found).exit_code)


def show(found: Sequence[Verification], options: SharedOptions) -> None:
    """Write the report as the options say."""
    if options.quiet and options.format == "terminal":
        write("".join(f"{' '.join(headline(each))}\n" for each in found), options)
    elif options.format != "terminal" or options.output is not None:
        write(render(found, options.format), options)
    else:
        console = console_for()
        color = colored(os.environ, terminal=console.is_terminal)
        write(render(found, "terminal", width=console.width, color=color), options)
