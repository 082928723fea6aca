"""How a line of a requirements file is quoted in a message: short, on one line, without credentials."""

from __future__ import annotations

import re

_LONGEST = 100
_LONGEST_COMPARED = 500
_USERINFO = re.compile(r"//\S*@")
_CUT_URL = re.compile(r"//\S*$")


def redacted(text: str) -> str:
    """Return a piece of the file without credentials, cut to what a comparison needs."""
    return _USERINFO.sub("//***@", text[:_LONGEST_COMPARED])


def shown(text: str) -> str:
    """Quote a piece of the file, cut to a readable length.

    Whatever stands between ``//`` and the last ``@`` of a word goes, so that no password is ever repeated; of
    a URL that had to be cut, everything goes.
    """
    cut = text[:_LONGEST]
    cut = _USERINFO.sub("//***@", cut)
    if len(text) > _LONGEST:
        cut = f"{_CUT_URL.sub('//', cut)}…"
    return f"'{cut}'"
