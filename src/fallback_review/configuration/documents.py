"""Reading configuration files leniently: TOML and INI, with line numbers, and bounded whatever they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from fallback_review.configuration.values import clip
from fallback_review.lockfiles import LockfileError, nothing_beside
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fallback_review.configuration.values import ReadText

LONGEST_TEXT = 1_000_000
LONGEST_URL = 2_000
MOST_INDEXES = 50
_MOST_CREDENTIALS = 10
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,20}://[^\s\"'<>,]{1,2000}")
_SCRIPT = re.compile(r"(?m)^# /// script[ \t]*$\n(?P<content>(?:^#(?:| .*)$\n)+?)^# ///[ \t]*$")
_KINDS: Mapping[type, str] = {str: "a string", dict: "a table", list: "an array", bool: "true or false"}


class ConfigurationFiles(Struct, frozen=True, kw_only=True):
    """The files beside a lockfile, and what was met while reading them."""

    text_of: ReadText
    """Of the files that configure the installer."""
    beside: ReadText = nothing_beside
    """Of any file of the repository: what those name, too."""
    now: datetime | None = None
    """When the install is; None where nobody says, so that spans of time mean nothing."""
    named: tuple[str, ...] = ()
    """Paths of pip's configuration that the repository's own workflows name."""
    problems: list[Notice] = field(default_factory=list)
    broken: list[Notice] = field(default_factory=list)
    """Files that are not what their name says: tools refuse them."""
    credentials: list[tuple[str, int]] = field(default_factory=list)

    def problem(self, path: str, what: str, line: int | None = None) -> None:
        """Keep one notice about something that could not be read."""
        text = f"{path} could not be read as index configuration: {what}. Fix it, or set `layout`."
        notice = Notice(text=text, path=path, line=line)
        if notice not in self.problems:
            self.problems.append(notice)

    def toml(self, path: str) -> Section | None:
        """Return a TOML file's document; None where there is none that can be read."""
        text = self._text(path)
        return None if text is None else self._toml(path, text)

    def script(self, path: str) -> Section | None:
        """Return the ``script`` block of a Python file (PEP 723); None where there is none."""
        text = self._text(path)
        block = _SCRIPT.search(text) if text else None
        if text is None or block is None:
            return None
        content = "".join(line[2:] or "\n" for line in block["content"].splitlines(keepends=True))
        return self._toml(path, content, lines_before=text.count("\n", 0, block.start("content")))

    def ini(self, path: str) -> Section | None:
        """Return an INI file's sections as tables of strings, as pip reads them.

        Keys are in lower case with dashes, and one that stands twice makes the file invalid (measured).
        """
        text = self._text(path)
        if text is None:
            return None
        import configparser  # noqa: PLC0415 - only pip's files are INI

        parser = configparser.RawConfigParser()
        parser.optionxform = _pip_key  # type: ignore[assignment,method-assign]  # its documented way
        try:
            parser.read_string(text)
            data = {name: dict(parser.items(name)) for name in parser.sections()}
        except configparser.Error as error:
            twice = isinstance(error, configparser.DuplicateOptionError | configparser.DuplicateSectionError)
            self._break(path, "it has a key or a section twice" if twice else "it is not valid INI")
            return None
        return Section(files=self, path=path, text=text, data=data)

    def _text(self, path: str) -> str | None:
        try:
            text = self.text_of(path)
        except LockfileError as error:
            self.problem(path, error.reason, error.line)
            return None
        if text is None:
            return None
        if len(text) > LONGEST_TEXT:
            self.problem(path, f"it is longer than {LONGEST_TEXT:,} characters")
            return None
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self._look_for_credentials(path, text)
        return text

    def _toml(self, path: str, text: str, *, lines_before: int = 0) -> Section | None:
        import tomli  # noqa: PLC0415 - many projects have no TOML

        try:
            data = tomli.loads(text)
        except (ValueError, RecursionError):  # TOMLDecodeError is a ValueError; its text may quote the file
            self._break(path, "it is not valid TOML")
            return None
        return Section(files=self, path=path, text=text, data=data, lines_before=lines_before)

    def _break(self, path: str, what: str) -> None:
        self.problem(path, what)
        text = f"{path}: {what}, and the installer stops at it. Fix the file"
        self.broken.append(Notice(text=text, path=path))

    def _look_for_credentials(self, path: str, text: str) -> None:
        found = 0
        for number, line in enumerate(text.split("\n"), start=1):
            if "://" in line and any(strip_credentials(url)[1] for url in _URL.findall(line)):
                self.credentials.append((path, number))
                found += 1
                if found == _MOST_CREDENTIALS:
                    return


