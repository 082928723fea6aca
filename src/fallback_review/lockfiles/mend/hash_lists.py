"""The locks that hold hashes without file names: requirements files and Pipfile.lock."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fallback_review.lockfiles.mend.edits import Edit, MendError, line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.lockfiles.mend.edits import Mending

_HASH = re.compile(
    r"(?P<before>(?:[ \t]*\\\r?\n)?[ \t]*)(?P<option>--hash[ =])sha256:(?P<digest>[0-9a-fA-F]{64})"
)
_PIN = re.compile(r"(?P<before>===?[ \t]*)(?P<version>[^\s;\\,]+)")
_LIST = re.compile(r"(\"hashes\"[ \t]*:[ \t]*\[)([^\]]*)(\])")
_VERSION = re.compile(r"(\"version\"[ \t]*:[ \t]*\"==)[^\"]*(\")")
_INDEX = re.compile(r"(\"index\"[ \t]*:[ \t]*)\"[^\"]*\"")


def requirements(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of one requirement: its hashes, each where it stands, and its pin.

    Raises:
        MendError: it stands in an included file, or its hashes are not on its own lines.
    """
    if mending.package.path is not None:
        raise MendError(f"it is in {mending.package.path}: fix that file")
    start = line_start(text, mending.package.line)
    end = _logical_end(text, start)
    found = {each["digest"].lower(): each for each in _HASH.finditer(text, start, end)}
    for digest, files in mending.rows:
        place = found.get(digest)
        if place is None:
            raise MendError("a hash is not on its requirement's lines")
        new = [f"{place['before']}{place['option']}sha256:{file.sha256}" for file in files]
        yield Edit(place.start(), place.end(), "".join(new))
    if mending.version is not None:
        pin = _PIN.search(text, start, end)
        if pin is None:
            raise MendError("its version is not pinned on its first line")
        yield Edit(pin.start("version"), pin.end("version"), mending.version)


def _logical_end(text: str, start: int) -> int:
    at = start
    while True:
        newline = text.find("\n", at)
        if newline < 0:
            return len(text)
        if not text[at:newline].rstrip("\r").endswith("\\"):
            return newline
        at = newline + 1


def pipfile(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of one entry of Pipfile.lock: its hashes in their order, its version, its index's name.

    Raises:
        MendError: the entry is not as Pipenv writes it.
    """
    start = line_start(text, mending.package.line)
    end = _object_end(text, start)
    listed = _LIST.search(text, start, end)
    if listed is None:
        raise MendError("it has no list of hashes")
    digests = [each.removeprefix("sha256:") for each in json.loads(f"[{listed[2]}]")]
    gone = {digest for digest, _ in mending.rows}
    if not gone <= set(digests):
        raise MendError("a hash is not inside its entry")
    kept = [digest for digest in digests if digest not in gone]
    new = sorted({*kept, *(file.sha256 for _, files in mending.rows for file in files)})
    lead = re.match(r"\s*", listed[2])
    tail = re.search(r"\s*$", listed[2])
    between = "," + (lead[0] if lead else "")
    written = between.join(f'"sha256:{digest}"' for digest in new)
    inside = f"{lead[0] if lead else ''}{written}{tail[0] if tail else ''}"
    yield Edit(listed.start(2), listed.end(2), inside)
    if mending.version is not None:
        version = _VERSION.search(text, start, end)
        if version is None:
            raise MendError("its version is not pinned")
        yield Edit(version.start(), version.end(), f"{version[1]}{mending.version}{version[2]}")
    if mending.source is not None:
        index = _INDEX.search(text, start, end)
        if index is not None:
            yield Edit(index.start(), index.end(), index[1] + json.dumps(mending.source))


def _object_end(text: str, start: int) -> int:
    """Return the end of the JSON object that begins on a line."""
    first = text.find("{", start)
    newline = text.find("\n", start)
    if first < 0 or (0 <= newline < first):
        raise MendError("its entry is not written as Pipenv writes it")
    return first + json.JSONDecoder().raw_decode(text[first:])[1]
