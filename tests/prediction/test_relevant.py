"""What an entry has nothing to do with changes nothing of its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.model import Answer, Index, LockedPackage, Lockfile, ProjectFile
from fallback_review.prediction import further_questions, predict, verdicts
from tests.prediction.build import LINUX, answers
from tests.prediction.test_green_is_earned import DIGESTS, EVERY, FOLDERS, contexts, entries, heard

if TYPE_CHECKING:
    from fallback_review.prediction import Context

OTHERS = (
    "x-0.9-py3-none-any.whl",
    "x-1.1.tar.gz",
    "x-1.1-cp312-cp312-linux_x86_64.whl",
    "x-2.0+cgr.1-py3-none-any.whl",
    "x-1.0.0-py3-none-any.whl",
    "x-1.0-py2.7.egg",
    "six-1.0-py3-none-any.whl",
)


@st.composite
def with_others(draw: st.DrawFn, index: Index) -> Answer | None:
    """A page that lists other versions too, some with the bytes of a file that matters."""
    said = draw(heard(index))
    if said is None or said.problem is not None:
        return said
    more = draw(
        st.lists(
            st.tuples(st.sampled_from(OTHERS), st.sampled_from(FOLDERS), st.sampled_from(DIGESTS)), max_size=5
        )
    )
    made = [
        ProjectFile(
            filename=name,
            url=folder + name,
            version=name.split("-")[1].removesuffix(".tar.gz")
            if name.startswith("x-") and "egg" not in name
            else None,
            sha256=digest,
        )
        for name, folder, digest in more
    ]
    at = draw(st.integers(0, len(made)))
    return replace(said, files=(*made[:at], *said.files, *made[at:]))


@settings(max_examples=800, deadline=None)
@given(
    entry=entries(),
    around=contexts(),
    said=st.tuples(*(with_others(index) for index in EVERY)),
    lock_format=st.sampled_from(
        ["uv.lock", "pdm.lock", "requirements.txt", "Pipfile.lock", "poetry.lock", "pylock.toml"]
    ),
)
def test_a_verdict_is_the_same_on_whole_pages(
    entry: LockedPackage, around: Context, said: tuple[Answer | None, ...], lock_format: str
) -> None:
    known = answers(*(each for each in said if each is not None))
    lockfile = Lockfile(path="lock", format=lock_format)
    verdict = predict(entry, lockfile, LINUX, around, known)
    needs = further_questions(entry, lockfile, [LINUX], around, known)
    with patch.object(verdicts, "about", lambda _package, _options, heard: heard):
        assert predict(entry, lockfile, LINUX, around, known) == verdict
        assert further_questions(entry, lockfile, [LINUX], around, known) == needs
