"""`fallback-review init`: writes the workflow and the settings file, and says what to do next."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click

from fallback_review import __version__
from fallback_review.cli.detect import look_around
from fallback_review.cli.git import Repository, RevisionError
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.settings.schema import Settings

WORKFLOW_PATH = ".github/workflows/fallback-review.yml"
PROJECT = "fallback-review/fallback-review"
"""The repository that holds the action and the schema of its settings, where the installation names none."""
_ON_GITHUB = re.compile(r"(?:https|ssh)://(?:git@)?github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", re.ASCII)
_SERVERS = ("linux-", "musllinux-")


class _Text(Template):
    """A text with %{places} to fill: ``$`` is GitHub's own."""

    delimiter = "%"


_WORKFLOW = _Text("""\
name: Fallback Review
on:
  pull_request: # no `paths:`, since a required check that does not run stays pending for ever
    types: [opened, synchronize, reopened, edited] # edited: it may have another base now
  merge_group:
permissions: {}
concurrency:
  group: fallback-review-${{ github.ref }}
  cancel-in-progress: true
jobs:
  fallback-review:
    name: Fallback Review
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read # both sides' lockfiles, over the API: nothing is checked out
      pull-requests: write # the comment
    steps:
      - uses: %{project}@%{revision}
        with:
          index-username: ${{ secrets.CHAINGUARD_PYTHON_IDENTITY_ID }}
          index-password: ${{ secrets.CHAINGUARD_PYTHON_TOKEN }}
""")
_SETTINGS = _Text("""\
#:schema https://raw.githubusercontent.com/%{project}/%{revision}/docs/settings.schema.json
# Read from the base branch alone. Every key: https://github.com/%{project}#settings

[targets]                     # where the lockfiles get installed
python = %{python}
platforms = %{platforms}
informational = %{informational}   # shown, never deciding: laptops, usually
%{indexes}
[policy]
fail-on = ["pypi", "install-fails"]
on-unknown = "fail"           # what could not be checked does not pass

# [[allow]]
# package = "nvidia-*"
# reason = "CUDA wheels come from NVIDIA"
# expires = 2027-01-01
""")
_NEXT = _Text("""\
Next:
  1. Make a token for Chainguard's index:
       chainctl auth pull-token create --repository=python --ttl=720h
  2. Store its two values as secrets of the repository:
       gh secret set CHAINGUARD_PYTHON_IDENTITY_ID
       gh secret set CHAINGUARD_PYTHON_TOKEN
     Dependabot's pull requests get secrets of their own: the same twice more, with --app dependabot.
  3. Commit the files to the default branch: settings count from there alone. The workflow uses
       %{project}: where your organisation keeps a copy, name that one.
  4. Open a pull request that changes a lockfile. Then make the check "Fallback Review" required:
       Settings > Rules > Rulesets > Require status checks to pass
More: https://github.com/%{project}#more""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The action that belongs to this program."""

    project: str = PROJECT
    """``owner/name`` on github.com."""
    revision: str = f"v{__version__}"
    """A commit where it is known, else the release's tag."""


@click.command("init")
@click.option("--python", multiple=True, help="A Python version that installs; may be repeated.")
@click.option(
    "--platform",
    multiple=True,
    help="A platform, e.g. linux-x86_64; may be repeated. Beside Linux, others never decide.",
)
@click.option("--resolver-index-url", help="Your repository manager's virtual index, if there is one.")
@click.option(
    "--ask/--no-ask",
    default=None,
    help="Whether to ask for what was not given  [default: on a terminal]",
)
def init_command(
    python: tuple[str, ...], platform: tuple[str, ...], resolver_index_url: str | None, ask: bool | None
) -> None:
    """Write the workflow and the settings file for this repository; never overwrite any."""
    root = _root()
    found = look_around(root)
    click.echo(f"Lockfiles here: {_shown(found.lockfiles)}")
    python = python or ((found.python,) if found.python else ())
    platform = platform or found.platforms
    if sys.stdin.isatty() if ask is None else ask:
        python = python or schema.Targets().python
        python = _asked("Python versions that install", python)
        platform = _asked("Platforms", platform or schema.Targets().platforms)
        address = click.prompt(
            "Address of your repository manager's virtual index (empty: none)",
            default=resolver_index_url or "",
            show_default=bool(resolver_index_url),
        )
        resolver_index_url = address.strip() or None
    chosen = choose(python, platform, resolver_index_url)
    release = installed_release()
    texts = {
        WORKFLOW_PATH: _WORKFLOW.substitute(project=release.project, revision=release.revision),
        schema.SETTINGS_PATH: settings_text(chosen, release),
    }
    for path, text in texts.items():
        written = write_new(root / path, text)
        click.echo(f"Wrote {path}" if written else f"Kept {path}: it was there before, and stays as it is")
    click.echo(f"\n{_NEXT.substitute(project=release.project)}")


def choose(python: Sequence[str], platforms: Sequence[str], resolver: str | None) -> Settings:
    """Return the settings for what was given, with the defaults for the rest.

    Where some platforms are Linux, the others are informational: Chainguard builds native wheels for Linux
    alone (its documentation), so that a laptop's would fail every check.

    Raises:
        SettingsError: a value is not allowed; names its key and what is.
    """
    servers = [name for name in platforms if name.startswith(_SERVERS)]
    targets = {
        "python": list(python),
        "platforms": servers or list(platforms),
        "informational": [name for name in platforms if servers and name not in servers],
    }
    table = {"targets": {key: value for key, value in targets.items() if value}}
    return schema.validate({**table, "indexes": {"resolver": resolver} if resolver else {}}, path="init")


def settings_text(chosen: Settings, release: Release) -> str:
    """Return the settings file's text; `release` holds the schema that editors shall use."""
    resolver, indexes = chosen.indexes.resolver, ""
    if resolver:
        hosts = [urlsplit(resolver).hostname or ""]
        indexes = f"\n[indexes]\nresolver = {_toml(resolver)}\nown-hosts = {_toml(hosts)}\n"
    return _SETTINGS.substitute(
        project=release.project,
        revision=release.revision,
        python=_toml(chosen.targets.python),
        platforms=_toml(chosen.targets.platforms),
        informational=_toml(chosen.targets.informational),
        indexes=indexes,
    )


def installed_release() -> Release:
    """Return the action that belongs to this program."""
    return release_of(distribution("fallback-review").read_text("direct_url.json"))


def release_of(direct_url: str | None) -> Release:
    """Return where an installation was made from, as far as its record says so.

    `direct_url` is the installation's own record of it; None where it came from an index.
    Source: https://packaging.python.org/specifications/direct-url-data-structure/
    """
    record = json.loads(direct_url) if direct_url else {}
    if "vcs_info" in record:
        on_github = _ON_GITHUB.fullmatch(record["url"])
        return Release(
            project=on_github[1] if on_github else PROJECT, revision=str(record["vcs_info"]["commit_id"])
        )
    if "dir_info" in record:
        try:
            folder = Path(url2pathname(urlsplit(record["url"]).path))
            return Release(revision=Repository.around(folder).commit("HEAD"))
        except RevisionError:
            pass
    return Release()


def write_new(path: Path, text: str) -> bool:
    """Write a file that was not there before; return False where one was, which is left alone.

    Raises:
        OSError: the folder can't be made or written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _root() -> Path:
    try:
        return Repository.around(Path.cwd()).root
    except RevisionError:
        return Path.cwd()


def _asked(question: str, default: Sequence[str]) -> tuple[str, ...]:
    answer: str = click.prompt(question, default=", ".join(default))
    return tuple(part.strip() for part in answer.split(",") if part.strip())


def _toml(value: str | Sequence[str]) -> str:
    """Spell text, or a list of it, for TOML, whose strings are JSON's but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(lockfiles: Sequence[str]) -> str:
    few = 10
    more = f" and {len(lockfiles) - few} more" if len(lockfiles) > few else ""
    return ", ".join(lockfiles[:few]) + more if lockfiles else "none yet"
