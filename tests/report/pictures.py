"""Takes the pictures of the comment: ``python -m tests.report.pictures [folder]`` (default ``docs/pictures``).

The comment is the demo's, of some of its packages: its words are the product's own. Needs the programs cmark-gfm,
node, chromium and the Node packages of ``make .lab/browser/.ready``. With a folder it also takes those that are only
for looking at: every kind of verdict, hostile, and the page of `report.html`.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text as Coloured

from fallback_review.cli.demo import scene
from fallback_review.cli.demo.run import run
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.index import open as access
from fallback_review.index.credentials import Credentials
from fallback_review.lockfiles import Text
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.review import review
from fallback_review.report import render
from fallback_review.settings import validation
from tests.conftest import ROOT, lab_tool
from tests.report import build
from tests.report.github import page

if TYPE_CHECKING:
    from fallback_review.model import Review

_SHOWN = {"certifi", "click", "idna", "litellm", "numpy", "orjson", "psycopg-binary", "requests", "urllib3"}
_ABOUT = "https://docs.example/checks"


_TERMINAL = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ background: {background}; color: {foreground}; margin: 16px }}
pre {{ font: 14px/1.4 ui-monospace, "DejaVu Sans Mono", monospace }} {stylesheet}
</style><pre>{code}</pre>"""


def _browse(html: str, *options: str) -> str:
    """Open a page in a browser without a window and without a network; return what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(html)
        done = subprocess.run(
            [
                lab_tool("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--disable-extensions", f"--user-data-dir={folder}/profile", *options, source.as_uri(),
            ],
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    return done.stdout


def shoot(html: str, picture: Path, *, width: int, height: int, dark: bool = False) -> None:
    """Take a picture of a page."""
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    _browse(html, *scheme, f"--window-size={width},{height}", f"--screenshot={picture}")


def too_wide(html: str, *, width: int) -> int:
    """How many pixels the widest table of a page lies beyond its room, on a screen of that width."""
    measure = (
        "<script>document.title = Math.max(...[...document.querySelectorAll('table')]"
        ".map(table => table.scrollWidth - table.clientWidth))</script>"
    )
    shown = _browse(html + measure, f"--window-size={width},900", "--dump-dom")
    return int(shown.partition("<title>")[2].partition("</title>")[0])


def comment() -> Review:
    """Review the demo's pull request as if it changed some packages of one lockfile alone."""
    with tempfile.TemporaryDirectory() as folder:
        whole = run(Path(folder), Console(file=io.StringIO()))
    (uv, _) = whole.lockfiles
    kept = tuple(each for each in uv.changes if each.change.name in _SHOWN)
    return replace(whole, lockfiles=(replace(uv, changes=kept, metadata_only=()),))


def terminal(text: str) -> str:
    """A page that shows a terminal's text with its colours."""
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Coloured.from_ansi(text), soft_wrap=True)
    return console.export_html(theme=MONOKAI, code_format=_TERMINAL)


PROJECTS = {
    "api": {"certifi", "click", "idna", "litellm", "requests"},
    "web": {"litellm", "numpy", "orjson", "psycopg-binary"},
    "worker": {"requests", "urllib3"},
}


def scanned() -> Review:
    """Scan a repository of three projects: the demo's packages, spread over them."""
    now = datetime.now(UTC)
    with DemoIndex(scene.at(now)) as index:
        packaged = resources.files("fallback_review.cli.demo").joinpath("data/head/uv.lock")
        head, *entries = index.fill(packaged.read_text("utf-8")).split("[[package]]\n")
        lockfiles = [
            whole(Text(path=f"{project}/uv.lock", text="[[package]]\n".join([head, *_of(names, entries)])))
            for project, names in PROJECTS.items()
        ]
        configured = validation.validate(scene.settings(index.chainguard, index.pypi, index.private))
        secrets = access.Secrets(environ={}, explicit=Credentials(index.username, index.password))
        with access.open_indexes(configured.indexes, secrets) as ask:
            return review(lockfiles, configured, ask, today=now.date(), scope="all")


def _of(names: set[str], entries: list[str]) -> list[str]:
    return [entry for entry in entries if entry.split('"')[1] in names]


def main(folder: Path, *, everything: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sample = render(comment(), "markdown")
    shoot(page(sample, "light"), folder / "comment.png", width=900, height=620)
    shoot(page(sample, "dark"), folder / "comment-dark.png", width=900, height=620)
    shoot(page(sample, "light"), folder / "comment-narrow.png", width=390, height=1100)
    told = render(comment(), "terminal", color=True, width=100)
    shoot(terminal(told), folder / "terminal.png", width=900, height=660)
    shoot(render(scanned(), "html"), folder / "scan.png", width=900, height=1060)
    if not everything:
        return
    for name, made in build.gallery().items():
        markdown = render(made, "markdown", about_url=_ABOUT).replace("<details>", "<details open>")
        shoot(page(markdown, "light"), folder / f"{name}.png", width=900, height=1500)
    shoot(render(build.rich(), "html"), folder / "page.png", width=900, height=800)
    shoot(render(build.rich(), "html"), folder / "page-dark.png", width=500, height=800, dark=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures", everything=bool(sys.argv[1:]))
