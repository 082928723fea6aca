"""What must hold for any listing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fallback_review.model import Answer, Cause, Outcome, ProjectFile, Role, Tier
from fallback_review.prediction import INSTALLERS, LAYOUTS, further_questions, predict
from fallback_review.prediction.candidates import Request, parse_filename
from fallback_review.prediction.case import Case
from fallback_review.prediction.from_indexes import roles_of
from fallback_review.prediction.install_request import pages_of, request_for
from fallback_review.prediction.installers import Options
from fallback_review.prediction.listing import Index, ListedFile

from .build import LINUX, LOCK, book, file, package, sha, situation

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
    lambda name, owner, yanked, hashed: ListedFile(
        file=replace(
            file(name, owner, mark=name[:3] + owner.value),
            yanked=yanked,
            sha256=sha(owner.value) if hashed else None,
        ),
        owner=owner,
        digest=sha(owner.value),
    ),
    st.sampled_from(NAMES),
    st.sampled_from((Role.CHAINGUARD, Role.PYPI)),
    st.booleans(),
    st.booleans(),
)
pages = st.lists(listed, max_size=6).map(tuple)
index = st.builds(Index, page=pages, default=st.booleans())
installer = st.sampled_from(sorted(INSTALLERS))
options = st.builds(
    Options,
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
    indexes=st.lists(index, max_size=3),
    where=st.integers(0, 3),
    how=options,
    asked=specifier,
    allowed=hashes,
)
def test_an_index_that_has_nothing_to_offer_changes_nothing(
    *, name: str, indexes: list[Index], where: int, how: Options, asked: str, allowed: frozenset[str]
) -> None:
    request = request_of(name, asked, allowed)
    rules = INSTALLERS[name]
    more = [*indexes[:where], Index(page=()), *indexes[where:]]
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
    one, other = (rules.choose(request, [Index(page=each)], Options()) for each in (page, shuffled))
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
    ours=st.sampled_from(PROBLEMS),
    theirs=st.lists(st.sampled_from(NAMES[:12]), max_size=4),
    unanswered=st.sampled_from((Role.CHAINGUARD, Role.PYPI)),
    allowed=hashes,
)
@settings(max_examples=300)
def test_an_unanswered_index_never_becomes_pypi(
    *, name: str, layout: str, ours: Cause, theirs: list[str], unanswered: Role, allowed: frozenset[str]
) -> None:
    where = situation(name, layout)
    other = Role.PYPI if unanswered is Role.CHAINGUARD else Role.CHAINGUARD
    silent = Answer(role=unanswered, name="x", problem=ours, message="it did not answer")
    heard = Answer(role=other, name="x", files=tuple(file(each, other) for each in theirs))
    entry = package(hashes=tuple(sorted(allowed)))
    verdict = predict(entry, LOCK, LINUX, where, book(silent, heard))
    assert verdict is not None
    known = book(silent, heard)
    two = pages_of("x", known)
    case = Case(
        package=entry,
        lockfile=LOCK,
        target=LINUX,
        situation=where,
        book=known,
        request=request_for(entry, LOCK, LINUX, where, two),
        pages=two,
    )
    asked = roles_of(case, LAYOUTS[layout])
    if unanswered in asked and unanswered is Role.CHAINGUARD:
        assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, ours)
    if unanswered is Role.PYPI:
        assert verdict.outcome is not Outcome.PYPI


@given(
    name=installer,
    layout=st.sampled_from(sorted(set(LAYOUTS) - {"unknown"})),
    ours=st.lists(st.sampled_from(NAMES[:12]), max_size=4, unique=True),
    theirs=st.lists(st.sampled_from(NAMES[:12]), max_size=4, unique=True),
    allowed=st.frozensets(st.sampled_from(("chainguard", "pypi"))),
)
@settings(max_examples=500)
def test_what_is_said_without_pypi_holds_whatever_pypi_has(
    name: str, layout: str, ours: list[str], theirs: list[str], allowed: frozenset[str]
) -> None:
    where = situation(name, layout)
    listed_by = {
        role: Answer(role=role, name="x", files=tuple(map_file(each, role) for each in names))
        for role, names in ((Role.CHAINGUARD, ours), (Role.PYPI, [n for n in theirs if "+" not in n]))
    }
    locked = sorted(
        {str(f.sha256) for role, each in listed_by.items() if role.value in allowed for f in each.files}
    )
    entry = package(hashes=tuple(locked))
    before = book(listed_by[Role.CHAINGUARD])
    first = predict(entry, LOCK, LINUX, where, before)
    after = predict(entry, LOCK, LINUX, where, book(*listed_by.values()))
    assert first is not None
    assert after is not None
    if first.outcome is Outcome.UNKNOWN:
        assert further_questions(entry, LOCK, [LINUX], where, before) == {Role.PYPI}
    else:
        assert (first.outcome, first.file) == (after.outcome, after.file)


def map_file(name: str, role: Role) -> ProjectFile:
    return file(
        name,
        role,
        mark=f"{role.value[:2]}{NAMES.index(name)}",
        tier=Tier.BUILT if role is Role.CHAINGUARD else None,
    )
