"""The command line: `fallback-review review | scan | explain | verify | fix | demo | init | action`.

Exit codes: 0 pass or warn, 1 the policy fails, 2 usage, settings or input error, 3 could not check.

Each command is imported when it runs: `--version` and `--help` pay for none of them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from fallback_review import __version__

COMMANDS = {
    "review": ("review", "Review what changed: between two git revisions, or between two lockfiles."),
    "scan": ("review", "Predict every package of some lockfiles, and show what share Chainguard covers."),
    "explain": (
        "explain",
        "Show every step of one prediction: the listing, each filter, the chosen file and the evidence.",
    ),
    "verify": ("verify", "Tell where what is installed really comes from, and whether it was changed."),
    "fix": ("fix", "Fix LOCK in place so that its installer takes Chainguard's files."),
    "init": ("init", "Write the workflow and the settings file for this repository; never overwrite any."),
}
"""Commands by name: the module that has them as ``NAME_command``, and the line that ``--help`` shows."""


class Commands(click.Group):
    """A group that knows some of its commands by name alone until one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported where need be."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"fallback_review.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands."""
        shown = {name: command.get_short_help_str(100) for name, command in self.commands.items()}
        shown |= {name: text for name, (_, text) in COMMANDS.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(shown.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fallback-review")
def cli() -> None:
    """Say which Python packages will come from Chainguard Libraries and which fall back to PyPI."""


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
    from fallback_review.cli.output import console_for  # noqa: PLC0415 - as above

    run(output, console_for())


@cli.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the script that completes words for a SHELL: eval "$(fallback-review completion bash)"."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - as above

    complete = get_completion_class(shell)
    if complete is not None:
        click.echo(complete(cli, {}, "fallback-review", "_FALLBACK_REVIEW_COMPLETE").source())


@cli.command("action")
def action_command() -> None:
    """Run as a step of a GitHub Actions job: inputs and event from the runner's environment."""
    from fallback_review.action.main import main as run_action  # noqa: PLC0415 - as above

    run_action()


def main() -> None:
    """Run the command line: errors that people can fix are one line each, without a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if not _can_be_fixed(error):
            raise
        click.echo(f"fallback-review: {_in_words(error)}", err=True)
        sys.exit(2)


def _can_be_fixed(error: Exception) -> bool:
    """Whether it lies with a file, the settings or the revisions that were named, and says so in a line."""
    from fallback_review.cli.git import RevisionError  # noqa: PLC0415 - what raised it has imported these
    from fallback_review.installed.tree import TreeError  # noqa: PLC0415 - as above
    from fallback_review.lockfiles import LockfileError  # noqa: PLC0415 - as above
    from fallback_review.settings.schema import SettingsError  # noqa: PLC0415 - as above

    return isinstance(error, LockfileError | SettingsError | RevisionError | TreeError | OSError)


def _in_words(error: Exception) -> str:
    """Return what an error says, without the number that the system has for it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
