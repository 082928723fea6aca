"""What holds for every TOML format, whatever the lockfile holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.lockfiles import parse, parse_pair, recognise
from fallback_review.lockfiles.diff import diff
from fallback_review.model import ChangeKind
from tests.lockfiles.writers import WRITERS, Entry, Writer, described, edited, entries

every_format = pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())


@every_format
@given(written=entries)
def test_what_is_written_is_read(writer: Writer, written: list[Entry]) -> None:
    lockfile = parse(writer.text(written))
    assert lockfile.format == writer.path
    assert [described(package) for package in lockfile.packages] == [
        (one.name, one.version, writer.index(one), one.hashes) for one in written
    ]
    assert [package.line for package in lockfile.packages] == writer.lines(written)


@every_format
@given(written=entries, data=st.data())
def test_order_means_nothing(writer: Writer, written: list[Entry], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(written))
    compared = diff(*parse_pair(writer.text(written), writer.text(shuffled)))
    assert (compared.changes, compared.metadata_only, compared.header_changed) == ((), (), ())
    assert diff(parse(writer.text(written)), parse(writer.text(shuffled))).changes == ()


@every_format
@given(written=entries, data=st.data())
def test_one_package_more_is_one_change(writer: Writer, written: list[Entry], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(written)))
    new = Entry("new-package", "1.0", files=2)
    more = [*written[:position], new, *written[position:]]
    (change,) = diff(*parse_pair(writer.text(written), writer.text(more))).changes
    assert (change.name, change.kind) == ("new-package", ChangeKind.ADDED)
    assert change.line == writer.lines(more)[position]
    assert change.after[0].hashes == new.hashes


@every_format
@given(sides=edited())
def test_leaving_out_shared_blocks_changes_nothing(
    writer: Writer, sides: tuple[list[Entry], list[Entry]]
) -> None:
    base, head = map(writer.text, sides)
    fast, whole = diff(*parse_pair(base, head)), diff(parse(base), parse(head))
    assert fast.changes == whole.changes
    assert fast.metadata_only == whole.metadata_only
    assert fast.header_changed == whole.header_changed
    assert len(fast.head.packages) + fast.head.omitted == len(whole.head.packages)


@every_format
@given(sides=edited())
def test_changes_tell_what_the_sides_hold(writer: Writer, sides: tuple[list[Entry], list[Entry]]) -> None:
    compared = diff(*parse_pair(*map(writer.text, sides)))
    base, head = ({(one.name, one.version, writer.index(one)) for one in side} for side in sides)
    touched = {change.name for change in compared.changes if change.kind is not ChangeKind.ARTIFACTS_CHANGED}
    unstated = {one[0] for one in base ^ head}
    if writer.path != "poetry.lock":
        assert touched == unstated
    else:  # an index that only one side names is no change
        assert touched <= unstated
    for change in compared.changes:
        assert {package.version for package in change.after} == {
            version for name, version, _ in head if name == change.name
        }
        assert all(older.line > 0 and older.name == newer.name for older, newer in pairwise(change.after))


@every_format
def test_the_content_tells_the_format(writer: Writer) -> None:
    text = writer.text([Entry("alpha", "1.0")])
    found = recognise("some-file", text.text)
    assert found is not None
    assert found.name == writer.path
    assert recognise(f"deep/in/{writer.path}") is found
    assert parse(replace(text, path="some-file")).packages[0].name == "alpha"


@every_format
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(writer: Writer) -> None:
    from fallback_review.lockfiles import Text, decode

    text = writer.text([Entry("alpha", "1.0"), Entry("beta", "2.0")])
    data = b"\xef\xbb\xbf" + text.text.replace("\n", "\r\n").encode()
    assert parse(Text(path=text.path, text=decode(text.path, data))) == parse(text)
