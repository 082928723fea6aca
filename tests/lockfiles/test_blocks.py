"""Splitting TOML at its entries: when it is done, when not, and the exact lines either way."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import LockfileError, Text, parse, parse_pair
from fallback_review.lockfiles.diff import diff
from fallback_review.lockfiles.toml.blocks import read_pair, read_whole
from fallback_review.lockfiles.toml.unparsed_array import Opaque, cut

KEYS = ("package", "distribution")
A = 'name = "a"\nversion = "1"\n'
B = 'name = "b"\nversion = "1"\n'
B2 = 'name = "b"\nversion = "2"\n'


def text(content: str) -> Text:
    return Text(path="uv.lock", text=content)


def lock(*blocks: str, before: str = "version = 1\n", header: str = "[[package]]") -> Text:
    return text("\n".join([before, *(f"{header}\n{block}" for block in blocks)]))


def names(entries: list[tuple[int, dict[str, object]]]) -> list[tuple[int, object]]:
    return [(line, entry["name"]) for line, entry in entries]


def test_shared_blocks_are_left_out() -> None:
    base, head = read_pair(lock(A, B), lock(A, B2), KEYS)
    assert names(base.entries) == [(7, "b")]
    assert names(head.entries) == [(7, "b")]
    assert (base.omitted, head.omitted) == (1, 1)
    assert head.header == {"version": 1}


def test_a_name_keeps_all_of_its_blocks() -> None:
    base, head = read_pair(lock(A, B, B2), lock(A, B2), KEYS)
    assert names(base.entries) == [(7, "b"), (11, "b")]
    assert names(head.entries) == [(7, "b")]


def test_spellings_of_one_name_are_one_name() -> None:
    other = 'name = "B"\nversion = "3"\n'
    base, head = read_pair(lock(A, B, other), lock(A, B), KEYS)
    assert (base.omitted, head.omitted) == (1, 1)
    assert names(head.entries) == [(7, "b")]


@pytest.mark.parametrize(
    "unsplittable",
    [
        lock(A, 'name = "b"\nversion = """1"""\n'),
        lock(A, "name = \"b\"\nversion = '''1'''\n"),
        lock(A, "    " + B),
        lock(A, B, header="  [[package]]"),
        lock(A, B, header="[[ package ]]"),
        lock(A, B, header='[["package"]]'),
        lock(A, B, header="[[package]] # comment"),
        text(f"version = 1\n\n[[package]]\n{A}\n[[package]] \n{B}"),
        lock(A, 'version = "1"\nname = "b"\n'),
        lock(A, 'name = "b" # comment\nversion = "1"\n'),
        lock(A, 'name = "\\u0062"\nversion = "1"\n'),
        lock(A, B + '\n[["other".x]]\n'),
        lock(A, B + "x = [\n[[1]],\n]\n"),
    ],
)
def test_what_cannot_be_split_is_read_whole_with_exact_lines(unsplittable: Text) -> None:
    whole = read_whole(unsplittable, KEYS)
    assert names(whole.entries) == [(3, "a"), (7, "b")]
    base, head = read_pair(unsplittable, lock(A, B2), KEYS)
    assert names(base.entries) == [(3, "a"), (7, "b")]
    assert head.entries[-1][1] == {"name": "b", "version": "2"}


def test_headers_inside_multi_line_strings_are_no_entries() -> None:
    for quote in ('"""', "'''"):
        inside = f"name = {quote}\n[[package]]\nname = 'x'\n{quote}\n"
        found = read_whole(lock(inside, B), KEYS)
        assert [line for line, _ in found.entries] == [3, 9]


def test_quotes_brackets_and_comments_do_not_mislead_the_scanner() -> None:
    odd = (
        'name = "a" # [[package]]\n'
        "x = [ # [\n  '[[package]]', \"]\\\"[\", {y = '{'},\n]\n"
        'z = """\\""" ]""""\n'
        "[package.source]\nlist = [\n  [1],\n]\n"
    )
    found = read_whole(lock(odd, B, before="version = 1 # '''\n"), KEYS)
    assert [line for line, _ in found.entries] == [3, 14]