class Section(Struct, frozen=True, kw_only=True):
    """A table of a file; a value of the wrong type is a problem of the file and reads as absent."""

    files: ConfigurationFiles
    path: str
    text: str
    data: Mapping[str, Any]
    where: str = ""
    lines_before: int = 0

    def table(self, *keys: str) -> Section:
        """Return a table inside this one; an empty one where it is absent."""
        here = self
        for key in keys:
            here = here._inside(here._get(key, dict) or {}, key)
        return here

    def tables(self, key: str) -> Iterator[Section]:
        """Give each table of an array of tables, as many as an index list may hold."""
        values = self._get(key, list) or []
        if len(values) > MOST_INDEXES:
            self._problem(key, f"holds more than {MOST_INDEXES} entries")
        for number, value in enumerate(values[:MOST_INDEXES]):
            if isinstance(value, dict):
                yield self._inside(value, key)
            else:
                self._problem(f"{key}[{number}]", "is not a table")

    def holding(self, data: Mapping[str, Any]) -> Section:
        """Return this table with other values."""
        return replace(self, data=data)

    def each(self) -> Iterator[tuple[str, Section]]:
        """Give the tables among this table's values, with their keys."""
        for key, value in self.data.items():
            if isinstance(value, dict):
                yield key, self._inside(value, key)

    def word(self, key: str) -> str | None:
        """Return a string; None where it is absent."""
        value: str | None = self._get(key, str)
        return value

    def flag(self, key: str) -> bool:
        """Return a boolean; an absent one is false."""
        return self._get(key, bool) or False

    def words(self, key: str) -> tuple[str, ...]:
        """Return an array of strings, or the words of one string; empty where it is absent."""
        value = self.data.get(key)
        if isinstance(value, str):
            return tuple(value.split()[:MOST_INDEXES])
        return self.texts(key, most=MOST_INDEXES)

    def texts(self, key: str, *, most: int) -> tuple[str, ...]:
        """Return an array of strings; empty where it is absent."""
        values = self._get(key, list) or []
        if len(values) > most:
            self._problem(key, f"holds more than {most:,} entries")
        texts = [each for each in values[:most] if isinstance(each, str)]
        if len(texts) < len(values[:most]):
            self._problem(key, "holds something that is not a string")
        return tuple(texts)

    def address(self, url: str) -> tuple[str, int | None]:
        """Return an address as it may be kept: without credentials, with the line that it stands in."""
        if len(url) > LONGEST_URL:
            self._problem("url", f"is longer than {LONGEST_URL:,} characters")
            return "", None
        return strip_credentials(url.strip())[0], self.line_of(url)

    def line_of_key(self, key: str) -> int | None:
        """Return the first line that starts with a key, or with a table of that name, counted from 1.

        Of a dotted key the last part counts.
        """
        spelt = re.escape(key.rpartition(".")[2]).replace("\\-", "[-_]")
        key_or_table = rf"(?mi)^[ \t]*(?:\[\[?(?:[^\]\n]*\.)?)?[\"']?{spelt}[\"']?[ \t]*[=:\].]"
        found = re.search(key_or_table, self.text)
        return self.lines_before + self.text.count("\n", 0, found.end()) + 1 if found else None

    def line_of(self, value: str) -> int | None:
        """Return the first line that holds a value before any comment, counted from 1."""
        found = (
            re.search(rf"(?m)^[^#\n]*{re.escape(value)}", self.text) if value and "\n" not in value else None
        )
        return self.lines_before + self.text.count("\n", 0, found.end()) + 1 if found else None

    def _get(self, key: str, kind: type) -> Any:
        value = self.data.get(key)
        if value is None or isinstance(value, kind):
            return value
        self._problem(key, f"is not {_KINDS[kind]}")
        return None

    def _inside(self, data: Mapping[str, Any], key: str) -> Section:
        where = f"{self.where}.{key}" if self.where else key
        return replace(self, data=data, where=where)

    def _problem(self, key: str, what: str) -> None:
        self.files.problem(self.path, f"{clip(f'{self.where}.{key}' if self.where else key)} {what}")


def _pip_key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")
