"""Commands in comments: the first line of ordinary text that begins with ``/fallback-review``."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from fallback_review.report import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

NAME = "/fallback-review"
_LONGEST_PARAGRAPH = 4_000
_LONGEST_LINE = 200
_LINE = re.compile(rf"{NAME}(?![^\s])[ \t]*(?P<rest>.*)")


class Verb(StrEnum):
    """What can be asked for."""

    RECHECK = "recheck"
    EXPLAIN = "explain"
    FIX = "fix"
    HELP = "help"
    UNKNOWN = "unknown"
    """Something else, or not in the form that it needs."""


class Command(Struct, frozen=True, kw_only=True):
    """A command, checked: nothing of the comment's text is left in it but a package's name and version."""

    verb: Verb
    requirement: Requirement | None = None
    """For EXPLAIN: a name, maybe with a version."""

    @property
    def key(self) -> str:
        """What makes two commands the same one."""
        if self.requirement is None:
            return self.verb.value
        return f"{self.verb.value} {canonicalize_name(self.requirement.name)}{self.requirement.specifier}"


def read_command(body: str) -> Command | None:
    """Return the command that a comment gives; None where it gives none.

    It has to begin a line of a paragraph: what stands in quotes, code, lists or HTML is talk about commands.
    """
    if NAME not in body or len(body) > limits.COMMENT:
        return None
    for line in _lines(body):
        match = _LINE.fullmatch(line)
        if match is not None:
            return _understood(match["rest"].split()) if len(line) <= _LONGEST_LINE else _UNKNOWN
    return None


_UNKNOWN = Command(verb=Verb.UNKNOWN)


def _lines(body: str) -> Iterator[str]:
    # CommonMark, as GitHub reads it: only a parser knows what is quoted and what is code. Blocks first, which
    # takes little time whatever they hold; then those paragraphs alone that may give a command.
    blocks = MarkdownIt("commonmark").disable("inline").parse(body)
    for before, token in pairwise(blocks):
        if before.type != "paragraph_open" or before.level or len(token.content) > _LONGEST_PARAGRAPH:
            continue
        if any(line.lstrip().startswith(NAME) for line in token.content.splitlines()):
            [inline] = MarkdownIt("commonmark").parseInline(token.content)
            yield from _plain(inline.children or [])


def _plain(inline: list[Token]) -> Iterator[str]:
    """Yield the lines of a paragraph that begin with plain text."""
    line: list[Token] = []
    for token in [*inline, None]:
        if token is not None and token.type not in {"softbreak", "hardbreak"}:
            line.append(token)
            continue
        if line and line[0].type == "text":
            yield "".join(part.content for part in line)
        line = []


def _understood(words: list[str]) -> Command:
    match words:
        case ["recheck"]:
            return Command(verb=Verb.RECHECK)
        case ["fix"]:
            return Command(verb=Verb.FIX)
        case ["help"] | []:
            return Command(verb=Verb.HELP)
        case ["explain", text]:
            return _explain(text)
    return _UNKNOWN


def _explain(text: str) -> Command:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _UNKNOWN
    if requirement.url or requirement.marker or requirement.extras:
        return _UNKNOWN
    return Command(verb=Verb.EXPLAIN, requirement=requirement)
