"""The name that a file's URL tells: its last part, which installers cut out in ways of their own.

For a usual URL all of them find the same. For others each way is followed, and the names are compared.
"""

from __future__ import annotations

import ntpath
import re
from posixpath import basename
from urllib.parse import unquote, urlparse, urlsplit

_ADDRESS = re.compile(r"\A(?:[a-z][a-z0-9+.-]*:)?//[^/]*", re.IGNORECASE)
_ODD = re.compile(
    r"[^!-~]|[\\;@]|%(?![0-9a-f]{2})|%(?:[0189a-f]|2[ef]|5c|7f)|\A[a-z][a-z0-9+.-]*:",
    re.IGNORECASE,
)
"""What is read in several ways in the path of a URL, once a relative one has lost its first ``../``."""
_UPWARDS = re.compile(r"\A(?:\.\.?/)+")


def names_in(url: str) -> frozenset[str]:
    """Return the names that installers read off a URL: one where they agree; raises `ValueError` as they do.

    Their sources: pip's and Poetry's `Link.filename`, unearth's (PDM), uv's `html.rs`.
    """
    path, _, query = url.partition("#")[0].partition("?")
    if not path.endswith("/") and "/" not in query and not _ODD.search(_inside(path)) and not turns(path):
        return frozenset({unquote(path.rpartition("/")[2])})
    whole = urlsplit(url).path
    return frozenset(
        {
            basename(unquote(whole).rstrip("/")),  # pip
            ntpath.basename(unquote(whole).rstrip("/")),  # pip on Windows
            basename(unquote(urlparse(url).path.rpartition("@")[0] or urlparse(url).path)),  # PDM
            unquote(basename(whole.rstrip("/"))),  # Poetry
            unquote(url.partition("#")[0].rpartition("/")[2].partition("?")[0], errors="strict"),  # uv
        }
    )


def turns(folder: str) -> bool:
    """Whether a folder leads upwards behind its beginning: clients come to different addresses."""
    inside = f"/{_inside(folder)}"
    return "/./" in inside or "/../" in inside


def _inside(path: str) -> str:
    return _UPWARDS.sub("", _ADDRESS.sub("", path))
