"""What the bot answers. Every text that was not written here is escaped."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.bot.command import NAME
from fallback_review.github.answers import Reaction
from fallback_review.report import limits
from fallback_review.report.escape import code, destination, inert
from fallback_review.report.fitting import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.requirements import Requirement

_ROOM = limits.COMMENT - 5_000
"""Less than GitHub takes: the marker goes in front."""
HELP = (
    "**Fallback Review** answers these commands, each at the beginning of a line, from the pull request's "
    "author and from people with write access:\n\n"
    "| command | does |\n|---|---|\n"
    f"| `{NAME} recheck` | reviews this pull request again, with what the indexes hold now |\n"
    f"| `{NAME} explain NAME` | shows each step of the predictions for a package; also `NAME==VERSION` |\n"
    f"| `{NAME} fix` | shows the patch that makes the lockfiles take Chainguard's files, or commits it |\n"
    f"| `{NAME} help` | shows this |\n"
)


class Reply(Struct, frozen=True, kw_only=True):
    """What to answer, and how the command went."""

    text: str
    reaction: Reaction = Reaction.DONE


def closed() -> Reply:
    """Say that there is nothing to review any more."""
    return Reply(
        text="This pull request is closed: there is nothing left to review.", reaction=Reaction.CONFUSED
    )


def not_understood() -> Reply:
    """Say what would be understood; what was written is not repeated."""
    return Reply(text=f"This is not a command.\n\n{HELP}", reaction=Reaction.CONFUSED)


def failed(error: Exception) -> Reply:
    """Say why the command could not be carried out."""
    text = f"This failed: {inert(' '.join(str(error).split())[:1000])}"
    return Reply(text=text, reaction=Reaction.CONFUSED)


def rechecked(headline: str, head: str, url: str | None) -> Reply:
    """Say what the new review found."""
    link = destination(url)
    more = f" [The comment]({link}) has the details." if link else ""
    return Reply(text=f"{inert(headline)}, at commit {inert(head[:7])}.{more}")


def overtaken() -> Reply:
    """Say that a commit came in between."""
    return Reply(
        text="A new commit has arrived in the meantime: its own run reviews it.", reaction=Reaction.CONFUSED
    )


def no_lockfile() -> Reply:
    """Say that there is nothing to explain."""
    return Reply(text="This pull request changes no lockfile.", reaction=Reaction.CONFUSED)


def not_locked(requirement: Requirement, near: Sequence[str]) -> Reply:
    """Say that no changed lockfile holds the package, and name those with a similar name."""
    hint = f" Did you mean {', '.join(code(name) for name in near)}?" if near else ""
    text = f"No lockfile that this pull request changes locks {code(str(requirement))}.{hint}"
    return Reply(text=text, reaction=Reaction.CONFUSED)


def explained(parts: Iterable[tuple[str, str]]) -> Reply:
    """Show explanations, each with the lockfile's path; whole ones as far as there is room."""
    shown: list[str] = []
    left_out = 0
    used = 0
    for path, text in parts:
        block = f"**{inert(path)}**\n\n{_fenced(text)}\n"
        if used + size(block) > _ROOM:
            left_out += 1
            continue
        used += size(block)
        shown.append(block)
    if left_out:
        shown.append(f"… and {left_out} more, which did not fit.\n")
    return Reply(text="\n".join(shown))


def nothing_to_mend() -> Reply:
    """Say that no row of the lockfiles can be fixed."""
    return Reply(
        text="There is nothing to fix: Chainguard's index has no counterpart for any row in trouble, or the "
        "project does not name that index. The review says why for each package.",
        reaction=Reaction.CONFUSED,
    )


def mended(patch: str, paths: Sequence[str], said: str) -> Reply:
    """Show a patch, whole or not at all, and the one command that does the same."""
    command = code(f"fallback-review fix {' '.join(map(shlex.quote, paths))}")
    block = f"\n\n{_fenced(patch, 'diff')}\n"
    if size(block) > _ROOM:
        block = "\n\nThe patch is too long for a comment.\n"
    more = f"{inert(said)} " if said else ""
    return Reply(text=f"{more}This patch fixes the lockfiles; {command} does the same in a checkout.{block}")


def committed(url: str, paths: Sequence[str]) -> Reply:
    """Say that the patch was committed."""
    named = ", ".join(map(code, paths))
    return Reply(text=f"Fixed {named} [in a commit]({destination(url)}).")


def _fenced(text: str, language: str = "text") -> str:
    """Return text as a code block that nothing in it can end (CommonMark 4.5)."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
