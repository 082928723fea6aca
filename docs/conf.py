"""The documentation as a site: `make docs` builds it, and every warning is an error.

Sphinx reads the pages that people read on GitHub: relative links and GitHub's anchors are checked.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Fallback Review"
html_title = "Fallback Review"
html_theme = "furo"
html_theme_options = {"source_repository": "https://github.com/fallback-review/fallback-review/"}
extensions = ["myst_parser"]
myst_enable_extensions = ["strikethrough"]
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

_START = ("tutorial", "reading-the-report")
_EXPLANATION = (
    "prediction",
    "reliability",
    "faults",
    "performance",
    "dependencies",
    "architecture",
    "extending",
)
_HOME = "https://github.com/fallback-review/fallback-review/blob/main/"
_LINK = re.compile(r"\]\((?P<up>(?:\.\./)+)(?P<path>[^)\s]+)\)")
_SCHEMA = re.compile(r"\]\((?:\.\./)*(?P<name>[a-z]+\.schema\.json)\)")


def _menu() -> str:
    """Return the menu, which is no part of the pages: GitHub would show it as text."""
    folder = Path(__file__).parent
    reference = tuple(f"reference/{path.stem}" for path in sorted((folder / "reference").glob("*.md")))
    pages = {path.stem for path in folder.glob("*.md")} - {"index", *_START, *_EXPLANATION}
    parts = {"Start": _START, "How to": sorted(pages), "Reference": reference, "Explanation": _EXPLANATION}
    return "".join(
        "\n".join(("", "```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```", ""))
        for caption, names in parts.items()
    )


def _prepare(_app: Sphinx, page: str, source: list[str]) -> None:
    """Let links to files that are not part of the site lead to the repository, and add the menu."""

    def out(match: re.Match[str]) -> str:
        leaves = match["up"].count("../") > page.count("/")
        return f"]({_HOME}{match['path']})" if leaves else match[0]

    source[0] = _LINK.sub(out, _SCHEMA.sub(rf"]({_HOME}docs/\g<name>)", source[0]))
    if page == "index":
        source[0] += _menu()


def setup(app: Sphinx) -> None:
    """Register what happens to a page before it is read."""
    app.connect("source-read", _prepare)
