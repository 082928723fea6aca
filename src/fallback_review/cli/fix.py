"""`fallback-review fix`: fixes locks so that installers take Chainguard's files."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from packaging.utils import canonicalize_name

from fallback_review.cli.named_files import file_text
from fallback_review.cli.options import options_from, secrets_for, settings_for, shared_options
from fallback_review.cli.output import console_for, log_requests, write
from fallback_review.cli.work_tree import read_file
from fallback_review.installed.sources import open_sources
from fallback_review.lockfiles import parse
from fallback_review.lockfiles.text import codec_of
from fallback_review.pipeline.mend import asked_names, mend, patch_of
from fallback_review.report.text import count, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fallback_review.cli.options import SharedOptions
    from fallback_review.pipeline.mend import Mended, Unmended

COULD_NOT = 3


@click.command("fix")
@click.argument(
    "lockfiles",
    metavar="LOCK…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--diff", "as_diff", is_flag=True, help="Print what would change as a patch, and write nothing."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where something would be fixed.")
@click.option("--remediated", is_flag=True, help="Take remediated versions (+cgr.N) where there are any.")
@click.option("--only", multiple=True, metavar="NAME", help="Fix this package alone; may be repeated.")
@shared_options
def fix_command(
    lockfiles: tuple[Path, ...],
    as_diff: bool,
    check: bool,
    remediated: bool,
    only: tuple[str, ...],
    **given: Any,
) -> None:
    """Fix LOCK in place so that its installer takes Chainguard's files.

    Rows of entries are replaced where they stand; nothing else moves, no version goes down, and nothing is
    written that no index lists. What can't be fixed is listed with the reason.
    """
    options = options_from(given)
    _refuse_format(options)
    if options.debug:
        log_requests()
    configured = settings_for(options, lambda path: read_file(Path.cwd(), path))
    today = datetime.now(UTC).date()
    names = frozenset(canonicalize_name(each) for each in only)
    found = []
    codecs = {}
    with open_sources(configured.indexes, secrets_for(options), console=console_for(stderr=True)) as sources:
        for path in lockfiles:
            text = file_text(path, configured)
            if text is None:
                raise click.UsageError("name a lockfile")
            lockfile = parse(text)
            projects = sources.projects(asked_names(lockfile, configured, names))
            # As it is written: line ends and a byte-order mark are part of it.
            codecs[str(path)] = codec_of(path.read_bytes())
            original = path.read_bytes().decode(codecs[str(path)])
            found.append(
                mend(
                    text,
                    original,
                    lockfile,
                    projects,
                    configured,
                    ask=sources.ask,
                    today=today,
                    remediated=remediated,
                    only=names,
                )
            )
    written, some = not (as_diff or check), bool(only)
    says = [told(each, written=written, some=some, brief=options.quiet) for each in found]
    for each in found:
        if each.after != each.before and written:
            Path(each.path).write_bytes(each.after.encode(codecs[each.path]))
    _show("".join(says), "".join(map(patch_of, found)) if as_diff else None, options)
    if any(each.problem for each in found):
        sys.exit(COULD_NOT)
    sys.exit(1 if check and any(each.after != each.before for each in found) else 0)


def _refuse_format(options: SharedOptions) -> None:
    """Raise click's `UsageError` for a report's format; one that a variable gives is for other commands."""
    given = click.get_current_context().get_parameter_source("format_")
    if options.format != "terminal" and given is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--format {options.format} is not for fix: --diff prints a patch")


def _show(says: str, patch: str | None, options: SharedOptions) -> None:
    """Write the patch where one is asked for, and what is said beside it; else what is said alone."""
    if options.output is not None:
        write(says if patch is None else patch, options)
    elif patch:
        write(patch, options)
    if patch is not None or options.output is None:
        click.echo(says, err=True, nl=False)


def told(found: Mended, *, written: bool, some: bool = False, brief: bool = False) -> str:
    """Say what became of a lock, what could not be fixed and why, and what is to be done next.

    `some`: whether entries were named, and all others left out. `brief` is the first line alone.
    """
    verb = "fixed" if written else "to fix"
    lines = [f"{readable(found.path, 300)}: {count(len(found.mended), 'entry', 'entries')} {verb}"]
    lines[0] += f", {found.already:,} from Chainguard already" if found.already else ""
    if brief:
        return f"{lines[0]}\n"
    for each in found.mended:
        version = f" → {each.version}" if each.version else ""
        lines.append(f"  {readable(each.package.name)} {readable(each.package.version or '')}{version}")
    lines += _by_reason("not fixed", found.unmended)
    if found.problem:
        lines.append(f"  the lock as a whole: {readable(found.problem, 400)}")
    if found.left_behind:
        lines += _by_reason("not what the project asks for", found.left_behind)
        lines += _then(found, some=some)
    if found.install_again and written:
        command = found.install_again.format(file=shlex.quote(found.path))
        lines.append(f"Installers keep what is installed already. This replaces it: {command}")
        lines.append("Then check it: fallback-review verify")
    return "\n".join(lines) + "\n"


def _by_reason(heading: str, entries: Sequence[Unmended]) -> Iterator[str]:
    """Give a heading and the entries below it, those with the same reason in one line; nothing for none."""
    reasons: dict[str, list[str]] = {}
    for one in entries:
        reasons.setdefault(one.why, []).append(f"{one.package.name} {one.package.version or ''}".rstrip())
    if reasons:
        yield f"{heading}: {count(len(entries), 'entry', 'entries')}"
    for why, names in reasons.items():
        yield f"  {readable(', '.join(names), 300)}: {readable(why, 400)}"


def _then(found: Mended, *, some: bool) -> Iterator[str]:
    """Give the steps that end with a lock which its installer takes."""
    if some:
        yield "Run the same command without --only: it fixes these entries too, where Chainguard has them."
    if found.lock_again and some:
        yield f"Or lock again, from the indexes that the project names: {found.lock_again}"
    elif found.lock_again:
        yield f"Lock again: {found.lock_again}"
        yield "A package that this does not find needs its index in the project's files."
