"""Texts that keep a careless reader busy, each of any length.

Tests read short ones, since what they hold is the answer; `make bench` holds how the time grows with the length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Texts = Mapping[str, Callable[[int], str]]

ENOUGH = 10_000
"""Characters of a text whose answer is looked at."""

LOCKFILES: Texts = {
    "spaces before nothing": lambda much: "six" + " " * much + "x",
    "comment signs": lambda much: "#a" * (much // 2),
    "backslashes": lambda much: "\\" * much,
    "continuations": lambda much: "\\\n" * (much // 2),
    "line separators": lambda much: "\u2028" * much,
    "quotes": lambda much: "--index-url " + "'" * much,
    "dashes": lambda much: "-" * much,
    "words with dashes": lambda much: " -a" * (much // 3),
    "brackets": lambda much: "x[" * (much // 2),
    "at signs": lambda much: "//@" * (much // 3),
    "slashes": lambda much: "https://" + "/" * much + "@",
    "equals": lambda much: "a=" * (much // 2),
    "a long URL": lambda much: "https://" + "a" * much + "-1.0.tar.gz",
    "a long query": lambda much: "--find-links https://a.example/?" + "token=a&" * (much // 8),
    "strings": lambda much: '{"default": {"' + '\\"' * (much // 2) + '": {}}}',
    "open strings": lambda much: '{"' * (much // 2),
    "open brackets": lambda much: "[" * much,
    "open mappings": lambda much: "{a: " * (much // 4),
    "dashes in YAML": lambda much: "- " * (much // 2),
    "questions in YAML": lambda much: "? " * (much // 2),
    "anchors": lambda much: "a: &x\n" * (much // 6),
    "one long key": lambda much: "a" * much + ": 1",
    "metadata": lambda much: '"_meta"' * (much // 7),
    "package": lambda much: "package:\n" * (much // 9),
    "conda file": lambda much: f"version: 6\npackages:\n- conda: https://c.example/{'-' * (much // 10)}",
}
URLS: Texts = {
    "a name before @": lambda much: "a" * much + "@",
    "schemes": lambda much: "http:" * (much // 5) + "@",
    "stars": lambda much: "https://" + "*" * much + "x@files.example",
    "variables": lambda much: "https://" + "$a" * (much // 2) + "!@files.example",
    "tokens": lambda much: "https://files.example/?=" + "token" * (much // 5),
    "queries": lambda much: "https://files.example/" + "?a" * (much // 2) + "=",
    "slashes": lambda much: "https:" + "/" * much + "u:p@files.example",
}
FILENAMES: Texts = {"underscores": lambda much: f"{'_' * much}.whl"}
CONFIGURATION: Texts = {
    "many indexes": lambda much: (
        "[tool.uv]\nextra-index-url = [" + '"https://c.example/simple/" ,' * (much // 28) + "]"
    ),
    "a deep key": lambda much: "a." * (much // 2) + "b = 1",
    "schemes": lambda much: "https://" * (much // 8),
    "user names": lambda much: "x = '" + "https://u@" * (much // 10) + "'",
    "a long comment": lambda much: f"# {'a' * much}\n",
}
MARKDOWN: Texts = {
    part: lambda much, part=part: part * (much // len(part))  # type: ignore[misc]  # bound in the loop
    for part in ("[", "![", "> ", "*", "`", "_a", "<", "- ", "\\", "&#1;", "(/", "***a ")
}
PAGES: Texts = {
    f"{opened!r}, {how}": lambda much, opened=opened, end=end: (  # type: ignore[misc]  # bound in the loop
        opened * (much // len(opened)) + end * (much // 2)
    )
    for opened in ("<a ", "<meta ", "<input ", "<h1 ", "<!--", '<a href="')
    for how, end in (("never ended", ""), ("ended at the end", ">"))
}
