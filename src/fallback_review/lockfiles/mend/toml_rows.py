"""Rows of files in a TOML lock: inline tables, or tables of their own, found by their digest."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fallback_review.lockfiles.mend.edits import Edit, MendError, line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.lockfiles.mend.edits import Mending, NewFile

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[{}]', re.DOTALL
)
_HEADER = re.compile(r"^[ \t]*\[\[?([^\]\n]+)\]\]?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_STRING = r"(?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
_MOMENT = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[0-9][0-9T:.Z+-]*)"


def block(text: str, line: int) -> tuple[int, int]:
    """Return where an entry begins and ends: its header, and the tables below it.

    Raises:
        MendError: no table begins on that line.
    """
    start = line_start(text, line)
    header = _HEADER.match(text, start)
    if header is None:
        raise MendError("its entry does not begin with a table of its own")
    name = header[1].strip()
    for following in _HEADER.finditer(text, header.end()):
        if not following[1].strip().startswith(f"{name}."):
            return start, following.start()
    return start, len(text)


def rows(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of one entry's rows.

    Raises:
        MendError: a row is not written as the tools write it.
    """
    start, end = block(text, mending.package.line)
    for digest, files in mending.rows:
        places = [found.start() + start for found in re.finditer(digest, text[start:end], re.IGNORECASE)]
        if not places:
            raise MendError("a row's hash is not inside its entry")
        # One file may stand in several rows (a mirror's and the registry's): the first is replaced.
        for number, at in enumerate(places):
            yield _row(text, (start, end), at, digest, files if number == 0 else ())


def _row(text: str, entry: tuple[int, int], at: int, digest: str, files: tuple[NewFile, ...]) -> Edit:
    inline = _enclosing(text, *entry, at)
    if inline is not None:
        return _inline(text, inline, digest, files)
    return _table(text, entry, at, digest, files)


def _enclosing(text: str, start: int, end: int, at: int) -> tuple[int, int] | None:
    """Return the outermost inline table around a place; None where there is none."""
    opened: list[int] = []
    for token in _TOKEN.finditer(text, start, end):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}" and opened:
            first = opened.pop()
            if not opened and first < at < token.end():
                return first, token.end()
        if token.start() > at and not opened:
            return None
    return None


def _inline(text: str, place: tuple[int, int], digest: str, files: tuple[NewFile, ...]) -> Edit:
    first, last = place
    row = text[first:last]
    line = text.rfind("\n", 0, first) + 1
    alone = not text[line:first].strip()
    if files:
        new = [_filled(row, digest, file) for file in files]
        newline = "\r\n" if text[line - 2 : line] == "\r\n" else "\n"
        between = f",{newline}{text[line:first]}" if alone else ", "
        return Edit(first, last, between.join(new))
    if alone and (rest := re.compile(r",?[ \t]*\r?\n").match(text, last)):
        return Edit(line, rest.end(), "")
    behind = re.compile(r",[ \t]*").match(text, last)
    if behind:
        return Edit(first, behind.end(), "")
    before = re.search(r",[ \t]*$", text[:first])
    return Edit(before.start() if before else first, last, "")


def _table(text: str, entry: tuple[int, int], at: int, digest: str, files: tuple[NewFile, ...]) -> Edit:
    """Replace a row that is a table of its own, with the tables below it (``[packages.wheels.hashes]``)."""
    start, end = entry
    headers = [each for each in _HEADER.finditer(text, start, end) if each.start() > start]
    above = [each for each in headers if each.start() < at]
    if not above:
        raise MendError("a row is written in a form that is not known")
    names = [each[1].strip() for each in above]
    row = above[-1]
    # A table of hashes belongs to the row above it.
    for header, name in zip(reversed(above), reversed(names), strict=True):
        row = header
        if not name.endswith(".hashes"):
            break
    name = row[1].strip()
    after = (
        each.start() for each in headers if each.start() > at and not each[1].strip().startswith(f"{name}.")
    )
    last = next(after, end)
    section = text[row.start() : last]
    return Edit(row.start(), last, "".join(_filled(section, digest, file) for file in files))


def _filled(row: str, digest: str, file: NewFile) -> str:
    row = re.sub(digest, file.sha256, row, flags=re.IGNORECASE)
    row = set_text(row, "url", file.url)
    for key in ("file", "name", "filename"):
        row = set_text(row, key, file.filename)
    size = None if file.size is None else str(file.size)
    row = _set_or_drop(row, "size", r"\d+", size)
    quoted = re.search(r"(?<![\w-])upload-time\s*=\s*[\"']", row)
    moment = file.upload_time and (f'"{file.upload_time}"' if quoted else file.upload_time)
    return _set_or_drop(row, "upload-time", _MOMENT, moment)


def set_text(row: str, key: str, value: str) -> str:
    """Return a row with the string of a key replaced; as it was where it has no such key."""
    stated = rf"((?<![\w.-]){re.escape(key)}[ \t]*=[ \t]*){_STRING}"
    return re.sub(stated, lambda found: found[1] + json.dumps(value), row, count=1)


def _set_or_drop(row: str, key: str, pattern: str, value: str | None) -> str:
    """Replace a value, or take the key out: what an index does not tell of a file is not made up."""
    stated = rf"(?<![\w.-]){key}[ \t]*=[ \t]*{pattern}"
    if value is not None:
        return re.sub(
            rf"((?<![\w.-]){key}[ \t]*=[ \t]*){pattern}", lambda found: found[1] + value, row, count=1
        )
    for around in (rf"^[ \t]*{stated}[ \t]*\r?\n", rf",[ \t]*{stated}", rf"{stated},[ \t]*"):
        row, count = re.subn(around, "", row, count=1, flags=re.MULTILINE)
        if count:
            break
    return row


def field(text: str, start: int, end: int, key: str, value: str) -> Edit | None:
    """Return the edit that gives a key of a table another string; None where the table has no such key.

    Only the table's own lines are looked at: those before the next header.
    """
    header = _HEADER.search(text, text.find("\n", start) + 1, end)
    own_end = header.start() if header else end
    pattern = re.compile(rf"^([ \t]*{re.escape(key)}[ \t]*=[ \t]*){_STRING}", re.MULTILINE)
    found = pattern.search(text, start, own_end)
    return Edit(found.start(), found.end(), found[1] + json.dumps(value)) if found else None


def subtable(text: str, start: int, end: int, name: str) -> tuple[int, int] | None:
    """Return where a table below an entry begins and ends."""
    headers = list(_HEADER.finditer(text, start, end))
    for position, header in enumerate(headers):
        if header[1].strip() == name:
            return header.start(), headers[position + 1].start() if position + 1 < len(headers) else end
    return None
