"""The versions of a whole page of file names, as of each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fallback_review.lockfiles.listed_names import by_version, version_in

_PARTS = st.sampled_from(
    [
        "made",
        "made_up",
        "Made.Up",
        "1.0",
        "1.0+cgr.1",
        "v2",
        "",
        "1",
        "py3",
        "none",
        "any",
        "cp312",
        "_",
        "1a",
    ]
)
_ENDS = st.sampled_from([".whl", ".tar.gz", ".zip", ".exe", "", "-.whl", ".linux-x86_64.tar.gz"])
_NAMES = st.builds(lambda parts, end: "-".join(parts) + end, st.lists(_PARTS, min_size=1, max_size=7), _ENDS)


@given(st.lists(_NAMES, min_size=1), st.sampled_from(["made", "made-up"]))
def test_a_page_is_read_as_each_of_its_names(names: list[str], project: str) -> None:
    told = {
        at: version
        for version, positions in by_version("\n".join(names), project).items()
        for at in positions
    }
    assert told == {at: version_in(name, project) for at, name in enumerate(names)}
