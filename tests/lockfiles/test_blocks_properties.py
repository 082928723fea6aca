"""Leaving out shared blocks against parsing everything, over texts that try to look like blocks and are none."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from fallback_review.lockfiles import LockfileError, Text
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.toml.blocks import TomlDocument, read_pair, read_whole

KEYS = ("package", "distribution")
BEFORE = (
    "version = 1", "# [[package]]", 'x = "[[package]]"', "[metadata]\nk = 1", "[[other]]\nname = 'a'", "",
    "[package.x]\nk = 1", "x = [\n[[1]],\n]", 'x = """\n[[package]]\nname = "a"\n"""', "x = '''\n[[package]]\n'''",
    "x = [\n[[1]],\n[[package]]\n]", "package = []", "[[distribution]]\nname = 'a'", "[package]\nname = 'a'",
)  # fmt: skip
HEADERS = (
    " [[package]]", "[[ package ]]", '[["package"]]', "[[package]] # x", "[[package]]\t", "[[distribution]]",
    "[[package]]\n", "[[package]]\n# x", "[[packages]]",
)  # fmt: skip
NAMES = (
    "name = 'A'", 'name="a"', '"name" = "a"', 'name = "a" # x', 'name = "\\u0061"', 'name = """a"""', "name = 1",
    'x = 1\nname = "a"', 'name = "a"\nname = "b"',
)  # fmt: skip
ROWS = (
    'version = "1"', 'version = "2"', "# [[package]]", "# ]", 'v = "\\""', "x.y = 1", 'k = "[[package]]"', "",
    'dependencies = [\n    { name = "x" },\n]', 'dependencies = [\n    { name = "y" },\n]',
    'dependencies = [\n    { name = "x" },\n    # ]\n]', "dependencies = [\n    { name = '[' },\n]",
    'deps = {\ndependencies = [\n    { name = "x" },\n]\n}', 'deps = {\ndependencies = [\n    { name = "y" },\n]\n}',
    'deps = [{ x = "}"\n, y = {\ndependencies = [\n    { name = "y" },\n]\n}}]', 'd = """\n[[package]]\n"""',
    'd = """\nname = "c"\n"""', "d = '''\n[package.x]\n'''", 'd = [\n"""\n[[package]]\nname = "a"\n""",\n]',
    "l = [\n[1],\n]", "l = [\n[[1]],\n]", 'l = [\n["package"],\n]', "[package.sub]\nk = 1", "[[package.sub]]\nk = 1",
    "[package.sub]\nk = 2", "  [package.sub2]\nk = 1", '["package".sub3]\nk = 1', "[package.dependencies]\nx = 1",
    '[package.sub4]\ndependencies = [\n    { name = "x" },\n]', "[metadata.files]\na = 1", "[other]\nk = 1",
)  # fmt: skip
WRONG = (
    "k = 1.2.3", "]", "<<<<<<< HEAD", "[package]", "dependencies = []", "x = {\n[[package]]\n}",
    'dependencies = [\n    { name = "x" } },\n]', 'dependencies = [\n    { name = "x" },\n[1],\n]',
)  # fmt: skip


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """An entry: mostly as an installer writes it, now and then in another spelling, seldom wrong."""
    odd = draw(st.integers(0, 30))
    header = draw(st.sampled_from(HEADERS)) if odd == 1 else "[[package]]"
    name = draw(st.sampled_from(NAMES)) if odd == 2 else f'name = "{draw(st.sampled_from("abcd"))}"'
    plain = draw(st.integers(0, 2))
    rows = [ROWS[0]] if plain else draw(st.lists(st.sampled_from(ROWS), max_size=2, unique=True))
    return "\n".join([header, name, *rows, *([draw(st.sampled_from(WRONG))] if odd == 3 else [])])


@st.composite
def sides(draw: st.DrawFn) -> tuple[str, str]:
    """Two sides that share most of their blocks, and end in others."""
    pool = draw(st.lists(blocks(), min_size=1, max_size=5))
    before = draw(st.sampled_from(BEFORE)) if draw(st.integers(0, 3)) == 0 else BEFORE[0]
    texts = []
    for version in "12":
        mine = draw(st.permutations([one for one in pool if draw(st.integers(0, 7))]))
        last = f'[[package]]\nname = "z"\nversion = "{version}"'
        texts.append(
            "\n".join([before, *mine, last, *draw(st.sampled_from(((), ("",), ("[metadata]\nk = 1", ""))))])
        )
    return texts[0], texts[1]


def whole(text: str) -> TomlDocument | LockfileError:
    try:
        return read_whole(Text(path="uv.lock", text=text), KEYS)
    except LockfileError as error:
        return error


def left_out(part: TomlDocument, everything: TomlDocument) -> list[dict[str, Any]]:
    """Return the entries that `part` lacks; what it has stands on the same lines with the same values."""
    rest = dict(everything.entries)
    for line, entry in part.entries:
        assert rest.pop(line) == entry
    assert part.header == everything.header
    assert part.omitted == len(rest)
    return list(rest.values())


def read(texts: tuple[str, str], opaque: str | None) -> tuple[TomlDocument, TomlDocument] | LockfileError:
    base, head = (Text(path="uv.lock", text=text) for text in texts)
    try:
        return read_pair(base, head, KEYS, opaque=opaque)
    except LockfileError as error:
        return error


@settings(max_examples=400)
@given(texts=sides(), opaque=st.sampled_from([None, "dependencies"]))
def test_what_is_left_out_is_the_same_on_both_sides(texts: tuple[str, str], opaque: str | None) -> None:
    base, head = map(whole, texts)
    pair = read(texts, opaque)
    if isinstance(pair, LockfileError):
        event("refused")
        assert str(pair) in {str(side) for side in (base, head) if isinstance(side, LockfileError)}
    elif isinstance(base, LockfileError) or isinstance(head, LockfileError):
        event("wrong in what both sides have")
        assert isinstance(base, LockfileError)
        assert isinstance(head, LockfileError)
    else:
        event("read in part" if pair[0].omitted else "read whole")
        lost = left_out(pair[0], base), left_out(pair[1], head)
        assert Counter(map(repr, lost[0])) == Counter(map(repr, lost[1]))
        kept = {normalise_name(str(entry.get("name"))) for side in pair for _, entry in side.entries}
        assert not kept & {normalise_name(entry["name"]) for entry in lost[0]}
