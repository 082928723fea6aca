"""`fallback-review review` and `scan`: lockfiles in, a report and an exit code out."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from fallback_review.cli.named_files import file_text
from fallback_review.cli.options import options_from, secrets_for, settings_for, settings_path, shared_options
from fallback_review.cli.output import console_for, is_terminal, log_requests, show
from fallback_review.cli.selection import lockfiles_at, revisions, two_files
from fallback_review.cli.work_tree import read_file
from fallback_review.index import open as access
from fallback_review.lockfiles import LockfileError
from fallback_review.model import Notice
from fallback_review.pipeline import review
from fallback_review.pipeline.compare import compare, once, whole
from fallback_review.settings import policy, schema
from fallback_review.settings.changes import settings_changes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from fallback_review.cli.options import SharedOptions
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.settings.schema import Settings


@click.command("review")
@click.argument("words", nargs=-1, metavar="[BASE [HEAD]] [PATH]...")
@shared_options
def review_command(words: tuple[str, ...], **given: Any) -> None:
    r"""Review what changed: between two git revisions, or between two lockfiles.

    \b
    review                     the working tree against the merge base with the default branch
    review main                the working tree against main
    review main feature        two revisions; also main..feature
    review main...feature      feature against its merge base with main
    review main -- api web     only what lies in these folders or files
    review old.lock new.lock   two lockfiles; /dev/null is a lockfile that does not exist
    """
    options = options_from(given)
    if (files := two_files(words)) is not None:
        configured = settings_for(options, beside)
        sides = file_text(files[0], configured), file_text(files[1], configured)
        if sides == (None, None):
            raise click.UsageError("both sides are absent: name at least one lockfile")
        _finish([compare(*sides)], [], configured, options)
        return
    from fallback_review.cli.revisions import repository_for, revision_diffs  # noqa: PLC0415 - brings git

    repository = repository_for(words)
    chosen = revisions(words, repository)
    with repository.reading() as read:
        configured = settings_for(options, partial(read, chosen.base))
        diffs, unreadable = revision_diffs(repository, read, chosen, configured)
        before, after = (read(at, schema.SETTINGS_PATH) for at in (chosen.base, chosen.head))
        _finish(diffs, unreadable, configured, options, findings=settings_changes(before, after))


@click.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@shared_options
def scan_command(paths: tuple[Path, ...], **given: Any) -> None:
    """Predict every package of some lockfiles, and show what share Chainguard covers.

    PATH is a lockfile or a folder, which is searched for lockfiles; without PATH it is the current folder.
    """
    options = options_from(given)
    configured = settings_for(options, beside)
    found = lockfiles_at(paths, configured)
    scanned, unreadable = [], []
    for path in found:
        try:
            text = file_text(path, configured)
            scanned += [whole(text)] if text is not None else []
        except LockfileError as error:
            if len(found) == 1:
                raise
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
    if not scanned and not unreadable:
        raise click.UsageError("name a lockfile")
    several = len(scanned) > 1
    scanned = once(scanned) if several else scanned
    _finish(scanned, unreadable, configured, options, scope="all", cached=several)


def beside(path: str) -> bytes | None:
    """Read a settings file below the current folder, for lockfiles that are named as files."""
    return read_file(Path.cwd(), path)


def _finish(
    diffs: Sequence[ComparedLockfile],
    unreadable: Sequence[Notice],
    configured: Settings,
    options: SharedOptions,
    *,
    scope: str = "changes",
    findings: Sequence[Notice] = (),
    cached: bool = False,
) -> None:
    """Ask, predict, judge, print, and leave with the exit code of the conclusion."""
    with asking(configured, options, cached=cached) as ask:
        result = review.review(
            diffs, configured, ask, today=datetime.now(UTC).date(), unreadable=unreadable, scope=scope
        )
    allowances = [*result.findings]
    if scope == "all":
        names = {change.change.name for lockfile in result.lockfiles for change in lockfile.changes}
        allowances += policy.unused_notices(configured.allow, names)
    found = (*(_where_allowed(notice, options) for notice in allowances), *findings)
    result = replace(result, findings=found)
    show(result, options)
    sys.exit(result.conclusion.exit_code)


def _where_allowed(notice: Notice, options: SharedOptions) -> Notice:
    """Name the settings file that was read, where a notice names the usual one."""
    usual = notice.path == schema.SETTINGS_PATH
    return replace(notice, path=settings_path(options)) if usual else notice


def asking(
    configured: Settings, options: SharedOptions, *, cached: bool = False
) -> AbstractContextManager[Ask]:
    """Open the indexes, with progress on a terminal; `cached` as for `secrets_for`."""
    if options.debug:
        log_requests()
    console = console_for(stderr=True) if is_terminal(sys.stderr) else None
    return access.open_indexes(configured.indexes, secrets_for(options, cached=cached), console=console)
