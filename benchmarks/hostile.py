"""Hostile texts: four times as long, about four times the time; a search that goes back takes sixteen."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from tests import hostile
from tests.configuration.test_hostile import everything

from benchmarks.measure import Row, milliseconds
from fallback_review.bot.command import NAME, read_command
from fallback_review.index.errors import PageError
from fallback_review.index.http import Fetched
from fallback_review.index.pages import read_page
from fallback_review.lockfiles import FORMATS, LockfileError, Text
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Index, Owner
from fallback_review.prediction.candidates import parse_filename

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile import Texts

TIMES = 4
BUDGET = 8.0
SHORTEST = 0.01
"""Seconds: what is over sooner is linear as far as anybody will notice."""
RUNS = 3


def measure() -> list[Row]:
    """Return a row for each reader, with the text that it takes worst."""
    return [
        _row("lockfiles", hostile.LOCKFILES, 100_000, _lockfile),
        _row("URLs", hostile.URLS, 200_000, strip_credentials),
        _row("file names", hostile.FILENAMES, 50_000, parse_filename),
        _row("installers' configuration", hostile.CONFIGURATION, 100_000, _configuration),
        _row("Markdown", hostile.MARKDOWN, 16_000, lambda text: read_command(f"{text}\n{NAME} recheck")),
        _row("pages of an index", hostile.PAGES, 400_000, _page),
    ]


def _row(what: str, texts: Texts, much: int, read: Callable[[str], object]) -> Row:
    ratio, name, longer, once = max(_measured(texts, much, read))
    return Row(
        work=f"hostile text, four times as long: {what}",
        measured=f"{name}: {milliseconds(longer)}",
        against=f"once as long = {milliseconds(once)}",
        ratio=ratio,
        budget=BUDGET,
    )


def _measured(
    texts: Texts, much: int, read: Callable[[str], object]
) -> Iterator[tuple[float, str, float, float]]:
    for name, made in texts.items():
        once, longer = (_seconds(read, made(length)) for length in (much, TIMES * much))
        yield longer / max(once, SHORTEST), name, longer, once


def _seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor's seconds of the quickest of a few readings."""
    spent = []
    for _ in range(RUNS):
        started = time.process_time()
        read(text)
        spent.append(time.process_time() - started)
        if spent[0] < SHORTEST:
            break
    return min(spent)


def _lockfile(text: str) -> None:
    for form in FORMATS.values():
        form.looks_like(text)
        with contextlib.suppress(LockfileError):
            form.parse(Text(path="x.lock", text=text))


def _configuration(text: str) -> None:
    for installer in ("uv", "pip"):
        everything(installer, text)


def _page(text: str) -> None:
    with contextlib.suppress(PageError):
        read_page(
            Index("https://index.example/simple/", Owner.PYPI),
            "x",
            Fetched(
                status=200,
                url="https://index.example/simple/x/",
                content_type="text/html",
                body=text.encode(),
                authenticated=False,
            ),
        )
