"""The verdict in one line, and the check's result in a sentence; green only when all is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Conclusion, Outcome
from fallback_review.report.tally import Group
from fallback_review.report.text import count
from fallback_review.report.words import CONCLUSION_ICONS, MALWARE_ICON, SAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.model import Review
    from fallback_review.report.tally import Tally

_WARNS = "The check passes with warnings."
_ALWAYS_SAID = (Outcome.INSTALL_FAILS, Outcome.UNKNOWN, Outcome.PYPI, Outcome.UPSTREAM)
"""Outcomes that the headline counts whatever the policy makes of them."""


def headline(review: Review, numbers: Tally) -> tuple[str, str]:
    """Return the icon of the check's result, and the line that a report opens with: the worst first."""
    said = "; ".join(_parts(numbers, _noun(review)))
    if numbers.malware:
        of_all = f"of {count(numbers.judged, _noun(review))}"
        said = f"Malware was found in {numbers.malware:,} {of_all}; {'; '.join(_parts(numbers, ''))}"
    number = len(review.unreadable)
    if said and number:
        more = "something else" if number == 1 else f"{number:,} more things"
        said = f"{said}; {more} could not be checked"
    elif number:
        said = f"{'Something' if number == 1 else count(number, 'thing')} could not be checked"
    return _icon(review, numbers), said or _quiet(review, numbers)


def _quiet(review: Review, numbers: Tally) -> str:
    """Return the line where no package is worth a word of its own."""
    if numbers.judged and not numbers.from_indexes:
        return _from_elsewhere(numbers, _noun(review))
    if review.conclusion is Conclusion.UNKNOWN:
        return "Not everything could be checked"
    if review.conclusion is not Conclusion.PASS and not (numbers.judged and review.assumptions):
        return "The notes below need a look"
    if not numbers.judged:
        return _nothing(review, numbers)
    repeated = review.scope != "all" and numbers.lockfiles > 1 and numbers.names < numbers.judged
    if repeated and numbers.from_chainguard == numbers.judged:
        return f"{_all_clear(numbers.names, _noun(review))}, in {count(numbers.lockfiles, 'lockfile')}"
    return _clear(numbers, _noun(review))


def _icon(review: Review, numbers: Tally) -> str:
    if numbers.malware:
        return MALWARE_ICON
    if review.conclusion is Conclusion.PASS and numbers.outcomes[Outcome.INSTALL_FAILS]:
        return CONCLUSION_ICONS[Conclusion.FAIL]
    if review.conclusion is Conclusion.PASS and (numbers.outcomes[Outcome.UNKNOWN] or review.unreadable):
        return CONCLUSION_ICONS[Conclusion.UNKNOWN]
    return CONCLUSION_ICONS[review.conclusion]


def _parts(numbers: Tally, noun: str) -> Iterator[str]:
    """Yield how many packages have each outcome that is worth a word, the first one "of" all."""
    of_all = f" of {count(numbers.judged, noun)}" if noun else ""
    for outcome in Outcome:
        number, allowed = numbers.outcomes[outcome], numbers.allowed[outcome]
        if not number or (outcome not in _ALWAYS_SAID and not numbers.troubled[outcome]):
            continue
        yield f"{number:,}{of_all} {SAYS[outcome][number != 1]}{_allowed(number, allowed)}"
        of_all = ""


def _allowed(number: int, allowed: int) -> str:
    if not allowed:
        return ""
    if allowed < number:
        return f", {allowed:,} of them allowed"
    return ", all allowed" if number > 1 else ", allowed"


def _noun(review: Review) -> str:
    return "package" if review.scope == "all" else "changed package"


def _nothing(review: Review, numbers: Tally) -> str:
    if not review.lockfiles:
        return "No lockfile changed"
    if numbers.changed:
        return "Nothing new to install from an index"
    return "No package to check" if review.scope == "all" else "No package changed"


def _from_elsewhere(numbers: Tally, noun: str) -> str:
    if numbers.judged == 1:
        return f"The one {noun} comes neither from Chainguard nor from PyPI"
    return f"None of the {count(numbers.judged, noun)} comes from Chainguard or PyPI"


def _clear(numbers: Tally, noun: str) -> str:
    chainguard, judged = numbers.from_chainguard, numbers.judged
    if chainguard == judged:
        return _all_clear(judged, noun)
    first = f"{chainguard:,} of {count(judged, noun)} {SAYS[Outcome.CHAINGUARD][chainguard != 1]}"
    rest = (Outcome.DIRECT, Outcome.PRIVATE)
    counted = ((outcome, numbers.outcomes[outcome]) for outcome in rest)
    return "; ".join(
        [first, *(f"{number:,} {SAYS[outcome][number != 1]}" for outcome, number in counted if number)]
    )


def _all_clear(number: int, noun: str) -> str:
    if number == 1:
        return f"The one {noun} comes from Chainguard"
    return f"All {count(number, noun)} come from Chainguard"


def standing(review: Review, numbers: Tally) -> str:
    """Return the sentence under the headline: coverage for a scan, and the check's result."""
    sentences = [coverage(numbers)] if review.scope == "all" else []
    return " ".join(filter(None, [*sentences, _result(review, numbers)]))


def _result(review: Review, numbers: Tally) -> str:
    """Return what the conclusion means for the merge, and which packages are behind it."""
    failing, unknown, warned = (
        numbers.conclusions[each] for each in (Conclusion.FAIL, Conclusion.UNKNOWN, Conclusion.WARN)
    )
    warnings = f" {count(warned, 'package')} only {'warns' if warned == 1 else 'warn'}." if warned else ""
    if review.conclusion is Conclusion.PASS:
        return ""
    if review.conclusion is Conclusion.WARN:
        return "The check passes with a warning: see what is assumed." if review.assumptions else _WARNS
    if review.conclusion is Conclusion.UNKNOWN:
        return f"The check fails: what could not be checked may come from anywhere.{warnings}"
    rejected = f"the policy rejects {count(failing, 'package')}" if failing else "the policy rejects this"
    also = f", and {unknown:,} could not be checked" if unknown else ""
    return f"The check fails: {rejected}{also}.{warnings}"


def coverage(numbers: Tally) -> str:
    """Return the share that Chainguard covers, and what was counted."""
    unknown, known = numbers.outcomes[Outcome.UNKNOWN], numbers.known
    if not known:
        return "What Chainguard covers is not known." if unknown else "No package comes from an index."
    covered = (
        f"Chainguard covers {numbers.from_chainguard:,} of {count(known, 'package')} ({share(numbers)})."
    )
    return " ".join(filter(None, [covered, _not_counted(numbers)]))


def share(numbers: Tally) -> str:
    """Return the share that Chainguard covers, as a percentage; empty where nothing is known."""
    if not numbers.known:
        return ""
    part = numbers.from_chainguard / numbers.known
    # Rounding must not turn "nearly all" into "all".
    return "100 %" if part == 1 else f"{min(part * 100, 99.9):.1f} %"


def _not_counted(numbers: Tally) -> str:
    apart = (
        (numbers.outcomes[Outcome.UNKNOWN], "not checked"),
        (numbers.outcomes[Outcome.DIRECT], "not from an index"),
        (numbers.outcomes[Outcome.PRIVATE], "from a private index"),
        (numbers.groups[Group.LOCAL], "of this project"),
        (numbers.groups[Group.CONDA], "from conda"),
        (numbers.groups[Group.UNJUDGED], "not installed on these targets"),
    )
    left_out = ", ".join(f"{number:,} {word}" for number, word in apart if number)
    return f"Not counted: {left_out}." if left_out else ""
