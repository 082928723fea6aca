from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given, settings

from fallback_review.report import render
from tests.report.build import gallery, hostile, rich
from tests.report.github import parsed
from tests.report.reading import Reader
from tests.report.texts import hostile_text

LINKS = {"about_url": "https://docs.example/checks"}


@pytest.mark.lab
def test_the_page_says_what_the_comment_says() -> None:
    for found in (rich(), gallery()["several"], gallery()["unreadable"], gallery()["scan of several"]):
        page = Reader(render(found, "html", **LINKS))
        comment = Reader(parsed(render(found, "markdown", **LINKS)))
        assert page.rows == comment.rows
        assert page.links == comment.links
        assert page.elements["details"] == comment.elements["details"]
        assert page.elements["li"] == comment.elements["li"]
    assert page.words[0].strip() == ""


def test_the_page_loads_and_runs_nothing() -> None:
    html = render(rich(), "html", **LINKS)
    page = Reader(html)
    assert not page.elements.keys() & {"script", "img", "link", "iframe", "object", "form"}
    assert not page.attributes & {"style", "src", "onclick", "onload"}
    policy = re.search('Content-Security-Policy" content="([^"]*)"', html)
    style = re.search("<style>(.*)</style>", html, re.DOTALL)
    assert policy
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert (
        policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "prefers-color-scheme: dark" in style[1]


@settings(max_examples=60, deadline=None)
@given(hostile_text)
def test_hostile_text_leaves_the_page_as_it_is(text: str) -> None:
    text = "hostile " + text.strip() + " x"
    page = Reader(render(hostile(text), "html", **LINKS))
    usual = Reader(render(hostile("a-benign-text-of-some-length"), "html", **LINKS))
    assert page.elements == usual.elements
    assert page.attributes == usual.attributes
    assert len(page.links) == len(usual.links)
    assert all(
        link.startswith(
            (
                "https://github.test/",
                "https://libraries.example/",
                "https://pypi.example/",
                "https://docs.example/",
            )
        )
        for link in page.links
    )
    assert all(character.isprintable() or character in "\n\N{NO-BREAK SPACE}" for character in page.text)


def test_the_page_names_no_emoji_font() -> None:
    """Where Noto Color Emoji is in the list, Chromium draws digits from it, far apart."""
    assert "emoji" not in render(rich(), "html").lower()
