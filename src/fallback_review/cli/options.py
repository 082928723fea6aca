"""The options that every reviewing command shares, and what they make: settings, secrets, output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from msgspec import Struct

from fallback_review.index import open as access
from fallback_review.index.credentials import Credentials
from fallback_review.report import FORMATS
from fallback_review.runtime import ca_bundle
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.settings.schema import Settings


class SharedOptions(Struct, frozen=True):
    """What the shared options say."""

    config: Path | None
    inputs: dict[tuple[str, str], Any]
    """Settings by table and key; None where an option was not given."""
    username: str | None
    ca_bundle: Path | None
    cache_dir: str | None
    format: str
    output: Path | None
    quiet: bool
    verbose: bool
    debug: bool


def _option(*names: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an option that an environment variable gives too: ``--index-url`` is FALLBACK_REVIEW_INDEX_URL."""
    long = next(name for name in names if name.startswith("--"))
    variable = "FALLBACK_REVIEW_" + long.removeprefix("--").upper().replace("-", "_")
    return click.option(*names, envvar=variable, show_envvar=True, **how)


OUTPUT = (
    _option(
        "--format",
        "format_",
        type=click.Choice(sorted(FORMATS)),
        default="terminal",
        show_default=True,
        help="How to write the result.",
    ),
    _option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the result to this file."
    ),
    _option("--quiet", "-q", is_flag=True, help="Print the verdict only, in one line."),
    _option("--verbose", "-v", is_flag=True, help="List every package, also those without trouble."),
    _option("--debug", is_flag=True, help="Write each request to an index to standard error."),
)
"""Options on how a result is shown."""
INDEXES = (
    _option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Settings file  [default: .github/fallback-review.toml of the base side]",
    ),
    _option("--index-url", help="Address of Chainguard's index, or of the repository that serves it to you."),
    _option(
        "--index-username",
        help="User name for that index. FALLBACK_REVIEW_INDEX_PASSWORD holds the password.",
    ),
    _option(
        "--resolver-index-url",
        help="Your organisation's own virtual index: it is asked, and no layout is assumed.",
    ),
    _option("--pypi-url", help="Address of PyPI's simple index, or of a mirror."),
    _option(
        "--layout", help="How Chainguard and PyPI are arranged, for example chainguard-only or virtual-file."
    ),
    _option("--installer", help="The installer that reads the lockfile, if it is not the format's own."),
    _option("--python", multiple=True, help="A Python version that will install; may be repeated."),
    _option("--platform", multiple=True, help="A platform, for example linux-x86_64; may be repeated."),
    _option(
        "--fail-on",
        help='Outcomes that fail the check, with commas, for example pypi,install-fails; or "none".',
    ),
    _option(
        "--on-unknown",
        type=click.Choice(["fail", "warn"]),
        help="What the check does when something could not be checked.",
    ),
    _option(
        "--ca-bundle",
        type=click.Path(exists=True, path_type=Path),
        help="Certificates of your organisation's own authority.",
    ),
    _option(
        "--cache-dir",
        help="Folder that keeps pages of the indexes; each is used once its index has confirmed it. "
        f'"{access.NO_CACHE}" for no folder.  [default: {access.NO_CACHE}; for a scan of several lockfiles '
        "your own cache folder]",
    ),
)
"""Options on what is asked, and what the answers mean."""


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it hands what it gets to `options_from`."""
    for option in reversed((*INDEXES, *OUTPUT)):
        command = option(command)
    return command


def options_from(given: dict[str, Any]) -> SharedOptions:
    """Return the options from what `shared_options` put into a command's arguments."""
    fail_on = given["fail_on"]
    return SharedOptions(
        config=given["config"],
        inputs={
            ("indexes", "chainguard"): given["index_url"],
            ("indexes", "resolver"): given["resolver_index_url"],
            ("indexes", "pypi"): given["pypi_url"],
            ("indexes", "layout"): given["layout"],
            ("indexes", "installer"): given["installer"],
            ("targets", "python"): list(given["python"]) or None,
            ("targets", "platforms"): list(given["platform"]) or None,
            ("policy", "fail-on"): None if fail_on is None else outcomes_of(fail_on),
            ("policy", "on-unknown"): given["on_unknown"],
        },
        username=given["index_username"],
        ca_bundle=given["ca_bundle"],
        cache_dir=given["cache_dir"],
        format=given["format_"],
        output=given["output"],
        quiet=given["quiet"],
        verbose=given["verbose"],
        debug=given["debug"],
    )


def outcomes_of(text: str) -> list[str]:
    """Return the outcomes of a list with commas; ``none``, or nothing, is none of them."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [] if parts == ["none"] else parts


def settings_for(options: SharedOptions, read: Callable[[str], bytes | None]) -> Settings:
    """Read the settings and lay the options over them; a named file must exist, the usual one need not.

    Raises:
        SettingsError: the file or an option is not allowed.
        OSError: the named file can't be read.
    """
    data = options.config.read_bytes() if options.config else read(schema.SETTINGS_PATH) or b""
    return schema.parse(data, path=settings_path(options), inputs=options.inputs, spelling="--{}")


def settings_path(options: SharedOptions) -> str:
    """Return the settings file that counts, as messages name it."""
    return str(options.config) if options.config else schema.SETTINGS_PATH


def secrets_for(options: SharedOptions, *, cached: bool = False) -> access.Secrets:
    """Return what the indexes are asked with.

    Args:
        options: What the command line says.
        cached: Whether pages are kept between runs where the options don't say.

    Raises:
        click's UsageError: a user name without a password, or a file without certificates.
    """
    password = os.environ.get("FALLBACK_REVIEW_INDEX_PASSWORD")
    if options.username and password is None:
        raise click.UsageError("--index-username needs a password in FALLBACK_REVIEW_INDEX_PASSWORD")
    _check_certificates(options)
    return access.Secrets(
        environ=os.environ,
        explicit=Credentials(options.username, password)
        if options.username and password is not None
        else None,
        ca_bundle=str(options.ca_bundle) if options.ca_bundle else None,
        cache=_cache_folder(options.cache_dir, cached=cached),
    )


def _check_certificates(options: SharedOptions) -> None:
    """Raise click's `UsageError` where the file of certificates can't be used; says who names it."""
    named, path = ca_bundle.named_by(os.environ), options.ca_bundle
    if path is not None:
        by = click.get_current_context().get_parameter_source("ca_bundle")
        named = "FALLBACK_REVIEW_CA_BUNDLE" if by is ParameterSource.ENVIRONMENT else "--ca-bundle"
    elif named is not None:
        path = Path(os.environ[named])
    if path is not None and (why := ca_bundle.fault(path)) is not None:
        raise click.UsageError(f"{named} names {path}: {why}")


def _cache_folder(given: str | None, *, cached: bool) -> access.CacheFolder | None:
    if given == access.NO_CACHE or not (given or cached):
        return None
    folder = Path(given) if given else _users_cache()
    return access.CacheFolder(folder, _warn) if folder else None


def _users_cache() -> Path | None:
    """Return this program's folder for what may be lost; None where the user has no home.

    Source: XDG Base Directory Specification. Windows has a variable of its own.
    """
    named = Path(os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", ""))
    try:
        return (named if named.is_absolute() else Path.home() / ".cache") / "fallback-review"
    except RuntimeError:
        return None


def _warn(sentence: str) -> None:
    click.echo(f"fallback-review: {sentence}", err=True)
