"""The whole loop in a few seconds: lockfiles of a pull request, real requests, the result and the comment."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

from fallback_review.cli.demo import scene
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.index import open as access
from fallback_review.index.credentials import Credentials
from fallback_review.lockfiles import Text
from fallback_review.pipeline import review
from fallback_review.pipeline.compare import compare
from fallback_review.report import render
from fallback_review.settings import validation

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from fallback_review.model import Review
    from fallback_review.pipeline.compare import ComparedLockfile

_WRITTEN = {"comment.md": "markdown", "comment.html": "html", "report.json": "json"}


def run(output: Path, console: Console) -> Review:
    """Review the demo's pull request through the ordinary pipeline, print it, and write it below `output`.

    Only loopback is spoken to: neither proxies nor credentials of this machine are looked at.

    Args:
        output: The folder for ``comment.md``, ``comment.html`` and ``report.json``; made where it is absent.
        console: Where to print.

    Returns:
        The review, whose conclusion is `fail`: the scene has packages that a team would want to stop.

    Raises:
        OSError: no port of the loopback interface can be had, or `output` can't be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    with DemoIndex(scene.at(now)) as index:
        _say(console, f"A server on this machine stands for Chainguard Libraries ({index.chainguard})")
        _say(console, f"and PyPI ({index.pypi}). The names are real, the contents are made up.")
        _say(console, f"One pull request changes {' and '.join(scene.LOCKFILES)}, locked by uv.\n")
        reviewed = _review(index, now)
        asked = Counter(served.host for served in index.log)
    console.file.write(render(reviewed, "terminal", width=console.width, color=console.is_terminal))
    for name, form in _WRITTEN.items():
        (output / name).write_text(render(reviewed, form), encoding="utf-8")
    counted = f"Chainguard {asked['chainguard']}, PyPI {asked['pypi']}, the private index {asked['private']}"
    _say(console, f"\nRequests: {counted}.")
    _say(console, f"The comment: {output / 'comment.md'}")
    _say(console, f"As GitHub shows it: {output / 'comment.html'}")
    _say(console, f"As data: {output / 'report.json'}")
    _say(console, "\nNext, on your own lockfiles: fallback-review review OLD NEW")
    _say(console, "On every pull request: fallback-review init, then see README.md")
    return reviewed


def _review(index: DemoIndex, now: datetime) -> Review:
    configured = validation.validate(scene.settings(index.chainguard, index.pypi, index.private))
    secrets = access.Secrets(environ={}, explicit=Credentials(index.username, index.password))
    with access.open_indexes(configured.indexes, secrets) as ask:
        return review.review(_diffs(index), configured, ask, today=now.date())


def _diffs(index: DemoIndex) -> list[ComparedLockfile]:
    return [compare(_text("base", name, index), _text("head", name, index)) for name in scene.LOCKFILES]


def _text(side: str, name: str, index: DemoIndex) -> Text:
    """Read one side of a packaged lockfile, with the servers' addresses of this very run in it."""
    packaged = resources.files("fallback_review.cli.demo").joinpath("data", side, *name.split("/"))
    return Text(path=name, text=index.fill(packaged.read_text("utf-8")))


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