@pytest.mark.parametrize("key", ["package", '"package"', "'package'"])
def test_entries_written_inline_have_their_lines(key: str) -> None:
    content = (
        f'version = 1\nother = [{{a = 1}}]\n{key} = [\n  {{name = "a", x = [{{}}]}},\n\n  {{name = "b"}}]\n'
    )
    assert names(read_whole(text(content), KEYS).entries) == [(4, "a"), (6, "b")]


def test_two_headers_in_a_row_are_two_entries() -> None:
    found = read_whole(text("version = 1\n[[package]]\n[[package]]\n" + A), KEYS)
    assert found.entries == [(2, {}), (3, {"name": "a", "version": "1"})]


def test_inline_entries_after_a_table_are_that_tables() -> None:
    found = read_whole(text('version = 1\n[x]\npackage = [{name = "a"}]\n'), KEYS)
    assert found.entries == []
    assert found.header["x"] == {"package": [{"name": "a"}]}


def test_tables_after_the_last_entry_stay() -> None:
    tail = "\n[metadata]\nhash = 1\n"
    for base, head in ((lock(A, B + tail), lock(A, B2 + tail)), (lock(B, A + tail), lock(B2, A + tail))):
        for side in read_pair(base, head, KEYS):
            assert side.header == {"version": 1, "metadata": {"hash": 1}}
            assert "b" in [entry["name"] for _, entry in side.entries]


def test_subtables_belong_to_their_entry() -> None:
    block = A + "\n[package.source]\nurl = 1\n\n[[package.files]]\nx = 1\n"
    base, head = read_pair(lock(block, B), lock(block, B2), KEYS)
    assert (base.omitted, head.omitted) == (1, 1)


def test_a_table_beside_the_entries_keeps_them_all() -> None:
    plain, odd = "\n[metadata.files]\na = 1\n", "\n[metadata]\nfiles = {a = 1}\n"
    for tail in (plain, odd):
        sides = read_pair(lock(A, B + tail), lock(A, B2 + tail), KEYS, beside=("files",))
        assert [side.omitted for side in sides] == [0, 0]
        assert [len(side.entries) for side in sides] == [2, 2]
    sides = read_pair(lock(A, B + "\n[metadata]\nx = 1\n"), lock(A, B2), KEYS, beside=("files",))
    assert [side.omitted for side in sides] == [1, 1]


def test_early_files_call_the_entries_otherwise() -> None:
    early = lock(A, B, header="[[distribution]]")
    assert names(read_whole(early, KEYS).entries) == [(3, "a"), (7, "b")]
    base, head = read_pair(early, lock(A, B), KEYS)
    assert (len(base.entries), len(head.entries)) == (2, 2)


def test_a_key_that_continues_a_dropped_array_is_not_lost() -> None:
    """What looks like a block's end inside an array makes the rest no TOML, so the whole is read."""
    base, head = lock(A + 'x = [\n["y"],\n]\n', B), lock(A + 'x = [\n["y"],\n]\n', B2)
    assert names(read_pair(base, head, KEYS)[1].entries)[-1] == (10, "b")


def test_errors_name_the_line_of_the_whole_file() -> None:
    with pytest.raises(LockfileError, match="not valid TOML") as caught:
        read_pair(lock(A, B), lock(A, 'name = "b"\nversion = 1.2.3\n'), KEYS)
    assert caught.value.line == 9


