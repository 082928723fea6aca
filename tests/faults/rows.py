"""One row of the fault matrix, what must hold for each, and the table."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HEADINGS = ("Fault", "Answer", "Conclusion", "Exit code", "What a person reads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one run."""

    counterpart: str
    """Who failed."""
    fault: str
    lock: str = ""
    """The format of the lock that was reviewed, where each fault meets every one."""
    kind: str = ""
    """How that lock holds its package."""
    answered: bool
    """Whether the counterpart said what it was asked for, in spite of all."""
    conclusion: str
    exit_code: int
    words: str
    leaks: tuple[str, ...]
    """Where a credential was found."""

    @property
    def faults(self) -> list[str]:
        """What is wrong with the row itself."""
        found = [f"a credential is in the {where}" for where in self.leaks]
        if not self.answered and (self.conclusion in {"pass", "warn", "fail"} or self.exit_code in {0, 1}):
            found.append(f"{self.conclusion} (exit code {self.exit_code}) without an answer")
        if not self.words:
            found.append("it says nothing")
        where = ", ".join(filter(None, (self.counterpart, self.fault, self.lock, self.kind)))
        return [f"{where}: {each}" for each in found]

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it, beside the lock."""
        return (
            self.fault,
            "yes" if self.answered else "no",
            self.conclusion,
            str(self.exit_code),
            without_chance(self.words),
        )


def leaks(texts: Mapping[str, str], username: str, password: str) -> tuple[str, ...]:
    """Return the texts that hold a password, as it is, in a URL's spelling or as HTTP Basic sends it."""
    basic = base64.b64encode(f"{username}:{password}".encode()).decode()
    forms = {password, quote(password, safe=""), basic}
    return tuple(where for where, text in texts.items() if any(form in text for form in forms))


def without_chance(text: str) -> str:
    """Return words without what differs from run to run: ports, times, commits and repositories' numbers."""
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", "HOST", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "TIME", text)
    text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
    return re.sub(r"acme/app\d+", "acme/app", text)


def table(rows: Iterable[Row]) -> str:
    """Return the matrix as Markdown, a table for each counterpart; locks that fare alike share a line."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.counterpart, []).append(row)
    return "\n".join(line for name, those in found.items() for line in _part(name, those)).strip() + "\n"


def _part(counterpart: str, rows: list[Row]) -> Iterator[str]:
    locks = dict.fromkeys((row.kind, row.lock) for row in rows if row.lock)
    headings = (*HEADINGS[:1], "Lock", *HEADINGS[1:]) if locks else HEADINGS
    yield from ("", f"### {counterpart}", "", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|")
    alike: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in rows:
        alike.setdefault(row.cells, []).append((row.kind, row.lock))
    for (fault, *cells), these in alike.items():
        shown = (_which(these, list(locks)),) if locks else ()
        line = (cell.replace("|", "\\|") for cell in (fault, *shown, *cells))
        yield f"| {' | '.join(line)} |"


def _which(these: list[tuple[str, str]], every: list[tuple[str, str]]) -> str:
    """Name some of the locks, by their kind where they are all of it."""
    if len(these) == len(every):
        return "every one"
    found = []
    for kind in dict.fromkeys(kind for kind, _ in these):
        formats = [lock for each, lock in these if each == kind]
        all_of_it = len(formats) == len([each for each, _ in every if each == kind])
        found.append(f"every {kind}" if all_of_it else f"{kind}: {', '.join(formats)}")
    return "; ".join(found)
