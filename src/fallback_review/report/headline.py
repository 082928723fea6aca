"""The verdict in one line, and what it means for the merge in another; green only when all is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Conclusion, Outcome
from fallback_review.report.tally import Group
from fallback_review.report.text import count
from fallback_review.report.words import CONCLUSION_ICONS, GATE, ICONS, MALWARE_ICON, WILL

if TYPE_CHECKING:
    from fallback_review.model import Review
    from fallback_review.report.tally import Tally


def headline(review: Review, numbers: Tally) -> tuple[str, str]:
    """Return the icon and the line that a report opens with: worst first."""
    troubled = sorted(numbers.troubled.items(), key=lambda item: _rank(item[0]))
    unread = _unread(len(review.unreadable))
    if troubled:
        worst = min(troubled[0][0], Outcome.UNKNOWN, key=_rank) if unread else troubled[0][0]
        line = _trouble(troubled, numbers, _noun(review))
        icon = MALWARE_ICON if numbers.malware else ICONS[worst]
        return icon, f"{line}, {unread} besides could not be checked" if unread else line
    if unread:
        return ICONS[Outcome.UNKNOWN], f"{unread.capitalize()} could not be checked"
    if numbers.judged and not numbers.from_indexes:
        elsewhere = count(numbers.judged, _noun(review))
        return ICONS[Outcome.PRIVATE], f"{elsewhere}, none from Chainguard's index or PyPI"
    icon = CONCLUSION_ICONS[review.conclusion]
    if review.conclusion is Conclusion.UNKNOWN:
        return icon, "Not everything could be checked"
    if review.conclusion is not Conclusion.PASS:
        return icon, "Something needs a look, see below"
    return icon, _clear(numbers, _noun(review)) if numbers.judged else _nothing(review, numbers)


def _unread(number: int) -> str:
    """Return how much could not be read; a single notice may speak of many lockfiles."""
    return "something" if number == 1 else count(number, "thing") if number else ""


def _rank(outcome: Outcome) -> int:
    return outcome.rank


def _noun(review: Review) -> str:
    return "package" if review.scope == "all" else "changed package"


def _nothing(review: Review, numbers: Tally) -> str:
    if not review.lockfiles:
        return "No lockfile changed"
    if numbers.changed:
        return "Nothing new to install from an index"
    return "No package to check" if review.scope == "all" else "No package changed"


def _trouble(troubled: list[tuple[Outcome, int]], numbers: Tally, noun: str) -> str:
    parts = [(f"{number:,}", WILL[outcome][number != 1]) for outcome, number in troubled]
    of_all = f" of {count(numbers.judged, noun)}"
    if numbers.malware:
        told = ", ".join(map(" ".join, parts))
        return f"Malware was found in {numbers.malware:,}{of_all}: {told}"
    (first, will), *others = parts
    return ", ".join([f"{first}{of_all} {will}", *map(" ".join, others)])


def _clear(numbers: Tally, noun: str) -> str:
    chainguard, judged = numbers.from_chainguard, numbers.judged
    if chainguard == judged:
        if judged == 1:
            return f"The one {noun} comes from Chainguard Libraries"
        return f"All {count(judged, noun)} come from Chainguard Libraries"
    parts = [f"{chainguard:,} of {count(judged, noun)} {WILL[Outcome.CHAINGUARD][chainguard != 1]}"]
    rest = (
        (numbers.groups[Group.ALLOWED], "allowed"),
        (numbers.groups[Group.UPSTREAM], "PyPI's own, served by Chainguard"),
        (numbers.groups[Group.ELSEWHERE], "direct or private"),
    )
    parts += [f"{number:,} {word}" for number, word in rest if number]
    return ", ".join(parts)


def standing(review: Review, numbers: Tally) -> str:
    """Return the sentence under the headline: coverage for a scan, and what the policy makes of it."""
    sentences = [coverage(numbers)] if review.scope == "all" else []
    return " ".join(filter(None, [*sentences, GATE[review.conclusion]]))


def coverage(numbers: Tally) -> str:
    """Return the share that Chainguard covers, and what was counted."""
    unknown = numbers.outcomes[Outcome.UNKNOWN]
    known = numbers.from_indexes - unknown
    open_ends = (
        f"{unknown:,} could not be checked and {'is' if unknown == 1 else 'are'} not counted. "
        if unknown
        else ""
    )
    if not known:
        return open_ends.strip() or "No package from an index was counted."
    share = numbers.from_chainguard / known
    # Rounding must not turn "nearly all" into "all".
    shown = "100 %" if share == 1 else f"{min(share * 100, 99.9):.1f} %"
    fraction = f"Chainguard {numbers.from_chainguard:,} of {known:,} counted ({shown})"
    return f"{fraction}. {open_ends}{_apart(numbers)}"


def _apart(numbers: Tally) -> str:
    apart = (
        (numbers.outcomes[Outcome.DIRECT], "direct"),
        (numbers.outcomes[Outcome.PRIVATE], "private"),
        (numbers.groups[Group.LOCAL], "local"),
        (numbers.groups[Group.CONDA], "conda"),
        (numbers.groups[Group.UNJUDGED], "without an outcome"),
    )
    left_out = ", ".join(f"{number:,} {word}" for number, word in apart if number)
    return "Counted are packages from an index" + (f"; not counted: {left_out}." if left_out else ".")
