from __future__ import annotations

import pytest
from msgspec.structs import replace

from fallback_review.model import Allowance, Conclusion, Ecosystem, Notice, Outcome, Review, ReviewedChange
from fallback_review.report import FORMATS, render
from fallback_review.report.headline import coverage, headline, standing
from fallback_review.report.tally import Group, group_of, tally
from tests.report.build import fails, from_pypi, good, lockfile, review, reviewed, unknown

UNREAD = Notice(path="poetry.lock", line=3, text="not valid TOML")
ALLOWANCE = Allowance(package="*", reason="because")


def allowed(name: str) -> ReviewedChange:
    return from_pypi(name, allowance=ALLOWANCE, conclusion=Conclusion.PASS)


@pytest.mark.parametrize(
    ("found", "icon", "line"),
    [
        (review(), "✅", "No lockfile changed"),
        (review(lockfile()), "✅", "No package changed"),
        (review(lockfile(), scope="all"), "✅", "No package to check"),
        (review(lockfile(reviewed("a", "1", None))), "✅", "Nothing new to install from an index"),
        (review(lockfile(good("a"))), "✅", "The one changed package comes from Chainguard"),
        (review(lockfile(good("a"), good("b"))), "✅", "All 2 changed packages come from Chainguard"),
        (
            review(*(lockfile(good("a"), path=path) for path in ("a.txt", "b.txt", "uv.lock"))),
            "✅",
            "The one changed package comes from Chainguard, in 3 lockfiles",
        ),
        (
            review(lockfile(good("a"), good("b")), lockfile(good("a"), path="a.txt")),
            "✅",
            "All 2 changed packages come from Chainguard, in 2 lockfiles",
        ),
        (
            review(lockfile(good("a")), lockfile(good("a"), path="a.txt"), scope="all"),
            "✅",
            "All 2 packages come from Chainguard",
        ),
        (
            review(
                lockfile(
                    reviewed("d", None, "1", Outcome.DIRECT), reviewed("v", None, "1", Outcome.PRIVATE)
                )
            ),
            "✅",
            "None of the 2 changed packages comes from Chainguard or PyPI",
        ),
        (review(lockfile(good("a")), conclusion=Conclusion.UNKNOWN), "❔", "Not everything could be checked"),
        (review(lockfile(good("a")), conclusion=Conclusion.FAIL), "❌", "The notes below need a look"),
        (review(lockfile(good("a")), conclusion=Conclusion.WARN), "⚠️", "The notes below need a look"),
        (review(lockfile(good("a")), unreadable=(UNREAD,)), "❔", "Something could not be checked"),
        (
            review(lockfile(from_pypi()), unreadable=(UNREAD, UNREAD), conclusion=Conclusion.UNKNOWN),
            "❔",
            "1 of 1 changed package comes from PyPI; 2 more things could not be checked",
        ),
        (
            review(lockfile(fails()), unreadable=(UNREAD,)),
            "❌",
            "1 of 1 changed package does not install; something else could not be checked",
        ),
        (review(lockfile(from_pypi()), conclusion=Conclusion.FAIL), "❌", "1 of 1 changed package comes from PyPI"),
        (
            review(lockfile(from_pypi(), unknown(), unknown("b"), fails(), good("a"))),
            "❌",
            "1 of 5 changed packages does not install; 2 could not be checked; 1 comes from PyPI",
        ),
        (review(lockfile(from_pypi(), unknown())), "❔", "1 of 2 changed packages could not be checked; 1 comes from PyPI"),
        (
            review(lockfile(good("b"), reviewed("a", "1", "2", Outcome.UPSTREAM, conclusion=Conclusion.WARN)),
                   conclusion=Conclusion.WARN),
            "⚠️",
            "1 of 2 changed packages is PyPI's file, served by Chainguard, not rebuilt",
        ),
        (
            review(lockfile(good("a"), from_pypi(allowance=ALLOWANCE), reviewed("u", "1", "2", Outcome.UPSTREAM),
                            reviewed("d", "1", "2", Outcome.DIRECT), reviewed("p", "1", "2", Outcome.PRIVATE))),
            "✅",
            "1 of 5 changed packages comes from PyPI, allowed; 1 is PyPI's file, served by Chainguard, not rebuilt",
        ),
        (
            review(lockfile(good("a"), reviewed("d", "1", "2", Outcome.DIRECT), reviewed("p", "1", "2", Outcome.PRIVATE))),
            "✅",
            "1 of 3 changed packages comes from Chainguard; 1 does not come from an index; 1 comes from a private index",
        ),
        (
            review(lockfile(*(from_pypi(f"p{n}") for n in range(4)), *(allowed(f"q{n}") for n in range(4)),
                            *(good(f"g{n}") for n in range(6))), conclusion=Conclusion.FAIL),
            "❌",
            "8 of 14 changed packages come from PyPI, 4 of them allowed",
        ),
        (
            review(lockfile(allowed("a"), allowed("b"))),
            "✅",
            "2 of 2 changed packages come from PyPI, all allowed",
        ),
        (
            review(lockfile(reviewed("p", "1", "2", Outcome.PRIVATE, conclusion=Conclusion.FAIL)), conclusion=Conclusion.FAIL),
            "❌",
            "1 of 1 changed package comes from a private index",
        ),
        (
            review(lockfile(reviewed("p", "1", "2", Outcome.PRIVATE))),
            "✅",
            "The one changed package comes neither from Chainguard nor from PyPI",
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
    assert headline(found, tally(found))[0] != "✅"


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"json", "sarif", "annotations"}])
def test_what_could_not_be_checked_is_never_green_nor_a_fallback(name: str) -> None:
    text = render(review(lockfile(unknown()), conclusion=Conclusion.UNKNOWN), name)
    assert "🟢" not in text
    assert "🟠" not in text
    assert "could not be checked" in text
    assert "The check fails: what could not be checked may come from anywhere." in text


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
        "Chainguard covers 41 of 56 packages (73.2 %). Not counted: 1 not checked, 1 not from an index, "
        "1 from a private index, 1 of this project, 1 from conda, 1 not installed on these targets. "
        "The check fails: the policy rejects 15 packages, and 1 could not be checked."
    )
    text = render(found, "markdown")
    assert "| Package | Comes from, why, and what to do |" in text
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
    assert coverage(tally(review(lockfile(unknown()), scope="all"))) == "What Chainguard covers is not known."


def test_nothing_counted_has_no_share() -> None:
    found = review(lockfile(reviewed("d", None, "1", Outcome.DIRECT)), scope="all")
    assert coverage(tally(found)) == "No package comes from an index."
    assert "Chainguard covers 0 of" not in render(replace(found), "terminal")


def test_what_only_warns_is_told_from_what_fails() -> None:
    warned = from_pypi("w", conclusion=Conclusion.WARN)
    found = review(lockfile(fails(), warned, unknown()), conclusion=Conclusion.FAIL)
    assert standing(found, tally(found)) == (
        "The check fails: the policy rejects 1 package, and 1 could not be checked. 1 package only warns."
    )
    for name in ("markdown", "html", "terminal"):
        assert render(found, name).count("(only a warning)") == 1
    alone = review(lockfile(warned), conclusion=Conclusion.WARN)
    assert standing(alone, tally(alone)) == "The check passes with warnings."
    assert "only a warning" not in render(alone, "markdown")


def test_what_the_policy_rejects_besides_packages_is_said() -> None:
    found = review(lockfile(good("a")), conclusion=Conclusion.FAIL)
    assert standing(found, tally(found)) == "The check fails: the policy rejects this."
