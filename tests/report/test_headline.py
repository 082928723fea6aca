from __future__ import annotations

from dataclasses import replace

import pytest

from fallback_review.model import Allowance, Conclusion, Ecosystem, Notice, Outcome, Review
from fallback_review.report import FORMATS, render
from fallback_review.report.headline import coverage, headline, standing
from fallback_review.report.tally import Group, group_of, tally
from tests.report.build import fails, from_pypi, good, lockfile, review, reviewed, unknown

UNREAD = Notice(path="poetry.lock", line=3, text="not valid TOML")
ALLOWANCE = Allowance(package="*", reason="because")


@pytest.mark.parametrize(
    ("found", "icon", "line"),
    [
        (review(), "🟢", "No lockfile changed"),
        (review(lockfile()), "🟢", "No package changed"),
        (review(lockfile(), scope="all"), "🟢", "No package to check"),
        (review(lockfile(reviewed("a", "1", None))), "🟢", "Nothing new to install from an index"),
        (review(lockfile(good("a"))), "🟢", "The one changed package comes from Chainguard Libraries"),
        (review(lockfile(good("a"), good("b"))), "🟢", "All 2 changed packages come from Chainguard Libraries"),
        (
            review(
                lockfile(
                    reviewed("d", None, "1", Outcome.DIRECT), reviewed("v", None, "1", Outcome.PRIVATE)
                )
            ),
            "🔵",
            "2 changed packages, none from Chainguard's index or PyPI",
        ),
        (review(lockfile(good("a")), conclusion=Conclusion.UNKNOWN), "⚪", "Not everything could be checked"),
        (review(lockfile(good("a")), conclusion=Conclusion.FAIL), "🔴", "Something needs a look, see below"),
        (review(lockfile(good("a")), conclusion=Conclusion.WARN), "🟠", "Something needs a look, see below"),
        (review(lockfile(good("a")), unreadable=(UNREAD,)), "⚪", "Something could not be checked"),
        (
            review(lockfile(from_pypi()), unreadable=(UNREAD, UNREAD)),
            "⚪",
            "1 of 1 changed package will come from PyPI, 2 things besides could not be checked",
        ),
        (
            review(lockfile(fails()), unreadable=(UNREAD,)),
            "🔴",
            "1 of 1 changed package will not install, something besides could not be checked",
        ),
        (review(lockfile(from_pypi())), "🟠", "1 of 1 changed package will come from PyPI"),
        (
            review(lockfile(from_pypi(), unknown(), unknown("b"), fails(), good("a"))),
            "🔴",
            "1 of 5 changed packages will not install, 2 could not be checked, 1 will come from PyPI",
        ),
        (review(lockfile(from_pypi(), unknown())), "⚪", "1 of 2 changed packages could not be checked, 1 will come from PyPI"),
        (
            review(lockfile(good("b"), reviewed("a", "1", "2", Outcome.UPSTREAM, conclusion=Conclusion.WARN)),
                   conclusion=Conclusion.WARN),
            "🟡",
            "1 of 2 changed packages is PyPI's own, served by Chainguard",
        ),
        (
            review(lockfile(good("a"), from_pypi(allowance=ALLOWANCE), reviewed("u", "1", "2", Outcome.UPSTREAM),
                            reviewed("d", "1", "2", Outcome.DIRECT), reviewed("p", "1", "2", Outcome.PRIVATE))),
            "🟢",
            ("1 of 5 changed packages comes from Chainguard Libraries, 1 allowed, 1 PyPI's own, served by Chainguard, "
            "2 direct or private"),
        ),
    ],
)  # fmt: skip
def test_the_headline(found: Review, icon: str, line: str) -> None:
    assert headline(found, tally(found)) == (icon, line)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.INSTALL_FAILS])
def test_no_allowance_hides_what_is_unknown_or_fails(outcome: Outcome) -> None:
    change = reviewed("a", "1", "2", outcome, allowance=ALLOWANCE, conclusion=Conclusion.PASS)
    assert group_of(change) is Group.TROUBLE
    found = review(lockfile(change, good("b")))
    assert headline(found, tally(found))[0] != "🟢"


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"json", "sarif", "annotations"}])
def test_what_could_not_be_checked_is_never_green_nor_a_fallback(name: str) -> None:
    text = render(review(lockfile(unknown()), conclusion=Conclusion.UNKNOWN), name)
    assert "🟢" not in text
    assert "🟠" not in text
    assert "could not be checked" in text
    assert "This is not a pass" in text


def test_a_change_that_policy_minds_is_trouble_whatever_its_outcome() -> None:
    conda = reviewed("a", "1", "2", ecosystem=Ecosystem.CONDA, conclusion=Conclusion.FAIL)
    assert group_of(conda) is Group.TROUBLE
    assert group_of(reviewed("a", "1", "2", Outcome.PRIVATE, conclusion=Conclusion.WARN)) is Group.TROUBLE
    assert "⚫" in render(review(lockfile(conda)), "markdown")


def test_coverage_says_what_was_counted() -> None:
    found = review(
        lockfile(
            *(good(f"p{n}", None) for n in range(40)),
            reviewed("r", None, "1", Outcome.REMEDIATED),
            *(from_pypi(f"q{n}") for n in range(14)),
            unknown(), fails(),
            reviewed("d", None, "1", Outcome.DIRECT), reviewed("v", None, "1", Outcome.PRIVATE),
            reviewed("m", None, "1", Outcome.DIRECT, local=True),
            reviewed("c", None, "1", ecosystem=Ecosystem.CONDA),
            reviewed("n", None, "1"),
        ),
        scope="all",
        conclusion=Conclusion.FAIL,
    )  # fmt: skip
    assert standing(found, tally(found)) == (
        "Chainguard 41 of 56 counted (73.2 %). 1 could not be checked and is not counted. Counted are packages from an index; "
        "not counted: 1 direct, 1 private, 1 local, 1 conda, 1 without an outcome. The policy does not let this pass."
    )
    text = render(found, "markdown")
    assert "| | Package | Version |" in text
    assert "p17" not in text
    assert "🟢" not in text
    assert "q13" in text
    assert "p17" not in render(found, "terminal")


@pytest.mark.parametrize(
    ("good_ones", "bad", "share"), [(3, 0, "(100 %)"), (9_999, 1, "(99.9 %)"), (0, 2, "(0.0 %)")]
)
def test_nearly_all_is_not_all(good_ones: int, bad: int, share: str) -> None:
    changes = [good("a")] * good_ones + [from_pypi()] * bad
    assert share in coverage(tally(review(lockfile(*changes), scope="all")))


def test_what_could_not_be_checked_has_no_share() -> None:
    assert coverage(tally(review(lockfile(unknown()), scope="all"))) == (
        "1 could not be checked and is not counted."
    )


def test_nothing_counted_has_no_share() -> None:
    found = review(lockfile(reviewed("d", None, "1", Outcome.DIRECT)), scope="all")
    assert coverage(tally(found)) == "No package from an index was counted."
    assert "Chainguard 0 of" not in render(replace(found), "terminal")
