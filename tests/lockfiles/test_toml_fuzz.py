"""Arbitrary text, mutated lockfiles and hostile nesting: an error or a result, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallback_review.lockfiles import LockfileError, Text, parse
from tests.lockfiles.fuzz import survive
from tests.lockfiles.writers import WRITERS, Entry, Writer, entries

every_format = pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())

_values = st.recursive(
    st.sampled_from(["1", "true", '"x"', '"1.0"', "1.5", "2024-01-01", "[]", "{}", '""', "' '"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda found: f"[{', '.join(found)}]")
        | st.dictionaries(
            st.sampled_from(["registry", "git", "url", "hash", "hashes", "file", "type", "path", "name"]),
            inner,
            max_size=2,
        ).map(lambda found: "{" + ", ".join(f"{key} = {value}" for key, value in found.items()) + "}")
    ),
    max_leaves=4,
)
_keys = st.sampled_from(
    [
        "name", "version", "source", "wheels", "sdist", "files", "dependencies", "resolution-markers",
        "markers", "marker", "index", "archive", "vcs", "directory", "git", "url", "path", "editable", "develop",
        "extras", "requires-python", "requires_python", "python-versions", "lock-version", "metadata",
        "created-by", "package", "packages", "distribution",
    ]
)  # fmt: skip


@every_format
@given(data=st.binary(max_size=200))
def test_any_bytes(writer: Writer, data: bytes) -> None:
    assert survive(writer.path, data) in ("read", "refused")


@every_format
@given(text=st.text(max_size=200))
def test_any_text(writer: Writer, text: str) -> None:
    assert survive(writer.path, text.encode("utf-8", "surrogatepass")) in ("read", "refused")


@every_format
@settings(max_examples=150)
@given(written=entries, data=st.data())
def test_values_of_wrong_types(writer: Writer, written: list[Entry], data: st.DataObject) -> None:
    good = writer.text(written).text
    lines = good.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key, value = data.draw(_keys), data.draw(_values)
        if data.draw(st.booleans()):
            lines[at] = f"{key} = {value}"
        else:
            lines.insert(at, f"{key} = {value}")
    assert survive(writer.path, "\n".join(lines).encode(), good) in ("read", "refused")


@every_format
@given(written=entries, data=st.data())
def test_cut_and_joined_files(writer: Writer, written: list[Entry], data: st.DataObject) -> None:
    good = writer.text([*written, Entry("alpha", "1.0")]).text
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    junk = data.draw(
        st.sampled_from(["", "\n", "[", "]", '"""', "'''", "[[package]]\n", "\x00", "<<<<<<< HEAD\n"])
    )
    assert survive(writer.path, (good[:start] + junk + good[end:]).encode(), good) in ("read", "refused")


@every_format
@pytest.mark.parametrize(
    "hostile",
    [
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 100_000,
        "x" + ".a" * 100_000 + " = 1",
        "[" + "a." * 100_000 + "a]",
        "x = " + "1" * 10_000,
        "x = 1e999999999",
        "x = 9999-99-99",
        '"' * 100_000,
        "[[package]]\n" * 2_000,
        "[[packages]]\n" * 2_000,
        "x" + ".a" * 900 + " = 1\n",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_refused(writer: Writer, hostile: str) -> None:
    assert survive(writer.path, hostile.encode(), writer.text([Entry("alpha", "1.0")]).text) == "refused"


@every_format
def test_deep_values_of_entries_are_compared_or_refused(writer: Writer) -> None:
    good = writer.text([Entry("alpha", "1.0")]).text
    for deep in ("dependencies" + ".a" * 900 + " = 1\n", "other = " + "[" * 300 + "]" * 300 + "\n"):
        with_deep = good.replace('version = "1.0"\n', f'version = "1.0"\n{deep}')
        other = with_deep.replace("= 1\n", "= 2\n").replace("[[[]]]", "[[[1]]]")
        assert survive(writer.path, with_deep.encode(), other) == "read"


@every_format
@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ("name = 1", "name"),
        ('name = ""', "name"),
        ("version = 1", "version"),
        ("version = []", "version"),
    ],
)
def test_a_wrong_type_names_key_and_line(writer: Writer, wrong: str, key: str) -> None:
    text = writer.text([Entry("alpha", "1.0"), Entry("beta", "2.0")])
    right = 'name = "beta"' if key == "name" else 'version = "2.0"'
    broken = Text(path=text.path, text=text.text.replace(right, wrong))
    with pytest.raises(LockfileError, match=rf"\.{key}: (must be a string|is empty)") as caught:
        parse(broken)
    assert caught.value.line == writer.lines([Entry("alpha", "1.0")] * 2)[1]


@every_format
def test_a_syntax_error_names_the_line_of_the_real_file(writer: Writer) -> None:
    from fallback_review.lockfiles import parse_pair

    sides = [writer.text([Entry("alpha", "1.0"), Entry("beta", version)]) for version in ("1.0", "2.0")]
    broken = Text(path=sides[1].path, text=sides[1].text.replace('version = "2.0"', "version = 2.0.0"))
    line = broken.text[: broken.text.index("2.0.0")].count("\n") + 1
    with pytest.raises(LockfileError, match="not valid TOML") as caught:
        parse_pair(sides[0], broken)
    assert caught.value.line == line


def test_entries_that_are_no_tables_are_refused() -> None:
    for text in ("version = 1\npackage = 1\n", "version = 1\npackage = [1]\n", "version = 1\npackage = {}\n"):
        with pytest.raises(LockfileError, match=r"package.*must be"):
            parse(Text(path="uv.lock", text=text))
    both = 'version = 1\n[[package]]\nname = "a"\n[[distribution]]\nname = "b"\n'
    with pytest.raises(LockfileError, match="holds both package and distribution"):
        parse(Text(path="uv.lock", text=both))
