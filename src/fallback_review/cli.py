"""The command line: `fallback-review review | scan | explain | demo | init | action`.

Exit codes: 0 pass or warn, 1 the policy fails, 2 usage, settings or input error, 3 could not check.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from fallback_review import __version__, access, review, settings
from fallback_review.index import Credentials
from fallback_review.lockfiles import LockfileError, Text, decode
from fallback_review.model import Conclusion, Notice, Review
from fallback_review.pairing import is_lockfile, pair
from fallback_review.report import FORMATS, render
from fallback_review.report.explanation import render_explanation
from fallback_review.revisions import Repository, RevisionError, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fallback_review.model import LockfileDiff
    from fallback_review.settings import Settings

EXIT_CODES = {Conclusion.PASS: 0, Conclusion.WARN: 0, Conclusion.FAIL: 1, Conclusion.UNKNOWN: 3}
_NO_FILE = Path(os.devnull)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options that every reviewing command shares."""

    config: Path | None
    inputs: dict[tuple[str, str], Any]
    username: str | None
    ca_bundle: Path | None
    format: str
    output: Path | None


def _shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option(
                "--config",
                type=click.Path(path_type=Path),
                help="Settings file [.github/fallback-review.toml].",
            ),
            click.option("--index-url", help="Chainguard's index, or the one that plays it."),
            click.option(
                "--index-username",
                help="User name for it; the password is read from FALLBACK_REVIEW_INDEX_PASSWORD.",
            ),
            click.option(
                "--resolver-index-url",
                help="Your organisation's own virtual index: asked instead of modelling the layout.",
            ),
            click.option("--pypi-url", help="PyPI's simple index, or a mirror of it."),
            click.option(
                "--layout", help="How Chainguard and PyPI are arranged, e.g. chainguard-only or virtual-file."
            ),
            click.option("--installer", help="Which installer reads the lockfile, if not the format's own."),
            click.option(
                "--python",
                "python",
                multiple=True,
                help="A Python version that will install; may be repeated.",
            ),
            click.option("--platform", multiple=True, help="A platform, e.g. linux-x86_64; may be repeated."),
            click.option(
                "--fail-on",
                help="Outcomes that fail, separated by commas, e.g. pypi,install-fails; empty for none.",
            ),
            click.option(
                "--on-unknown",
                type=click.Choice(["fail", "warn"]),
                help="What it means when something could not be checked.",
            ),
            click.option(
                "--ca-bundle",
                type=click.Path(exists=True, path_type=Path),
                help="Certificates of your organisation's own authority.",
            ),
            click.option(
                "--format",
                "format_",
                type=click.Choice(sorted(FORMATS)),
                default="terminal",
                show_default=True,
                help="How to print the result.",
            ),
            click.option(
                "--output",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Write the result to this file instead.",
            ),
        )
    ):
        command = option(command)
    return command


