"""Reading values of a parsed TOML or JSON document: of the right type, or an error that names the key."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from msgspec import Struct

from fallback_review.lockfiles.names import PACKAGE_NAME, normalise_name
from fallback_review.lockfiles.text import LockfileError
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_T = TypeVar("_T")

_PLAIN = re.compile(r"[\w\-]{1,40}(?:\[\d+\])?", re.ASCII)
_LONGEST_KEY = 40
_WORDS: dict[type, str] = {str: "a string", dict: "a table", list: "an array", bool: "true or false"}


class Table(Struct, frozen=True):
    """A table of a document together with where it stands, for messages."""

    data: Mapping[str, Any]
    file: str
    where: str
    """The key path, for example ``package[3].source``; empty for the document itself."""
    line: int | None = None

    @property
    def at(self) -> int:
        """The entry's line; the first one for the document itself."""
        return self.line or 1

    def fail(self, reason: str, key: str | None = None) -> NoReturn:
        """Raise a `LockfileError` that names the key path and the entry's line."""
        place = ".".join(part for part in (self.where, _shown(key)) if part)
        raise LockfileError(self.file, f"{place}: {reason}" if place else reason, line=self.line)

    def _get(self, key: str, kind: type[_T]) -> _T | None:
        value = self.data.get(key)
        if value is not None and type(value) is not kind:
            self.fail(f"must be {_WORDS[kind]}", key)
        return value

    def text(self, key: str) -> str | None:
        """Return a string, or None where the key is absent."""
        return self._get(key, str)

    def required(self, key: str) -> str:
        """Return a string that has to be there and not be empty."""
        value = self._get(key, str)
        if not value or not value.strip():
            self.fail("is missing" if value is None else "is empty", key)
        return value

    def package_name(self) -> str:
        """Return the entry's name, normalised by PEP 503; it has to be one that PEP 508 allows."""
        name = self.required("name")
        if not PACKAGE_NAME.fullmatch(name):
            self.fail("is not a package name", "name")
        return normalise_name(name)

    def flag(self, key: str) -> bool:
        """Return a boolean; an absent key is false."""
        return self._get(key, bool) or False

    def table(self, key: str) -> Table | None:
        """Return a table, or None where the key is absent."""
        value = self._get(key, dict)
        return None if value is None else self._inside(value, key)

    def tables(self, key: str) -> Iterator[Table]:
        """Give each table of an array of tables; an absent key has none."""
        for number, value in enumerate(self._get(key, list) or ()):
            if type(value) is not dict:
                self.fail("must be a table", f"{key}[{number}]")
            yield self._inside(value, f"{key}[{number}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings; an absent key is an empty one."""
        values = self._get(key, list) or []
        for number, value in enumerate(values):
            if type(value) is not str:
                self.fail("must be a string", f"{key}[{number}]")
        return tuple(values)

    def _inside(self, value: dict[str, Any], key: str) -> Table:
        shown = _shown(key)
        return Table(value, self.file, f"{self.where}.{shown}" if self.where else shown, self.line)


def _shown(key: str | None) -> str:
    """Return a key for a message; one that comes from the file's own text is quoted and bounded."""
    if not key or _PLAIN.fullmatch(key):
        return key or ""
    return json.dumps(key[:_LONGEST_KEY])


class Notices:
    """Collects what a person should know about one file: one notice for each kind, at the first place."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: dict[str, list[int | None]] = {}

    def note(self, text: str, line: int | None) -> None:
        """Keep a finding of the kind that `text` describes."""
        self._lines.setdefault(text, []).append(line)

    def clean(self, url: str, line: int | None) -> str:
        """Return the URL without credentials; where it held some, keep a finding without them."""
        bare, had_credentials = strip_credentials(url)
        if had_credentials:
            self.note("a URL holds credentials; take them out and revoke them", line)
        return bare

    def all(self) -> tuple[Notice, ...]:
        """Return one notice for each kind of finding."""
        return tuple(
            Notice(
                text=text if len(lines) == 1 else f"{text} ({len(lines)} entries, the first one here)",
                path=self._path,
                line=lines[0],
            )
            for text, lines in self._lines.items()
        )
