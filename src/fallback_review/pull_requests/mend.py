"""Mending the lockfiles of a pull request: a patch, and suggestions where its diff shows the rows."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.github.changed_lockfiles import Side
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.installed.projects import projects_of
from fallback_review.lockfiles import LockfileError, parse
from fallback_review.model import Outcome
from fallback_review.pipeline.context import addresses_of
from fallback_review.pipeline.mend import asked_names, mend, patch_of
from fallback_review.pull_requests.files import text_at
from fallback_review.report.escape import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from fallback_review.model import Review
    from fallback_review.pipeline.ask import Ask
    from fallback_review.pipeline.mend import Mended
    from fallback_review.pull_requests.review import Gathered

MOST_NAMES = 200
"""Packages of one lockfile that are mended for a pull request; `fallback-review fix` mends them all."""
MOST_SUGGESTIONS = 10
"""Suggestions of one review: more of them are a patch."""
MOST_LINES = 25
"""Lines of one suggestion."""
PATCH = "fallback-review.patch"
_MENDABLE = frozenset({Outcome.PYPI, Outcome.INSTALL_FAILS})


class Suggestion(Struct, frozen=True, kw_only=True):
    """Lines of the head, and what should stand there instead."""

    path: str
    start_line: int
    line: int
    package: str
    text: str

    @property
    def body(self) -> str:
        """The comment's text, with the block that GitHub makes a button of."""
        runs = [len(run) for run in re.findall("`+", self.text)]
        fence = "`" * max(3, 1 + max(runs, default=0))
        return f"Chainguard's files of **{inert(self.package)}**:\n\n{fence}suggestion\n{self.text}{fence}"


def mend_all(gathered: Gathered, review: Review, ask: Ask, today: date) -> tuple[Mended, ...]:
    """Mend the entries that the review found trouble with, in every changed lockfile that can be mended.

    Never raises for a lockfile: what can't be read or mended is left to the review's own words.
    """
    troubled = {
        lockfile.path: {
            change.change.name
            for change in lockfile.changes
            if change.outcome in _MENDABLE and not change.malware
        }
        for lockfile in review.lockfiles
    }
    found = []
    for file in gathered.changed:
        names = sorted(troubled.get(file.head_path or "", ()))[:MOST_NAMES]
        if not names or file.link or file.head_path is None or file.head_bytes is None:
            continue
        try:
            text = text_at(gathered.files, Side.HEAD, file.head_path, file.head_bytes, gathered.settings)
            lockfile = parse(text)
            wanted = asked_names(lockfile, gathered.settings, names)
            projects = projects_of(ask, addresses_of(gathered.settings.indexes), wanted)
            original = file.head_bytes.decode("utf-8")
            one = mend(
                text, original, lockfile, projects, gathered.settings, ask=ask, today=today, only=names
            )
        except (LockfileError, UnicodeDecodeError):
            continue
        except GitHubError as error:  # at a file beside it
            if error.trouble is not Trouble.BUDGET:
                raise
            continue
        if one.after != one.before and not one.problem:
            found.append(one)
    return tuple(found)


def whole_patch(fixes: Sequence[Mended]) -> str:
    """Return all that would change as one patch for ``git apply``; empty where nothing would."""
    return "".join(map(patch_of, fixes))


def suggestions(fix: Mended, lines_shown: frozenset[int]) -> list[Suggestion]:
    """Return the suggestions that mend a lock as a whole; none where one of them would be out of the diff.

    A lock that is mended by halves may be refused: so it is all of them, few and short, or the patch.
    """
    found = list(_hunks(fix))
    fits = all(
        each.line - each.start_line < MOST_LINES
        and all(line in lines_shown for line in range(each.start_line, each.line + 1))
        for each in found
    )
    return found if fits and len(found) <= MOST_SUGGESTIONS and "\r" not in fix.after else []


def _hunks(fix: Mended) -> Iterator[Suggestion]:
    before, after = fix.before.splitlines(keepends=True), fix.after.splitlines(keepends=True)
    starts = sorted((each.package.line, each.package.name) for each in fix.mended)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    spans: dict[str, tuple[int, int, int, int]] = {}
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        # Where something is only added, the line above is repeated.
        above = int(first == last and first > 0)
        name = next((name for line, name in reversed(starts) if line <= first + 1), fix.path)
        here = first - above, last, new_first - above, new_last
        old = spans.get(name, here)
        spans[name] = min(old[0], here[0]), max(old[1], here[1]), min(old[2], here[2]), max(old[3], here[3])
    for name, (first, last, new_first, new_last) in spans.items():
        text = "".join(after[new_first:new_last])
        yield Suggestion(
            path=fix.path,
            start_line=first + 1,
            line=last,
            package=name,
            text=text if not text or text.endswith("\n") else f"{text}\n",
        )