class TestOpaque:
    ROWS = '\n    { name = "x" },\n    { name = "y", marker = "z == \'1\'" },\n'

    def test_an_array_of_plain_rows_is_cut(self) -> None:
        part = f"{A}dependencies = [{self.ROWS}]\nwheels = []\n"
        rest, array = cut(part, "dependencies")
        assert rest == f"{A}dependencies = []\nwheels = []\n"
        assert array == Opaque(self.ROWS)
        assert array == [{"name": "x"}, {"name": "y", "marker": "z == '1'"}]
        assert repr(array) == f"<{len(self.ROWS)} characters of TOML>"

    @pytest.mark.parametrize(
        "inside",
        [
            '\n    { name = "x" },\n<<<<<<< HEAD\n    { name = "y" },\n',
            '\n    { name = "x" },\n    # comment\n',
            '\n    { name = "x" }\n',
            '\n    "x",\n',
            ' { name = "x" } ',
        ],
    )
    def test_other_arrays_stay(self, inside: str) -> None:
        part = f"{A}dependencies = [{inside}]\n"
        assert cut(part, "dependencies") == (part, None)

    @pytest.mark.parametrize(
        "before",
        ["x = {\n", "x = [\n", 'x = [{ a = "}]"\n, b = {\n', "x = 1\n", "# x\n", 'x = "\\""\n', "x = 'y'\n"],
    )
    def test_an_array_behind_what_uv_does_not_write_stays(self, before: str) -> None:
        part = f"{A}{before}dependencies = [{self.ROWS}]\n"
        assert cut(part, "dependencies") == (part, None)

    def test_an_array_behind_what_uv_writes_is_cut(self) -> None:
        before = f'{A}source = {{ url = "u", subdirectory = "s" }}\nresolution-markers = [\n    "x",\n    "y",\n]\n'
        part = f"{before}dependencies = [{self.ROWS}]\n"
        assert cut(part, "dependencies") == (f"{before}dependencies = []\n", Opaque(self.ROWS))

    def test_an_array_without_an_end_stays(self) -> None:
        part = f"{A}dependencies = [{self.ROWS}"
        assert cut(part, "dependencies") == (part, None)

    def test_an_array_of_a_subtable_stays(self) -> None:
        part = f"{A}[package.metadata]\ndependencies = [{self.ROWS}]\n"
        assert cut(part, "dependencies") == (part, None)

    def test_what_is_no_toml_equals_nothing(self) -> None:
        assert Opaque("{ a =") != [1]
        assert Opaque("[" * 5000) != [1]

    def test_a_change_of_dependencies_is_seen(self) -> None:
        def uv(rows: str) -> Text:
            source = 'source = { registry = "https://index.example/simple" }\n'
            return lock(A + source + f"dependencies = [{rows}]\n", before="version = 1\n")

        sides = uv(self.ROWS), uv(self.ROWS.replace('"x"', '"w"'))
        (change,) = diff(*parse_pair(*sides)).metadata_only
        assert change.fields == ("dependencies",)
        (other,) = diff(*parse_pair(sides[0], uv(' { name = "w" } '))).metadata_only
        assert other.fields == ("dependencies",)
        same = uv(' { name = "x" }, { name = "y", marker = "z == \'1\'" } ')
        assert diff(*parse_pair(sides[0], same)).metadata_only == ()
        assert diff(parse(sides[0]), parse(same)).metadata_only == ()

    def test_a_merge_conflict_in_the_dependencies_is_an_error(self) -> None:
        base = lock(A + f"dependencies = [{self.ROWS}]\n")
        conflict = self.ROWS + "<<<<<<< HEAD\n"
        with pytest.raises(LockfileError, match="not valid TOML") as caught:
            read_pair(base, lock(A + f"dependencies = [{conflict}]\n"), KEYS, opaque="dependencies")
        assert caught.value.line == 9


@pytest.mark.parametrize("header", ["\t[[distribution]]", "[[ distribution ]]", '[["distribution"]]'])
def test_entries_of_the_older_name_in_any_spelling_keep_their_lines(header: str) -> None:
    entry = 'name = "six"\nversion = "1.16.0"\nsource = "registry+https://pypi.test/simple"\n'
    text = Text(path="uv.lock", text=f"version = 1\n\n{header}\n{entry}")
    (package,) = parse(text).packages
    assert (package.name, package.line) == ("six", 3)
