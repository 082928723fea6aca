"""Takes the pictures of the comment: ``python -m tests.report.pictures [folder]`` (default ``docs/pictures``).

Needs the programs cmark-gfm, node, chromium and the Node packages of ``make .lab/browser/.ready``. With a
folder it also takes those that are only for looking at: every kind of verdict, hostile, and the page of `report.html`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from fallback_review.report import render
from tests.conftest import ROOT, lab_tool
from tests.report import build
from tests.report.github import page

_PAGES = {
    "project_url": "https://libraries.example/python/{name}",
    "about_url": "https://docs.example/checks",
}


def shoot(html: str, picture: Path, *, width: int, height: int, dark: bool = False) -> None:
    """Take a picture of a page, in a browser without a window and without a network."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(html)
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-extensions",
        ]
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        subprocess.run(
            [
                lab_tool("chromium"), *options, *scheme, f"--user-data-dir={folder}/profile",
                f"--window-size={width},{height}", f"--screenshot={picture}", source.as_uri(),
            ],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


def main(folder: Path, *, everything: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sample = render(build.sample(), "markdown", **_PAGES)
    shoot(page(sample, "light"), folder / "comment.png", width=900, height=600)
    shoot(page(sample, "dark"), folder / "comment-dark.png", width=900, height=600)
    shoot(page(sample, "light"), folder / "comment-narrow.png", width=500, height=800)
    if not everything:
        return
    for name, review in build.gallery().items():
        markdown = render(review, "markdown", **_PAGES).replace("<details>", "<details open>")
        shoot(page(markdown, "light"), folder / f"{name}.png", width=900, height=1500)
    shoot(render(build.rich(), "html"), folder / "page.png", width=900, height=800)
    shoot(render(build.rich(), "html"), folder / "page-dark.png", width=500, height=800, dark=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures", everything=bool(sys.argv[1:]))
