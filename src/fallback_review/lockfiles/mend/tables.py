"""The TOML locks: uv.lock, pylock.toml, poetry.lock and pdm.lock."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fallback_review.lockfiles.mend.edits import Edit, MendError
from fallback_review.lockfiles.mend.toml_rows import block, field, rows, subtable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.lockfiles.mend.edits import Mending

_REGISTRY = re.compile(
    r"^([ \t]*source[ \t]*=[ \t]*\{[ \t]*registry[ \t]*=[ \t]*)\"(?:\\.|[^\"\\\n])*\"", re.MULTILINE
)


def uv(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of an entry of uv.lock: rows, the registry as the project spells it, and its version.

    Raises:
        MendError: the entry is not as uv writes it.
    """
    start, end = block(text, mending.package.line)
    yield from rows(text, mending)
    source = _REGISTRY.search(text, start, end)
    if source is None:
        raise MendError("its source is not written as uv writes it")
    yield Edit(source.start(), source.end(), source[1] + json.dumps(mending.index))
    yield from _version(text, start, end, mending)


def pylock(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of an entry of pylock.toml: rows, its index where it names one, and its version."""
    start, end = block(text, mending.package.line)
    yield from rows(text, mending)
    index = field(text, start, end, "index", mending.index)
    if index is not None:
        yield index
    yield from _version(text, start, end, mending)


def pdm(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of an entry of pdm.lock: rows and its version; it names no index."""
    start, end = block(text, mending.package.line)
    yield from rows(text, mending)
    yield from _version(text, start, end, mending)


def poetry(text: str, mending: Mending) -> Iterator[Edit]:
    """Yield the edits of an entry of poetry.lock: rows, ``[package.source]`` (added where missing), version.

    Poetry writes the address of a source without its last slash.

    Raises:
        MendError: the project gives the index no name.
    """
    if mending.source is None:
        raise MendError("pyproject.toml gives Chainguard's index no name, and Poetry's lock needs one")
    start, end = block(text, mending.package.line)
    yield from rows(text, mending)
    url = mending.index.rstrip("/")
    there = subtable(text, start, end, "package.source")
    if there is not None:
        for key, value in (("url", url), ("reference", mending.source)):
            edit = field(text, *there, key, value)
            if edit is None:
                raise MendError("its source is not written as Poetry writes it")
            yield edit
    else:
        newline = "\r\n" if "\r\n" in text[start:end] else "\n"
        said = f"url = {json.dumps(url)}", f"reference = {json.dumps(mending.source)}"
        lines = ("[package.source]", 'type = "legacy"', *said)
        written = text[start:end].rstrip()
        at = start + len(written)
        yield Edit(at, at, newline * 2 + newline.join(lines))
    yield from _version(text, start, end, mending)


def _version(text: str, start: int, end: int, mending: Mending) -> Iterator[Edit]:
    if mending.version is None:
        return
    edit = field(text, start, end, "version", mending.version)
    if edit is None:
        raise MendError("its version is not where its entry begins")
    yield edit
