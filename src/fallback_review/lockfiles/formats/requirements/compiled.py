"""What a requirements file says about the tool that made it, in its first lines.

The words are those of pip-tools (``piptools/writer.py``) and of uv. Their command is an attacker's text:
only options that are known are taken, and of the files only the name of the one that it was made from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fallback_review.model import Compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOOKED_AT = 2_000
"""Characters of the file: the comment stands at its beginning."""
_SAYS = re.compile(r"^# {3,}(?P<tool>uv pip compile|pip-compile) (?P<words>.*)$", re.MULTILINE)
_SOURCE = re.compile(r"(?:[\w.-]+/){0,20}(?P<name>\w[\w.-]{0,80}\.in|pyproject\.toml)", re.ASCII)
_FLAGS = frozenset(
    {
        "--all-extras",
        "--allow-unsafe",
        "--generate-hashes",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-header",
        "--no-strip-extras",
        "--strip-extras",
        "--universal",
    }
)
_WITH_VALUE = frozenset(
    {"--annotation-style", "--extra", "--python-platform", "--python-version", "--resolver"}
)
_VALUE = re.compile(r"\w[\w.-]{0,40}", re.ASCII)


def compiled(text: str) -> Compiled | None:
    """Return which tool made a requirements file, from which file and how; None where it does not say."""
    found = _SAYS.search(text[:_LOOKED_AT])
    if found is None:
        return None
    words = found["words"].split()
    sources = [source["name"] for word in words if (source := _SOURCE.fullmatch(word))]
    if not sources:
        return None
    return Compiled(
        tool="uv" if found["tool"].startswith("uv") else "pip-compile",
        source=sources[-1],
        options=tuple(_options(words)),
    )


def _options(words: Sequence[str]) -> Iterator[str]:
    for position, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in _FLAGS and not equals:
            yield option
        elif option in _WITH_VALUE:
            given = value if equals else "".join(words[position + 1 : position + 2])
            if _VALUE.fullmatch(given):
                yield f"{option}={given}"
