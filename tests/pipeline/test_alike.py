"""What lockfiles do alike is judged once, and no change gets what belongs to another one."""

from __future__ import annotations

import json
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from fallback_review import prediction
from fallback_review.lockfiles import Text
from fallback_review.model import Answer, Cause, Index, Owner, ProjectFile, Review, Tier
from fallback_review.pipeline.compare import compare, whole
from fallback_review.pipeline.review import review
from fallback_review.report import render
from fallback_review.settings import validation

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pytest

    from fallback_review.pipeline.ask import Wanted
    from fallback_review.pipeline.compare import ComparedLockfile
    from fallback_review.prediction import Answers

TODAY = date(2026, 1, 15)
OURS = "https://libraries.cgr.dev/python/simple/"
THEIRS = "https://index.example/simple/"
HASHES = {"c": "c" * 64, "d": "d" * 64}
ENTRIES = (
    "aa==1.0", "aa==2.0", "bb==1.0", "bb==2.0", "cc==1.0", "dd>=1", "acme-x==1.0",
    f"aa==1.0 --hash=sha256:{HASHES['c']}", f"bb==2.0 --hash=sha256:{HASHES['d']}",
    'aa==1.0 ; sys_platform == "win32"', 'bb==1.0 ; python_version < "3.13"', "cc[more]==1.0",
    "ee @ git+https://code.example/ee@" + "e" * 40,
)  # fmt: skip
OTHERS = (
    "", "# a comment", "--only-binary aa", "--no-binary :all:", "--pre", f"--index-url {OURS}",
    f"--extra-index-url {THEIRS}", "-r more.txt", "-c only.txt", "--require-hashes",
)  # fmt: skip
BESIDE = {
    "more.txt": "aa==1.0\nbb==1.0\n",
    "only.txt": "aa==2.0\ndd==1.0\n",
    "pip.conf": f"[global]\nindex-url = {OURS}\n",
}
LOCKED = """version = 1
requires-python = ">=3.{least}"

[[package]]
name = "aa"
version = "{version}"
source = {{ registry = "{index}" }}
wheels = [{{ url = "{index}aa/aa-{version}-py3-none-any.whl", hash = "sha256:{digest}" }}]
"""


class Forgetful(prediction.Derivations):
    """Finds nothing alike: all is derived, judged and remarked for itself."""

    def __init__(self) -> None:
        super().__init__()
        self._fresh = count(1)

    def _number(self, thing: object, _essence: Hashable) -> int:
        self._kept.append(thing)
        return next(self._fresh)


def answer(wanted: Wanted) -> Answers:
    """Play the indexes: by the project's name one or the other lacks it, or has other versions."""
    found: dict[str, dict[Index, Answer]] = {}
    for index, names in wanted.items():
        for name in names:
            found.setdefault(name, {})[index] = page(index, name)
    return found


def page(index: Index, name: str) -> Answer:
    ours = index.owner is Owner.CHAINGUARD
    versions = {"aa": ("1.0", "2.0"), "bb": ("1.0", "2.0", "2.0+cgr.1"), "dd": ("1.0",)}.get(name, ())
    if not versions or (name == "dd" and ours):
        return Answer(index=index, name=name, problem=Cause.PROJECT_MISSING)
    files = [
        ProjectFile(
            filename=f"{name}-{version}-py3-none-any.whl",
            url=f"{index.url}{name}/{name}-{version}-py3-none-any.whl",
            version=version,
            sha256=HASHES["c" if ours else "d"],
            tier=Tier.BUILT if ours else None,
        )
        for version in versions
        if ours or "+" not in version
        if not (ours and (name, version) == ("aa", "2.0"))
    ]
    return Answer(index=index, name=name, files=tuple(files))


@st.composite
def requirements(draw: st.DrawFn) -> str:
    """A requirements file; many are alike."""
    entries = draw(st.lists(st.sampled_from(ENTRIES), max_size=4))
    others = draw(st.lists(st.sampled_from(OTHERS), max_size=2))
    return "\n".join([*others, *entries, ""])


@st.composite
def uv_locks(draw: st.DrawFn) -> str:
    """A uv.lock of one entry."""
    return LOCKED.format(
        least=draw(st.sampled_from(["10", "14"])),
        version=draw(st.sampled_from(["1.0", "2.0"])),
        index=draw(st.sampled_from([OURS, THEIRS])),
        digest=draw(st.sampled_from(sorted(HASHES.values()))),
    )


