"""The line of every entry of a TOML lockfile, exact for any spelling that TOML allows.

Slower than splitting at plain header lines (`blocks`), and used only where that is not safe.
"""

from __future__ import annotations

import re

import tomli

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
    r"|\#[^\n]*+"
    r"|[\n\[\]{}]"
    r"|[^\"'\#\n\[\]{}]++",
    re.DOTALL,
)


def entry_lines(text: str, key: str) -> list[int]:
    """Return the line of each table of the root's array `key` in a valid TOML document.

    Written as ``[[key]]`` headers in any spelling, or inline as ``key = [{…}, {…}]``.
    """
    return _Scanner(text, key).run()


class _Scanner:
    """Walks over a document's tokens and keeps the depth of brackets and the statement it is in."""

    def __init__(self, text: str, key: str) -> None:
        self.text = text
        self.key = key
        self.lines: list[int] = []
        self.line = 1
        self.depth = 0
        self.statement: int | None = None
        self.inline = False
        self.in_root = True

    def run(self) -> list[int]:
        position = 0
        while match := _TOKEN.match(self.text, position):
            piece = match.group()
            position = match.end()
            if piece == "\n" and self.depth == 0:
                self.statement = None
            elif self.statement is None and not piece.isspace() and not piece.startswith("#"):
                if piece == "[":
                    position = self._header(match.start())
                    continue
                self.statement = match.start()
                self.inline = False
            elif piece in ("[", "{"):
                self._open(piece, match.start())
            elif piece in ("]", "}"):
                self.depth -= 1
            self.line += piece.count("\n")
        return self.lines

    def _header(self, start: int) -> int:
        """Read a header line; return where it ends."""
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        self.in_root = False
        if tomli.loads(self.text[start:end]) == {self.key: [{}]}:
            self.lines.append(self.line)
        return end

    def _open(self, piece: str, start: int) -> None:
        if self.depth == 0 and self.in_root and piece == "[":
            self.inline = tomli.loads(f"{self.text[self.statement : start]}0") == {self.key: 0}
        elif self.depth == 1 and self.inline and piece == "{":
            self.lines.append(self.line)
        self.depth += 1
