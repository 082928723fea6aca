from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from fallback_review.report.escape import code, destination, inert, path_destination
from fallback_review.report.text import count, readable, visible
from tests.report.github import parsed
from tests.report.reading import Reader
from tests.report.texts import hostile_text

CELL = "| a | b |\n|---|---|\n| {} | z |\n"
FRAME = {"table": 1, "thead": 1, "tbody": 1, "tr": 2, "th": 2, "td": 2}


@pytest.mark.lab
@settings(max_examples=150, deadline=None)
@given(hostile_text)
@example("x_y _z_ a_b_")
@example("https&#58;//x")
@example("www.evil.test http://evil.test me@evil.test")
def test_text_in_a_cell_reads_the_same_and_does_nothing(text: str) -> None:
    read = Reader(parsed(CELL.format(inert(text))))
    elements = dict(read.elements)
    elements.pop("span", None)
    assert elements == FRAME
    assert read.rows[1] == [visible(text).strip(), "z"]
    assert not read.comments


@pytest.mark.lab
@settings(max_examples=150, deadline=None)
@given(hostile_text)
@example("a\\|b")
@example("a|b `` c")
@example("`")
@example("   ")
@example("ends with \\")
def test_a_command_in_a_cell_can_be_copied_as_it_stands(text: str) -> None:
    read = Reader(parsed(CELL.format(code(text))))
    elements = dict(read.elements)
    elements.pop("span", None)
    if "\\|" in visible(text) or not text.strip():
        elements["code"] = 1
    assert elements == FRAME | {"code": 1}
    # A code span drops one space on each side when both are there, and a cell its outer ones.
    assert read.rows[1][0].strip() == visible(text).strip()
    assert read.rows[1][1] == "z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orjson", "orjson"),
        ("py3.12 linux-x86_64", "py3.12 linux-x86_64"),
        ("PyPI's, at 12:30", "PyPI's, at 12:30"),
        ("sha256:abc", "sha256:abc"),
        ("@octocat", "&#64;&#8203;octocat"),
        ("acme/app#12", "acme/app&#35;&#8203;12"),
        ("GH-12", "GH-&#8203;12"),
        (":tada:", ":&#8203;tada:"),
        ("http://x", "http:&#8203;//x"),
        ("WWW.x", "WWW&#8203;.x"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("a|b", "a&#124;b"),
        ("_x_", "&#95;x&#95;"),
    ],
)
def test_what_is_plain_stays_plain_and_what_acts_is_parted(text: str, shown: str) -> None:
    assert inert(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\x00\x7f\x85", "a\\nb\\x00\\x7f\\x85"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("z\u0351\u0352", "z\\u0351\\u0352"),
        ("\u3164", "\\u3164"),
        ("\ue000\U0003134b\xa0", "\\ue000\\U0003134b\\xa0"),
        ("é → 🟢 日本", "é → 🟢 日本"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_long_text_is_shortened_with_an_ellipsis() -> None:
    assert readable("a" * 100_000, 10) == "a" * 9 + "…"
    assert readable("a" * 10, 10) == "a" * 10


def test_numbers_come_with_their_noun() -> None:
    assert [count(1, "entry", "entries"), count(0, "package"), count(1204, "entry", "entries")] == [
        "1 entry",
        "0 packages",
        "1,204 entries",
    ]


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//evil.test", "https:///x", " https://x"]
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert destination(url) is None


@given(hostile_text)
def test_no_address_can_leave_its_parentheses(text: str) -> None:
    url = path_destination("https://github.test/acme/app/blob/abc/", text, 7)
    assert url is not None
    assert url.startswith("https://github.test/acme/app/blob/abc/")
    assert url.endswith("#L7")
    assert url.count("#") == 1
    assert not set(url) & set(" ()<>|\\`[]*\"'\n\r\t?")
    assert url.isascii()
    assert url.isprintable()


def test_without_a_prefix_there_is_no_link() -> None:
    assert path_destination(None, "uv.lock", 1) is None
    assert (
        path_destination("https://github.test/x", "a b/ü.lock") == "https://github.test/x/a%20b/%C3%BC.lock"
    )
