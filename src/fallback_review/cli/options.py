"""The options that every reviewing command shares, and what they make: settings, secrets, output."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fallback_review.index import Credentials
from fallback_review.index import open as access
from fallback_review.report import FORMATS
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """What the shared options say."""

    config: Path | None
    inputs: dict[tuple[str, str], Any]
    """Settings by table and key; None where an option was not given."""
    username: str | None
    ca_bundle: Path | None
    format: str
    output: Path | None


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it hands what it gets to `options_from`."""
    for option in reversed(
        (
            click.option(
                "--config",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="Settings file  [default: the base side's .github/fallback-review.toml]",
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


def options_from(given: dict[str, Any]) -> Options:
    """Return the options from what `shared_options` put into a command's arguments."""
    fail_on = given["fail_on"]
    return Options(
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


def settings_for(options: Options, read: Callable[[str], bytes | None]) -> Settings:
    """Read the settings and lay the options over them; a named file must exist, the usual one need not.

    Raises:
        SettingsError: the file or an option is not allowed.
        OSError: the named file can't be read.
    """
    if options.config is not None:
        path, data = str(options.config), options.config.read_bytes()
    else:
        path, data = schema.SETTINGS_PATH, read(schema.SETTINGS_PATH) or b""
    return schema.parse(data, path=path, inputs=options.inputs)


def secrets_for(options: Options) -> access.Secrets:
    """Return what the indexes are asked with; raises click's `UsageError` for a user name alone."""
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
