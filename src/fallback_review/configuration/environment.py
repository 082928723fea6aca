"""What workflows and Dockerfiles set in plain text: variables and options that may outrank other files.

They decide nothing by themselves: which of them is there when something is installed can't be known. They are
named, and the pip configuration files that ``PIP_CONFIG_FILE`` names are read.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.configuration.tools import TOOLS
from fallback_review.configuration.values import clip
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 50
"""Variables of one repository that are named."""
_MOST_LINES = 20_000
_LONGEST_LINE = 2_000
_WORKFLOWS = ".github/workflows/"
_DOCKERFILE = re.compile(r"(?i)(?:.*\.)?(?:dockerfile|containerfile)(?:\..*)?")
_COMPOSE = re.compile(r"(?i)(?:docker-)?compose(?:\..*)?\.ya?ml")
_NAME = r"(?:PIP|UV|POETRY|PDM|PIPENV)_[A-Z0-9_]{1,60}"
_ASSIGNED = re.compile(
    rf"(?<![\w.$])(?<!\$\{{)(?P<name>{_NAME})[\"']?(?:[ \t]*(?P<sign>[:=])(?!=)[ \t]*|[ \t]+)(?P<rest>.*)"
)
_VALUE = re.compile(r"\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s#,}\"']+)")
_ENV_LINE = re.compile(r"(?i)[ \t]*(?:ENV|ARG)[ \t]")
_PIP_CONFIG = re.compile(
    r"\bpip3?(?:\.\d+)?[ \t]+config[ \t]+(?:-\S+[ \t]+)*set[ \t]+(?P<key>[a-z]+\.[a-z-]+)[ \t]+(?P<rest>.*)"
)
_COMMAND = re.compile(
    r"\b(?P<command>(?:uv[ \t]+)?pip3?(?:\.\d{1,3})?[ \t]+(?:install|sync)|uv[ \t]+(?:sync|run|add|lock))\b"
)
_OPTION = re.compile(
    r"(?<!\S)(?P<name>-[if]|--(?:index-url|extra-index-url|find-links|no-index|no-binary|only-binary|pre|platform"
    r"|python-version|uploaded-prior-to|constraint|index|default-index|index-strategy|exclude-newer|no-build"
    r"|prerelease|resolution))(?:[= \t]+(?P<rest>[^\s&|;].*)|(?=[\s&|;]|$))"
)
_SWITCHES = frozenset({"--no-index", "--pre", "--no-build"})
_COMMAND_ENDS = re.compile(r"&&|\|\||;")
_WORKSPACE = re.compile(r"^(?:\$\{\{\s*github\.workspace\s*\}\}|\$\{?(?:GITHUB_WORKSPACE|PWD)\}?|\.)/+")


class SetVariable(Struct, frozen=True, kw_only=True):
    """One variable, option or key of pip's configuration that a workflow or a Dockerfile sets."""

    name: str
    value: str
    """Without credentials."""
    installer: str
    path: str
    line: int

    @property
    def notice(self) -> Notice:
        """What a person should know about it."""
        text = (
            f"{self.name} is set to {clip(self.value) or 'nothing'} here, and outranks the files that "
            f"this review reads, where {self.installer} runs with it"
        )
        return Notice(text=text, path=self.path, line=self.line)


def may_set_variables(path: str) -> bool:
    """Whether a file of the repository is one that sets variables: a workflow, an action, a Dockerfile."""
    name = PurePosixPath(path).name
    if path.startswith(_WORKFLOWS):
        return name.endswith((".yml", ".yaml"))
    plain = name in ("action.yml", "action.yaml")
    return plain or bool(_DOCKERFILE.fullmatch(name) or _COMPOSE.fullmatch(name))


def set_variables(texts: Mapping[str, str]) -> tuple[SetVariable, ...]:
    """Return the variables that matter to an installer, of files by their paths; each value of each once."""
    found: dict[tuple[str, str], SetVariable] = {}
    for path, text in texts.items():
        for each in _in_text(path, text):
            found.setdefault((each.name, each.value), each)
    return tuple(found.values())[:MOST]


