"""The encoding of names and of output: UTF-8, whatever the locale."""

from __future__ import annotations

import io
import os
import sys

_UTF_8 = "utf-8"


def speak_utf8() -> None:
    """Read names and write reports as UTF-8. Start the program again where Python reads them otherwise.

    Git and lockfiles hold paths in UTF-8. In a locale of ASCII or Latin-1 Python gives the same path another
    form. A path filter then finds no file, and a report names the wrong one. A terminal keeps its encoding
    and shows ``?`` for what that lacks.
    """
    if os.name == "posix" and sys.executable and sys.getfilesystemencoding() != _UTF_8:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - itself
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper) or stream.encoding.lower() == _UTF_8:
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding=_UTF_8)
