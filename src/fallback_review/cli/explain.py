"""`fallback-review explain`: every step of one prediction."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from packaging.requirements import InvalidRequirement, Requirement

from fallback_review.cli.named_files import file_text
from fallback_review.cli.options import options_from, settings_for, shared_options
from fallback_review.cli.output import write
from fallback_review.cli.review import asking, beside
from fallback_review.lockfiles import PLAIN, Text
from fallback_review.pipeline import explain
from fallback_review.report.explanation import FORMATS, render_explanations


@click.command("explain")
@click.argument("requirement", metavar="NAME==VERSION")
@click.option(
    "--lockfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The lockfile that holds it, with its hashes and URLs; without it a plain pin is explained.",
)
@shared_options
def explain_command(requirement: str, lockfile: Path | None, **given: Any) -> None:
    """Show every step of one prediction: the listing, each filter, the chosen file and the evidence."""
    options = options_from(given)
    if options.format not in FORMATS:
        raise click.UsageError(
            f"--format {options.format} is not for explain: use one of {', '.join(FORMATS)}"
        )
    configured = settings_for(options, beside)
    pin = _pin(requirement)
    if lockfile is None and not _exact(pin):
        raise click.UsageError(f"{requirement!r} is not of the form NAME==VERSION")
    text = file_text(lockfile, configured) if lockfile else Text(path=PLAIN, text=f"{pin}\n")
    if text is None:
        raise click.UsageError("name a lockfile")
    with asking(configured, options) as ask:
        explained = explain.explain(text, pin, configured, ask, today=datetime.now(UTC).date())
    if not explained:
        raise click.UsageError(f"{text.path} does not lock {requirement}")
    write(render_explanations(explained, options.format, brief=options.quiet), options)
    sys.exit(explain.conclude_explained([each for each, _ in explained], configured).exit_code)


def _pin(requirement: str) -> Requirement:
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        raise click.UsageError(f"{requirement!r} is not of the form NAME==VERSION") from None


def _exact(pin: Requirement) -> bool:
    operators = [each.operator for each in pin.specifier if not each.version.endswith(".*")]
    return operators in (["=="], ["==="])
