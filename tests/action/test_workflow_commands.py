from __future__ import annotations

import re
import resource
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.action.workflow_commands import (
    annotation,
    command,
    debug,
    group,
    inert,
    mask,
    write_outputs,
    write_summary,
)
from fallback_review.report import limits
from fallback_review.report.annotations import Annotation

if TYPE_CHECKING:
    from pathlib import Path

# Every character at which some reader of lines ends one.
HOSTILE = st.text(st.sampled_from("::##[]% ,=\r\n\t\x0b\x0c\x1c\x85\u2028\ufeffa"), max_size=30)


def commands_in(log: str) -> list[str]:
    """Return the lines that the runner takes for commands, as its source finds them (ActionCommand.TryParse*).

    It trims blanks from the start and looks for `::`, or for `##[` anywhere in the line.
    """
    lines = log.splitlines()
    return [
        line
        for line in lines
        if line.lstrip("\ufeff" + "".join(map(chr, range(33)))).startswith("::") or "##[" in line
    ]


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


@given(HOSTILE)
def test_no_text_is_a_command(text: str) -> None:
    assert commands_in(inert(text)) == []
    assert commands_in(inert(f"::{text}")) == []


@pytest.mark.parametrize(
    "text",
    [
        "::set-output name=conclusion::pass",
        "  ::stop-commands::x",
        "\t::add-mask::e",
        "a\r::error::x",
        "a\u2028::error::x",
        "##[command]x",
        "x ##[error]y",
        "a\n\n::debug::x",
        ":::error::x",
    ],
)
def test_known_tricks_are_broken_up_and_stay_readable(text: str) -> None:
    assert commands_in(text) != []
    made = inert(text)
    assert commands_in(made) == []
    assert made.replace("\u2060", "").split() == text.split()


def test_plain_text_is_left_alone() -> None:
    text = "std::vector and a: b\nsecond # line ## three"
    assert inert(text) == text


@given(HOSTILE, HOSTILE)
def test_a_command_is_one_line_whose_parts_come_back(message: str, title: str) -> None:
    made = command("error", message, {"title": title, "file": "a,b:c.lock"})
    match = re.fullmatch(r"::error title=([^,:]*),file=([^,:]*)::([^\r\n]*)", made, re.DOTALL)
    assert match
    assert [unescaped(part) for part in match.groups()] == [title, "a,b:c.lock", message]


def test_annotations() -> None:
    value = Annotation(level="warning", path="uv.lock", line=7, title="litellm: PyPI", message="50 %\nof it")
    assert annotation(value) == "::warning title=litellm%3A PyPI,file=uv.lock,line=7::50 %25%0Aof it"
    bare = Annotation(level="notice", path=None, line=None, title="", message="hello")
    assert annotation(bare) == "::notice::hello"


def test_mask_covers_each_line_of_a_secret() -> None:
    assert list(mask("one\r\ntwo%\n\n")) == ["::add-mask::one", "::add-mask::two%25"]
    assert list(mask("")) == []


def test_group_and_debug() -> None:
    assert group("a\nb", "::error::x") == "::group::a%0Ab\n:\u2060:error::x\n::endgroup::"
    assert debug("::x\n") == "::debug::::x%0A"


def parsed(text: str) -> dict[str, str]:
    """Read an output file as the runner does."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, _, delimiter = line.partition("<<")
        value = []
        for more in lines:
            if more == delimiter:
                break
            value.append(more)
        found[name] = "\n".join(value)
    return found


def test_outputs(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("earlier<<X\n1\nX\n")
    values = {"conclusion": "fail", "report": "a\nevil<<X\nX\nconclusion=pass", "comment-url": ""}
    write_outputs(file, values)
    assert parsed(file.read_text()) == {"earlier": "1", **values}
    delimiters = re.findall(r"<<(fallback-review-[0-9a-f]{32})$", file.read_text(), re.MULTILINE)
    assert len(set(delimiters)) == 3


@pytest.mark.parametrize("name", ["", "a b", "a<<b", "a\nb", "1a", "a=b"])
def test_an_output_needs_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not an output's name"):
        write_outputs(tmp_path / "output", {name: "x"})


def test_summary(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    assert write_summary(file, "# whole", shorter="short")
    assert write_summary(file, "more", shorter="short")
    assert file.read_text() == "# whole\nmore\n"


def test_too_long_a_summary_gives_way_to_the_shorter_one(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    assert not write_summary(file, "é" * (limits.SUMMARY // 2), shorter="short")
    assert file.read_text() == "short\n"
    fits = "é" * ((limits.SUMMARY - 8) // 2)
    assert write_summary(file, fits, shorter="short")
    assert file.stat().st_size <= limits.SUMMARY


def test_a_file_that_is_full_keeps_what_it_had(tmp_path: Path) -> None:
    """Half an output fails the step, whatever the exit code says."""
    file = tmp_path / "output"
    write_outputs(file, {"conclusion": "pass"})
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write_outputs(file, {"conclusion": "pass", "report": "fallback-review.json"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == before
