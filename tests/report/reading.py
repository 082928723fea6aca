"""Reading HTML back: which elements are there, and which text."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Reader(HTMLParser):
    """Counts elements, and collects links, all text, and the text of each table cell."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.comments: list[str] = []
        self._in_cell = False
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self.words).replace("\u200b", "")

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._in_cell = True
        elif tag == "br" and self._in_cell:
            self.rows[-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data.replace("\u200b", "")

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)
