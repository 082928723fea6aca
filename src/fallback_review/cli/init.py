"""`fallback-review init`: writes the workflow and the settings file, and says what to do next."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import distribution
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import click
from msgspec import Struct

from fallback_review import __version__
from fallback_review.cli.detect import find_unexplained
from fallback_review.cli.git import Repository, RevisionError
from fallback_review.cli.observe import observe
from fallback_review.cli.work_tree import read_file
from fallback_review.settings import policy, schema, validation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fallback_review.cli.detect import Detected
    from fallback_review.settings.schema import Settings

_FOLDER = ".github/workflows"
WORKFLOW_PATH = f"{_FOLDER}/fallback-review.yml"
BOT = ("fallback-review-commands", "fallback-review-recheck", "fallback-review-drift")
"""The bot's workflows: commands in comments, second looks at open pull requests, a tracking issue."""
_USES = re.compile(r"uses: [\w.-]+/fallback-review@(\S+)", re.ASCII)
PROJECT = "fallback-review/fallback-review"
"""The repository that holds the action and the schema of its settings, where the installation names none."""
_ON_GITHUB = re.compile(r"(?:https|ssh)://(?:git@)?github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", re.ASCII)
_SERVERS = ("linux-", "musllinux-")


class _Text(Template):
    """A text with %{places} to fill: ``$`` is GitHub's own."""

    delimiter = "%"


_SETTINGS = _Text("""\
#:schema https://raw.githubusercontent.com/%{project}/%{revision}/docs/settings.schema.json
# Read from the base branch alone. Every key: https://github.com/%{project}#settings

[targets]                     # where the lockfiles get installed
python = %{python}
platforms = %{platforms}
informational = %{informational}            # shown, never deciding: laptops, usually
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
  1. Create a token for Chainguard's index (it lives 30 days):
       chainctl auth pull-token create --repository=python --ttl=720h
  2. Store its two values as secrets of the repository:
       gh secret set CHAINGUARD_PYTHON_IDENTITY_ID
       gh secret set CHAINGUARD_PYTHON_TOKEN
     Dependabot's pull requests read secrets of their own: run both again with --app dependabot.
  3. Commit the files to the default branch: settings count there alone. The workflow uses
     %{project}: if your organisation keeps a copy, name the copy.
  4. Open a pull request that changes a lockfile. Then make the check "Fallback Review" required:
       Settings > Rules > Rulesets > Require status checks to pass
  5. See what it says of all locked packages: export the two values, and run fallback-review scan
Later, `fallback-review init --check` says what of this is out of date.
More: https://github.com/%{project}#more""")


