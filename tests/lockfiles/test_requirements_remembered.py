"""Lines that were read before against reading every line anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fallback_review.lockfiles import Text, parse
from fallback_review.lockfiles.formats.requirements import plain, reader
from tests.lockfiles.test_requirements_shared import ENTRIES, OTHERS

if TYPE_CHECKING:
    import pytest

    from fallback_review.lockfiles.formats.requirements.entries import Position

LINES = (
    *ENTRIES, *OTHERS, "aa [more] == 1.0", "aa==1.0;os_name=='nt'", "aa==1.0 --hash=sha256:0 --no-binary aa",
    "aa==1.0 --config-settings=a=b", "aa==1.0 --hash", "aa==1.0 words --pre", "aa==1.0 --hash=md5:0", "aa==1.*",
    "aa @ https://ann:secret@files.example/aa-1.0.zip", "-e ./folder", "aa-1.0.zip", f"aa=={'1' * 300}", "aa==" + "1.0,!=2" * 400,
)  # fmt: skip


def test_the_same_line_at_the_same_place_is_one_entry() -> None:
    one, other = (parse(Text(path=f"{at}/requirements.txt", text="\naa==1.0\nbb==1.0\n")) for at in "ab")
    moved = parse(Text(path="requirements.txt", text="bb==1.0\n\naa==1.0\n"))

    assert [first is second for first, second in zip(one.packages, other.packages, strict=True)] == [
        True,
        True,
    ]
    assert [(each.name, each.line, each.path) for each in moved.packages] == [
        ("bb", 1, None),
        ("aa", 3, None),
    ]


def test_a_long_line_is_not_remembered() -> None:
    long = "aa==1.0" + "".join(f" --hash=sha256:{number:064x}" for number in range(30))
    one, other = (parse(Text(path="requirements.txt", text=long)) for _ in range(2))

    assert len(long) > plain.LONGEST
    assert one == other
    assert one.packages[0] is not other.packages[0]


@given(texts=st.lists(st.lists(st.sampled_from(LINES), max_size=6), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_remembering_lines_changes_nothing(texts: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    joined = ["\n".join(each) for each in texts]
    beside = {"more.txt": joined[-1]}

    def everything() -> list[dict[str, Any]]:
        read = (parse(Text(path="requirements.txt", text=text or "\n", read=beside.get)) for text in joined)
        return [msgspec.to_builtins(each) for each in read]

    with monkeypatch.context() as patch:
        patch.setattr(reader, "read_plain", nothing)
        anew = everything()

    assert everything() == anew


def nothing(_text: str, _place: Position) -> None:
    """Remember no line."""
