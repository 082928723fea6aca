"""Markdown to HTML as GitHub does it: its own parser, its sanitizer's rules, its style sheet."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import LAB, lab_tool, missing

BROWSER = LAB / "browser"
EXTENSIONS = ("table", "autolink", "strikethrough", "tasklist", "footnotes")
_MARKDOWN_CSS = {"light": "github-markdown-light.css", "dark": "github-markdown-dark.css"}
_GROUND = {"light": "#ffffff", "dark": "#0d1117"}


def parsed(markdown: str) -> str:
    """The HTML that GitHub's parser makes, before any sanitizing."""
    options = [part for extension in EXTENSIONS for part in ("-e", extension)]
    done = subprocess.run(
        [lab_tool("cmark-gfm"), "--unsafe", *options],
        input=markdown.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def browser_package(path: str) -> Path:
    """A file of the Node packages in the lab."""
    found = BROWSER / "node_modules" / path
    if not found.exists():
        missing(f"{path} (make .lab/browser/.ready)")
    return found


def sanitized(html: str) -> str:
    """The HTML that is left by rehype-sanitize, whose default rules are GitHub's."""
    browser_package("rehype-sanitize")
    script = Path(__file__).with_name("sanitize.mjs")
    done = subprocess.run(
        [lab_tool("node"), str(script), str(BROWSER)], input=html.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def page(markdown: str, scheme: str) -> str:
    """A whole page in GitHub's style."""
    style = browser_package(f"github-markdown-css/{_MARKDOWN_CSS[scheme]}").read_text()
    body = sanitized(parsed(markdown))
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><style>{style} body {{ margin: 16px; background: {_GROUND[scheme]} }}'
        f".markdown-body {{ font-size: 14px }}</style>"
        f'<article class="markdown-body">{body}</article>'
    )
