"""A requirements file that says in a comment how its bytes are to be read.

pip goes by such a comment (PEP 263) in the first two lines, whatever it says (`pip._internal.req.req_file`,
measured with 26.3): under UTF-7 or ``unicode_escape`` what stands as a comment can hold further requirements.
Here bytes are read as UTF-8, so that an encoding which could read them otherwise has to be told.
"""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(r"coding[:=][ \t]*([-\w.]{1,60})")
_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_EXTENSIONS_OF_ASCII = ("ascii", "iso8859", "cp125")


def strange_encoding(text: str) -> tuple[int, str] | None:
    """Return line and name of a declared encoding by which pip may read other requirements than stand there.

    Looked for in every line: to pip, a lone carriage return, here an end of line, ends none.
    """
    for found in _DECLARED.finditer(text):
        if _is_strange(found[1], plain=text.isascii()):
            return text.count("\n", 0, found.start()) + 1, found[1]
    return None


def _is_strange(encoding: str, *, plain: bool) -> bool:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:  # pip fails on it
        return False
    return name not in _UTF8 and not (plain and name.startswith(_EXTENSIONS_OF_ASCII))
