"""The quiet word beside a verdict, and what has to be asked for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.model import Answer, Cause, Outcome, Remediation, ReviewedChange, Tier, Verdict
from fallback_review.prediction.remarks import remark, remark_questions

from .build import RES, VEX, C, P, R, addresses, answer, answers, change, file, package

if TYPE_CHECKING:
    from fallback_review.model import Index, ProjectFile
    from fallback_review.prediction import Answers

ADDRESSES = addresses(vex=VEX)
TODAY = date(2026, 11, 21)
WHEEL = "x-1.0-py3-none-any.whl"
FIXED = "x-1.0+cgr.1-py3-none-any.whl"
FIXED_AGAIN = "x-1.0+cgr.2-py3-none-any.whl"
ONE, TWO = "CVE-2023-45803", "CVE-2024-37891"


def reviewed(outcome: Outcome, taken: str | None = WHEEL, *, version: str | None = "1.0") -> ReviewedChange:
    verdict = Verdict(version=version, target="py3.12 linux-x86_64", outcome=outcome, file=taken)
    return ReviewedChange(change=change(package(version)), outcome=outcome, verdicts=(verdict,))


def vex(fixes: dict[str, tuple[str, ...]]) -> Answer:
    found = tuple(Remediation(version=version, fixes=names) for version, names in fixes.items())
    return Answer(index=VEX, name="x", remediations=found)


SILENT = Answer(index=VEX, name="x", problem=Cause.UNREACHABLE, message="index.example could not be asked")


@pytest.mark.parametrize(
    ("case", "known", "said"),
    [
        # A plain pin, and Chainguard has it remediated.
        (reviewed(Outcome.CHAINGUARD), (answer(C, WHEEL, FIXED), vex({"1.0+cgr.1": (ONE, TWO)})), f"1.0+cgr.1 fixes {ONE} and {TWO}"),
        (reviewed(Outcome.UPSTREAM), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.INSTALL_FAILS), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.PYPI), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        # The feed does not say, and the advice does only for some outcomes.
        (reviewed(Outcome.CHAINGUARD), (answer(R, FIXED), SILENT), "1.0+cgr.1 is remediated"),
        (reviewed(Outcome.UPSTREAM), (answer(R, FIXED),), "1.0+cgr.1 is remediated"),
        (reviewed(Outcome.PYPI), (answer(R, FIXED), SILENT), None),
        (reviewed(Outcome.INSTALL_FAILS), (answer(R, FIXED), SILENT), None),
        # The remediated one is taken: by its pin, or for a plain pin.
        (reviewed(Outcome.REMEDIATED, FIXED, version="1.0+cgr.1"), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.REMEDIATED, FIXED), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.REMEDIATED, FIXED), (answer(R, FIXED), SILENT), None),
        # A later remediation of the same release.
        (reviewed(Outcome.REMEDIATED, FIXED), (answer(R, FIXED, FIXED_AGAIN), vex({"1.0+cgr.1": (ONE,), "1.0+cgr.2": (ONE, TWO)})), f"1.0+cgr.1 fixes {ONE}; 1.0+cgr.2 also fixes {TWO}"),
        (reviewed(Outcome.REMEDIATED, FIXED), (answer(R, FIXED, FIXED_AGAIN), vex({"1.0+cgr.1": (ONE,), "1.0+cgr.2": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.REMEDIATED, FIXED), (answer(R, FIXED, FIXED_AGAIN), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}; 1.0+cgr.2 is remediated"),
        # Nothing of this release, or nothing to install.
        (reviewed(Outcome.CHAINGUARD), (answer(C, WHEEL), vex({"1.0+cgr.1": (ONE,)})), None),
        (reviewed(Outcome.CHAINGUARD), (answer(R, "x-1.1+cgr.1-py3-none-any.whl"), vex({"1.1+cgr.1": (ONE,)})), None),
        (reviewed(Outcome.UNKNOWN), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), None),
        (reviewed(Outcome.PRIVATE), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), None),
        # What is taken decides where nothing is pinned.
        (reviewed(Outcome.CHAINGUARD, version=None), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
        (reviewed(Outcome.CHAINGUARD, None, version=None), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), None),
        (reviewed(Outcome.CHAINGUARD, "x.zip", version="1.0"), (answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)})), f"1.0+cgr.1 fixes {ONE}"),
    ],
)  # fmt: skip
def test_what_a_remediated_version_fixes(
    case: ReviewedChange, known: tuple[Answer, ...], said: str | None
) -> None:
    assert remark(case, answers(*known), TODAY) == said


def test_many_vulnerabilities_are_counted() -> None:
    names = tuple(f"CVE-2024-{number}" for number in range(1, 7))
    known = answers(answer(R, FIXED), vex({"1.0+cgr.1": names}))
    assert remark(reviewed(Outcome.CHAINGUARD), known, TODAY) == (
        "1.0+cgr.1 fixes CVE-2024-1, CVE-2024-2, CVE-2024-3 and 3 more"
    )


def test_a_yanked_remediation_is_not_spoken_of() -> None:
    known = answers(answer(R, file(FIXED, R, yanked=True)), vex({"1.0+cgr.1": (ONE,)}))
    assert remark(reviewed(Outcome.CHAINGUARD), known, TODAY) is None


def on_pypi(days: float | None = None, name: str = WHEEL, **more: Any) -> ProjectFile:
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    when = None if days is None else noon - timedelta(days=days)
    return file(name, P, upload_time=when, **more)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-3, "released today"),
        (0, "released today"),
        (1, "released 1 day ago"),
        (2, "released 2 days ago"),
        (60, "released 60 days ago"),
        (61, None),
        (4_000, None),
        (None, None),
    ],
)
def test_how_old_a_release_is_as_long_as_it_is_young(days: float | None, said: str | None) -> None:
    assert remark(reviewed(Outcome.PYPI), answers(answer(P, on_pypi(days))), TODAY) == said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"has_provenance": True}, "released 2 days ago, attested on PyPI"),
        ({"has_provenance": False}, "released 2 days ago, no attestations on PyPI"),
        ({"has_provenance": None}, "released 2 days ago"),
        ({"yanked": True}, "released 2 days ago, yanked"),
        ({"yanked": True, "has_provenance": True}, "released 2 days ago, yanked, attested on PyPI"),
    ],
)
def test_whether_it_is_attested_or_yanked(more: dict[str, Any], said: str) -> None:
    assert remark(reviewed(Outcome.PYPI), answers(answer(P, on_pypi(2, **more))), TODAY) == said


def test_the_release_is_as_old_as_its_first_file_and_attested_as_the_one_taken() -> None:
    sdist = on_pypi(9, "x-1.0.tar.gz", has_provenance=False)
    other = on_pypi(1, "x-1.1-py3-none-any.whl", has_provenance=False)
    known = answers(answer(P, other, sdist, on_pypi(2, has_provenance=True)))
    assert remark(reviewed(Outcome.PYPI), known, TODAY) == "released 9 days ago, attested on PyPI"
    assert (
        remark(reviewed(Outcome.PYPI, None), known, TODAY) == "released 9 days ago, no attestations on PyPI"
    )


def test_only_what_falls_back_is_described_by_pypi() -> None:
    known = answers(answer(P, on_pypi(2)), answer(C, WHEEL))
    for outcome in set(Outcome) - {Outcome.PYPI}:
        assert remark(reviewed(outcome), known, TODAY) is None


@pytest.mark.parametrize(
    "silent",
    [
        (),
        (answer(P, problem=Cause.UNREACHABLE),),
        (answer(P, problem=Cause.PROJECT_MISSING),),
        (answer(P, "x-2.0-py3-none-any.whl"),),
    ],
)
def test_pypis_silence_leaves_the_remark_out(silent: tuple[Answer, ...]) -> None:
    assert remark(reviewed(Outcome.PYPI), answers(*silent), TODAY) is None


def test_both_remarks_stand_side_by_side() -> None:
    known = answers(answer(R, FIXED), vex({"1.0+cgr.1": (ONE,)}), answer(P, on_pypi(2)))
    assert remark(reviewed(Outcome.PYPI), known, TODAY) == f"1.0+cgr.1 fixes {ONE}; released 2 days ago"


def test_without_a_date_no_age_is_told() -> None:
    known = answers(answer(P, on_pypi(2, has_provenance=False)))
    assert remark(reviewed(Outcome.PYPI), known, None) == "no attestations on PyPI"


def test_the_worst_verdict_is_remarked_on_and_informational_ones_only_alone() -> None:
    plain = reviewed(Outcome.CHAINGUARD)
    (good,) = plain.verdicts
    bad = replace(good, outcome=Outcome.PYPI)
    known = answers(answer(P, on_pypi(2)))
    laptop = replace(bad, informational=True)
    assert remark(replace(plain, verdicts=(good, bad)), known, TODAY) == "released 2 days ago"
    assert remark(replace(plain, verdicts=(good, laptop)), known, TODAY) is None
    assert remark(replace(plain, verdicts=(laptop,)), known, TODAY) == "released 2 days ago"
    assert remark(replace(plain, verdicts=()), known, TODAY) is None
    assert remark_questions(replace(plain, verdicts=()), known, ADDRESSES) == frozenset()


@pytest.mark.parametrize(
    ("case", "known", "asks"),
    [
        (reviewed(Outcome.CHAINGUARD), answers(answer(C, WHEEL)), set()),
        (reviewed(Outcome.CHAINGUARD), answers(answer(C, WHEEL, FIXED)), {VEX}),
        (reviewed(Outcome.REMEDIATED, FIXED), answers(answer(R, FIXED)), {VEX}),
        (reviewed(Outcome.UPSTREAM), answers(answer(R, FIXED)), {VEX}),
        (reviewed(Outcome.CHAINGUARD), answers(answer(R, FIXED), SILENT), set()),
        (reviewed(Outcome.CHAINGUARD), answers(answer(R, "x-1.1+cgr.1-py3-none-any.whl")), set()),
        (reviewed(Outcome.PYPI), answers(answer(C, problem=Cause.PROJECT_MISSING)), {P}),
        (reviewed(Outcome.PYPI), answers(answer(C, FIXED)), {P, VEX}),
        (reviewed(Outcome.PYPI), answers(answer(P, WHEEL)), set()),
        (reviewed(Outcome.PYPI), answers(answer(P, problem=Cause.UNREACHABLE)), set()),
        *((reviewed(outcome), answers(answer(R, FIXED)), set()) for outcome in (Outcome.PRIVATE, Outcome.DIRECT, Outcome.UNKNOWN)),
        (reviewed(Outcome.PYPI, None, version=None), answers(), set()),
    ],
)  # fmt: skip
def test_no_more_is_asked_than_a_remark_needs(case: ReviewedChange, known: Answers, asks: set[Index]) -> None:
    assert remark_questions(case, known, ADDRESSES) == asks


def test_without_a_feed_none_is_asked() -> None:
    case, known = reviewed(Outcome.REMEDIATED, FIXED), answers(answer(R, FIXED))
    assert remark_questions(case, known, addresses()) == frozenset()


def test_pypis_resolver_and_upstream_files_are_no_remediation() -> None:
    resolver = answer(RES, file(FIXED, RES))
    copied = answer(C, file(WHEEL, tier=Tier.UPSTREAM))
    assert remark_questions(reviewed(Outcome.UPSTREAM), answers(resolver, copied), ADDRESSES) == frozenset()
