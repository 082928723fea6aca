"""What must hold for any listing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fallback_review.model import Answer, Cause, Index, Outcome, ProjectFile, Tier
from fallback_review.prediction import INSTALLERS, LAYOUTS, further_questions, predict
from fallback_review.prediction.candidates import Request, parse_filename
from fallback_review.prediction.installers import InstallerOptions
from fallback_review.prediction.listing import IndexPage, ListedFile

from .build import LINUX, LOCK, MARKS, C, P, answers, context, file, package, sha

NAMES = (
    "x-1.0-py3-none-any.whl",
    "x-1.0-py2.py3-none-any.whl",
    "X-1.0-py3-none-any.whl",
    "x-1.0-1-py3-none-any.whl",
    "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    "x-1.0-cp312-cp312-manylinux_2_39_x86_64.whl",
    "x-1.0-cp312-cp312-linux_x86_64.whl",
    "x-1.0-cp38-abi3-manylinux_2_34_x86_64.whl",
    "x-1.0+cgr.1-py3-none-any.whl",
    "x-1.1-py3-none-any.whl",
    "x-0.9.tar.gz",
    "x-1.0.tar.gz",
    "y-1.0-py3-none-any.whl",
    "not a distribution",
)
PROBLEMS = (Cause.UNAUTHORIZED, Cause.FORBIDDEN, Cause.UNREACHABLE, Cause.MALFORMED_INDEX)

listed = st.builds(
    lambda name, index, yanked, hashed: ListedFile(
        file=replace(
            file(name, index, mark=name[:3] + MARKS[index]),
            yanked=yanked,
            sha256=sha(MARKS[index]) if hashed else None,
        ),
        index=index,
        digest=sha(MARKS[index]),
    ),
    st.sampled_from(NAMES),
    st.sampled_from((C, P)),
    st.booleans(),
    st.booleans(),
)
pages = st.lists(listed, max_size=6).map(tuple)
page_of_index = st.builds(IndexPage, page=pages, default=st.booleans())
installer = st.sampled_from(sorted(INSTALLERS))
options = st.builds(
    InstallerOptions,
    uv_strategy=st.sampled_from(("first-index", "unsafe-first-match", "unsafe-best-match")),
    respect_source_order=st.booleans(),
)
hashes = st.frozensets(st.sampled_from((sha("chainguard"), sha("pypi"))))
specifier = st.sampled_from(("==1.0", ">=0.9", "==1.0+cgr.1"))


def request_of(name: str, asked: str, allowed: frozenset[str]) -> Request:
    version = Version(asked[2:]) if asked.startswith("==") else None
    return Request(
        name="x",
        specifier=SpecifierSet(asked),
        version=version,
        hashes=allowed,
        python="3.12.99",
        ranks=INSTALLERS[name].ranks(LINUX, None),
    )


@given(
    name=installer,
    indexes=st.lists(page_of_index, max_size=3),
    where=st.integers(0, 3),
    how=options,
    asked=specifier,
    allowed=hashes,
)
def test_an_index_that_has_nothing_to_offer_changes_nothing(
    *,
    name: str,
    indexes: list[IndexPage],
    where: int,
    how: InstallerOptions,
    asked: str,
    allowed: frozenset[str],
) -> None:
    request = request_of(name, asked, allowed)
    rules = INSTALLERS[name]
    more = [*indexes[:where], IndexPage(page=()), *indexes[where:]]
    assert outcome_of(rules.choose(request, more, how)) == outcome_of(rules.choose(request, indexes, how))


def outcome_of(choice: object) -> tuple[object, ...]:
    return tuple(getattr(choice, part) for part in ("file", "failure", "refused"))


@given(name=installer, data=st.data(), page=pages, asked=specifier, allowed=hashes)
@settings(max_examples=300)
def test_the_order_of_a_page_decides_only_between_equals(
    name: str, data: st.DataObject, page: tuple[ListedFile, ...], asked: str, allowed: frozenset[str]
) -> None:
    request = request_of(name, asked, allowed)
    shuffled = tuple(data.draw(st.permutations(page)))
    rules = INSTALLERS[name]
    one, other = (
        rules.choose(request, [IndexPage(page=each)], InstallerOptions()) for each in (page, shuffled)
    )
    assert (
        (one.failure is None) == (other.failure is None)
        or equals(one.refused, other.file, request)
        or equals(one.file, other.refused, request)
    )
    first, second = one.file or one.refused, other.file or other.refused
    if first is None or second is None:
        assert first is second
        return
    if name in ("uv", "pixi"):
        assert first.file.filename == second.file.filename
        return
    assert equals(first, second, request, build=name != "pdm")


def equals(one: ListedFile | None, other: ListedFile | None, request: Request, *, build: bool = True) -> bool:
    """Whether nothing but the order tells two files apart: version, tag, build tag, the state of the link's hash."""
    if one is None or other is None:
        return False
    parsed = [parse_filename(each.file.filename) for each in (one, other)]
    first, second = parsed
    assert first is not None
    assert second is not None

    def rank(tags: frozenset[object]) -> int:
        return min((request.ranks[tag] for tag in tags if tag in request.ranks), default=-1)  # type: ignore[index]  # tags

    same = first.version == second.version and first.wheel == second.wheel
    same = same and rank(first.tags) == rank(second.tags)
    return same and (not build or first.build == second.build)