_UNRELEASED = """\
Attention: this program is of no release, so the workflow builds the action's image in each run.
That is for development: install a release (its tag in the address) and run init again, or pin the
commit that it names."""
_RELEASE_TAG = re.compile(r"(?:refs/tags/)?v\d+(?:\.\d+\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRelease:
    """The action that belongs to this program."""

    project: str = PROJECT
    """``owner/name`` on github.com."""
    revision: str = f"v{__version__}"
    """A commit where it is known, else the release's tag."""
    released: bool = field(default=True, compare=False)
    """Whether it surely names its image by digest; another commit's is built from the sources in each run."""


@click.command("init")
@click.option("--python", multiple=True, help="A Python version of the targets; may be repeated.")
@click.option(
    "--platform",
    multiple=True,
    help="A platform, for example linux-x86_64; may be repeated. Beside Linux, others never decide.",
)
@click.option("--resolver-index-url", help="Your repository manager's virtual index, if there is one.")
@click.option("--layout", help="How that index merges Chainguard and PyPI; without it, it is found out.")
@click.option(
    "--bot/--no-bot",
    default=None,
    help="Whether to write the bot's workflows: commands in comments, second looks, a tracking issue.",
)
@click.option(
    "--ask/--no-ask",
    default=None,
    help="Whether to ask for what was not given  [default: on a terminal]",
)
@click.option("--check", is_flag=True, help="Write nothing; say what of the set-up is out of date.")
def init_command(**given: Any) -> None:
    """Write the workflow and the settings file for this repository; never overwrite any."""
    root = _root()
    found = find_unexplained(root)
    click.echo(f"Lockfiles here: {_shown(found.lockfiles)}")
    if given["check"]:
        sys.exit(_check(root, found))
    answers = _answers(given, found)
    chosen = choose(answers.python, answers.platforms, answers.resolver, layout=answers.layout)
    release = installed_release()
    texts = {WORKFLOW_PATH: workflow_text("fallback-review", release)}
    texts |= {f"{_FOLDER}/{name}.yml": workflow_text(name, release) for name in BOT if answers.bot}
    texts[schema.SETTINGS_PATH] = settings_text(chosen, release)
    for path, text in texts.items():
        written = write_new(root / path, text)
        click.echo(f"Wrote {path}" if written else f"Kept {path}: it exists already")
    if not release.released:
        click.echo(f"\n{_UNRELEASED}")
    click.echo(f"\n{_NEXT.substitute(project=release.project)}")


class Answers(Struct, frozen=True, kw_only=True):
    """What was given, or answered."""

    python: tuple[str, ...]
    platforms: tuple[str, ...]
    resolver: str | None
    layout: str | None
    bot: bool


def _answers(given: Mapping[str, Any], found: Detected) -> Answers:
    """Return the options, with answers for what was not given where somebody can be asked."""
    python = given["python"] or ((found.python,) if found.python else ())
    platforms = given["platform"] or found.platforms
    resolver, layout, bot = given["resolver_index_url"], given["layout"], given["bot"]
    asks = sys.stdin.isatty() if given["ask"] is None else given["ask"]
    if asks:
        python = _asked("Python versions of the targets", python or schema.Targets().python, "python")
        platforms = _asked("Platforms", platforms or schema.Targets().platforms, "platforms")
        resolver = click.prompt(
            "Address of your repository manager's virtual index (empty: none)",
            default=resolver or "",
            show_default=bool(resolver),
            value_proc=_address,
        )
    if resolver and layout is None:
        seen = observe(resolver, found.names)
        click.echo(seen.said)
        layout = seen.layout
        if layout is None and asks:
            layout = click.prompt(
                "How it merges Chainguard and PyPI, for example artifactory or virtual-file (empty: unknown)",
                default="",
                show_default=False,
                value_proc=_layout,
            )
    if bot is None and asks:
        bot = click.confirm(
            "Write the bot's workflows too (commands in comments, second looks, a tracking issue)?"
        )
    return Answers(
        python=tuple(python),
        platforms=tuple(platforms),
        resolver=resolver or None,
        layout=layout or None,
        bot=bool(bot),
    )


def _address(text: str) -> str:
    _validated({"indexes": {"resolver": text.strip()}} if text.strip() else {})
    return text.strip()


def _layout(text: str) -> str:
    _validated({"indexes": {"layout": text.strip()}} if text.strip() else {})
    return text.strip()


def _validated(table: dict[str, Any]) -> None:
    """Refuse an answer with the settings' own words, so that it is asked for once more."""
    try:
        validation.validate(table, path="answer", spelling="{}")
    except schema.SettingsError as error:
        raise click.UsageError(str(error)) from None


def _check(root: Path, found: Detected) -> int:
    """Say what of an existing set-up is out of date; return 0 where nothing is."""
    said = list(_outdated(root, found, installed_release()))
    for text in said or ["Nothing is out of date."]:
        click.echo(text)
    return 1 if said else 0


def _outdated(root: Path, found: Detected, release: ActionRelease) -> Iterator[str]:
    for name in ("fallback-review", *BOT):
        path = f"{_FOLDER}/{name}.yml"
        data = read_file(root, path)
        if data is None:
            if name == "fallback-review":
                yield f"{path} is missing: run fallback-review init"
            continue
        pins = _USES.findall(data.decode("utf-8", "replace"))
        if not pins:
            yield f"{path} uses no {release.project.partition('/')[2]} action"
        for pin in pins:
            if pin != release.revision:
                yield f"{path} uses {pin}; this program is {release.revision}"
    data = read_file(root, schema.SETTINGS_PATH)
    if data is None:
        yield f"{schema.SETTINGS_PATH} is missing: the defaults count"
        return
    try:
        settings = schema.parse(data)
    except schema.SettingsError as error:
        yield str(error)
        return
    today = datetime.now(UTC).date()
    yield from (
        f"{notice.path}: {notice.text}"
        for notice in (
            *policy.expiry_notices(settings.allow, today, path=schema.SETTINGS_PATH),
            *policy.unused_notices(settings.allow, found.names),
        )
    )
    if found.python and found.python not in settings.targets.python:
        yield (
            f"{schema.SETTINGS_PATH}: the repository is for Python {found.python}, and python in [targets] "
            f"is {', '.join(settings.targets.python)}"
        )


def choose(
    python: Sequence[str], platforms: Sequence[str], resolver: str | None, *, layout: str | None = None
) -> Settings:
    """Return the settings for what was given, with the defaults for the rest.

    Where some platforms are Linux, the others are informational: Chainguard builds native wheels for Linux
    alone (its documentation), so that a laptop's would fail every check.

    Raises:
        SettingsError: a value is not allowed; names its option and what is.
    """
    servers = [name for name in platforms if name.startswith(_SERVERS)]
    targets = {
        "python": list(python),
        "platforms": servers or list(platforms),
        "informational": [name for name in platforms if servers and name not in servers],
    }
    table = {"targets": {key: value for key, value in targets.items() if value}}
    indexes = {key: value for key, value in (("resolver", resolver), ("layout", layout)) if value}
    return validation.validate({**table, "indexes": indexes}, path="init", spelling="--{}")


def settings_text(chosen: Settings, release: ActionRelease) -> str:
    """Return the settings file's text; `release` holds the schema that editors use."""
    resolver, layout, lines = chosen.indexes.resolver, chosen.indexes.layout, []
    if resolver:
        lines = [f"resolver = {_toml(resolver)}", f"own-hosts = {_toml([own_place(resolver)])}"]
    if layout:
        lines.append(f"layout = {_toml(layout)}   # where the index above can't be asked")
    indexes = "\n".join(("", "[indexes]", *lines, "")) if lines else ""
    return _SETTINGS.substitute(
        project=release.project,
        revision=release.revision,
        python=_toml(chosen.targets.python),
        platforms=_toml(chosen.targets.platforms),
        informational=_toml(chosen.targets.informational),
        indexes=indexes,
    )


def own_place(resolver: str) -> str:
    """Return the host of a virtual index with the beginning of its path: others may share the host."""
    parts = urlsplit(resolver)
    folder = parts.path.removesuffix("/").removesuffix("/simple").strip("/")
    return f"{parts.netloc.rpartition('@')[2]}/{folder}/" if folder else parts.netloc.rpartition("@")[2]


def workflow_text(name: str, release: ActionRelease) -> str:
    """Return a workflow's text, with the action that belongs to this program."""
    text = resources.files("fallback_review.cli").joinpath(f"workflows/{name}.yml").read_text("utf-8")
    return _Text(text).substitute(project=release.project, revision=release.revision)


def installed_release() -> ActionRelease:
    """Return the action that belongs to this program."""
    return release_of(distribution("fallback-review").read_text("direct_url.json"))


def release_of(direct_url: str | None) -> ActionRelease:
    """Return where an installation was made from, as far as its record says so.

    `direct_url` is the installation's own record of it; None where it came from an index.
    Source: https://packaging.python.org/specifications/direct-url-data-structure/
    """
    record = json.loads(direct_url) if direct_url else {}
    if "vcs_info" in record:
        on_github = _ON_GITHUB.fullmatch(record["url"])
        vcs = record["vcs_info"]
        return ActionRelease(
            project=on_github[1] if on_github else PROJECT,
            revision=str(vcs["commit_id"]),
            released=_RELEASE_TAG.fullmatch(str(vcs.get("requested_revision", ""))) is not None,
        )
    if "dir_info" in record:
        try:
            folder = Path(url2pathname(urlsplit(record["url"]).path))
            return ActionRelease(revision=Repository.around(folder).commit("HEAD"), released=False)
        except RevisionError:
            pass
    return ActionRelease()


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


def _asked(question: str, default: Sequence[str], key: str) -> tuple[str, ...]:
    def parts(answer: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in answer.split(",") if part.strip())
        _validated({"targets": {key: list(found)}})
        return found

    answer: tuple[str, ...] = click.prompt(question, default=", ".join(default), value_proc=parts)
    return answer


def _toml(value: str | Sequence[str]) -> str:
    """Spell text, or a list of it, for TOML, whose strings are JSON's but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(lockfiles: Sequence[str]) -> str:
    few = 10
    more = f" and {len(lockfiles) - few} more" if len(lockfiles) > few else ""
    return ", ".join(lockfiles[:few]) + more if lockfiles else "none yet"
