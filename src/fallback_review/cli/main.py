"""The command line: `fallback-review review | scan | explain | verify | demo | init | action`.

Exit codes: 0 pass or warn, 1 the policy fails, 2 usage, settings or input error, 3 could not check.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from packaging.requirements import InvalidRequirement, Requirement
from rich.console import Console

from fallback_review import __version__
from fallback_review.cli.compare import file_text, is_file, repository_for, revision_diffs
from fallback_review.cli.git import RevisionError
from fallback_review.cli.init import init_command
from fallback_review.cli.options import options_from, secrets_for, settings_for, shared_options
from fallback_review.cli.verify import verify_command
from fallback_review.cli.work_tree import read_file
from fallback_review.index import open as access
from fallback_review.lockfiles import PLAIN, LockfileError, Text
from fallback_review.pipeline import explain, review
from fallback_review.pipeline.compare import compare, whole
from fallback_review.report import render
from fallback_review.report.explanation import render_explanation
from fallback_review.runtime import collect_rarely
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from fallback_review.cli.options import Options
    from fallback_review.model import Notice, Review
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import Compared
    from fallback_review.settings.schema import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fallback-review")
def cli() -> None:
    """Say which Python packages will come from Chainguard Libraries and which fall back to PyPI."""


@cli.command("review")
@click.argument("base", required=False)
@click.argument("head", required=False)
@shared_options
def review_command(base: str | None, head: str | None, **given: Any) -> None:
    """Review what changed between BASE and HEAD: two lockfiles, or two git revisions.

    Without HEAD it is the working tree; without BASE the merge base with the default branch.
    /dev/null stands for a lockfile that does not exist on that side.
    """
    options = options_from(given)
    if base is not None and head is not None and is_file(base) and is_file(head):
        configured = settings_for(options, _beside)
        sides = file_text(Path(base), configured), file_text(Path(head), configured)
        if sides == (None, None):
            raise click.UsageError("both sides are absent: name at least one lockfile")
        _finish([compare(*sides)], [], configured, options)
        return
    repository = repository_for(base, head)
    base_commit = repository.commit(base) if base else repository.default_base()
    head_commit = repository.commit(head) if head else None
    with repository.reading() as read:
        configured = settings_for(options, partial(read, base_commit))
        changed = repository.changed(base_commit, head_commit)
        diffs, unreadable = revision_diffs(changed, read, base_commit, head_commit, configured)
        _finish(diffs, unreadable, configured, options)


@cli.command("scan")
@click.argument("lockfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@shared_options
def scan_command(lockfile: Path, **given: Any) -> None:
    """Predict every package of one LOCKFILE and show what share Chainguard covers."""
    options = options_from(given)
    configured = settings_for(options, _beside)
    text = file_text(lockfile, configured)
    if text is None:
        raise click.UsageError("name a lockfile")
    _finish([whole(text)], [], configured, options, scope="all")


@cli.command("explain")
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
    configured = settings_for(options, _beside)
    pin = _pin(requirement)
    if lockfile is None and not _exact(pin):
        raise click.UsageError(f"{requirement!r} is not of the form NAME==VERSION")
    text = file_text(lockfile, configured) if lockfile else Text(path=PLAIN.name, text=f"{pin}\n")
    if text is None:
        raise click.UsageError("name a lockfile")
    with _asking(configured, options) as ask:
        explained = explain.explain(text, pin, configured, ask, today=datetime.now(UTC).date())
    if not explained:
        raise click.UsageError(f"{text.path} does not lock {requirement}")
    for explanation, why in explained:
        click.echo(render_explanation(explanation, why))
    sys.exit(explain.conclude_explained([each for each, _ in explained], configured).exit_code)


@cli.command("demo")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for the comment and the report.",
)
def demo_command(output: Path) -> None:
    """Run the whole loop against an embedded index: no credentials, no network."""
    from fallback_review.cli.demo.run import run  # noqa: PLC0415 - only this command pays for it

    run(output, Console())


cli.add_command(init_command)
cli.add_command(verify_command)


@cli.command("action")
def action_command() -> None:
    """Run as a step of a GitHub Actions job: inputs and event from the runner's environment."""
    from fallback_review.action.main import main as run_action  # noqa: PLC0415 - PyGithub takes 0.2 s to import

    run_action()


def main() -> None:
    """Run the command line: errors that people can mend are one line each, without a traceback."""
    collect_rarely()
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (LockfileError, schema.SettingsError, RevisionError, OSError) as error:
        click.echo(f"fallback-review: {error}", err=True)
        sys.exit(2)


def _pin(requirement: str) -> Requirement:
    try:
        return Requirement(requirement)
    except InvalidRequirement:
        raise click.UsageError(f"{requirement!r} is not of the form NAME==VERSION") from None


def _exact(pin: Requirement) -> bool:
    operators = [each.operator for each in pin.specifier if not each.version.endswith(".*")]
    return operators in (["=="], ["==="])


def _beside(path: str) -> bytes | None:
    """Read a settings file below the current folder, for lockfiles that are named as files."""
    return read_file(Path.cwd(), path)


def _finish(
    diffs: Sequence[Compared],
    unreadable: Sequence[Notice],
    configured: Settings,
    options: Options,
    *,
    scope: str = "changes",
) -> None:
    """Ask, predict, judge, print, and leave with the exit code of the conclusion."""
    with _asking(configured, options) as ask:
        result = review.review(
            diffs, configured, ask, today=datetime.now(UTC).date(), unreadable=unreadable, scope=scope
        )
    _print(result, options)
    sys.exit(result.conclusion.exit_code)


def _asking(configured: Settings, options: Options) -> AbstractContextManager[Ask]:
    """Open the indexes, with progress on a terminal."""
    return access.open_indexes(configured.indexes, secrets_for(options), console=Console(stderr=True))


def _print(result: Review, options: Options) -> None:
    if options.output is not None:
        options.output.write_text(render(result, options.format), encoding="utf-8")
        return
    console = Console()
    text = (
        render(result, "terminal", width=console.width, color=console.is_terminal)
        if options.format == "terminal"
        else render(result, options.format)
    )
    click.echo(text, nl=not text.endswith("\n"))


if __name__ == "__main__":
    main()