def pip_files(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the paths in the repository that ``PIP_CONFIG_FILE`` may mean, the most likely first.

    In an image the repository's files lie wherever they are copied to: of ``/app/.pip/pip.conf`` each tail
    may be the path here.
    """
    found: dict[str, None] = {}
    for each in set_variables(texts):
        if each.name != "PIP_CONFIG_FILE":
            continue
        given = _WORKSPACE.sub("", each.value)
        parts = [part for part in PurePosixPath(given).parts if part not in ("/", ".")]
        if not parts or ".." in parts or "$" in given or given.startswith("/dev/"):
            continue
        starts = range(len(parts)) if given.startswith("/") else range(1)
        found |= dict.fromkeys("/".join(parts[start:]) for start in starts)
    return tuple(found)[:MOST]


def _in_text(path: str, text: str) -> Iterator[SetVariable]:
    command = ""
    for number, whole in enumerate(text.splitlines()[:_MOST_LINES], start=1):
        line = whole[:_LONGEST_LINE]
        if line.lstrip().startswith("#"):
            continue
        options, command = _options(line, command)
        for name, given in options:
            who = "uv" if name.startswith("uv") else "pip"
            value = strip_credentials(given)[0]
            yield SetVariable(name=name, value=value, installer=who, path=path, line=number)
        for name, rest, sign in _assignments(line):
            installer = _VARIABLES.get(name)
            if installer is not None:
                value = strip_credentials(_value(rest, sign))[0]
                yield SetVariable(name=name, value=value, installer=installer, path=path, line=number)
        config = _PIP_CONFIG.search(line)
        if config is not None and config["key"].partition(".")[2] in _PIP_KEYS:
            value = strip_credentials(_value(config["rest"], "="))[0]
            name = f"pip config set {config['key']}"
            yield SetVariable(name=name, value=value, installer="pip", path=path, line=number)


def _options(line: str, command: str) -> tuple[list[tuple[str, str]], str]:
    """Return the options of a line's installing commands, each with its value, and the command left open.

    `command`: the one that the line before left open with a backslash at its end.
    """
    options = []
    for number, part in enumerate(_COMMAND_ENDS.split(line)):
        found = _COMMAND.search(part)
        command = " ".join(found["command"].split()) if found else "" if number else command
        at = found.end() if found else 0
        while command and (option := _OPTION.search(part, at)) is not None:
            at = option.end("name")
            given = "" if option["name"] in _SWITCHES else option["rest"] or ""
            options.append((f"{command} {option['name']}", _value(given, "=")))
    return options, command if line.rstrip().endswith("\\") else ""


def _assignments(line: str) -> Iterator[tuple[str, str, str]]:
    """Give each name that a line may set, with what stands behind it, and the sign between."""
    at = 0
    while (found := _ASSIGNED.search(line, at)) is not None:
        at = found.start("rest")
        if found["sign"] or _ENV_LINE.match(line):
            yield found["name"], found["rest"], found["sign"] or " "


def _value(rest: str, sign: str) -> str:
    """Return a value: in quotes, or a word; of YAML's plain scalars and Docker's old form all words."""
    found = _VALUE.match(rest)
    if found is None:
        return ""
    if found["bare"] is None or sign == "=" or "}" in rest.replace("}}", ""):
        return next(each for each in found.groups() if each is not None)
    return re.split(r"\s#", rest, maxsplit=1)[0].strip()


def _variables() -> Iterator[tuple[str, str]]:
    for installer, tool in TOOLS.items():
        yield from dict.fromkeys(tool.variables, installer).items()


_VARIABLES = dict(_variables())
_PIP_KEYS = frozenset(key for keys in TOOLS["pip"].keys for key in (*keys.modelled, *keys.not_modelled))