@st.composite
def lockfiles(draw: st.DrawFn, number: int) -> ComparedLockfile:
    """A lockfile of one side or of two, in a folder of its own."""
    name, texts = draw(st.sampled_from([("requirements.txt", requirements()), ("uv.lock", uv_locks())]))
    configured = draw(st.booleans())

    def beside(path: str) -> str | None:
        known = path.rpartition("/")[2]
        return BESIDE.get(known) if configured or known != "pip.conf" else None

    sides = [
        Text(path=f"app{number}/{name}", text=text, read=beside) for text in draw(st.tuples(texts, texts))
    ]
    return whole(sides[1]) if draw(st.booleans()) else compare(*sides)


SETTINGS = st.sampled_from(
    [
        {},
        {"indexes": {"layout": "virtual-file"}, "policy": {"private": ["acme-*"]}},
        {
            "allow": [{"package": "bb", "version": "==2.0", "reason": "it is ours"}],
            "targets": {"platforms": ["linux-x86_64", "windows-amd64"]},
        },
    ]
)


@given(compared=st.tuples(*(lockfiles(number) for number in range(4))), table=SETTINGS)
@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_remembering_changes_no_report(
    compared: tuple[ComparedLockfile, ...], table: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = validation.validate(table)

    def judged() -> Review:
        return review(compared, settings, answer, today=TODAY)

    remembered = judged()
    with monkeypatch.context() as patch:
        patch.setattr(prediction, "Derivations", Forgetful)
        forgotten = judged()

    assert remembered == forgotten
    for form in ("json", "markdown", "sarif"):
        assert render(remembered, form) == render(forgotten, form)


def scanned(*texts: str) -> Review:
    compared = [
        whole(Text(path=f"app{number}/requirements.txt", text=text)) for number, text in enumerate(texts)
    ]
    return review(compared, validation.validate({}), answer, today=TODAY, scope="all")


def test_the_same_entries_of_two_lockfiles_are_one_change() -> None:
    one, other, moved = scanned("bb==1.0\n", "bb==1.0\n", "# a comment\nbb==1.0\n").lockfiles

    assert one.changes[0] is other.changes[0]
    assert moved.changes[0].verdicts is one.changes[0].verdicts
    assert [each.changes[0].change.line for each in (one, other, moved)] == [1, 1, 2]


def test_an_advice_names_its_own_lockfile() -> None:
    result = scanned("aa==2.0\n", "aa==2.0\n", "\naa==2.0\n")

    told = [each.changes[0].advice for each in result.lockfiles]
    said = [each.text.partition("write aa==1.0 at ")[2] for each in told if each is not None]
    assert said == [
        "app0/requirements.txt:1; or wait for Chainguard's build, which this check has requested",
        "app1/requirements.txt:1; or wait for Chainguard's build, which this check has requested",
        "app2/requirements.txt:2; or wait for Chainguard's build, which this check has requested",
    ]


def test_options_of_one_lockfile_are_none_of_another() -> None:
    result = scanned("--pre\nbb==1.0\n", "--no-binary bb\nbb==1.0\n", "\nbb==1.0 ; sys_platform == 'win32'\n")

    rows = [each["changes"][0] for each in json.loads(render(result, "json"))["lockfiles"]]
    assert [row["outcome"] for row in rows] == ["chainguard", "install-fails", None]


def test_a_row_says_its_own_line_and_file() -> None:
    included = Text(path="app/requirements.txt", text="-r more.txt\n", read={"app/more.txt": "bb==1.0\n"}.get)
    plain = Text(path="requirements.txt", text="\n\nbb==1.0\n")
    result = review([whole(included), whole(plain)], validation.validate({}), answer, today=TODAY)

    rows = [each["changes"][0] for each in json.loads(render(result, "json"))["lockfiles"]]
    assert [(row["path"], row["line"]) for row in rows] == [("app/more.txt", 1), (None, 3)]
    assert rows[0]["verdicts"] == rows[1]["verdicts"]


def test_a_constraint_of_one_lockfile_is_none_of_another() -> None:
    """The same line twice, one of them under a constraint."""
    texts = {"one/requirements.txt": "bb==1.0\n-c only.txt\n", "other/requirements.txt": "bb==1.0\n"}
    beside = {"one/only.txt": f"bb==1.0 --hash=sha256:{HASHES['d']}\n"}
    compared = [whole(Text(path=path, text=text, read=beside.get)) for path, text in texts.items()]
    result = review(compared, validation.validate({}), answer, today=TODAY)

    first, second = (each.changes[0] for each in result.lockfiles)
    assert (first.outcome, second.outcome) == ("install-fails", "chainguard")
    assert first.change.gained[0].own is not None
    assert second.change.gained[0].own is None