def _options(given: dict[str, Any]) -> _Options:
    fail_on = given["fail_on"]
    return _Options(
        config=given["config"],
        inputs={
            ("indexes", "chainguard"): given["index_url"],
            ("indexes", "resolver"): given["resolver_index_url"],
            ("indexes", "pypi"): given["pypi_url"],
            ("indexes", "layout"): given["layout"],
            ("indexes", "installer"): given["installer"],
            ("targets", "python"): list(given["python"]) or None,
            ("targets", "platforms"): list(given["platform"]) or None,
            ("policy", "fail-on"): None
            if fail_on is None
            else [part.strip() for part in fail_on.split(",") if part.strip()],
            ("policy", "on-unknown"): given["on_unknown"],
        },
        username=given["index_username"],
        ca_bundle=given["ca_bundle"],
        format=given["format_"],
        output=given["output"],
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fallback-review")
def cli() -> None:
    """Say which Python packages will come from Chainguard Libraries and which fall back to PyPI."""


@cli.command("review")
@click.argument("base", required=False)
@click.argument("head", required=False)
@_shared_options
def review_command(base: str | None, head: str | None, **given: Any) -> None:
    """Review what changed between BASE and HEAD: two lockfiles, or two git revisions.

    Without HEAD it is the working tree; without BASE the merge base with the default branch.
    /dev/null stands for a lockfile that does not exist on that side.
    """
    options = _options(given)
    if base is not None and head is not None and _is_file(base) and _is_file(head):
        configured = _settings(options, _beside)
        sides = _text(Path(base)), _text(Path(head))
        if sides == (None, None):
            raise click.UsageError("both sides are absent: name at least one lockfile")
        _finish([review.compare(*sides)], [], configured, options)
        return
    repository = Repository.around(Path.cwd())
    base_commit = repository.commit(base) if base else repository.default_base()
    head_commit = repository.commit(head) if head else None
    configured = _settings(options, lambda path: repository.read(base_commit, path))
    diffs, unreadable = _revision_diffs(repository, base_commit, head_commit, configured)
    _finish(diffs, unreadable, configured, options)


@cli.command("scan")
@click.argument("lockfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_shared_options
def scan_command(lockfile: Path, **given: Any) -> None:
    """Predict every package of one LOCKFILE and show what share Chainguard covers."""
    options = _options(given)
    text = _text(lockfile)
    if text is None:
        raise click.UsageError("name a lockfile")
    _finish([review.whole(text)], [], _settings(options, _beside), options, scope="all")


@cli.command("explain")
@click.argument("requirement", metavar="NAME==VERSION")
@click.option(
    "--lockfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The lockfile that holds it, with its hashes and URLs; without it a plain pin is explained.",
)
@_shared_options
def explain_command(requirement: str, lockfile: Path | None, **given: Any) -> None:
    """Show every step of one prediction: the listing, each filter, the chosen file and the evidence."""
    options = _options(given)
    configured = _settings(options, _beside)
    text = _text(lockfile) if lockfile else Text(path="requirements.txt", text=f"{requirement}\n")
    if text is None:
        raise click.UsageError("name a lockfile")
    with _asking(configured, options) as ask:
        explained = review.explain(text, requirement, configured, ask)
    if not explained:
        raise click.UsageError(f"{text.path} does not lock {requirement}")
    for explanation, why in explained:
        click.echo(render_explanation(explanation, why))
    sys.exit(EXIT_CODES[review.conclude_explained([each for each, _ in explained], configured)])


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
    from fallback_review.demo.run import run  # noqa: PLC0415 - only this command pays for it

    run(output, Console())


def main() -> None:
    """Run the command line: errors that people can mend are one line each, without a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (LockfileError, settings.SettingsError, RevisionError, OSError) as error:
        click.echo(f"fallback-review: {error}", err=True)
        sys.exit(2)


def _is_file(name: str) -> bool:
    path = Path(name)
    return path == _NO_FILE or path.is_file()


def _text(path: Path) -> Text | None:
    """Read one side from a file; files that it includes may lie below the current folder or beside it."""
    if path == _NO_FILE:
        return None
    root = Path.cwd() if path.absolute().is_relative_to(Path.cwd()) else path.parent.absolute()

    def read(other: str) -> str | None:
        absolute = Path(os.path.normpath(Path(other).absolute()))
        if not absolute.is_relative_to(root):
            return None
        data = read_file(root, str(absolute.relative_to(root)))
        return None if data is None else decode(other, data)

    return Text(path=str(path), text=decode(str(path), path.read_bytes()), read=read)


def _beside(path: str) -> bytes | None:
    """Read a settings file below the current folder, for lockfiles that are named as files."""
    return read_file(Path.cwd(), path)


def _settings(options: _Options, read: Callable[[str], bytes | None]) -> Settings:
    """Read the settings and lay the options over them; a named file must exist, the usual one may not."""
    if options.config is not None:
        path, data = str(options.config), options.config.read_bytes()
    else:
        path, data = settings.SETTINGS_PATH, read(settings.SETTINGS_PATH) or b""
    return settings.parse(data, path=path, inputs=options.inputs)


def _revision_diffs(
    repository: Repository, base: str, head: str | None, configured: Settings
) -> tuple[list[LockfileDiff], list[Notice]]:
    """Compare every lockfile that differs; one that can't be read is named, and the others go on."""
    changed = repository.changed(base, head)
    diffs, unreadable = [], []
    for file in pair(changed, lambda path: is_lockfile(path, configured.lockfiles)):
        try:
            diffs.append(
                review.compare(
                    _revision_text(repository, base, file.base_path),
                    _revision_text(repository, head, file.head_path),
                )
            )
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
    return diffs, unreadable


def _revision_text(repository: Repository, revision: str | None, path: str | None) -> Text | None:
    if path is None:
        return None

    def read(other: str) -> str | None:
        data = repository.read(revision, other)
        return None if data is None else decode(other, data)

    data = repository.read(revision, path)
    return None if data is None else Text(path=path, text=decode(path, data), read=read)


def _finish(
    diffs: Sequence[LockfileDiff],
    unreadable: Sequence[Notice],
    configured: Settings,
    options: _Options,
    *,
    scope: str = "changes",
) -> None:
    """Ask, predict, judge, print, and leave with the exit code of the conclusion."""
    with _asking(configured, options) as ask:
        result = review.review(
            diffs, configured, ask, today=datetime.now(UTC).date(), unreadable=unreadable, scope=scope
        )
    _print(result, options)
    sys.exit(EXIT_CODES[result.conclusion])


@contextmanager
def _asking(configured: Settings, options: _Options) -> Iterator[review.Ask]:
    """Open the indexes, with progress on a terminal."""
    with access.open_indexes(
        configured.indexes,
        _secrets(options),
        console=Console(stderr=True),
    ) as ask:
        yield ask


def _secrets(options: _Options) -> access.Secrets:
    password = os.environ.get("FALLBACK_REVIEW_INDEX_PASSWORD")
    if options.username and password is None:
        raise click.UsageError("--index-username needs a password in FALLBACK_REVIEW_INDEX_PASSWORD")
    return access.Secrets(
        environ=os.environ,
        explicit=Credentials(options.username, password)
        if options.username and password is not None
        else None,
        ca_bundle=str(options.ca_bundle) if options.ca_bundle else None,
    )


def _print(result: Review, options: _Options) -> None:
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