@given(
    name=installer,
    layout=st.sampled_from(sorted(LAYOUTS)),
    problem=st.sampled_from(PROBLEMS),
    theirs=st.lists(st.sampled_from(NAMES[:12]), max_size=4),
    silent=st.sampled_from((C, P)),
    allowed=hashes,
)
@settings(max_examples=300)
def test_an_unanswered_index_never_becomes_pypi(
    *, name: str, layout: str, problem: Cause, theirs: list[str], silent: Index, allowed: frozenset[str]
) -> None:
    where = context(name, layout)
    other = P if silent == C else C
    unheard = Answer(index=silent, name="x", problem=problem, message="it did not answer")
    heard = Answer(index=other, name="x", files=tuple(file(each, other) for each in theirs))
    entry = package(hashes=tuple(sorted(allowed)))
    verdict = predict(entry, LOCK, LINUX, where, answers(unheard, heard))
    assert verdict is not None
    asked = {index for each in where.indexes for index in each.sources}
    if INSTALLERS[name].one_source and not any(each.modelled for each in where.indexes):
        asked = set(where.indexes[0].sources)
    if silent == C and C in asked:
        assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, problem)
    if silent == P:
        assert verdict.outcome is not Outcome.PYPI


@given(
    name=installer,
    layout=st.sampled_from(sorted(set(LAYOUTS) - {"unknown"})),
    ours=st.lists(st.sampled_from(NAMES[:12]), max_size=4, unique=True),
    theirs=st.lists(st.sampled_from(NAMES[:12]), max_size=4, unique=True),
    told=st.booleans(),
    allowed=st.frozensets(st.sampled_from((C, P))),
)
@settings(max_examples=500)
def test_what_is_said_without_pypi_holds_whatever_pypi_has(
    *, name: str, layout: str, ours: list[str], theirs: list[str], told: bool, allowed: frozenset[Index]
) -> None:
    where = context(name, layout)
    listed_by = {
        index: Answer(index=index, name="x", files=tuple(map_file(each, index, told=told) for each in names))
        for index, names in ((C, ours), (P, [n for n in theirs if "+" not in n]))
    }
    accepted = sorted(
        {str(f.sha256) for index, each in listed_by.items() if index in allowed for f in each.files}
    )
    entry = package(hashes=tuple(accepted))
    before = answers(listed_by[C])
    first = predict(entry, LOCK, LINUX, where, before)
    silent = Answer(index=P, name="x", problem=Cause.UNREACHABLE)
    unheard = predict(entry, LOCK, LINUX, where, answers(listed_by[C], silent))
    after = predict(entry, LOCK, LINUX, where, answers(*listed_by.values()))
    assert first is not None
    assert unheard is not None
    assert after is not None
    if first.outcome is Outcome.UNKNOWN:
        assert further_questions(entry, LOCK, [LINUX], where, before) == {P}
        assert unheard.outcome is Outcome.UNKNOWN
    else:
        assert (first.outcome, first.file) == (unheard.outcome, unheard.file) == (after.outcome, after.file)


def map_file(name: str, index: Index, *, told: bool) -> ProjectFile:
    return file(
        name,
        index,
        mark=f"{MARKS[index][:2]}{NAMES.index(name)}",
        tier=Tier.BUILT if index == C and told else None,
    )
