"""Making text inert in GitHub's Markdown: it reads the same and does nothing.

Rules: GitHub Flavored Markdown (https://github.github.com/gfm/), and what GitHub adds after it on the text
of the page: mentions, issue references, emoji shortcodes, mathematics. What works on the page's text cannot
be stopped by an entity, so a zero-width space parts those characters; such text is for reading, not copying.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from fallback_review.report.text import visible

_APART = "&#8203;"

_ENTITIES = {character: f"&#{ord(character)};" for character in "&<>|`[]*_~\\"}

_ACTIVE = re.compile(
    r"""
      (?P<syntax>[&<>|`\[\]*~\\] | (?<![A-Za-z0-9])_ | _(?![A-Za-z0-9]))
    | (?P<mention>@)
    | (?P<reference>\#)
    | (?P<issue>(?i:gh)-(?=[0-9]))
    | (?P<money>\$)
    | (?P<colon>:(?=//|[A-Za-z0-9_+-]{1,60}:) | (?i:(?<=mailto)|(?<=xmpp)):)
    | (?P<web>(?i:www)(?=\.))
    """,
    re.VERBOSE,
)


def _entity(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "syntax":
            return _ENTITIES[found]
        case "money":  # the way that GitHub's own page on mathematics gives
            return "<span>$</span>"
        case "mention":
            return "&#64;" + _APART
        case "reference":
            return "&#35;" + _APART
        case _:
            return found + _APART


def inert(text: str) -> str:
    """Return `text` as Markdown that shows it: no cell, emphasis, link, mention, emoji or HTML in it."""
    return _ACTIVE.sub(_entity, visible(text))


def code(text: str) -> str:
    """Return `text` as a code span for a table's cell, to be copied as it stands.

    The fence is longer than any run of backticks inside (CommonMark 6.1), and a pipe is escaped, which tables
    take back (GFM 4.10). Where a backslash stands before a pipe no code span is unambiguous: plain text then.
    """
    shown = visible(text)
    if "\\|" in shown or not shown.strip():
        return inert(shown)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return fence + pad + shown.replace("|", "\\|") + pad + fence


def destination(url: str | None) -> str | None:
    """Return `url` fit for a link's target, or None where it is not a web address."""
    if not url or not re.match(r"https?://[^/\s]", url, re.IGNORECASE):
        return None
    return quote(url, safe="/:?#@=&%+,;~-._", errors="replace")


def path_destination(prefix: str | None, path: str, line: int | None = None) -> str | None:
    """Return the target of a link to a file, and a line of it, below a prefix; None without a prefix."""
    if not prefix:
        return None
    anchor = "" if line is None else f"#L{line}"
    return destination(f"{prefix.rstrip('/')}/{quote(path, errors='replace')}{anchor}")
